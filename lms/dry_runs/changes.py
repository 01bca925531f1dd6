"""What each kind of change assumes of a loan: other terms, a further entry, or other thresholds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any, Final

from django.db.models import Exists, OuterRef, Q

from lms.engine.classification import ClassificationRule
from lms.engine.codec import terms_from_dict
from lms.engine.facts import Fact
from lms.engine.terms import HolidayMove, Terms
from lms.errors.dry_runs import LoanOutsideVersion, RateNoticeRefused
from lms.models import DryRun, DryRunKind, Loan, ProductVersion, RateChoice, RateNotice
from lms.services.classification_rules import Thresholds, classification_rules, rule_of_thresholds
from lms.services.products import LOAN_TERMS
from lms.services.rate_campaigns.preparing import extra_of, rate_fact

# Which terms a part of a version is; None stands for all of them.
_PARTS: Final[dict[str, tuple[str, ...] | None]] = {
    DryRunKind.PRODUCT: None,
    DryRunKind.WATERFALL: ("waterfalls",),
    DryRunKind.PENAL_PLAN: ("penal_plan",),
}
_LIMITS: Final = (
    ("principal", "principal_paise", "principal_min_paise", "principal_max_paise"),
    ("rate", "annual_rate_pct", "rate_min_pct", "rate_max_pct"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumed:
    """What a loan is replayed with instead: its terms, and entries beyond those it has."""

    terms: Terms
    more: tuple[Fact, ...] = ()


class Change:
    """A change, as the workers try it; `scope` tells which running loans it concerns."""

    scope: Q = Q()
    # Every rule of classification with the change in it; None where it stays as published.
    rules: tuple[ClassificationRule, ...] | None = None

    def load(self, *, loans: Sequence[Loan]) -> None:
        """Read what `assume` needs for these loans."""

    def assume(self, *, loan: Loan) -> Assumed | None:
        """Return what the loan would be replayed with; None where its own figures stay as they are.

        Raises:
            KistError: the loan cannot take the change.
        """
        return None


class TermsChange(Change):
    """The terms of another version, or a part of them; what was agreed with one borrower alone stays."""

    def __init__(self, *, assumption: Mapping[str, Any], parts: tuple[str, ...] | None) -> None:
        self.scope = Q(product_code=assumption["product_code"])
        self._template: dict[str, Any] = assumption["terms_template"]
        self._limits: Mapping[str, Any] = assumption["limits"]
        self._parts = parts
        self._versions: dict[int, dict[str, Any]] = {}
        self._known: dict[str, Terms] = {}

    def load(self, *, loans: Sequence[Loan]) -> None:
        """Read the versions that the loans were sanctioned under."""
        missing = {loan.product_version_id for loan in loans} - self._versions.keys()
        found = ProductVersion.objects.filter(pk__in=missing).values_list("pk", "terms_template")
        self._versions |= dict(found)

    def assume(self, *, loan: Loan) -> Assumed | None:
        """Give the loan the new terms, unless it has them."""
        own = self._versions[loan.product_version_id]
        names = self._template.keys() if self._parts is None else self._parts
        changed = {
            name: self._template[name]
            for name in names
            if loan.terms.get(name) != self._template[name] and loan.terms.get(name) == own.get(name)
        }
        if self._parts is None:
            self._limits_check(loan)
        if not changed:
            return None
        return Assumed(terms=self._terms({**loan.terms, **changed}))

    def _limits_check(self, loan: Loan) -> None:
        for figure, column, low, high in _LIMITS:
            lowest, highest = Decimal(self._limits[low]), Decimal(self._limits[high])
            if not lowest <= (value := getattr(loan, column)) <= highest:
                raise LoanOutsideVersion(figure=figure, value=value, low=lowest, high=highest)
        count = loan.terms["instalment_count"]
        fewest, most = self._limits["instalment_count_min"], self._limits["instalment_count_max"]
        if not fewest <= count <= most:
            raise LoanOutsideVersion(figure="number of instalments", value=count, low=fewest, high=most)

    def _terms(self, written: dict[str, Any]) -> Terms:
        """Read terms; most loans of a product differ in what belongs to the loan alone, which is put in place."""
        shared = repr([value for name, value in written.items() if name not in LOAN_TERMS])
        known = self._known.get(shared)
        if known is None:
            known = self._known[shared] = terms_from_dict(written)
        first_due = written["first_due_date"]
        return replace(
            known,
            principal_paise=written["principal_paise"],
            annual_rate_pct=Decimal(written["annual_rate_pct"]),
            instalment_count=written["instalment_count"],
            first_due_date=date.fromisoformat(first_due) if first_due else None,
        )


class HolidaysChange(Change):
    """Days that become holidays or working days, for loans whose due dates move with them."""

    scope = ~Q(terms__holiday_move=HolidayMove.NONE.value)

    def __init__(self, *, assumption: Mapping[str, Any]) -> None:
        self._added = {date.fromisoformat(day) for day in assumption["added"]}
        self._removed = {date.fromisoformat(day) for day in assumption["removed"]}

    def assume(self, *, loan: Loan) -> Assumed | None:
        """Put the days into the calendar of the loan."""
        terms = terms_from_dict(loan.terms)
        holidays = tuple(sorted({*terms.holidays, *self._added} - self._removed))
        if set(holidays) == set(terms.holidays):
            return None
        return Assumed(terms=replace(terms, holidays=holidays))


class RateChange(Change):
    """The new rates of a campaign, as if they counted from the business date."""

    def __init__(self, *, assumption: Mapping[str, Any], on_date: date) -> None:
        self._campaign_id: int = assumption["campaign_id"]
        self._on_date = on_date
        self._notices: dict[int, RateNotice] = {}
        notices = RateNotice.objects.filter(campaign=self._campaign_id, loan=OuterRef("pk"))
        self.scope = Q(Exists(notices))

    def load(self, *, loans: Sequence[Loan]) -> None:
        """Read the notices of the loans."""
        rows = RateNotice.objects.filter(campaign=self._campaign_id, loan__in=[loan.pk for loan in loans])
        self._notices = {notice.loan_id: notice for notice in rows}

    def assume(self, *, loan: Loan) -> Assumed | None:
        """Add the entry of the borrower's choice."""
        notice = self._notices[loan.pk]
        if notice.state == RateNotice.State.REFUSED:
            raise RateNoticeRefused(refusal=notice.refusal)
        if notice.state != RateNotice.State.PENDING:
            return None
        fact = rate_fact(
            choice=RateChoice(notice.choice),
            sequence=loan.fact_count + 1,
            rate_pct=notice.new_rate_pct,
            on_date=self._on_date,
            extra_count=extra_of(notice=notice),
        )
        return Assumed(terms=terms_from_dict(loan.terms), more=(fact,))


class ClassificationChange(Change):
    """Other thresholds of the asset classes, from the business date on."""

    def __init__(self, *, assumption: Mapping[str, Any], on_date: date) -> None:
        rule = rule_of_thresholds(effective_from=on_date, thresholds=Thresholds(**assumption["thresholds"]))
        earlier = [known for known in classification_rules() if known.effective_from < on_date]
        self.rules = (*earlier, rule)


def change_of(*, run: DryRun) -> Change:
    """Return the change that a dry run tries."""
    return change_assumed(kind=run.kind, assumption=run.assumption, on_date=run.on_date)


def change_assumed(*, kind: str, assumption: Mapping[str, Any], on_date: date) -> Change:
    """Return a change from its kind and what is assumed."""
    if kind in _PARTS:
        return TermsChange(assumption=assumption, parts=_PARTS[kind])
    if kind == DryRunKind.RATE:
        return RateChange(assumption=assumption, on_date=on_date)
    if kind == DryRunKind.HOLIDAYS:
        return HolidaysChange(assumption=assumption)
    return ClassificationChange(assumption=assumption, on_date=on_date)
