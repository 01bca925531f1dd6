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


class UpiAddressInvalid(KistError):
    """A UPI address is malformed."""

    code = "customers.upi_address_invalid"
    template = "A UPI address must have the form name@handle, such as asha.verma@okaxis."


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


class ChangeReasonMissing(KistError):
    """A change of what identifies a person needs a reason."""

    code = "customers.reason_missing"
    template = "A change needs a reason of at most 200 characters. Say why."


class ChangeKeyMissing(KistError):
    """A change is named once and for all."""

    code = "customers.idempotency_key_missing"
    template = "A change needs an idempotency key of at most {maximum} characters. Make one for each change."


class ChangeKeyReused(KistError):
    """The key belongs to another change."""

    code = "customers.idempotency_key_reused"
    http_status = 409
    template = "The key {key} belongs to another change. Use a new key."


class ChangeEmpty(KistError):
    """Nothing would change."""

    code = "customers.change_empty"
    template = "Nothing would change. Enter at least one new value."


class ChangeInFuture(KistError):
    """A change counts from today or earlier."""

    code = "customers.change_in_future"
    template = "{effective_from} is after the business date {business_date}. Enter today or an earlier day."


class ChangeBeforeLast(KistError):
    """A later change stands already."""

    code = "customers.change_before_last"
    http_status = 409
    template = "The {field} was changed with effect from {last} already. Enter that day or a later one."


class PhoneTaken(KistError):
    """Another customer has this phone number."""

    code = "customers.phone_taken"
    http_status = 409
    template = "Customer {number} has this phone number. Say that the two share it, or merge them."


class AccountTaken(KistError):
    """Another customer has this bank account."""

    code = "customers.account_taken"
    http_status = 409
    template = "Customer {number} has this bank account. Say that it is a joint account, or merge the two."


class CustomerUnknown(KistError):
    """There is no such customer."""

    code = "customers.customer_unknown"
    http_status = 404
    template = "There is no customer {customer}. Check the number."


class CustomerMerged(KistError):
    """The customer leads to another one."""

    code = "customers.customer_merged"
    http_status = 409
    template = "Customer {number} was merged into {survivor}. Use that customer."


class MergeNotPossible(KistError):
    """Two customers who cannot be one person."""

    code = "customers.merge_not_possible"
    http_status = 409
    template = "Customers {survivor} and {absorbed} cannot be merged: {problem}. Clear that up first."


class MergeUnknown(KistError):
    """There is no such merge."""

    code = "customers.merge_unknown"
    http_status = 404
    template = "There is no merge {merge} into this customer. Check the number."


class MergeUndone(KistError):
    """The merge was undone before."""

    code = "customers.merge_undone"
    http_status = 409
    template = "The merge of {absorbed} was undone on {undone_on}. Merge them anew if they are one person."
