"""What nobody may do, each refused by name with nothing half done: one row for each, and a row for each of them all."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db.models import Model

from core.approvals.models import ApprovalRequest, ApprovalState, AuthorityLimit
from core.approvals.services import approval_approve
from core.errors import KistError
from core.models import NumberSequence
from core.reasons.services import reason_codes_seed
from customers.models import Customer
from ledger.checks import ledger_check
from ledger.models import Account, AccountBalance, Entry, Hold, Journal, TaxDocument, Transfer
from ledger.services import (
    ManualJournal,
    ManualLine,
    chart_seed,
    journal_reverse,
    manual_journal_post,
    period_soft_close,
    periods_create,
)
from lms.acts import ActWaiting, act_of, act_submit
from lms.engine.terms import Component
from lms.models import Allocation, ClassificationEntry, CreditLine, Instalment, LineFact, Loan, LoanCharge, LoanFact
from lms.services.foreclosures import foreclosure_quote, loan_foreclose
from lms.services.receipts import receipt_post
from lms.services.refunds import refund_post
from lms.services.reversals import fact_reverse
from lms.services.waivers import waiver_grant
from tests.factories.approvals import make_head
from tests.factories.book import assert_verified, levy, receive, reverse
from tests.factories.gst import invoice
from tests.factories.lms import make_customer, make_loan, next_key, set_business_date
from tests.factories.staff import make_staff

pytestmark = pytest.mark.django_db

TODAY = date(2026, 4, 10)
YEAR_END = date(2026, 3, 31)
Call = Callable[[], object]

# Requests and their audit entries may say that somebody tried; what is owed, owned and numbered may not move.
_TABLES: tuple[type[Model], ...] = (
    *(Customer, Loan, LoanFact, Instalment, Allocation, LoanCharge, ClassificationEntry, CreditLine, LineFact),
    *(Journal, Transfer, Entry, AccountBalance, Hold, TaxDocument, NumberSequence),
)


@dataclass(frozen=True, kw_only=True)
class Office:
    """A loan of 1 January, unpaid on 10 April, with the two persons who work on it."""

    loan: Loan
    maker: User
    head: User

    def asked(self, slug: str, **values: Any) -> ApprovalRequest:
        """Ask for an act that needs a second person."""
        outcome = act_submit(
            act=act_of(slug=slug),
            loan_id=self.loan.pk,
            values={"value_date": TODAY, **values},
            reason="Asked for",
            reason_code="OTHER",
            actor=self.maker,
            idempotency_key=next_key("ask"),
        )
        assert isinstance(outcome, ActWaiting)
        return outcome.request

    def waiver(self) -> ApprovalRequest:
        """Ask for a waiver of 100 rupees of interest."""
        return self.asked("waive", component="INTEREST", amount_paise=100_00)

    def approve(self, request: ApprovalRequest, **options: Any) -> Call:
        """Return the call of the head that approves what was shown."""
        values = {"seen_effect_hash": request.effect_hash, "actor": self.head, **options}
        return partial(approval_approve, request_id=request.pk, **values)

    def voucher(self, *lines: tuple[str, int, int], value_date: date = TODAY) -> Call:
        """Return the call that posts a journal by hand."""
        return partial(
            manual_journal_post,
            voucher=ManualJournal(
                lines=tuple(ManualLine(account_code=code, debit_paise=dr, credit_paise=cr) for code, dr, cr in lines),
                value_date=value_date,
                narration="Correction",
            ),
            idempotency_key=next_key("voucher"),
            reference_type="tests.voucher",
            reference_id=1,
            actor=self.maker,
            reason="Found by hand",
        )

    def receipt(self, amount_paise: int = 1_000_00) -> Call:
        """Return the call that posts a receipt of today."""
        return partial(receipt_post, amount_paise=amount_paise, reference=next_key("UTR"), **self.on_loan())

    def on_loan(self) -> dict[str, Any]:
        """Return what every act on the loan takes."""
        return {"loan_id": self.loan.pk, "value_date": TODAY, "idempotency_key": next_key("act")}


@pytest.fixture
def office() -> Office:
    """Return the office on 10 April 2026; a statement was charged on 31 March, a rupee came today."""
    set_business_date(date(2026, 1, 1))
    chart_seed()
    reason_codes_seed()
    loan = make_loan()
    set_business_date(YEAR_END)
    levy(loan, "STATEMENT", YEAR_END)
    set_business_date(TODAY)
    receive(loan, 100, TODAY)
    return Office(loan=loan, maker=make_staff("operations"), head=make_head())


def unbalanced(office: Office) -> Call:
    return office.voucher(("1010", 100_00, 0), ("3010", 0, 99_99))


def unknown_account(office: Office) -> Call:
    return office.voucher(("9999", 100_00, 0), ("3010", 0, 100_00))


def account_not_by_hand(office: Office) -> Call:
    # A control account is the sum of its loans: nobody books there by hand.
    return office.voucher(("1110.PL", 100_00, 0), ("3010", 0, 100_00))


def closed_account_by_hand(office: Office) -> Call:
    Account.objects.filter(code="3010").update(is_active=False)
    return office.voucher(("1010", 100_00, 0), ("3010", 0, 100_00))


def closed_account_of_a_product(office: Office) -> Call:
    Account.objects.filter(code="1010").update(is_active=False)
    return office.receipt()


def nineteen_digits(office: Office) -> Call:
    return office.receipt(10**18)


def nineteen_digits_by_hand(office: Office) -> Call:
    return office.voucher(("1010", 10**18, 0), ("3010", 0, 10**18))


def approval_by_the_maker(office: Office) -> Call:
    office.maker.groups.set(office.head.groups.all())
    return office.approve(office.waiver(), actor=User.objects.get(pk=office.maker.pk))


def approval_after_expiry(office: Office) -> Call:
    request = office.waiver()
    return office.approve(request, now=request.expires_at)


def edited_after_the_preview(office: Office) -> Call:
    request = office.waiver()
    values = {**request.payload["values"], "amount_paise": 4_000_00}
    ApprovalRequest.objects.filter(pk=request.pk).update(payload={**request.payload, "values": values})
    return office.approve(request)


def changed_after_the_preview(office: Office) -> Call:
    request = office.waiver()
    receive(office.loan, 5_000_00, TODAY)
    return office.approve(request)


def second_foreclosure(office: Office) -> Call:
    price = foreclosure_quote(loan=office.loan, on_date=TODAY).total_paise
    loan_foreclose(amount_paise=price, reference="UTR-FIRST", **office.on_loan())
    return partial(loan_foreclose, amount_paise=price, reference="UTR-SECOND", **office.on_loan())


def settlement_below_authority(office: Office) -> Call:
    AuthorityLimit.objects.filter(kind="lms.settle").update(up_to_paise=5_000_00)
    return office.approve(office.asked("settle", amount_paise=80_000_00, reference="UTR-SETTLE", channel="BANK"))


def waiver_above_the_due(office: Office) -> Call:
    due = foreclosure_quote(loan=office.loan, on_date=TODAY).interest_paise
    waive = partial(waiver_grant, component=Component.INTEREST, reason="Goodwill", **office.on_loan())
    return partial(waive, amount_paise=due + 1)


def refund_above_the_excess(office: Office) -> Call:
    receive(office.loan, 70_000_00, TODAY)
    excess = office.loan.excess_paise
    assert excess > 0
    return partial(refund_post, amount_paise=excess + 1, reference="OUT", reason="Overpaid", **office.on_loan())


def reversal_of_a_reversal(office: Office) -> Call:
    undone = reverse(office.loan, 3)
    return partial(
        fact_reverse,
        loan_id=office.loan.pk,
        sequence=undone.sequence,
        reason="Again",
        idempotency_key=next_key("reverse"),
    )


def reversal_of_a_reversing_journal(office: Office) -> Call:
    journal = office.voucher(("1010", 100_00, 0), ("3010", 0, 100_00))()
    assert isinstance(journal, Journal)
    reversal = journal_reverse(journal_id=journal.pk, idempotency_key="mirror", booked_on=TODAY)
    return partial(journal_reverse, journal_id=reversal.pk, idempotency_key="mirror again", booked_on=TODAY)


def value_date_in_a_closed_month(office: Office) -> Call:
    periods_create(upto=TODAY)
    for month in (202601, 202602, 202603):
        period_soft_close(month=month, actor=make_staff("finance"), reason="Month-end")
    return office.voucher(("1010", 100_00, 0), ("3010", 0, 100_00), value_date=date(2026, 3, 15))


def booking_in_a_closed_month(office: Office) -> Call:
    value_date_in_a_closed_month(office)
    journal = Journal.objects.order_by("pk")[0]
    return partial(journal_reverse, journal_id=journal.pk, idempotency_key="late", booked_on=date(2026, 3, 15))


def unknown_state_of_a_customer(office: Office) -> Call:
    return partial(make_customer, state_code="ZZ")


def unknown_state_of_an_invoice(office: Office) -> Call:
    # Older rows may hold what the form no longer takes.
    Customer.objects.filter(pk=office.loan.customer_id).update(state_code="ZZ")
    return partial(levy, office.loan, "STATEMENT", TODAY)


def invoice_of_a_year_that_is_over(office: Office) -> Call:
    # The charge of 31 March closed its year, that of today began the next one.
    levy(office.loan, "STATEMENT", TODAY)
    return partial(invoice, office.loan.customer_id, issued_on=YEAR_END)


BAD_INPUT: tuple[tuple[str, Callable[[Office], Call], str], ...] = (
    ("journal that does not balance", unbalanced, "ledger.journal_unbalanced"),
    ("wrong account", unknown_account, "ledger.account_unknown"),
    ("wrong account", account_not_by_hand, "ledger.account_takes_no_manual"),
    ("closed account", closed_account_by_hand, "ledger.account_closed"),
    ("closed account", closed_account_of_a_product, "ledger.account_inactive"),
    ("amount beyond 18 digits", nineteen_digits, "lms.amount_too_large"),
    ("amount beyond 18 digits", nineteen_digits_by_hand, "ledger.journal_line_wrong"),
    ("approval by the maker", approval_by_the_maker, "core.approval_by_maker"),
    ("approval after expiry", approval_after_expiry, "core.approval_expired"),
    ("request edited between preview and approval", edited_after_the_preview, "core.approval_edited"),
    ("request edited between preview and approval", changed_after_the_preview, "core.approval_changed"),
    ("two foreclosures at once", second_foreclosure, "lms.loan_closed"),
    ("settlement below authority", settlement_below_authority, "core.approval_above_authority"),
    ("waiver larger than the due", waiver_above_the_due, "lms.waiver_above_due"),
    ("refund larger than the excess", refund_above_the_excess, "lms.refund_above_excess"),
    ("reversal of a reversal", reversal_of_a_reversal, "lms.reversal_of_reversal"),
    ("reversal of a reversal", reversal_of_a_reversing_journal, "ledger.journal_is_reversal"),
    ("value date in a closed period", value_date_in_a_closed_month, "ledger.period_closed"),
    ("value date in a closed period", booking_in_a_closed_month, "ledger.period_closed"),
    ("unknown state code", unknown_state_of_a_customer, "customers.state_unknown"),
    ("unknown state code", unknown_state_of_an_invoice, "ledger.state_unknown"),
    ("invoice series at year end", invoice_of_a_year_that_is_over, "ledger.tax_series_closed"),
)


def everything() -> list[list[tuple[Any, ...]]]:
    """Read every row that says what is owed, owned or numbered."""
    return [list(model._default_manager.order_by("pk").values_list()) for model in _TABLES]


@pytest.mark.parametrize(("_item", "prepare", "code"), BAD_INPUT, ids=[prepare.__name__ for _, prepare, _ in BAD_INPUT])
def test_bad_input_is_refused_by_name_and_changes_nothing(
    office: Office, _item: str, prepare: Callable[[Office], Call], code: str
) -> None:
    call = prepare(office)
    before = everything()

    with pytest.raises(KistError) as refusal:
        call()

    assert refusal.value.code == code
    assert refusal.value.message
    assert everything() == before
    assert not ApprovalRequest.objects.filter(state=ApprovalState.EXECUTED).exists()
    assert ledger_check().is_held
    assert_verified(office.loan)
