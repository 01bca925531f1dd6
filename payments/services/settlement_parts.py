"""What a settlement is made of, whether that explains it, and whether its credit stands on our bank's statement."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, TypeVar

from django.contrib.auth.models import User

from core import audit
from core.business_date import business_date
from core.clock import database_now
from core.money import format_rupees
from core.sagas.services import saga_start
from core.transactions import run_in_transaction
from lms.services.checks import reference_check
from payments.bulk import rows_insert
from payments.errors import AmountDiffers
from payments.locks import payments_for_update, settlements_for_update
from payments.models import IncomingPayment, PartKind, Settlement, SettlementPart, SettlementStanding
from payments.settlement_errors import SettlementCreditDayWrong, SettlementCreditDiffers, SettlementCreditSeen
from payments.vendors.heard import PartHeard

SETTLEMENT_SAGA: Final = "payments.settlement"
_AT_ONCE: Final = 500
_COLUMNS: Final = (
    "settlement_id",
    "kind",
    "vendor_reference",
    "payment_id",
    "amount_paise",
    "fee_paise",
    "tax_paise",
    "net_paise",
    "utr",
)
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One reason why a settlement is not explained, and what a person does about it."""

    what: str
    todo: str


def settlement_report_begin(*, settlement: Settlement) -> None:
    """Begin to read what a new settlement is made of, in the caller's transaction."""
    saga = saga_start(
        kind=SETTLEMENT_SAGA,
        intent_key=f"{settlement.vendor.code}:{settlement.vendor_reference}",
        context={"settlement_id": settlement.pk},
        subject_type="payments.settlement",
        subject_id=settlement.pk,
        priority=80,
    )
    settlement.saga_id = saga.pk
    settlement.save(update_fields=["saga_id"])


def settlement_parts_told(*, settlement_id: int, heard: Sequence[PartHeard]) -> Settlement:
    """Keep the lines of the gateway's report and tell whether they explain the settlement.

    Lines may be told again, and new ones may follow; what was told once does not change. Hundreds of lines are written
    by one statement: a report may have ten thousand.

    Raises:
        AmountDiffers: a line says another amount than before.
    """

    def told() -> Settlement:
        payments = _payments_locked(settlement_id, heard)
        row = settlements_for_update().get(pk=settlement_id)
        known = {(part.kind, part.vendor_reference): part for part in row.parts.all()}
        new: dict[tuple[str, str], PartHeard] = {}
        for line in heard:
            name = (line.kind, line.vendor_reference)
            earlier = known.get(name) or new.setdefault(name, line)
            if earlier.net_paise != line.net_paise:
                raise AmountDiffers(
                    what="Line",
                    reference=line.vendor_reference,
                    asked_paise=earlier.net_paise,
                    told_paise=line.net_paise,
                )
        _parts_create(row, new.values(), payments)
        _parts_link(known.values(), payments)
        parts = list(row.parts.select_related("payment"))
        row.parts_paise = sum(part.net_paise for part in parts)
        row.parts_at = database_now()
        problems = settlement_problems(settlement=row, parts=parts)
        row.standing = SettlementStanding.DIFFERS if problems else SettlementStanding.EXPLAINED
        row.save(update_fields=["parts_paise", "parts_at", "standing"])
        return row

    return run_in_transaction(told)


def settlement_problems(*, settlement: Settlement, parts: Sequence[SettlementPart]) -> list[Problem]:
    """Return everything that keeps a settlement from being explained by its parts; no query."""
    if not parts:
        return []
    found = []
    if difference := settlement.amount_paise - sum(part.net_paise for part in parts):
        less = "more" if difference > 0 else "less"
        found.append(
            Problem(
                what=f"The bank gets {format_rupees(abs(difference))} {less} than the parts come to",
                todo="Ask the gateway which line is missing from its report; nothing of ours is booked differently.",
            )
        )
    for words, told, paise in (
        ("fees", settlement.fee_paise, sum(part.fee_paise for part in parts)),
        ("tax on fees", settlement.tax_paise, sum(part.tax_paise for part in parts)),
    ):
        if told != paise:
            found.append(
                Problem(
                    what=f"{words.capitalize()}: {format_rupees(told)} told, {format_rupees(paise)} by the parts",
                    todo="Compare with the contract and with the gateway's invoice; claim back what is too much.",
                )
            )
    for part in parts:
        if part.kind == PartKind.PAYMENT and (problem := _of_payment(part)):
            found.append(problem)
    return found


def settlement_credit_seen(
    *, settlement_id: int, utr: str, amount_paise: int, credited_on: date, actor: User | None = None
) -> Settlement:
    """Note that a settlement's credit stands on our bank's statement, as it is written there.

    Raises:
        SettlementCreditDiffers: the statement has another reference or amount.
        SettlementCreditDayWrong: the day is ahead.
        SettlementCreditSeen: it was seen on another day already.
        ReferenceMissing, ReferenceTooLong: the reference is empty, or none.
    """
    written = reference_check(reference=utr)

    def seen() -> Settlement:
        row = settlements_for_update().get(pk=settlement_id)
        if (written, amount_paise) != (row.utr, row.amount_paise):
            raise SettlementCreditDiffers(
                settlement=row.vendor_reference,
                utr=row.utr or "not told",
                amount_paise=row.amount_paise,
                seen_utr=written,
                seen_paise=amount_paise,
            )
        if credited_on > (today := business_date()):
            raise SettlementCreditDayWrong(credited_on=credited_on, today=today)
        if row.credited_on is not None:
            if row.credited_on != credited_on:
                raise SettlementCreditSeen(settlement=row.vendor_reference, credited_on=row.credited_on)
            return row
        row.credited_on, row.credited_by = credited_on, actor
        row.save(update_fields=["credited_on", "credited_by"])
        detail = {"utr": written, "amount_paise": amount_paise, "credited_on": credited_on.isoformat()}
        audit.record(actor=actor, action="payments.settlement_credit_seen", obj=row, detail=detail)
        return row

    return run_in_transaction(seen)


def _payments_locked(settlement_id: int, heard: Sequence[PartHeard]) -> dict[str, int]:
    """Lock the payments of a report that we know, by their keys, and return these by the gateway's names.

    A line that names a payment keeps it from being changed until the end of the transaction, whoever wrote the line;
    so payments are locked in the one order: before the settlement.
    """
    vendor_id = Settlement.objects.values_list("vendor_id", flat=True).get(pk=settlement_id)
    names = sorted({line.vendor_reference for line in heard if line.kind == PartKind.PAYMENT})
    found: dict[str, int] = {}
    for chosen in _hundreds(names):
        rows = IncomingPayment.objects.filter(vendor_id=vendor_id, vendor_reference__in=chosen)
        found.update((name or "", key) for name, key in rows.values_list("vendor_reference", "pk"))
    for keys in _hundreds(sorted(found.values())):
        list(payments_for_update().filter(pk__in=keys).values_list("pk"))
    return found


def _parts_create(row: Settlement, lines: Iterable[PartHeard], payments: Mapping[str, int]) -> None:
    rows_insert(
        model=SettlementPart,
        columns=_COLUMNS,
        rows=[
            (
                row.pk,
                str(line.kind),
                line.vendor_reference,
                payments.get(line.vendor_reference) if line.kind == PartKind.PAYMENT else None,
                line.amount_paise,
                line.fee_paise,
                line.tax_paise,
                line.net_paise,
                line.utr,
            )
            for line in lines
        ],
    )


def _parts_link(parts: Iterable[SettlementPart], payments: Mapping[str, int]) -> None:
    """Let lines of payments that have become known since they were told name them."""
    linked = []
    for part in parts:
        if part.kind == PartKind.PAYMENT and part.payment_id is None and part.vendor_reference in payments:
            part.payment_id = payments[part.vendor_reference]
            linked.append(part)
    SettlementPart.objects.bulk_update(linked, ["payment"], batch_size=_AT_ONCE)


def _hundreds(values: Sequence[Value]) -> Iterator[Sequence[Value]]:
    for first in range(0, len(values), _AT_ONCE):
        yield values[first : first + _AT_ONCE]


def _of_payment(part: SettlementPart) -> Problem | None:
    if part.payment is None:
        return Problem(
            what=f"Payment {part.vendor_reference} of {format_rupees(part.amount_paise)} is not known to us",
            todo="Look for its webhook among the messages, or ask the gateway what it was for; it is read again.",
        )
    if part.payment.amount_paise != part.amount_paise:
        booked = format_rupees(part.payment.amount_paise)
        return Problem(
            what=f"Payment {part.payment.number}: {booked} booked, {format_rupees(part.amount_paise)} settled",
            todo="Compare with the payment's page; put it right before the difference is accepted.",
        )
    return None
