"""A lender whose staff do anything in any order: random acts on a few borrowers, and the proofs after each sequence."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, rule

from core.approvals.models import ApprovalRequest, ApprovalState
from core.approvals.services import approval_approve, approvals_expire
from core.business_date import business_date
from core.errors import KistError
from customers.models import Customer, CustomerMerge
from ledger.checks import ledger_check
from ledger.models import Journal, TaxDocument, Transfer
from ledger.services import period_soft_close
from lms.acts import act_of, act_submit
from lms.acts.submitting import act_run, call_of, payload_of
from lms.models import CreditLine, DayEndProblem, Loan, LoanFact, ProductVersion, ProvisionResult
from lms.services.customer_merges import customers_merge, customers_unmerge
from lms.services.day_end import day_end_run
from lms.services.lines.acts import BlockReason, line_block, line_limit_lower, line_unblock
from lms.services.lines.commitments import commitments_true_up
from lms.services.lines.drawdowns import line_hold
from lms.services.provisions.posting import provision_run_post
from lms.services.provisions.runs import month_end_before, provision_run_compute, provision_run_create
from lms.services.settlement_plans import settlement_plans_break
from lms.services.verification import control_accounts_verify, loans_verify
from tests.factories.lines import assert_line_verified, draw, make_line, standing
from tests.factories.lms import make_customer, make_sanctioned_loan, next_key, set_business_date
from tests.proof.act_inputs import INPUTS

LENT = date(2026, 1, 1)
# Nothing of these may move when an act is refused.
_BOOK = (LoanFact, Journal, Transfer, TaxDocument)
_LOANS_AT_MOST = 5
_MONEY = ("receipt", "receipt", "receipt", "prepay", "charge", "penal", "bounce", "waive", "refund", "transfer")
_ENDS = ("foreclose", "quote", "quote-pay", "settle", "write-off", "recover", "reverse", "reverse", "reverse")
_TERMS = tuple(sorted(INPUTS.keys() - {*_MONEY, *_ENDS}))
_LINE_AMOUNTS = st.sampled_from((5_000_00, 30_000_00, 99_000_00, 1_00_000_00, 1_00_000_01, 0))


class BookMachine(RuleBasedStateMachine):
    """Acts on the book through its services; `books` says what every sequence begins with."""

    versions: tuple[ProductVersion, ...]
    line_version: ProductVersion
    maker: User
    head: User

    loans = Bundle("loans")
    lines = Bundle("lines")

    def __init__(self) -> None:
        super().__init__()
        self._sequence = transaction.atomic()
        self._sequence.__enter__()
        self.is_sound = True

    def teardown(self) -> None:
        """Prove the book, and forget the sequence."""
        try:
            if self.is_sound:
                prove()
        finally:
            transaction.set_rollback(True)
            self._sequence.__exit__(None, None, None)

    def attempt(self, act: Callable[[], object]) -> Any:
        """Do an act; a refusal leaves the book as it was, anything else is a fault."""
        before = [model._default_manager.count() for model in _BOOK]
        self.is_sound = False
        result = None
        try:
            result = act()
        except KistError:
            assert [model._default_manager.count() for model in _BOOK] == before
        self.is_sound = True
        return result

    @initialize(target=loans, product=st.integers(0, 2), count=st.sampled_from((3, 12)))
    def lend(self, product: int, count: int) -> Loan:
        """Lend to the first borrower."""
        loan = self._loan(make_customer(), product, count)
        self._act(loan, "disburse", amount_paise=loan.principal_paise, value_date=LENT, reference=next_key("OUT"))
        return loan

    @rule(target=loans, other=loans, product=st.integers(0, 2), is_same=st.booleans(), state=st.sampled_from("MT"))
    def lend_more(self, other: Loan, product: int, is_same: bool, state: str) -> Loan:
        """Lend again, to a borrower who is known or to a new one."""
        if Loan.objects.count() >= _LOANS_AT_MOST:
            return other
        customer = make_customer(state_code={"M": "MH", "T": "TN"}[state])
        customer = Loan.objects.get(pk=other.pk).customer if is_same else customer
        loan: Loan | None = self.attempt(lambda: self._loan(customer, product, 6))
        if loan is None:
            return other
        lent = {"amount_paise": loan.principal_paise, "value_date": business_date(), "reference": next_key("OUT")}
        self.attempt(lambda: self._act(loan, "disburse", **lent))
        return loan

    @rule(slug=st.sampled_from(_MONEY), data=st.data(), loan=loans)
    def act_with_money(self, slug: str, data: st.DataObject, loan: Loan) -> None:
        """Do what is done most."""
        self._any_act(slug, data, loan)

    @rule(slug=st.sampled_from(_MONEY), data=st.data(), loan=loans)
    def act_with_money_again(self, slug: str, data: st.DataObject, loan: Loan) -> None:
        """Do it as often as everything else together."""
        self._any_act(slug, data, loan)

    @rule(slug=st.sampled_from(_TERMS), data=st.data(), loan=loans)
    def act_on_terms(self, slug: str, data: st.DataObject, loan: Loan) -> None:
        """Change what was agreed."""
        self._any_act(slug, data, loan)

    @rule(slug=st.sampled_from(_ENDS), data=st.data(), loan=loans)
    def act_to_end(self, slug: str, data: st.DataObject, loan: Loan) -> None:
        """End a loan, or undo something."""
        self._any_act(slug, data, loan)

    @rule(slug=st.sampled_from(sorted(INPUTS)), data=st.data(), loan=loans)
    def ask(self, slug: str, data: st.DataObject, loan: Loan) -> None:
        """Ask for an act as staff do: done at once, or waiting for a second person."""
        self.attempt(
            lambda: act_submit(
                act=act_of(slug=slug),
                loan_id=loan.pk,
                values=INPUTS[slug](data.draw, Loan.objects.get(pk=loan.pk)),
                reason="Random",
                reason_code="OTHER",
                actor=self.maker,
                idempotency_key=next_key("ask"),
            )
        )

    @rule(days=st.sampled_from((0, 1, 2, 5)))
    def close_days(self, days: int) -> None:
        """Let the day-end close some days; none of them may fail."""
        self.is_sound = False
        day_end_run(to_date=business_date() + timedelta(days=days))
        assert not DayEndProblem.objects.exists()
        self.is_sound = True

    @rule(days=st.sampled_from((1, 10, 10, 31)))
    def pass_time(self, days: int) -> None:
        """Let days go by that the next act has to close."""
        set_business_date(business_date() + timedelta(days=days))
        self.attempt(lambda: settlement_plans_break(on_date=business_date()))

    @rule(what=st.sampled_from(("decide", "decide", "expire", "month-end", "part")), is_maker=st.booleans())
    def work_in_the_office(self, what: str, is_maker: bool) -> None:
        """Decide on what waits, close a month, part two persons."""
        works = {"decide": self._approve, "expire": self._expire, "month-end": self._close_month, "part": self._part}
        works[what](self.maker if is_maker else self.head)

    def _approve(self, actor: User) -> None:
        request = ApprovalRequest.objects.filter(state=ApprovalState.PENDING).order_by("pk").first()
        if request is not None:
            seen = request.effect_hash
            self.attempt(lambda: approval_approve(request_id=request.pk, seen_effect_hash=seen, actor=actor))

    def _expire(self, actor: User) -> None:
        self.attempt(lambda: approvals_expire(now=timezone.now() + timedelta(days=60)))

    def _close_month(self, actor: User) -> None:
        month_end = month_end_before(business_date())
        run = self.attempt(lambda: provision_run_compute(run_id=provision_run_create(month_end=month_end).pk))
        if run is not None:
            self.attempt(lambda: provision_run_post(run_id=run.pk, reason="Month-end", actor=actor))
        for month in (202512, 202601, 202602, 202603):
            self.attempt(partial(period_soft_close, month=month, actor=actor, reason="Month-end"))

    def _part(self, actor: User) -> None:
        merge = CustomerMerge.objects.order_by("-pk").first()
        if merge is not None:
            self.attempt(lambda: customers_unmerge(merge_id=merge.pk, reason="Two persons", actor=actor))

    @rule(survivor=loans, absorbed=loans)
    def merge(self, survivor: Loan, absorbed: Loan) -> None:
        """Take two borrowers for one person."""
        ids = [Loan.objects.get(pk=loan.pk).customer_id for loan in (survivor, absorbed)]
        self.attempt(
            lambda: customers_merge(
                survivor_id=ids[0], absorbed_id=ids[1], reason="Same person", idempotency_key=next_key("merge")
            )
        )

    @rule(target=lines, loan=loans)
    def open_line(self, loan: Loan) -> CreditLine | None:
        """Give a borrower a line, one for all of them."""
        if CreditLine.objects.exists():
            return CreditLine.objects.get()
        customer = Loan.objects.get(pk=loan.pk).customer
        valid_until = business_date() + timedelta(days=200)
        return self.attempt(lambda: make_line(customer=customer, version=self.line_version, valid_until=valid_until))

    @rule(target=loans, line=lines, amount_paise=_LINE_AMOUNTS, other=loans)
    def draw(self, line: CreditLine | None, amount_paise: int, other: Loan) -> Loan:
        """Draw on a line."""
        if line is None or Loan.objects.count() > _LOANS_AT_MOST:
            return other
        line.refresh_from_db()
        fact = self.attempt(lambda: draw(line, amount_paise, business_date()))
        return fact.loan if fact is not None else other

    @rule(line=lines, act=st.sampled_from(("hold", "lower", "block", "unblock")), amount_paise=_LINE_AMOUNTS)
    def act_on_line(self, line: CreditLine | None, act: str, amount_paise: int) -> None:
        """Set money aside on a line, or change what it allows."""
        if line is None:
            return
        line.refresh_from_db()
        common: dict[str, Any] = {"line_id": line.pk, "idempotency_key": next_key(act)}
        acts: dict[str, Callable[[], object]] = {
            "hold": lambda: line_hold(
                customer_id=line.customer_id,
                amount_paise=amount_paise,
                until=business_date() + timedelta(days=5),
                **common,
            ),
            "lower": lambda: line_limit_lower(limit_paise=amount_paise, reason="Review", **common),
            "block": lambda: line_block(block_reason=BlockReason.OTHER, reason="Look", **common),
            "unblock": lambda: line_unblock(reason="Seen", **common),
        }
        self.attempt(acts[act])

    def _any_act(self, slug: str, data: st.DataObject, loan: Loan) -> None:
        self.attempt(lambda: self._act(loan, slug, **INPUTS[slug](data.draw, Loan.objects.get(pk=loan.pk))))

    def _act(self, loan: Loan, slug: str, **values: Any) -> object:
        act = act_of(slug=slug)
        payload = payload_of(act=act, loan_id=loan.pk, values=values, reason="Random", reason_code="OTHER")
        call = call_of(act=act, payload=payload, actor=self.maker, idempotency_key=next_key(slug))
        return act_run(act=act, call=call)

    def _loan(self, customer: Customer, product: int, count: int) -> Loan:
        today = business_date()
        return make_sanctioned_loan(
            customer=customer,
            version=self.versions[product],
            annual_rate_pct=Decimal("18.75"),
            instalment_count=count,
            sanctioned_on=today,
            first_due_date=None,
        )


def prove() -> None:
    """Prove the book as it stands: ledger, loans, lines, tax and provisions."""
    report = ledger_check()
    assert report.is_held, report.broken
    assert [str(found) for batch in loans_verify() for found in batch.differences] == []
    commitments_true_up(today=business_date())
    assert [str(found) for found in control_accounts_verify()[1]] == []
    for line in CreditLine.objects.all():
        left = standing(line)
        assert min(left.drawn_paise, left.held_paise, left.available_paise) >= 0
        assert_line_verified(line)
    for held in ProvisionResult.objects.all():
        assert min(held.iracp_paise, held.ecl_paise) >= 0
