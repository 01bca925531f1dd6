"""Everything about one loan on one page, as it stands today or stood on an earlier day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import QuerySet, Subquery
from django.http import HttpRequest

from core.business_date import business_date
from ledger.models import Journal
from ledger.posting_rules import posting_rule
from ledger.selectors import journals_for
from lms.admin.charts import schedule_chart
from lms.admin.moments import Moment, moment_of
from lms.engine.classification import AssetClass
from lms.engine.errors import EngineRefusal
from lms.engine.facts import Bounce, Fact, Reverse
from lms.engine.state import Allocation, Amounts, Instalment, LoanState
from lms.engine.terms import Terms
from lms.errors import TermsInvalid, refusal_of
from lms.models import DayEnd, Loan, LoanAccrual, LoanFact
from lms.offers import offer_of
from lms.services.fact_rows import fact_of, undone_sequences
from lms.services.positions import position_of, terms_of

# What one page shows of lists that grow every day; the rest is one click away.
_POSTINGS_SHOWN = 50
_ACCRUALS_SHOWN = 40
_DIARY_SHOWN = 50
_DETAILS_HIDDEN = frozenset({"asset_class"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One number in the header; `key` is what the engine explains it by, empty where there is nothing to explain."""

    key: str
    label: str
    paise: int | None = None
    text: str = ""
    note: str = ""
    is_main: bool = False
    is_alert: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What of a fact went to one instalment (None: held as excess, or to a charge without a row)."""

    instalment_number: int | None
    parts: tuple[Allocation, ...]

    @property
    def amount_paise(self) -> int:
        """Sum of the parts."""
        return sum(part.amount_paise for part in self.parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class FactLine:
    """A fact with what became of it."""

    row: LoanFact
    fact: Fact
    details: tuple[tuple[str, object], ...]
    shares: tuple[Share, ...]
    journals: tuple[Journal, ...]
    undone_by: int | None
    undoes: int | None
    is_after: bool
    may_be_reversed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleLine:
    """A row of the schedule with how it stands: paid, late, due, next or to come."""

    row: Instalment
    standing: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningLine:
    """One sum of the journal of a batch that is this loan's."""

    what: str
    debit: str
    credit: str
    amount_paise: int


def loan_page_context(request: HttpRequest, loan: Loan) -> dict[str, Any]:
    """Collect what the loan page shows.

    Raises:
        FactRefused: the facts known on an earlier day do not make an account.
    """
    moment = moment_of(request, loan)
    rows = list(loan.facts.select_related("recorded_by").order_by("sequence"))
    known = moment.knowledge.among(rows)
    facts = [fact_of(row=row) for row in known]
    try:
        state = position_of(loan=loan, as_of=moment.as_of, facts=facts)
    except EngineRefusal as error:
        raise refusal_of(error) from error
    terms = terms_of(loan=loan)
    journals = _journals(loan, moment, is_whole=request.GET.get("postings") == "all")
    return {
        "loan": loan,
        "terms": terms,
        "moment": moment,
        "state": state,
        "today": moment.today,
        **_classes(loan, moment),
        "figures": figures_of(state, loan),
        "schedule": schedule_lines(state),
        "schedule_total": _total(state.instalments),
        "chart": schedule_chart(state.instalments),
        **_offer(loan, terms, has_schedule=bool(state.instalments)),
        "facts": _fact_lines(known, facts, state, journals, moment.as_of),
        "journals": journals,
        "opening": opening_lines(loan) if known else [],
        "is_postings_cut": len(journals) == _POSTINGS_SHOWN,
        "accruals": accruals_known(loan=loan, moment=moment)[:_ACCRUALS_SHOWN],
    }


def figures_of(state: LoanState, loan: Loan) -> list[Figure]:
    """Return the header's figures in the order in which staff ask for them."""
    owed = state.outstanding
    return [
        Figure(key="outstanding.principal", label="Principal outstanding", paise=owed.principal, is_main=True),
        Figure(
            key="overdue",
            label="Overdue",
            paise=state.overdue.total,
            note=f"since {state.oldest_unpaid_due_date:%d %b %Y}" if state.oldest_unpaid_due_date else "",
            is_alert=state.overdue.total > 0,
        ),
        Figure(
            key="next_due_paise",
            label="Next due",
            paise=state.next_due_paise if state.next_due_date else None,
            note=f"on {state.next_due_date:%d %b %Y}" if state.next_due_date else "",
        ),
        Figure(key="instalment_paise", label="Instalment", paise=state.instalment_paise),
        Figure(
            key="days_past_due", label="Days past due", text=str(state.days_past_due), is_alert=state.days_past_due > 0
        ),
        Figure(key="outstanding.interest", label="Interest outstanding", paise=owed.interest),
        Figure(key="accrued_not_due_paise", label="Of it not due yet", paise=state.accrued_not_due_paise),
        Figure(key="outstanding.fee", label="Fees", paise=owed.fee),
        Figure(key="outstanding.tax", label="GST on fees", paise=owed.tax),
        Figure(key="outstanding.penal", label="Penal charges", paise=owed.penal),
        Figure(key="excess_paise", label="Excess held", paise=state.excess_paise),
        Figure(key="undrawn_paise", label="Undrawn", paise=state.undrawn_paise),
    ]


def opening_lines(loan: Loan) -> list[OpeningLine]:
    """Return this loan's share of the journal in which it was booked together with others."""
    lines = []
    for key, paise in loan.booked_with_batch.items():
        movement, _, head = key.partition(":")
        rule = posting_rule(movement=movement, head=head)
        lines.append(
            OpeningLine(
                what=f"{head} {movement}",
                debit=str(rule.debit.label),
                credit=str(rule.credit.label),
                amount_paise=paise,
            )
        )
    return lines


def schedule_lines(state: LoanState) -> list[ScheduleLine]:
    """Return the rows of the schedule, each with how it stands on the day."""
    return [ScheduleLine(row=row, standing=_standing(row, state)) for row in state.instalments]


def _standing(row: Instalment, state: LoanState) -> str:
    if row.open.total == 0:
        return "paid"
    if row.due_date <= state.as_of:
        return "late"
    return "next" if row.due_date == state.next_due_date else "to come"


def _total(rows: Sequence[Instalment]) -> dict[str, Any]:
    due, paid, still_open = Amounts(), Amounts(), Amounts()
    for row in rows:
        due, paid, still_open = due + row.due, paid + row.paid, still_open + row.open
    return {"due": due, "paid": paid, "open": still_open}


def _offer(loan: Loan, terms: Terms, *, has_schedule: bool) -> dict[str, Any]:
    """Return the schedule to come of a loan that has no money out yet, or why none follows from lending it now."""
    if has_schedule:
        return {}
    start_date = max(loan.sanctioned_on, business_date())
    try:
        offer = offer_of(terms=terms, start_date=start_date)
    except TermsInvalid as refusal:
        return {"offer_refusal": refusal.message}
    return {"offer": offer, "chart": schedule_chart(offer.rows)}


def accruals_known(*, loan: Loan, moment: Moment) -> QuerySet[LoanAccrual]:
    """Return what the day-ends up to a day booked on the loan, latest first, of those that had begun by then."""
    rows = loan.accruals.filter(booked_on__lte=moment.as_of).order_by("-booked_on", "-pk")
    if moment.known_on is not None:
        rows = rows.filter(booked_on__lte=moment.known_on)
    if moment.known_at is not None:
        begun = DayEnd.objects.filter(started_at__lte=moment.known_at).order_by("-business_date")
        rows = rows.filter(booked_on__lte=Subquery(begun.values("business_date")[:1]))
    return rows


def _classes(loan: Loan, moment: Moment) -> dict[str, Any]:
    """Return the class of the day, and the diary up to it."""
    diary = moment.knowledge.of(loan.classification_entries.filter(on_date__lte=moment.as_of), day="on_date")
    entries = list(diary.select_related("caused_by")[:_DIARY_SHOWN])
    if not moment.is_past:
        return {"asset_class": str(loan.asset_class), "diary": entries}
    of_day = loan.class_corrections.filter(from_date__lte=moment.as_of, to_date__gte=moment.as_of)
    corrected = moment.knowledge.of(of_day).order_by("-pk").values_list("asset_class", flat=True).first()
    told = entries[0].asset_class if entries else AssetClass.STANDARD.value
    return {"asset_class": corrected or told, "diary": entries}


def _journals(loan: Loan, moment: Moment, *, is_whole: bool) -> list[Journal]:
    """Return the journals that count on the day and were known, newest first."""
    rows = journals_for(reference_type="lms.loan", reference_id=loan.pk).order_by("-pk")
    if moment.is_past:
        rows = moment.knowledge.of(rows.filter(value_date__lte=moment.as_of), day="booked_on")
    return list(rows if is_whole else rows[:_POSTINGS_SHOWN])


def _fact_lines(
    rows: Sequence[LoanFact], facts: Sequence[Fact], state: LoanState, journals: Sequence[Journal], as_of: date
) -> list[FactLine]:
    undone = undone_sequences(facts=facts)
    undone_by = {_undoes(fact): fact.sequence for fact in facts if fact.sequence not in undone}
    parts: dict[int, list[Allocation]] = {}
    for part in state.allocations:
        parts.setdefault(part.fact_sequence, []).append(part)
    by_key: dict[str, list[Journal]] = {}
    for journal in journals:
        by_key.setdefault(journal.idempotency_key, []).append(journal)
    lines = [
        FactLine(
            row=row,
            fact=fact,
            details=tuple(
                (name, value) for name, value in row.details.items() if value and name not in _DETAILS_HIDDEN
            ),
            shares=_shares(parts.get(fact.sequence, [])),
            journals=tuple(by_key.get(f"lms.fact:{row.pk}", ())),
            undone_by=undone_by.get(fact.sequence) if fact.sequence in undone else None,
            undoes=_undoes(fact),
            is_after=fact.value_date > as_of,
            may_be_reversed=fact.sequence not in undone and not isinstance(fact, Reverse),
        )
        for row, fact in zip(rows, facts, strict=True)
    ]
    return sorted(lines, key=lambda line: (line.row.value_date, line.row.sequence), reverse=True)


def _shares(parts: Sequence[Allocation]) -> tuple[Share, ...]:
    """Put the parts of a fact together by instalment, in the order of application."""
    shares: dict[int | None, list[Allocation]] = {}
    for part in parts:
        shares.setdefault(part.instalment_number, []).append(part)
    return tuple(Share(instalment_number=number, parts=tuple(held)) for number, held in shares.items())


def _undoes(fact: Fact) -> int | None:
    """Return the entry that a reversal or a bounce undoes."""
    if isinstance(fact, Reverse):
        return fact.reversed_sequence
    return fact.receipt_sequence if isinstance(fact, Bounce) else None
