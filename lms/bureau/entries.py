"""What one account in a file says, before it is written: the person, the account, and who reports."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """Who reports, by the names that a bureau gave, and the day that is reported."""

    code: str
    name: str
    reported_on: date


@dataclass(frozen=True, slots=True)
class Identifier:
    """A document that identifies a person; `kind` by the layout's code."""

    kind: str
    number: str

    def __repr__(self) -> str:
        return "Identifier(…)"


@dataclass(frozen=True, slots=True)
class Phone:
    """A telephone; `kind` by the layout's code."""

    kind: str
    number: str

    def __repr__(self) -> str:
        return "Phone(…)"


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonAddress:
    """An address in lines that fit; `state` and `kind` by the layout's codes."""

    lines: tuple[str, ...]
    state: str
    pin_code: str
    kind: str

    def __repr__(self) -> str:
        return "PersonAddress(…)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A borrower as known at the cut-off; `problems` names what could not be written at all.

    Gender and occupation are empty as long as nobody keeps them.
    """

    names: tuple[str, ...]
    birth_date: date | None
    identifiers: tuple[Identifier, ...]
    phones: tuple[Phone, ...]
    emails: tuple[str, ...]
    addresses: tuple[PersonAddress, ...]
    gender: str = ""
    occupation: str = ""
    problems: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return "Person(…)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A loan at the day-end of the reference date: whole rupees, days, and the layout's codes; None leaves out."""

    number: str
    account_type: str
    ownership: str
    opened_on: date
    paid_on: date | None
    closed_on: date | None
    sanctioned_rupees: int
    balance_rupees: int
    overdue_rupees: int
    days_past_due: int
    facility_status: str
    asset_class: str
    rate_pct: Decimal
    tenor_months: int
    instalment_rupees: int
    frequency: str
    paid_rupees: int | None
    written_off_rupees: int | None = None
    written_off_principal_rupees: int | None = None
    settled_rupees: int | None = None
    credit_limit_rupees: int | None = None
    old_member_code: str = ""
    old_number: str = ""
    suit_or_wilful: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One record: a borrower with one account."""

    person: Person
    account: Account
