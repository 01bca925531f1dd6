"""A thousand random figures: each is what its explanation works out; what was known then is what was recorded then."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from django.utils import timezone

from core.business_date import business_date
from core.errors import KistError
from ledger.questions import Clock, Question
from ledger.reports import BalanceSheet, ProfitAndLoss, balance_sheet, profit_and_loss
from ledger.selectors import TrialBalance, trial_balance
from lms.engine.explain import explain
from lms.engine.explanation import nodes_of, recomputed
from lms.engine.state import LoanStatus
from lms.models import Loan
from lms.selectors import loan_state_as_of
from lms.services.day_end import day_end_run
from lms.services.fact_rows import facts_known
from lms.services.knowledge import Knowledge
from lms.services.positions import FIGURES, loan_figures, terms_of
from lms.services.told_classes import asset_class_as_of
from tests.factories.book import assert_verified, bounce, levy, receive, reverse
from tests.factories.lms import (
    PERSONAL_LOAN_TERMS,
    make_customer,
    make_loan,
    make_product,
    make_version,
    set_business_date,
)
from tests.lms.engine.figures import figures_of, shown

pytestmark = pytest.mark.django_db

LENT = date(2026, 1, 1)
MOMENTS, FIGURES_EACH, ROUNDS = 250, 4, 12
PRODUCTS: tuple[dict[str, Any], ...] = (
    {},
    PERSONAL_LOAN_TERMS,
    {**PERSONAL_LOAN_TERMS, "penal_plan": {"method": "PER_DAY", "annual_rate_pct": "24"}},
    {"has_interest_on_overdue_principal": True, "is_interest_recalculated": True},
    {**PERSONAL_LOAN_TERMS, "has_interest_on_overdue_principal": True, "early_payment": "PAY_AT_ONCE"},
    {"day_count": "THIRTY_360"},
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What the book said at an instant: the rows of its loans, their classes, and the books by both clocks."""

    taken_at: datetime
    today: date
    loans: dict[int, dict[str, object]]
    classes: dict[int, tuple[date, str]]
    books: dict[Clock, tuple[TrialBalance, ProfitAndLoss, BalanceSheet]]


def _books(today: date, known_at: datetime | None = None) -> dict[Clock, tuple[Any, ...]]:
    return {
        clock: (
            trial_balance(as_of=today, clock=clock, known_at=known_at),
            profit_and_loss(question=Question(from_date=LENT, to_date=today, clock=clock, known_at=known_at)),
            balance_sheet(question=Question(to_date=today, clock=clock, known_at=known_at)),
        )
        for clock in Clock
    }


def _snapshot() -> Snapshot:
    loans, today = list(Loan.objects.order_by("pk")), business_date()
    running = [loan for loan in loans if loan.status == LoanStatus.ACTIVE and loan.closed_upto is not None]
    return Snapshot(
        today=today,
        loans={loan.pk: {name: getattr(loan, name) for name in FIGURES} for loan in loans},
        classes={loan.pk: (loan.closed_upto, loan.asset_class) for loan in running if loan.closed_upto is not None},
        books=_books(today),
        taken_at=timezone.now(),
    )


def _receive(loan: Loan, random: Random, day: date) -> None:
    receive(loan, random.choice((22_300_00, 1_00, 60_000_00)), day)


def _reverse(loan: Loan, random: Random, _day: date) -> None:
    reverse(loan, random.randrange(2, loan.fact_count + 2))


def _bounce(loan: Loan, random: Random, day: date) -> None:
    bounce(loan, day, receipt_sequence=random.randrange(2, loan.fact_count + 2))


def _levy(loan: Loan, _random: Random, day: date) -> None:
    levy(loan, "STATEMENT", day)


_ACTS: tuple[Callable[[Loan, Random, date], None], ...] = (_receive, _receive, _receive, _reverse, _bounce, _levy)


def _try(loan: Loan, random: Random) -> None:
    """Do an act up to a month back, or be refused."""
    loan.refresh_from_db()
    day = max(LENT, business_date() - timedelta(days=random.randrange(30)))
    try:
        random.choice(_ACTS)(loan, random, day)
    except KistError as refusal:
        assert refusal.code.startswith("lms.")  # noqa: PT017


def _live(random: Random) -> Snapshot:
    """Let some days pass and some acts happen, and write down what the book says."""
    set_business_date(business_date() + timedelta(days=random.randrange(12)))
    day_end_run()
    for loan in Loan.objects.order_by("pk"):
        for _ in range(random.randrange(3)):
            _try(loan, random)
    return _snapshot()


@pytest.fixture(scope="module")
def snapshots(django_db_setup: None, django_db_blocker: Any) -> Any:
    """Six loans that live through random acts, back-dated and reversed, with the book written down after each round."""
    from django.db import transaction

    with django_db_blocker.unblock(), transaction.atomic():
        set_business_date(LENT)
        for number, terms in enumerate(PRODUCTS):
            version = make_version(product=make_product(code=f"P{number}"), terms=terms)
            due = LENT + timedelta(days=20 + 3 * number)
            make_loan(
                customer=make_customer(),
                version=version,
                first_due_date=due,
                instalment_count=6,
                annual_rate_pct=Decimal("21.5"),
            )
        random = Random(2026)
        yield [_live(random) for _ in range(ROUNDS)]
        transaction.set_rollback(True)


def test_a_thousand_random_figures_are_worked_out_again_from_their_leaves(snapshots: list[Snapshot]) -> None:
    random = Random(7)
    loans = list(Loan.objects.order_by("pk"))
    checked, wrong = 0, []

    for _ in range(MOMENTS):
        loan, snapshot = random.choice(loans), random.choice(snapshots)
        as_of = LENT + timedelta(days=random.randrange((snapshot.today - LENT).days + 1))
        facts = facts_known(loan_id=loan.pk, known_at=snapshot.taken_at)
        state = loan_state_as_of(loan=loan, as_of=as_of, known_at=snapshot.taken_at)
        known = {fact.sequence for fact in facts if fact.value_date <= as_of}
        for figure in random.sample(figures_of(state), FIGURES_EACH):
            tree = explain(terms=terms_of(loan=loan), facts=facts, as_of=as_of, figure=figure)
            checked += 1
            named = {sequence for node in nodes_of(tree) for sequence in node.facts}
            is_right = recomputed(tree) == shown(state, figure) and named <= known
            wrong += [] if is_right else [(loan.pk, as_of, snapshot.taken_at, figure)]

    assert checked == 1_000
    assert wrong == []


def test_loan_as_known_at_an_instant_is_what_its_row_said_then(snapshots: list[Snapshot]) -> None:
    loans = {loan.pk: loan for loan in Loan.objects.all()}
    asked = [(snapshot, key, row) for snapshot in snapshots for key, row in snapshot.loans.items()]

    for snapshot, key, row in asked:
        state = loan_state_as_of(loan=loans[key], as_of=row["as_of"], known_at=snapshot.taken_at)  # type: ignore[arg-type]
        assert loan_figures(state=state) == row

    assert len(asked) == ROUNDS * len(PRODUCTS)
    # The snapshots do differ from what is known now.
    now = [loan_figures(state=loan_state_as_of(loan=loans[key], as_of=row["as_of"])) for _, key, row in asked]  # type: ignore[arg-type]
    assert sum(found != row for found, (_, _, row) in zip(now, asked, strict=True)) > 10


def test_class_as_known_at_an_instant_is_what_it_was_then(snapshots: list[Snapshot]) -> None:
    for snapshot in snapshots:
        knowledge = Knowledge(known_at=snapshot.taken_at)
        found = {
            key: (day, asset_class_as_of(loan_id=key, as_of=day, knowledge=knowledge).value)
            for key, (day, _) in snapshot.classes.items()
        }
        assert found == snapshot.classes


def test_books_as_known_at_an_instant_are_what_they_were_then(snapshots: list[Snapshot]) -> None:
    for snapshot in snapshots:
        assert _books(snapshot.today, snapshot.taken_at) == snapshot.books


def test_random_lives_leave_a_book_that_agrees(snapshots: list[Snapshot]) -> None:
    for loan in Loan.objects.order_by("pk"):
        assert_verified(loan)
