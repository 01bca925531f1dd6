"""Loans that live through random acts: whatever happens, caches, facts and ledger agree."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from random import Random

import pytest

from core.business_date import business_date, business_date_set
from core.errors import KistError
from ledger.checks.tax import register_equals_ledger
from ledger.selectors import trial_balance
from lms.engine.facts import PrepaymentEffect
from lms.engine.terms import Component
from lms.models import Loan, LoanFact
from lms.services.bounces import bounce_record
from lms.services.charges import charge_levy, penal_levy
from lms.services.day_end import day_end_run
from lms.services.foreclosures import foreclosure_quote, loan_foreclose
from lms.services.prepayments import prepayment_post
from lms.services.receipts import receipt_post
from lms.services.refunds import refund_post
from lms.services.reversals import fact_reverse
from lms.services.waivers import waiver_grant
from tests.factories.book import assert_verified
from tests.factories.lms import PERSONAL_LOAN_TERMS, make_loan, make_version, next_key, set_business_date

pytestmark = pytest.mark.django_db

LENT = date(2026, 1, 1)
TERMS = {
    "HELD": PERSONAL_LOAN_TERMS,
    "PENAL": {**PERSONAL_LOAN_TERMS, "penal_plan": {"method": "PER_DAY", "annual_rate_pct": "24"}},
    "AHEAD": {**PERSONAL_LOAN_TERMS, "early_payment": "PAY_AT_ONCE"},
}


class _Life:
    """Random acts on one loan; each is done, or refused and leaves everything as it was."""

    def __init__(self, loan: Loan, random: Random) -> None:
        self.loan = loan
        self.random = random
        self.acts: tuple[Callable[[], object], ...] = (
            self.receive,
            self.receive,
            self.receive,
            self.reverse,
            self.charge,
            self.penal,
            self.waive,
            self.bounce,
            self.prepay,
            self.foreclose,
            self.refund,
            self.pass_time,
            self.close_days,
        )

    def step(self) -> None:
        """Do one act, or be refused."""
        try:
            self.random.choice(self.acts)()
        except KistError as refusal:
            assert refusal.code.startswith("lms.")  # noqa: PT017
        self.loan.refresh_from_db()

    def day(self) -> date:
        """Return today, or a day up to 40 days ago."""
        return business_date() - timedelta(days=self.random.choice((0, 0, 0, 3, 11, 40)))

    def amount(self) -> int:
        """Return an amount about the size of an instalment."""
        return self.random.choice(
            (1, 500_00, self.loan.instalment_paise, 25_000_00, self.random.randrange(1, 2_000_000))
        )

    def pass_time(self) -> None:
        """Let days go by that the next act has to close."""
        business_date_set(to=business_date() + timedelta(days=self.random.randrange(1, 25)))

    def close_days(self) -> None:
        """Let the day-end close some days."""
        day_end_run(to_date=business_date() + timedelta(days=self.random.randrange(0, 6)))

    def receive(self) -> LoanFact:
        """Post a receipt."""
        return receipt_post(
            loan_id=self.loan.pk,
            amount_paise=self.amount(),
            value_date=self.day(),
            reference=next_key("UTR"),
            idempotency_key=next_key(),
        )

    def reverse(self) -> LoanFact:
        """Reverse any entry."""
        sequence = self.random.randrange(1, self.loan.fact_count + 1)
        return fact_reverse(loan_id=self.loan.pk, sequence=sequence, reason="Random", idempotency_key=next_key())

    def charge(self) -> LoanFact:
        """Levy a statement fee."""
        return charge_levy(loan_id=self.loan.pk, code="STATEMENT", value_date=self.day(), idempotency_key=next_key())

    def penal(self) -> LoanFact:
        """Levy a penal charge."""
        return penal_levy(
            loan_id=self.loan.pk,
            amount_paise=250_00,
            value_date=self.day(),
            reason="Random",
            idempotency_key=next_key(),
        )

    def waive(self) -> LoanFact:
        """Waive some of what is due."""
        return waiver_grant(
            loan_id=self.loan.pk,
            component=self.random.choice(list(Component)),
            amount_paise=self.random.choice((1, 50_00, 400_00)),
            value_date=self.day(),
            reason="Random",
            idempotency_key=next_key(),
        )

    def bounce(self) -> LoanFact:
        """Let any entry bounce."""
        return bounce_record(
            loan_id=self.loan.pk,
            value_date=self.day(),
            reference=next_key("RET"),
            receipt_sequence=self.random.choice((None, self.random.randrange(1, self.loan.fact_count + 1))),
            idempotency_key=next_key(),
        )

    def prepay(self) -> LoanFact:
        """Pay principal ahead."""
        return prepayment_post(
            loan_id=self.loan.pk,
            amount_paise=self.amount(),
            value_date=self.day(),
            reference=next_key("UTR"),
            effect=self.random.choice(list(PrepaymentEffect)),
            idempotency_key=next_key(),
        )

    def foreclose(self) -> LoanFact:
        """Close the loan by its quote."""
        day = self.day()
        quote = foreclosure_quote(loan=self.loan, on_date=day)
        return loan_foreclose(
            loan_id=self.loan.pk,
            amount_paise=quote.total_paise + self.random.choice((0, 0, 77)),
            value_date=day,
            reference=next_key("UTR"),
            idempotency_key=next_key(),
        )

    def refund(self) -> LoanFact:
        """Pay excess back."""
        return refund_post(
            loan_id=self.loan.pk,
            amount_paise=max(self.loan.excess_paise, 1),
            value_date=self.day(),
            reference=next_key("OUT"),
            reason="Random",
            idempotency_key=next_key(),
        )


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("terms", TERMS)
def test_book_agrees_after_every_act(terms: str, seed: int) -> None:
    set_business_date(LENT)
    version = make_version(terms=TERMS[terms])
    loan = make_loan(version=version, instalment_count=6, annual_rate_pct=Decimal("18.75"))
    life = _Life(loan, Random(f"{terms}-{seed}"))

    for _ in range(25):
        life.step()
        assert_verified(loan)

    balance = trial_balance()
    assert balance.debit_total_paise == balance.credit_total_paise
    assert list(register_equals_ledger()) == []
