"""Check and normalise what identifies a customer, and mask it for those who need not see it."""

import re
import unicodedata

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from core.states import state_by_code
from customers.errors import (
    AccountNumberInvalid,
    EmailInvalid,
    IfscInvalid,
    NameInvalid,
    PanInvalid,
    PhoneInvalid,
    PinCodeInvalid,
    StateUnknown,
    UpiAddressInvalid,
)

_PAN = re.compile(r"[A-Z]{5}[0-9]{4}[A-Z]")
_PHONE = re.compile(r"[6-9][0-9]{9}")
_PIN_CODE = re.compile(r"[1-9][0-9]{5}")
_IFSC = re.compile(r"[A-Z]{4}0[A-Z0-9]{6}")
_ACCOUNT_NUMBER = re.compile(r"[A-Z0-9]{6,20}")
_UPI_ADDRESS = re.compile(r"[a-z0-9][a-z0-9._-]{1,99}@[a-z][a-z0-9]{1,63}")

# What the blind indexes are keyed for.
PAN_PURPOSE = "customers.pan"
ACCOUNT_PURPOSE = "customers.account_number"
NAME_LENGTH = 160
TOKEN_LENGTH = 40


def clean_name(value: str) -> str:
    """Return a name with single spaces; refuse one that is empty, too long or without a letter."""
    name = " ".join(unicodedata.normalize("NFC", value).split())
    if not name or len(name) > NAME_LENGTH or not any(character.isalpha() for character in name):
        raise NameInvalid()
    return name


def clean_phone(value: str) -> str:
    """Return a mobile number of ten digits; refuse anything else."""
    phone = value.strip()
    if not _PHONE.fullmatch(phone):
        raise PhoneInvalid()
    return phone


def clean_pan(value: str) -> str:
    """Return a PAN in capitals, empty when none is given; refuse another form."""
    pan = value.strip().upper()
    if pan and not _PAN.fullmatch(pan):
        raise PanInvalid()
    return pan


def is_pan(value: str) -> bool:
    """Whether a text has the form of a PAN."""
    return _PAN.fullmatch(value.strip().upper()) is not None


def clean_email(value: str) -> str:
    """Return an e-mail address, empty when none is given; refuse a malformed one."""
    email = value.strip()
    if not email:
        return ""
    try:
        validate_email(email)
    except ValidationError:
        raise EmailInvalid() from None
    return email


def clean_state_code(value: str) -> str:
    """Return the two-letter code of a state given by that code or by its GST code."""
    state = state_by_code(value)
    if state is None:
        raise StateUnknown(state_code=value[:8])
    return state.code


def clean_pin_code(value: str) -> str:
    """Return a PIN code of six digits; refuse anything else."""
    pin_code = value.strip()
    if not _PIN_CODE.fullmatch(pin_code):
        raise PinCodeInvalid()
    return pin_code


def clean_ifsc(value: str) -> str:
    """Return an IFSC in capitals; refuse another form."""
    ifsc = value.strip().upper()
    if not _IFSC.fullmatch(ifsc):
        raise IfscInvalid()
    return ifsc


def clean_upi_address(value: str) -> str:
    """Return a UPI address in small letters; refuse another form."""
    address = value.strip().lower()
    if not _UPI_ADDRESS.fullmatch(address):
        raise UpiAddressInvalid()
    return address


def clean_account_number(value: str) -> str:
    """Return a bank account number in capitals without spaces; refuse another form."""
    number = "".join(value.split()).upper()
    if not _ACCOUNT_NUMBER.fullmatch(number):
        raise AccountNumberInvalid()
    return number


def name_tokens(name: str) -> tuple[str, ...]:
    """Return the distinct words of a name, folded so that case and accents do not matter, in their order."""
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    # Marks over Latin letters are accents; those of Indian scripts are vowels and stay.
    folded = re.sub(r"[\u0300-\u036f]", "", decomposed)
    words = (word.strip("_")[:TOKEN_LENGTH] for word in re.findall(r"[\w\u0900-\u0dff]+", folded))
    return tuple(dict.fromkeys(word for word in words if word))


def mask_pan(value: str) -> str:
    """Show the last four characters of a PAN: XXXXXX234F."""
    return _mask(value, visible=4)


def mask_account(value: str) -> str:
    """Show the last four characters of an account number."""
    return _mask(value, visible=4)


def mask_phone(value: str) -> str:
    """Show the last four digits of a phone number."""
    return _mask(value, visible=4)


def _mask(value: str, *, visible: int) -> str:
    """Hide all but the end; a value too short to hide anything is hidden whole."""
    if len(value) <= visible:
        return "X" * len(value)
    return "X" * (len(value) - visible) + value[-visible:]
