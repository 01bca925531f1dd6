"""Back-dated entries and reversals with classes, closed months and settled charges in between."""

from collections.abc import Callable
from datetime import date, timedelta
from random import Random
from typing import Any

import pytest

from core.errors import KistError
from ledger.selectors import Clock, balance_of
from ledger.services.periods import period_hard_close, period_soft_close
from lms.models import ClassificationCorrection, ClassificationEntry, ClassificationParameters, Loan
from lms.services.classification_rules import Thresholds, classification_rules
from lms.services.day_end import day_end_run
from lms.services.fact_rows import facts_of
from lms.services.knowledge import Knowledge
from lms.services.positions import terms_of
from lms.services.told_classes import asset_class_as_of, told_classes
from tests.factories.book import assert_verified, bounce, levy, receive, refused, reverse
from tests.factories.lms import make_customer, make_loan, make_version, set_business_date
from tests.factories.staff import make_staff
from tests.lms.engine.nights import Nights, arrears_nightly, classes_nightly

pytestmark = pytest.mark.django_db

LENT = date(2026, 1, 1)
DUE = date(2026, 2, 1)
EMI = 11_348_00


def feb(day: int) -> date:
    """Return a day of February 2026."""
    return date(2026, 2, day)


@pytest.fixture
def _quick_classes(db: None) -> None:
    """Let three days past due be SMA-1, five SMA-2 and eight non-performing, so that weeks tell what months would."""
    thresholds = Thresholds(sma_1_from_days=3, sma_2_from_days=5, npa_from_days=8)
    ClassificationParameters.objects.create(
        effective_from=date(2000, 1, 1), source="For tests", **thresholds.as_columns()
    )


@pytest.fixture
def loan(_quick_classes: None) -> Loan:
    """1,20,000 rupees lent on 1 January, 11,348 due on 1 February; the books stand on 31 January."""
    set_business_date(date(2026, 1, 31))
    return make_loan(version=make_version(terms={}))


def close(loan: Loan, upto: date) -> None:
    """Close days up to one, one by one."""
    day_end_run(to_date=upto)
    loan.refresh_from_db()


def corrections(loan: Loan) -> list[tuple[int, int, str, str]]:
    """Return first and last day in February, the class told and the class that should have been."""
    rows = ClassificationCorrection.objects.filter(loan=loan).order_by("pk")
    return [(row.from_date.day, row.to_date.day, row.told_class, row.asset_class) for row in rows]


def test_receipt_reported_late_corrects_every_day_of_the_diary(loan: Loan) -> None:
    close(loan, feb(10))
    assert (loan.asset_class, loan.npa_since) == ("SUB_STANDARD", feb(8))
    told = list(ClassificationEntry.objects.order_by("pk").values_list("on_date", "asset_class"))
    before = ClassificationEntry.objects.latest("pk").recorded_at

    fact = receive(loan, EMI, feb(3))

    assert corrections(loan) == [
        (3, 4, "SMA_1", "STANDARD"),
        (5, 7, "SMA_2", "STANDARD"),
        (8, 10, "SUB_STANDARD", "STANDARD"),
    ]
    row = ClassificationCorrection.objects.filter(loan=loan).latest("pk")
    assert (row.fact, row.recorded_on, row.npa_since) == (fact, feb(11), None)
    # What was told stays, and can be asked for.
    assert list(ClassificationEntry.objects.order_by("pk").values_list("on_date", "asset_class"))[:-1] == told
    assert asset_class_as_of(loan_id=loan.pk, as_of=feb(9)) == "STANDARD"
    assert asset_class_as_of(loan_id=loan.pk, as_of=feb(9), knowledge=Knowledge(known_at=before)) == "SUB_STANDARD"
    assert asset_class_as_of(loan_id=loan.pk, as_of=feb(2)) == "SMA_0"
    # The present class moves with it, and the income that was suspended is income again, with the same journal.
    assert (loan.asset_class, loan.npa_since) == ("STANDARD", None)
    assert balance_of(product_code="PL", role="INTEREST_SUSPENSE") == 0
    entry = ClassificationEntry.objects.latest("pk")
    assert (entry.on_date, entry.reason) == (feb(11), f"Corrected by entry 2 of {loan.number}: receipt")
    assert_verified(loan)
    close(loan, feb(11))
    assert loan.asset_class == "STANDARD"
    assert_verified(loan)


def test_non_performing_date_moves_when_an_earlier_day_caused_it(loan: Loan) -> None:
    receive(loan, EMI, date(2026, 1, 31))
    close(loan, date(2026, 3, 12))
    assert (loan.asset_class, loan.npa_since) == ("SUB_STANDARD", date(2026, 3, 8))

    reverse(loan, 2)

    assert (loan.asset_class, loan.npa_since) == ("SUB_STANDARD", feb(8))
    assert [(row.from_date, row.to_date, row.told_class, row.asset_class) for row in loan.class_corrections.all()] == [
        (feb(1), feb(2), "STANDARD", "SMA_0"),
        (feb(3), feb(4), "STANDARD", "SMA_1"),
        (feb(5), feb(7), "STANDARD", "SMA_2"),
        (feb(8), feb(28), "STANDARD", "SUB_STANDARD"),
        (date(2026, 3, 1), date(2026, 3, 2), "SMA_0", "SUB_STANDARD"),
        (date(2026, 3, 3), date(2026, 3, 4), "SMA_1", "SUB_STANDARD"),
        (date(2026, 3, 5), date(2026, 3, 7), "SMA_2", "SUB_STANDARD"),
    ]
    assert_verified(loan)


def test_reversed_receipt_makes_the_loan_non_performing_at_once(loan: Loan) -> None:
    fact = receive(loan, EMI, date(2026, 1, 31))
    close(loan, feb(10))
    income = balance_of(product_code="PL", role="INTEREST_INCOME")

    reverse(loan, fact.sequence)

    assert (loan.asset_class, loan.npa_since, loan.days_past_due) == ("SUB_STANDARD", feb(8), 10)
    assert corrections(loan)[-1] == (8, 10, "STANDARD", "SUB_STANDARD")
    # Nothing of the interest was received: all of it is suspended.
    assert balance_of(product_code="PL", role="INTEREST_INCOME") - income == -income
    assert balance_of(product_code="PL", role="INTEREST_SUSPENSE") == -loan.interest_outstanding_paise
    assert_verified(loan)


def test_other_loan_of_the_borrower_is_corrected_with_it(loan: Loan) -> None:
    mate = make_loan(
        customer=loan.customer,
        version=loan.product_version,
        first_due_date=feb(28),
        sanctioned_on=date(2026, 1, 31),
        value_date=date(2026, 1, 31),
    )
    close(loan, feb(10))
    mate.refresh_from_db()
    assert (mate.asset_class, mate.npa_since) == ("SUB_STANDARD", feb(8))

    fact = receive(loan, EMI, feb(7))

    assert corrections(mate) == [(8, 10, "SUB_STANDARD", "STANDARD")]
    assert mate.class_corrections.get().fact == fact
    mate.refresh_from_db()
    # Its present class is the next day-end's to move, from the corrected day.
    assert (mate.asset_class, mate.npa_since) == ("SUB_STANDARD", None)
    assert_verified(mate)
    close(loan, feb(11))
    mate.refresh_from_db()
    assert (mate.asset_class, loan.asset_class) == ("STANDARD", "STANDARD")
    assert_verified(mate)


def test_returned_payment_counts_in_the_class_until_its_return(loan: Loan) -> None:
    fact = receive(loan, EMI, date(2026, 1, 31))
    close(loan, feb(12))

    bounce(loan, feb(9), receipt_sequence=fact.sequence)

    assert corrections(loan) == [(9, 12, "STANDARD", "SUB_STANDARD")]
    assert_verified(loan)


def test_later_correction_of_the_same_days_counts(loan: Loan) -> None:
    close(loan, feb(10))
    fact = receive(loan, EMI, feb(3))

    reverse(loan, fact.sequence)

    assert [asset_class_as_of(loan_id=loan.pk, as_of=feb(day)).value for day in (2, 3, 5, 8, 10)] == [
        "SMA_0",
        "SMA_1",
        "SMA_2",
        "SUB_STANDARD",
        "SUB_STANDARD",
    ]
    assert (loan.asset_class, loan.npa_since) == ("SUB_STANDARD", feb(8))
    assert corrections(loan)[3:] == [
        (3, 4, "STANDARD", "SMA_1"),
        (5, 7, "STANDARD", "SMA_2"),
        (8, 10, "STANDARD", "SUB_STANDARD"),
    ]
    assert_verified(loan)


def test_class_that_stays_is_not_corrected(loan: Loan) -> None:
    receive(loan, EMI, date(2026, 1, 31))
    close(loan, feb(10))

    receive(loan, 500_00, feb(2))

    assert not ClassificationCorrection.objects.exists()
    assert loan.asset_class == "STANDARD"


def test_closed_month_keeps_its_result_and_the_open_one_gets_the_difference(loan: Loan) -> None:
    close(loan, date(2026, 3, 3))
    finance = make_staff("finance")
    for month in (202601, 202602):
        period_soft_close(month=month, actor=finance, reason="Month is over")
        period_hard_close(month=month, actor=finance, reason="Month is over")
    booked = _booked_upto(feb(28))

    fact = receive(loan, EMI, feb(3))

    assert _booked_upto(feb(28)) == booked
    assert (fact.value_date, fact.recorded_on) == (feb(3), date(2026, 3, 4))
    # By value date the bank had the money on the third.
    assert balance_of(product_code="PL", role="BANK", as_of=feb(3)) == -1_20_000_00 + EMI
    assert_verified(loan)


def _booked_upto(day: date) -> dict[str, int]:
    roles = ("BANK", "INTEREST_INCOME", "INTEREST_SUSPENSE", "LOAN_PRINCIPAL", "INTEREST_RECEIVABLE")
    return {role: balance_of(product_code="PL", role=role, as_of=day, clock=Clock.BOOKED_ON) for role in roles}


@pytest.mark.usefixtures("_quick_classes")
def test_charge_settled_in_between_is_open_again_after_a_reversal() -> None:
    set_business_date(date(2026, 1, 31))
    loan = make_loan()
    first = receive(loan, EMI, DUE.replace(month=1, day=31))
    close(loan, feb(2))
    levy(loan, "STATEMENT", feb(3))
    receive(loan, 118_00, feb(3))
    assert loan.fee_outstanding_paise + loan.tax_outstanding_paise == 0
    close(loan, feb(9))

    reverse(loan, first.sequence)

    # The 118 rupees now go to what was due first.
    assert loan.fee_outstanding_paise + loan.tax_outstanding_paise == 118_00
    assert loan.overdue_paise == EMI
    assert (loan.asset_class, loan.npa_since) == ("SUB_STANDARD", feb(8))
    assert_verified(loan)


def test_reversal_of_a_reversal_is_refused(loan: Loan) -> None:
    close(loan, feb(10))
    fact = receive(loan, EMI, feb(3))
    undone = reverse(loan, fact.sequence)

    with refused("lms.reversal_of_reversal"):
        reverse(loan, undone.sequence)


@pytest.mark.usefixtures("_quick_classes")
@pytest.mark.parametrize("seed", range(4))
def test_class_of_every_past_day_is_that_of_all_entries_known(seed: int) -> None:
    random = Random(seed)
    set_business_date(LENT)
    customer, version = make_customer(), make_version(terms={})
    dues = (date(2026, 1, 8), date(2026, 1, 20))
    loans = [make_loan(customer=customer, version=version, first_due_date=due, value_date=LENT) for due in dues]

    for _ in range(12):
        day_end_run(to_date=_today(loans) + timedelta(days=random.randrange(1, 6)))
        for _ in range(random.randrange(3)):
            _try(random.choice(_ACTS), random.choice(loans), random)

    last = _today(loans)
    nights = {
        loan.pk: Nights(
            arrears_nightly(terms=terms_of(loan=loan), facts=facts_of(loan_id=loan.pk), first=LENT, last=last)
        )
        for loan in loans
    }
    expected = classes_nightly(loans=nights, rules=classification_rules())
    told = told_classes(loan_ids=expected)
    days = [LENT + timedelta(days=number) for number in range((last - LENT).days + 1)]
    assert {loan_id: [told[loan_id].on(day) for day in days] for loan_id in expected} == {
        loan_id: [day.asset_class for day in found] for loan_id, found in expected.items()
    }
    for loan in loans:
        assert_verified(loan)


def _today(loans: list[Loan]) -> date:
    loan = Loan.objects.get(pk=loans[0].pk)
    assert loan.closed_upto is not None
    return loan.closed_upto


def _act_receive(loan: Loan, random: Random, day: date) -> None:
    receive(loan, random.choice((EMI, 3 * EMI, 2_000_00)), day)


def _act_reverse(loan: Loan, random: Random, _day: date) -> None:
    reverse(loan, random.randrange(2, loan.fact_count + 2))


def _act_bounce(loan: Loan, random: Random, day: date) -> None:
    bounce(loan, day, receipt_sequence=random.randrange(2, loan.fact_count + 2))


_ACTS: tuple[Callable[[Loan, Random, date], Any], ...] = (_act_receive, _act_receive, _act_reverse, _act_bounce)


def _try(act: Callable[[Loan, Random, date], Any], loan: Loan, random: Random) -> None:
    """Do an act up to twenty days back, or be refused."""
    loan.refresh_from_db()
    assert loan.closed_upto is not None
    day = max(LENT, loan.closed_upto - timedelta(days=random.randrange(-1, 20)))
    try:
        act(loan, random, day)
    except KistError as refusal:
        assert refusal.code.startswith("lms.")  # noqa: PT017
