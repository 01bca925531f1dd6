"""The class of closed days by what a back-dated entry made known: corrected beside the diary, with its cause."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise
from typing import Final

from django.db.models import Q

from lms.engine.arrears import ArrearsSpan, ArrearsWatch, arrears_in_spans, is_told_by_one_fold
from lms.engine.class_history import ClassSpan, Facility, classes_in_spans
from lms.engine.classification import AssetClass, LoanClass
from lms.engine.facts import Charge, Fact, Penal, Receive, Refund, Reverse
from lms.engine.state import LoanState, LoanStatus
from lms.engine.terms import Terms
from lms.models import ClassificationCorrection, ClassificationEntry, Loan, LoanFact
from lms.services.classification_rules import classification_rules
from lms.services.fact_rows import KIND_OF, facts_of_many, standing_restructurings
from lms.services.positions import loans_update_many, state_hash, terms_of
from lms.services.told_classes import ToldClasses, told_classes

_ONE_DAY: Final = timedelta(days=1)
# What leaves the rows of the schedule alone: they then say of each past day what was unpaid on it.
_ROW_KEEPERS: Final = (Receive, Charge, Penal, Refund, Reverse)


@dataclass(frozen=True, slots=True, kw_only=True)
class BackDating:
    """An entry that counts from a day that is closed: what was known before it, and the state with it.

    `watch` is what looked on while the state was folded, if one fold tells of every day.
    """

    loan: Loan
    earlier: tuple[Fact, ...]
    fact: Fact
    row: LoanFact
    state: LoanState
    watch: ArrearsWatch | None = None

    @property
    def known(self) -> tuple[Fact, ...]:
        """Return all entries, the new one too."""
        return (*self.earlier, self.fact)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Histories:
    """Classes of a borrower's loans over some days: without the entry, with it, and as they were told."""

    first_day: date
    before: Mapping[int, tuple[ClassSpan, ...]]
    after: Mapping[int, tuple[ClassSpan, ...]]
    told: Mapping[int, ToldClasses]


@dataclass(frozen=True, slots=True)
class _Turn:
    """Days on end of which a class was told, and should have been another one."""

    from_date: date
    to_date: date
    told: AssetClass
    should: LoanClass


def class_watch(*, loan: Loan, terms: Terms, facts: Sequence[Fact]) -> ArrearsWatch | None:
    """Return what looks on while the new state of a loan is folded, so that its days need no fold of their own.

    Args:
        facts: every entry, the new one last.

    Returns:
        None where the entry counts from no closed day, or one fold does not see every day as it was.
    """
    value_date, upto = facts[-1].value_date, loan.closed_upto
    if upto is None or value_date > upto or len(facts) == 1:
        return None
    since = min(value_date, loan.npa_since or value_date)
    if not is_told_by_one_fold(terms=terms, facts=facts, from_date=since):
        return None
    # A receipt leaves everything before its day as it was; what undoes an entry may not.
    is_receipt = isinstance(facts[-1], Receive)
    return ArrearsWatch(from_date=since, to_date=upto, fork_on=value_date if is_receipt else None)


def classes_correct(*, back_dating: BackDating) -> tuple[ClassificationCorrection, ...]:
    """Write what the classes of the borrower's loans should have been on the closed days since an entry's value date.

    The diary stays as it was told. The present class of the loan moves with the correction at once, and the diary says
    so today; the other loans of the borrower follow at the next day-end, from the corrected day on which the borrower
    became non-performing. The caller holds the locks, has saved the entry, and books and saves the loan afterwards.

    Returns:
        The corrections; none where no class of a closed day changes.

    Source: regulation 3; decision 0027.
    """
    loan, fact = back_dating.loan, back_dating.fact
    upto = loan.closed_upto
    if upto is None or fact.value_date > upto or not back_dating.earlier:
        return ()
    others = _others(loan, fact.value_date)
    if _is_plain(back_dating, others, upto):
        return ()
    histories = _histories(back_dating, others, upto)
    if histories is None:
        return ()
    corrections = [correction for each in (loan, *others) for correction in _corrections(each, histories, back_dating)]
    ClassificationCorrection.objects.bulk_create(corrections)
    _present_correct(back_dating, histories)
    _others_correct(others, histories)
    return tuple(corrections)


def _others(loan: Loan, since: date) -> list[Loan]:
    """Read the borrower's other loans that ran, or were claims, on a day since; the caller's locks cover them."""
    rows = Loan.objects.filter(customer_id=loan.customer_id, disbursed_on__isnull=False).exclude(pk=loan.pk)
    ran = Q(closed_on=None) | Q(closed_on__gte=since) | Q(status=LoanStatus.WRITTEN_OFF)
    return list(rows.filter(ran).order_by("pk"))


def _is_plain(back_dating: BackDating, others: Sequence[Loan], upto: date) -> bool:
    """Tell cheaply that every loan was standard on every one of the days, before the entry and with it."""
    since, loans = back_dating.fact.value_date, (back_dating.loan, *others)
    if any(loan.asset_class != AssetClass.STANDARD or loan.npa_since is not None for loan in loans):
        return False
    if any(fact.value_date >= since and not isinstance(fact, _ROW_KEEPERS) for fact in back_dating.known):
        return False
    for row in back_dating.state.instalments:
        if row.due_date > upto:
            break
        if row.paid_on is None or row.paid_on > max(row.due_date, since):
            return False
    ids = [loan.pk for loan in loans]
    return not (
        ClassificationEntry.objects.filter(loan_id__in=ids, on_date__gte=since).exists()
        or ClassificationCorrection.objects.filter(loan_id__in=ids, to_date__gte=since).exists()
    )


def _histories(back_dating: BackDating, others: Sequence[Loan], upto: date) -> _Histories | None:
    loan = back_dating.loan
    told = told_classes(loan_ids=[loan.pk, *(other.pk for other in others)])
    # A borrower who is non-performing is so since a day: the walk begins before it.
    day_before = back_dating.fact.value_date - _ONE_DAY
    start = min(classes.last_day_without_npa(day_before) for classes in told.values()) + _ONE_DAY
    facts = facts_of_many(loan_ids=[other.pk for other in others])
    shared = [_facility(other, facts[other.pk], start, upto, told) for other in others]
    rules = classification_rules()

    def walk(known: Sequence[Fact], seen: Sequence[ArrearsSpan] = ()) -> dict[int, tuple[ClassSpan, ...]]:
        return classes_in_spans(facilities=[_facility(loan, known, start, upto, told, seen=seen), *shared], rules=rules)

    watch = back_dating.watch
    after = walk(back_dating.known, watch.spans if watch else ())
    if _is_as_told(after, told, (loan, *others)):
        return None
    before = walk(back_dating.earlier, watch.spans_otherwise(facts=back_dating.earlier) if watch else ())
    return _Histories(first_day=start, before=before, after=after, told=told)


def _is_as_told(
    after: Mapping[int, tuple[ClassSpan, ...]], told: Mapping[int, ToldClasses], loans: Sequence[Loan]
) -> bool:
    """Tell whether every class is as it was told, and as the loans carry it: then nothing was to be corrected."""
    for loan in loans:
        last = after[loan.pk][-1].first
        if (loan.asset_class, loan.npa_since) != (last.asset_class.value, last.npa_since):
            return False
        for span in after[loan.pk]:
            days = (span.from_date, *told[loan.pk].edges_within(first=span.from_date, last=span.to_date))
            if any(told[loan.pk].on(day) is not span.first.asset_class for day in days):
                return False
    return True


def _facility(
    loan: Loan,
    facts: Sequence[Fact],
    start: date,
    upto: date,
    told: Mapping[int, ToldClasses],
    *,
    seen: Sequence[ArrearsSpan] = (),
) -> Facility:
    return Facility(
        loan_id=loan.pk,
        spans=_since(seen, start)
        or arrears_in_spans(terms=terms_of(loan=loan), facts=facts, from_date=start, to_date=upto),
        carried=told[loan.pk].on(start - _ONE_DAY),
        restructured_dates=standing_restructurings(facts=facts),
    )


def _since(seen: Sequence[ArrearsSpan], start: date) -> tuple[ArrearsSpan, ...]:
    """Cut what a replay saw to the days from one on; nothing where it did not look as far back."""
    if not seen or seen[0].from_date > start:
        return ()
    kept = [span for span in seen if span.to_date >= start]
    return (replace(kept[0], from_date=start), *kept[1:])


def _corrections(loan: Loan, histories: _Histories, back_dating: BackDating) -> Iterator[ClassificationCorrection]:
    """Put days on which a class turns from the same to the same together."""
    joined: list[_Turn] = []
    for turn in _turns(loan, histories):
        last = joined[-1] if joined else None
        if (
            last is not None
            and turn.from_date - last.to_date == _ONE_DAY
            and (turn.told, turn.should.asset_class) == (last.told, last.should.asset_class)
        ):
            joined[-1] = replace(last, to_date=turn.to_date)
        else:
            joined.append(turn)
    for turn in joined:
        yield _correction(loan, back_dating, turn)


def _turns(loan: Loan, histories: _Histories) -> Iterator[_Turn]:
    """Give the days on which the entry makes a class another one than was told, alike from first to last."""
    before, after, told = histories.before[loan.pk], histories.after[loan.pk], histories.told[loan.pk]
    first, last = histories.first_day, after[-1].to_date
    starts = {span.from_date for span in (*before, *after)} | {*told.edges_within(first=first, last=last)}
    for from_date, next_date in pairwise([*sorted(starts), last + _ONE_DAY]):
        was, should = _class_on(before, from_date), _class_on(after, from_date)
        said = told.on(from_date)
        if should.asset_class not in (was.asset_class, said):
            yield _Turn(from_date, next_date - _ONE_DAY, said, should)


def _class_on(spans: Sequence[ClassSpan], day: date) -> LoanClass:
    place = bisect_right(spans, day, key=lambda span: span.from_date) - 1
    return spans[place].on(day)


def _correction(loan: Loan, back_dating: BackDating, turn: _Turn) -> ClassificationCorrection:
    after = turn.should
    return ClassificationCorrection(
        loan=loan,
        fact=back_dating.row,
        from_date=turn.from_date,
        to_date=turn.to_date,
        told_class=turn.told.value,
        asset_class=after.asset_class.value,
        npa_since=after.npa_since,
        days_past_due=after.days_past_due,
        caused_by_id=after.cause_loan_id,
        cause_due_date=after.cause_due_date,
        reason=_reason(back_dating),
        recorded_on=back_dating.row.recorded_on,
    )


def _reason(back_dating: BackDating) -> str:
    kind = KIND_OF[type(back_dating.fact)].label.lower()
    return f"Corrected by entry {back_dating.fact.sequence} of {back_dating.loan.number}: {kind}"[:200]


def _present(spans: Sequence[ClassSpan]) -> LoanClass:
    return spans[-1].on(spans[-1].to_date)


def _present_correct(back_dating: BackDating, histories: _Histories) -> None:
    """Move the class that the loan is carried in, where it was the one that the day-ends gave it."""
    loan = back_dating.loan
    before, after = _present(histories.before[loan.pk]), _present(histories.after[loan.pk])
    if back_dating.state.status is not LoanStatus.ACTIVE or loan.asset_class != before.asset_class:
        return
    if before.asset_class is after.asset_class and before.npa_since == after.npa_since:
        return
    loan.asset_class, loan.npa_since = after.asset_class.value, after.npa_since
    if before.asset_class is after.asset_class:
        return
    ClassificationEntry.objects.create(
        loan=loan,
        on_date=back_dating.row.recorded_on,
        previous_class=before.asset_class.value,
        asset_class=after.asset_class.value,
        days_past_due=after.days_past_due,
        oldest_unpaid_due_date=back_dating.state.oldest_unpaid_due_date,
        caused_by_id=after.cause_loan_id,
        cause_due_date=after.cause_due_date,
        reason=_reason(back_dating),
    )


def _others_correct(others: Sequence[Loan], histories: _Histories) -> None:
    """Give the other loans the corrected day since which the borrower is non-performing; the day-end does the rest."""
    moved = []
    for loan in others:
        before, after = _present(histories.before[loan.pk]), _present(histories.after[loan.pk])
        is_carried = loan.status == LoanStatus.ACTIVE and loan.asset_class == before.asset_class
        if is_carried and after.npa_since not in (before.npa_since, loan.npa_since):
            loan.npa_since = after.npa_since
            loan.state_hash = state_hash(loan=loan)
            moved.append(loan)
    if moved:
        loans_update_many(loans=moved)
