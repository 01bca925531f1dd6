"""Read the objects that vendors tell: what is missing or of another sort is refused by its name, never by its value."""

import re
from collections.abc import Mapping
from typing import Any, Final, TypeVar

from payments.errors import WebhookFieldWrong

Entity = Mapping[str, Any]
Told = TypeVar("Told")
_NAME_MOST: Final = 64
_RUPEES: Final = "INR"
_EVENT_NAME: Final = re.compile(r"[A-Za-z0-9_.]{1,60}")
_NAMELESS: Final = "An event without a name"
_ANSWER: Final = "The vendor's answer"
# The first second of the year 10000, which no calendar of ours has.
_LAST_SECOND: Final = 253_402_300_800
_SORTS: Final = {str: "text", bool: "true or false", int: "a number", list: "a list", dict: "an object"}


class Part(dict[str, Any]):
    """An object within an event, and where it stands there."""

    def __init__(self, values: Entity, *, event: str, path: str = "") -> None:
        super().__init__(values)
        self.event = event
        self.path = path


def event_part(body: Entity, *, name: str) -> Part:
    """Return a whole event; its name, which stands in the field `name`, stands in every refusal."""
    told = body.get(name)
    return Part(body, event=told if isinstance(told, str) and _EVENT_NAME.fullmatch(told) else _NAMELESS)


def part_in(entity: Entity, name: str, *, is_needed: bool = False) -> Part:
    """Return an object within another; one that is not told is empty, and so is an empty list, as some write it.

    Raises:
        WebhookFieldWrong: it is no object, or is needed and missing.
    """
    value = entity.get(name)
    if value is None or value == []:
        if is_needed:
            raise field_wrong(entity, name, "is missing")
        value = {}
    if not isinstance(value, dict):
        raise field_wrong(entity, name, f"is {_sort(value)}, not an object")
    whole = _whole(entity)
    return Part(value, event=whole.event, path=_path(whole, name))


def name_in(entity: Entity, name: str, *, is_needed: bool = False, most: int = _NAME_MOST) -> str:
    """Return a reference, a state or another name that something is known by; empty when it is not told.

    Raises:
        WebhookFieldWrong: it is neither text nor a number, is longer than what we keep, or is needed and missing.
    """
    value = entity.get(name)
    if value is None or value == "":
        if is_needed:
            raise field_wrong(entity, name, "is missing")
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise field_wrong(entity, name, f"is {_sort(value)}, not text")
    text = str(value)
    if len(text) > most:
        raise field_wrong(entity, name, f"is longer than {most} characters")
    if text != storable(text):
        raise field_wrong(entity, name, "has half a character, which no text has")
    return text


def state_in(entity: Entity, name: str, words: Mapping[str, Told]) -> Told:
    """Return a state in our words.

    Raises:
        WebhookFieldWrong: it is missing, or none of the vendor's words that we know.
    """
    told = words.get(name_in(entity, name, is_needed=True))
    if told is None:
        raise field_wrong(entity, name, "is a state that is not known here")
    return told


def second_in(entity: Entity, name: str) -> int | None:
    """Return an instant in seconds since 1970; None when it is not told.

    Raises:
        WebhookFieldWrong: it is no whole number, or beyond every calendar.
    """
    value = entity.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise field_wrong(entity, name, f"is {_sort(value)}, not a time in seconds")
    if not 0 <= value < _LAST_SECOND:
        raise field_wrong(entity, name, "is no time in seconds")
    return value


def in_rupees(entity: Entity) -> None:
    """Refuse amounts of another currency: 100 cents are no rupee, and nothing here changes one into the other.

    Raises:
        WebhookFieldWrong: a currency stands beside the amounts, and it is not INR.
    """
    for name, value in entity.items():
        is_currency = name == "currency" or name.endswith("_currency")
        if is_currency and value not in (None, "", _RUPEES):
            raise field_wrong(entity, name, f"is not {_RUPEES}")


def prose_in(entity: Entity, name: str, *, most: int = 120) -> str:
    """Return what is told for people alone; nothing depends on it, so what is no text is left out."""
    value = entity.get(name)
    return storable(value)[:most] if isinstance(value, str) else ""


def field_wrong(entity: Entity, name: str, problem: str) -> WebhookFieldWrong:
    """Return the refusal of a field, in words that follow its name."""
    whole = _whole(entity)
    return WebhookFieldWrong(event=whole.event, field=_path(whole, name), problem=problem)


def storable(text: str) -> str:
    """Return text without halves of characters, which JSON can spell and no database can hold."""
    return text.encode(errors="replace").decode()


def _whole(entity: Entity) -> Part:
    return entity if isinstance(entity, Part) else Part(entity, event=_ANSWER)


def _path(part: Part, name: str) -> str:
    return f"{part.path}.{name}" if part.path else name


def _sort(value: object) -> str:
    return _SORTS.get(type(value), "a number with decimals")
