"""What apps above show on pages of the apps below them: parts that load themselves, and buttons."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.models import User as StaffUser

User = StaffUser | AnonymousUser


@dataclass(frozen=True, slots=True, kw_only=True)
class PageSection:
    """A part of a page: the page's name, an anchor, a title, who sees it, and the address that it is loaded from.

    Pages are named after what they show, such as `lms.loan`; `home` is the first page, `header` stands on every page.
    `address` gets the object of the page, None where it has none.
    """

    page: str
    code: str
    title: str
    permission: str
    address: Callable[[Any], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class PageButton:
    """An act of an app above, offered on a page while `is_open` says so."""

    page: str
    title: str
    icon: str
    permission: str
    address: Callable[[Any], str]
    is_open: Callable[[Any], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A section or button as a template needs it."""

    title: str
    address: str
    code: str = ""
    icon: str = ""


_SECTIONS: dict[tuple[str, str], PageSection] = {}
_BUTTONS: dict[tuple[str, str], PageButton] = {}


def section_register(section: PageSection) -> None:
    """Make a section known; registering it again replaces it."""
    _SECTIONS[section.page, section.code] = section


def button_register(button: PageButton) -> None:
    """Make a button known; registering it again replaces it."""
    _BUTTONS[button.page, button.title] = button


def sections_of(*, page: str, user: User, obj: Any = None) -> list[Shown]:
    """Return the sections of a page that a user may see, in the order of their registration."""
    return [
        Shown(title=row.title, address=row.address(obj), code=row.code)
        for row in _SECTIONS.values()
        if row.page == page and user.has_perm(row.permission)
    ]


def buttons_of(*, page: str, user: User, obj: Any) -> list[Shown]:
    """Return the buttons of a page that a user may press now."""
    return [
        Shown(title=row.title, address=row.address(obj), icon=row.icon)
        for row in _BUTTONS.values()
        if row.page == page and user.has_perm(row.permission) and row.is_open(obj)
    ]
