"""Refusals about customers; no message repeats a personal value."""

from core.errors import KistError


class NameInvalid(KistError):
    """A name is empty, too long or has no letter."""

    code = "customers.name_invalid"
    template = "The name must have letters and at most 160 characters."


class PhoneInvalid(KistError):
    """A phone number is not an Indian mobile number."""

    code = "customers.phone_invalid"
    template = "The phone number must have 10 digits and begin with 6, 7, 8 or 9. Leave out +91 or a leading 0."


class PanInvalid(KistError):
    """A PAN is not five letters, four digits and a letter."""

    code = "customers.pan_invalid"
    template = "The PAN must be five letters, four digits and a letter, such as AAAAA9999A."


class PanTaken(KistError):
    """Another customer has this PAN."""

    code = "customers.pan_taken"
    http_status = 409
    template = "Customer {number} has this PAN already. Use that customer."


class NumberTaken(KistError):
    """Another customer has this number."""

    code = "customers.number_taken"
    http_status = 409
    template = "Customer number {number} is in use. Give another number."


class StateUnknown(KistError):
    """The state code is not one of India's states and union territories."""

    code = "customers.state_unknown"
    template = "'{state_code}' is no state. Give its two-letter code such as MH, or its GST code such as 27."


class EmailInvalid(KistError):
    """An e-mail address is malformed."""

    code = "customers.email_invalid"
    template = "The e-mail address is not valid. Check it, or leave it empty."


class PinCodeInvalid(KistError):
    """A PIN code is not six digits."""

    code = "customers.pin_code_invalid"
    template = "The PIN code must have 6 digits and not begin with 0."


class IfscInvalid(KistError):
    """An IFSC is malformed."""

    code = "customers.ifsc_invalid"
    template = "The IFSC must be four letters, a zero and six letters or digits, such as SBIN0001234."


class AccountNumberInvalid(KistError):
    """A bank account number is malformed."""

    code = "customers.account_number_invalid"
    template = "The account number must have 6 to 20 letters or digits."


class AddressInvalid(KistError):
    """An address lacks its first line or city."""

    code = "customers.address_invalid"
    template = (
        "The address must have lines of at most 160 characters, the first of them not empty, and a city of at most 80."
    )


class BirthDateInvalid(KistError):
    """A birth date is impossible."""

    code = "customers.birth_date_invalid"
    template = "The birth date {birth_date} is not possible. Check the year."
