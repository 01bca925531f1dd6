"""From the cells of a line to the figures of a loan, or to the reasons why it is rejected."""

import hashlib
import json
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from typing import Any, Final

from core.errors import KistError
from customers.services import CustomerData
from customers.values import clean_name, clean_phone, clean_state_code
from lms.services.imports.loan_fields import FIELDS, TapeStatus
from lms.services.imports.mapping import ImportMap
from lms.services.imports.problems import CellRefused, Problem, problem
from lms.services.imports.reading import RaggedLine, TapeLine
from lms.services.imports.transforms import Value, cell_value

_GENERATED_PHONE_FIRST: Final = 6_000_000_000
_CUSTOMER_NUMBER_MAX: Final = FIELDS["customer_number"].max_length


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanRow:
    """One loan of the tape: amounts in paise, dates, and what is known of the customer."""

    reference: str
    principal: int
    annual_rate: Decimal
    instalment_count: int
    instalment: int
    disbursal_date: date
    status: TapeStatus
    balance: int
    first_due_date: date | None = None
    instalments_paid: int | None = None
    paid_total: int | None = None
    paid_principal: int | None = None
    paid_interest: int | None = None
    paid_fees: int | None = None
    customer_number: str = ""
    customer_name: str = ""
    customer_phone: str = ""
    customer_state: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedLine:
    """A line of the file: the loan, or the problems for which it is rejected; the reference if it could be read."""

    number: int
    reference: str
    row: LoanRow | None
    problems: tuple[Problem, ...] = ()


def line_parse(*, line: TapeLine, import_map: ImportMap) -> ParsedLine:
    """Read one line by the map and check what its figures say about each other.

    Returns:
        The loan, or every problem of the line.
    """
    if isinstance(line, RaggedLine):
        ragged = problem("", "row_ragged", found=line.found, expected=line.expected)
        return ParsedLine(number=line.number, reference="", row=None, problems=(ragged,))
    values: dict[str, Value] = dict(import_map.constants)
    problems: list[Problem] = []
    for rule, text in zip(import_map.columns, line.cells, strict=True):
        if not text:
            if rule.field.is_required:
                problems.append(problem(rule.column, "cell_missing"))
            continue
        try:
            values[rule.field.name] = cell_value(transform=rule.transform, text=text, max_length=rule.field.max_length)
        except CellRefused as refused:
            problems.append(Problem(rule.column, refused.code, refused.message))
    reference = str(values.get("reference", ""))
    if problems:
        return ParsedLine(number=line.number, reference=reference, row=None, problems=tuple(problems))
    row = LoanRow(**values)  # type: ignore[arg-type]  # `FIELDS` gives each name the type of its field
    problems = _contradictions(row, import_map) + _customer_problems(row, import_map)
    return ParsedLine(number=line.number, reference=reference, row=None if problems else row, problems=tuple(problems))


def customer_of(*, row: LoanRow, line_number: int, import_map: ImportMap) -> CustomerData:
    """Describe the customer of a loan; a tape without names gives neutral ones."""
    phone = row.customer_phone
    if not phone and import_map.is_phone_generated:
        phone = str(_GENERATED_PHONE_FIRST + line_number)
    return CustomerData(
        number=row.customer_number or (row.reference if len(row.reference) <= _CUSTOMER_NUMBER_MAX else None),
        full_name=row.customer_name or f"{import_map.name_prefix} {row.reference}",
        phone=phone,
        state_code=row.customer_state,
    )


def row_to_json(*, row: LoanRow) -> dict[str, Any]:
    """Write a row as JSON can carry it, without the fields that it lacks."""
    written = {item.name: getattr(row, item.name) for item in fields(row)}
    return {
        name: value if isinstance(value, int | str) else str(value)
        for name, value in written.items()
        if value not in (None, "")
    }


def row_from_json(*, values: dict[str, Any]) -> LoanRow:
    """Read a row back."""
    read = dict(values)
    read["annual_rate"] = Decimal(read["annual_rate"])
    read["status"] = TapeStatus(read["status"])
    for name in ("disbursal_date", "first_due_date"):
        if name in read:
            read[name] = date.fromisoformat(read[name])
    return LoanRow(**read)


def row_hash(*, row: LoanRow) -> str:
    """Return a fingerprint of a row: two lines of the same content have equal ones, in whatever file they stand."""
    canonical = json.dumps(row_to_json(row=row), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _contradictions(row: LoanRow, import_map: ImportMap) -> list[Problem]:
    """Find figures that cannot be true together; differences that the replay can explain are not among them."""
    column = {rule.field.name: rule.column for rule in import_map.columns}
    found: list[Problem] = []

    def add(field: str, code: str, **context: object) -> None:
        found.append(problem(column.get(field, ""), code, **context))

    if row.principal == 0:
        add("principal", "principal_zero")
    if row.instalment == 0 or row.instalment_count == 0:
        add("instalment", "instalment_zero")
    if row.balance > row.principal:
        add("balance", "balance_above_principal")
    is_running = row.status in (TapeStatus.CURRENT, TapeStatus.LATE)
    if not is_running and row.balance:
        add("balance", "balance_of_closed", balance=f"{row.balance} paise")
    if row.status is TapeStatus.WRITTEN_OFF and not 0 <= (row.paid_principal or 0) < row.principal:
        add("paid_principal", "claim_missing")
    if row.disbursal_date >= import_map.snapshot_date:
        add(
            "disbursal_date",
            "disbursal_after_snapshot",
            disbursed_on=row.disbursal_date,
            snapshot_date=import_map.snapshot_date,
        )
    if (row.instalments_paid or 0) > row.instalment_count:
        add("instalments_paid", "instalments_too_many", paid=row.instalments_paid, count=row.instalment_count)
    product = import_map.product
    for field, value, low, high in (
        ("principal", row.principal, product.principal_min_paise, product.principal_max_paise),
        ("annual_rate", row.annual_rate, product.rate_min_pct, product.rate_max_pct),
        ("instalment_count", row.instalment_count, product.instalment_count_min, product.instalment_count_max),
    ):
        if value and not low <= value <= high:
            add(field, "outside_product", figure=field, value=value, low=low, high=high)
    return found


def _customer_problems(row: LoanRow, import_map: ImportMap) -> list[Problem]:
    customer = customer_of(row=row, line_number=0, import_map=import_map)
    try:
        clean_name(customer.full_name)
        clean_phone(customer.phone)
        clean_state_code(customer.state_code)
    except KistError as refused:
        return [problem("", "customer_invalid", problem=refused.message)]
    return []
