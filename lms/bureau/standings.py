"""How loans stood at the day-end of a reference date, by the entries that the books had when they left it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final

from django.db.models import Max

from lms.engine.classification import AssetClass
from lms.engine.codec import terms_from_dict
from lms.engine.facts import Fact, Foreclose, Prepay, Receive, Recover, Settle
from lms.engine.provisions_ecl import months_between
from lms.engine.replay import replay
from lms.engine.state import Head, LoanState, LoanStatus, Movement
from lms.models import ClassificationCorrection, ClassificationEntry, Instalment, Loan, LoanFact
from lms.services.fact_rows import fact_from_values, first_lent_on, last_restructured_on, undone_sequences
from lms.services.positions import loan_figures
from lms.services.told_classes import ToldClasses

_MONEY_IN: Final = Receive | Prepay | Foreclose | Settle | Recover
_DUES: Final = ("principal", "interest", "fee", "tax", "penal")
_DEBT: Final = (Head.PRINCIPAL, Head.INTEREST, Head.FEE, Head.TAX, Head.PENAL)
_CENT: Final = Decimal("0.01")


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One loan at the day-end of a day, in paise."""

    loan: Loan
    fact_count: int
    status: LoanStatus
    opened_on: date
    closed_on: date | None
    last_due_on: date
    outstanding_paise: int
    overdue_paise: int
    days_past_due: int
    instalment_paise: int
    rate_pct: Decimal
    is_restructured: bool
    last_payment: tuple[date, int] | None
    settled_paise: int
    written_off_paise: int
    written_off_principal_paise: int
    claim_paise: int

    @property
    def tenor_months(self) -> int:
        """Months from the disbursal to the last instalment, a begun one as a whole."""
        return months_between(start=self.opened_on, end=self.last_due_on)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What a standing is made of: the entries up to the day, the columns of a loan, and the replay if there was one."""

    loan: Loan
    facts: Sequence[Fact]
    fact_count: int
    figures: Mapping[str, object]
    last_due_on: date
    opened_on: date
    state: LoanState | None = None


def facts_at(*, loan_ids: Sequence[int], on_date: date, known_at: datetime) -> dict[int, tuple[Fact, ...]]:
    """Return the entries that the books had when they left a day, by loan.

    Args:
        on_date: entries that were recorded on a later business date do not count.
        known_at: nor do those that were recorded after this instant.
    """
    rows = LoanFact.objects.filter(loan_id__in=loan_ids, recorded_on__lte=on_date, recorded_at__lte=known_at)
    return _collected(loan_ids, rows.order_by("loan_id", "sequence").values_list(*_FACT_COLUMNS))


def facts_counted(*, counts: Mapping[int, int]) -> dict[int, tuple[Fact, ...]]:
    """Return the first so many entries of each loan."""
    rows = LoanFact.objects.filter(loan_id__in=list(counts)).order_by("loan_id", "sequence")
    found = _collected(list(counts), rows.values_list(*_FACT_COLUMNS))
    return {loan_id: facts[: counts[loan_id]] for loan_id, facts in found.items()}


def standings_of(*, loans: Sequence[Loan], facts: Mapping[int, tuple[Fact, ...]], on_date: date) -> dict[int, Standing]:
    """Return how loans stood; those that were not lent, or not any more, are left out.

    A loan's own row answers where it stands on that day with exactly these entries; all others are replayed.
    """
    current = [loan for loan in loans if _row_answers(loan, facts[loan.pk], on_date)]
    rows = Instalment.objects.filter(loan_id__in=[loan.pk for loan in current]).order_by().values_list("loan_id")
    ends = dict(rows.annotate(Max("due_date")))
    found = {loan.pk: _of_row(loan, facts[loan.pk], ends.get(loan.pk, on_date)) for loan in current}
    for loan in loans:
        if loan.pk not in found and (opened := first_lent_on(facts=_valued(facts[loan.pk], on_date))) is not None:
            found[loan.pk] = _of_replay(loan, facts[loan.pk], opened, on_date)
    return {loan.pk: found[loan.pk] for loan in loans if loan.pk in found}


def classes_at(*, loan_ids: Sequence[int], on_date: date, known_at: datetime) -> dict[int, str]:
    """Return the classes of loans on a day, as the diary and its corrections had them when the books left that day.

    Args:
        known_at: what was recorded after this instant does not count.
    """
    found = {loan_id: ToldClasses() for loan_id in loan_ids}
    entries = ClassificationEntry.objects.filter(loan_id__in=loan_ids, on_date__lte=on_date, recorded_at__lte=known_at)
    for loan_id, day, asset_class in entries.order_by("on_date", "pk").values_list("loan_id", "on_date", "asset_class"):
        found[loan_id].turns.append((day, AssetClass(asset_class)))
    # A correction that was recorded later follows from an entry that does not count either.
    corrections = ClassificationCorrection.objects.filter(
        loan_id__in=loan_ids, recorded_on__lte=on_date, recorded_at__lte=known_at
    )
    for correction in corrections.order_by("pk"):
        found[correction.loan_id].corrections.append(correction)
    return {loan_id: told.on(on_date).value for loan_id, told in found.items()}


_FACT_COLUMNS: Final = ("loan_id", "kind", "sequence", "value_date", "amount_paise", "reference", "details")


def _collected(loan_ids: Sequence[int], rows: object) -> dict[int, tuple[Fact, ...]]:
    collected: dict[int, list[Fact]] = defaultdict(list)
    for loan_id, *values in rows:  # type: ignore[attr-defined]  # a list of values of columns that are named above
        collected[loan_id].append(fact_from_values(values=values))
    return {loan_id: tuple(collected[loan_id]) for loan_id in loan_ids}


def _valued(facts: Sequence[Fact], on_date: date) -> list[Fact]:
    return [fact for fact in facts if fact.value_date <= on_date]


def _row_answers(loan: Loan, facts: Sequence[Fact], on_date: date) -> bool:
    return (
        loan.status == LoanStatus.ACTIVE
        and loan.as_of == on_date
        and loan.closed_upto == on_date
        and loan.fact_count == len(facts)
    )


def _of_row(loan: Loan, facts: Sequence[Fact], last_due_on: date) -> Standing:
    assert loan.disbursed_on is not None  # noqa: S101  # a running loan was lent
    figures = {name: getattr(loan, name) for name in _FIGURES}
    return _standing(
        _Known(
            loan=loan,
            facts=facts,
            fact_count=len(facts),
            figures=figures,
            last_due_on=last_due_on,
            opened_on=loan.disbursed_on,
        )
    )


def _of_replay(loan: Loan, facts: Sequence[Fact], opened_on: date, on_date: date) -> Standing:
    state = replay(terms=terms_from_dict(loan.terms), facts=facts, as_of=on_date)
    last_due_on = max((row.due_date for row in state.instalments), default=on_date)
    figures = loan_figures(state=state)
    if state.status is LoanStatus.WRITTEN_OFF:
        figures["days_past_due"] = _days_of_claim(loan, facts, state, on_date)
    return _standing(
        _Known(
            loan=loan,
            facts=_valued(facts, on_date),
            fact_count=len(facts),
            figures=figures,
            last_due_on=last_due_on,
            opened_on=opened_on,
            state=state,
        )
    )


def _days_of_claim(loan: Loan, facts: Sequence[Fact], state: LoanState, on_date: date) -> int:
    """Return the days past due of a loan that was written off: a book entry does not stop them."""
    assert state.closed_on is not None  # noqa: S101  # the day of the write-off
    before = state.closed_on - timedelta(days=1)
    if sum(_totals(state, Movement.WRITTEN_OFF).values()) <= sum(_totals(state, Movement.RECOVERED).values()):
        return 0
    days = replay(terms=terms_from_dict(loan.terms), facts=facts, as_of=before).days_past_due
    return days + (on_date - before).days


_FIGURES: Final = (
    "status",
    "closed_on",
    "accrued_not_due_paise",
    "overdue_paise",
    "days_past_due",
    "instalment_paise",
    "current_rate_pct",
    *(f"{due}_outstanding_paise" for due in _DUES),
)


def _standing(known: _Known) -> Standing:
    figures, facts = known.figures, known.facts
    undone = undone_sequences(facts=facts)
    paid = [fact for fact in facts if isinstance(fact, _MONEY_IN) and fact.sequence not in undone]
    last = max(paid, key=lambda fact: (fact.value_date, fact.sequence), default=None)
    written_off = _totals(known.state, Movement.WRITTEN_OFF)
    status = LoanStatus(str(figures["status"]))
    claim = sum(written_off.values()) - sum(_totals(known.state, Movement.RECOVERED).values())
    is_claim = status is LoanStatus.WRITTEN_OFF
    return Standing(
        loan=known.loan,
        fact_count=known.fact_count,
        status=status,
        opened_on=known.opened_on,
        closed_on=_closed_on(figures["closed_on"], is_claim=is_claim, claim_paise=claim, last=last),
        last_due_on=known.last_due_on,
        # What is due or lent: interest of the days since the last due date would make every account a changed one.
        outstanding_paise=sum(_paise(figures[f"{due}_outstanding_paise"]) for due in _DUES)
        - _paise(figures["accrued_not_due_paise"]),
        overdue_paise=_paise(figures["overdue_paise"]),
        days_past_due=_paise(figures["days_past_due"]),
        instalment_paise=_paise(figures["instalment_paise"]),
        rate_pct=Decimal(str(figures["current_rate_pct"])).quantize(_CENT),
        is_restructured=last_restructured_on(facts=facts) is not None,
        last_payment=None if last is None else (last.value_date, last.amount_paise),
        settled_paise=sum(fact.amount_paise for fact in paid if isinstance(fact, Settle)),
        written_off_paise=sum(written_off.values()) if is_claim else 0,
        written_off_principal_paise=written_off.get(Head.PRINCIPAL, 0) if is_claim else 0,
        claim_paise=max(claim, 0) if is_claim else 0,
    )


def _closed_on(closed_on: object, *, is_claim: bool, claim_paise: int, last: Fact | None) -> date | None:
    """Return when nothing was owed any more; a claim that was written off is open until it is recovered."""
    if is_claim:
        return last.value_date if claim_paise <= 0 and last is not None else None
    assert closed_on is None or isinstance(closed_on, date)  # noqa: S101  # a column of dates
    return closed_on


def _totals(state: LoanState | None, movement: Movement) -> dict[Head, int]:
    return {} if state is None else {head: state.total(movement, head) for head in _DEBT}


def _paise(value: object) -> int:
    assert isinstance(value, int)  # noqa: S101  # a column of whole numbers
    return value
