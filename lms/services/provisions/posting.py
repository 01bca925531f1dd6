"""Bring the ledger to what a run found, by the difference; and take a posting back."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from django.contrib.auth.models import User

from core import audit
from core.business_date import business_date
from core.transactions import run_in_transaction
from ledger.models import AccountRole, Journal, Period, PeriodState, ProductAccount
from ledger.services import (
    JournalOrder,
    MovementAmount,
    house_journal_post,
    journal_reverse,
    journals_post_many,
    product_accounts_create,
)
from ledger.services.periods import period_id
from lms.engine.classification import AssetClass
from lms.engine.provisions import Basis
from lms.errors.provisions import ProvisionRunNotReady, ProvisionRunOutdated
from lms.locks import provision_runs_for_update
from lms.models import Product, ProvisionPosting, ProvisionRun
from lms.services.checks import reason_check
from lms.services.provisions.held import MOVEMENT, provisions_held

EVENT: Final = "PROVISIONS"
REFERENCE_TYPE: Final = "lms.provisionrun"
RETAINED_EARNINGS: Final = "3040"
IMPAIRMENT_RESERVE: Final = "3030"
Head = ProvisionPosting.Head
State = ProvisionRun.State


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvisionMove:
    """One balance: what it has to be, what earlier postings made of it, and the difference, in paise."""

    product_code: str
    head: ProvisionPosting.Head
    target_paise: int
    held_paise: int

    @property
    def amount_paise(self) -> int:
        """What is to be posted; below zero it is a release."""
        return self.target_paise - self.held_paise


@dataclass(frozen=True, slots=True, kw_only=True)
class FloorComparison:
    """Expected loss against the prudential norms over the whole book, in paise."""

    iracp_paise: int
    ecl_paise: int

    @property
    def shortfall_paise(self) -> int:
        """What the expected loss falls short of the norms; it belongs into the impairment reserve."""
        return max(self.iracp_paise - self.ecl_paise, 0)


def floor_comparison(*, run: ProvisionRun) -> FloorComparison:
    """Compare both provisions of a run in aggregate.

    Source: regulation 13 (RBI circular of 13 March 2020).
    """
    return FloorComparison(iracp_paise=sum(row[5] for row in run.totals), ecl_paise=sum(row[6] for row in run.totals))


def provision_moves(*, run: ProvisionRun) -> tuple[ProvisionMove, ...]:
    """Return what posting a run would move, by product and balance; the reserve last, with an empty product.

    What the books carry is the prudential provision, or the expected loss for a lender that reports by Ind AS; then
    the shortfall against the norms is kept in the impairment reserve, which is never drawn on.
    """
    is_ecl = run.parameters.basis == Basis.ECL
    targets: dict[tuple[str, ProvisionPosting.Head], int] = {}
    for product_code, asset_class, stage, _, _, iracp, ecl in run.totals:
        is_impaired = stage == 3 if is_ecl else AssetClass(asset_class).is_npa
        key = (product_code, Head.NPA if is_impaired else Head.PERFORMING)
        targets[key] = targets.get(key, 0) + (ecl if is_ecl else iracp)
    held = provisions_held()
    moves = [
        ProvisionMove(product_code=key[0], head=key[1], target_paise=targets.get(key, 0), held_paise=held.get(key, 0))
        for key in sorted({*targets, *held})
        if key[1] != Head.RESERVE
    ]
    reserve = held.get(("", Head.RESERVE), 0)
    shortfall = floor_comparison(run=run).shortfall_paise if is_ecl else 0
    moves.append(
        ProvisionMove(product_code="", head=Head.RESERVE, target_paise=max(shortfall, reserve), held_paise=reserve)
    )
    return tuple(moves)


def provision_run_post(*, run_id: int, reason: str, actor: User | None = None) -> ProvisionRun:
    """Post what a run found, less what is posted already; again changes nothing.

    It is valued on the month-end, and booked there as long as that month is open; else on the business date.

    Raises:
        ProvisionRunNotReady: the run is not worked out, or was reversed.
        ProvisionRunOutdated: a later run knows better, or a later month is posted.
        ReasonMissing: the reason is empty.
        PeriodClosed: the month of the business date is closed too.
    """
    reason_check(reason=reason, is_required=True)
    accounts_prepare(run_id=run_id)
    return run_in_transaction(lambda: _post(run_id, reason, actor))


def provision_run_reverse(*, run_id: int, reason: str, actor: User | None = None) -> ProvisionRun:
    """Take back what a run posted; only the last posting can be taken back. Again changes nothing.

    Raises:
        ProvisionRunNotReady: the run is not posted.
        ProvisionRunOutdated: a later run is posted.
        ReasonMissing: the reason is empty.
        PeriodClosed: the month of the business date is closed.
    """
    reason_check(reason=reason, is_required=True)
    return run_in_transaction(lambda: _reverse(run_id, reason, actor))


def accounts_prepare(*, run_id: int) -> None:
    """Give the products of a run the accounts that they lack: never in the transaction that moves the money."""
    codes = {row[0] for row in ProvisionRun.objects.get(pk=run_id).totals}
    held = ProductAccount.objects.filter(product_code__in=codes, role=AccountRole.PROVISION_EXPENSE)
    missing = codes - set(held.values_list("product_code", flat=True))
    for product in Product.objects.filter(code__in=missing):
        product_accounts_create(product_code=product.code, name=product.name)


def post_check(*, run: ProvisionRun) -> None:
    """Refuse a run that cannot be posted now; nothing is written."""
    if run.state != State.COMPUTED:
        raise ProvisionRunNotReady(run=run.pk, state=State(run.state).label.lower(), act="posted")
    later = ProvisionRun.objects.filter(month_end=run.month_end, number__gt=run.number).exclude(state=State.RUNNING)
    if (newer := later.order_by("-number").first()) is not None:
        raise ProvisionRunOutdated(run=run.pk, later=newer.pk, month_end=newer.month_end, hint="Post that one.")
    _latest_check(run, "What was learnt since belongs into the present month.")


def _post(run_id: int, reason: str, actor: User | None) -> ProvisionRun:
    run = _locked(run_id)
    if run.state == State.POSTED:
        return run
    post_check(run=run)
    booked_on = _booked_on(run.month_end)
    moves = [move for move in provision_moves(run=run) if move.amount_paise]
    journals = _journals(run, moves, booked_on)
    ProvisionPosting.objects.bulk_create(
        ProvisionPosting(
            run=run,
            product_code=move.product_code,
            head=move.head,
            target_paise=move.target_paise,
            amount_paise=move.amount_paise,
            journal=journals[move.product_code, move.head],
        )
        for move in moves
    )
    return _save(run, State.POSTED, booked_on, actor, reason)


def _journals(
    run: ProvisionRun, moves: list[ProvisionMove], booked_on: date
) -> dict[tuple[str, ProvisionPosting.Head], Journal]:
    of_products = [move for move in moves if move.head != Head.RESERVE]
    orders = [
        JournalOrder(
            idempotency_key=f"lms.provision:{run.pk}:{move.product_code}:{move.head.value}",
            event=EVENT,
            reference_type=REFERENCE_TYPE,
            reference_id=run.pk,
            product_code=move.product_code,
            movements=[MovementAmount(MOVEMENT, move.head.value, move.amount_paise)],
            value_date=run.month_end,
            booked_on=booked_on,
            narration=f"Provisions of {run.month_end.isoformat()}, run {run.number}",
        )
        for move in of_products
    ]
    posted = journals_post_many(orders=orders)
    journals = {
        (move.product_code, move.head): journal
        for move, journal in zip(of_products, posted, strict=True)
        if journal is not None
    }
    for move in moves:
        if move.head == Head.RESERVE:
            journals["", Head.RESERVE] = house_journal_post(
                idempotency_key=f"lms.provision:{run.pk}::RESERVE",
                event=EVENT,
                reference_type=REFERENCE_TYPE,
                reference_id=run.pk,
                debit_code=RETAINED_EARNINGS,
                credit_code=IMPAIRMENT_RESERVE,
                amount_paise=move.amount_paise,
                value_date=run.month_end,
                booked_on=booked_on,
                narration=f"Impairment reserve of {run.month_end.isoformat()}, run {run.number}",
            )
    return journals


def _reverse(run_id: int, reason: str, actor: User | None) -> ProvisionRun:
    run = _locked(run_id)
    if run.state == State.REVERSED:
        return run
    if run.state != State.POSTED:
        raise ProvisionRunNotReady(run=run.pk, state=State(run.state).label.lower(), act="reversed")
    _latest_check(run, "Reverse that one first.")
    booked_on = _booked_on(run.month_end)
    for row in run.postings.filter(is_reversal=False).order_by("pk"):
        journal = journal_reverse(
            journal_id=row.journal_id,
            idempotency_key=f"lms.provision:{run.pk}:{row.product_code}:{row.head}:reversal",
            booked_on=booked_on,
            narration=reason.strip()[:200],
        )
        ProvisionPosting.objects.create(
            run=run,
            product_code=row.product_code,
            head=row.head,
            target_paise=row.target_paise - row.amount_paise,
            amount_paise=-row.amount_paise,
            is_reversal=True,
            journal=journal,
        )
    return _save(run, State.REVERSED, booked_on, actor, reason)


def _latest_check(run: ProvisionRun, hint: str) -> None:
    """Refuse when a later month, or a later run of this one, is posted."""
    posted = ProvisionRun.objects.filter(state=State.POSTED).exclude(pk=run.pk)
    last = posted.order_by("-month_end", "-number").first()
    if last is not None and (last.month_end, last.number) > (run.month_end, run.number):
        raise ProvisionRunOutdated(run=run.pk, later=last.pk, month_end=last.month_end, hint=hint)


def _booked_on(month_end: date) -> date:
    """Return the month-end while its month is open; the business date when it is closed, or lies before the books."""
    is_before_books = not Journal.objects.filter(booked_on__lte=month_end).exists()
    return business_date() if is_before_books or _is_closed(period_id(month_end)) else month_end


def _is_closed(month: int) -> bool:
    """Tell whether a month takes no bookings; one without a row is open unless a later one is closed."""
    state = Period.objects.filter(pk=month).values_list("state", flat=True).first()
    if state is not None:
        return state != PeriodState.OPEN
    return Period.objects.filter(pk__gt=month).exclude(state=PeriodState.OPEN).exists()


def _locked(run_id: int) -> ProvisionRun:
    """Lock every run, in key order, and return one: two postings at once would both read the same balances."""
    runs = {run.pk: run for run in provision_runs_for_update()}
    return runs[run_id]


def _save(run: ProvisionRun, state: ProvisionRun.State, on_date: date, actor: User | None, reason: str) -> ProvisionRun:
    run.state, run.posted_on = state, on_date
    run.save(update_fields=["state", "posted_on"])
    amounts = run.postings.filter(is_reversal=state == State.REVERSED).values_list("amount_paise", flat=True)
    audit.record(
        actor=actor,
        action=f"lms.provision_run_{state.value.lower()}",
        obj=run,
        reason=reason,
        detail={"month_end": run.month_end.isoformat(), "number": run.number, "moved_paise": sum(amounts)},
    )
    return run
