"""The number of a GST registration: its form and its check character."""

import re
from typing import Final

_FORM: Final = re.compile(r"[0-9]{2}[A-Z]{5}[0-9]{4}[A-Z][1-9A-Z]Z[0-9A-Z]")
_CHARACTERS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def gstin_problem(*, gstin: str, state_gst_code: str) -> str:
    """Say what is wrong with a GSTIN of a state; nothing when it is right.

    Args:
        state_gst_code: two digits, such as 27.
    """
    if not _FORM.fullmatch(gstin):
        return "it has 15 characters: state, PAN, entity, Z and a check character"
    if gstin[:2] != state_gst_code:
        return f"it begins with {gstin[:2]}, the state is {state_gst_code}"
    if gstin[-1] != gstin_check_character(body=gstin[:-1]):
        return "its check character does not fit"
    return ""


def gstin_check_character(*, body: str) -> str:
    """Return the fifteenth character of a GSTIN, from its first fourteen."""
    total = 0
    for place, character in enumerate(body):
        product = _CHARACTERS.index(character) * (1 + place % 2)
        total += product // 36 + product % 36
    return _CHARACTERS[-total % 36]
