"""What the small lender of the benchmark of pages lacks: payments that vendors would have to be asked for."""

from datetime import date, datetime, time, timedelta
from typing import Final

from django.contrib.auth.models import User
from django.utils import timezone

from core.inbox.models import InboxMessage, MessageState
from core.outbox.models import SentEvent
from core.sagas.models import Saga, SagaEvent, SagaState, SagaStep, StepState
from customers.models import BankAccount
from lms.models import Loan
from payments.demo.vendors import vendors_seed
from payments.models import (
    AttemptEvent,
    AttemptState,
    CheckState,
    CompensationRule,
    CounterKind,
    CounterReceipt,
    Deposit,
    Dispute,
    IncomingPayment,
    LinkForm,
    LinkState,
    NameBand,
    Operation,
    PaidCheck,
    PartKind,
    PayeeCheck,
    PaymentEvent,
    PaymentLink,
    PaymentPayer,
    PaymentRefund,
    PaymentSource,
    PaymentState,
    Payout,
    PayoutCompensation,
    PayoutKind,
    PayoutState,
    ProofJob,
    ProviderAttempt,
    Rail,
    RefundState,
    Settlement,
    SettlementPart,
    SettlementStanding,
    SlipState,
    Vendor,
    VirtualAccount,
)
from payments.models.collect import AccountState

_STEPS: Final = ("prove", "send", "book")
# A settlement holds so many payments, a deposit so many slips.
_SETTLED: Final = 50
_SLIPS: Final = 10


def payments_fill(*, today: date) -> None:
    """Give each loan a payout and a payment with all that stands behind them, in any state that lists tell apart."""
    vendors_seed(address="http://127.0.0.1:9")
    vendor = Vendor.objects.get(code="razorpay")
    loans = list(Loan.objects.select_related("customer").order_by("pk"))
    accounts = {row.customer_id: row for row in BankAccount.objects.order_by("pk")}
    now = timezone.make_aware(datetime.combine(today, time(10)))
    _proofs(list(accounts.values()), vendor, now)
    _payouts([loan for loan in loans if loan.customer_id in accounts], accounts, vendor, now)
    _payments(loans, vendor, now)
    _messages(loans, now)


def _proofs(accounts: list[BankAccount], vendor: Vendor, now: datetime) -> None:
    PayeeCheck.objects.bulk_create(
        PayeeCheck(
            account_index=account.account_index,
            ifsc=account.ifsc,
            bank_account=account,
            vendor=vendor,
            operation=Operation.PENNY_DROP,
            state=CheckState.VALID,
            holder_name="A Person",
            score=80,
            band=NameBand.REVIEW if number % 50 == 0 else NameBand.PASS,
            our_reference=f"B{number}",
            vendor_reference=f"fav_{number}",
            asked_at=now - timedelta(hours=number),
            answered_at=now - timedelta(hours=number),
            valid_until=now.date() + timedelta(days=90),
            fee_paise=200,
            booked_on=now.date(),
        )
        for number, account in enumerate(accounts)
    )
    PaidCheck.objects.bulk_create(
        PaidCheck(account_index=check.account_index, ifsc=check.ifsc, check_made=check, taken_until=check.valid_until)
        for check in PayeeCheck.objects.all()
    )
    ProofJob.objects.bulk_create(
        ProofJob(bank_account=account, requested_at=now, done_at=None if number % 50 == 0 else now)
        for number, account in enumerate(accounts)
    )


def _payouts(loans: list[Loan], accounts: dict[int, BankAccount], vendor: Vendor, now: datetime) -> None:
    rule = CompensationRule.objects.create(
        rail=Rail.IMPS,
        valid_from=date(2020, 1, 1),
        free_days=1,
        paise_per_day=100_00,
        expense_code="5910",
        owed_code="2310",
        source="Benchmark",
    )
    for number, loan in enumerate(loans):
        at = now - timedelta(hours=2 * number)
        is_stuck = number % 120 == 0
        account = accounts[loan.customer_id]
        saga = _saga(number, at, SagaState.MANUAL if is_stuck else SagaState.DONE)
        payout = Payout.objects.create(
            number=f"PO{number:08d}",
            kind=PayoutKind.DISBURSAL,
            loan=loan,
            customer=loan.customer,
            bank_account=account,
            account_index=account.account_index,
            ifsc=account.ifsc,
            amount_paise=loan.principal_paise,
            rail=Rail.IMPS,
            state=PayoutState.SENT if is_stuck else PayoutState.PAID,
            open_loan=loan if is_stuck else None,
            saga_id=saga.pk,
            utr=f"PAY{number:09d}",
            paid_on=None if is_stuck else at.date(),
            requested_at=at,
            changed_at=at,
            idempotency_key=f"b:{number}",
        )
        _attempt(number, payout, saga, vendor)
        if number % 100 == 0 and not is_stuck:
            PayoutCompensation.objects.create(
                payout=payout,
                rule=rule,
                sent_on=at.date(),
                ended_on=at.date(),
                late_days=1,
                amount_paise=100_00,
                booked_on=at.date(),
            )


def _saga(number: int, at: datetime, state: SagaState) -> Saga:
    saga = Saga.objects.create(
        kind="payments.payout",
        intent_key=f"payout:{number}",
        state=state,
        subject_type="payments.payout",
        subject_id=str(number + 1),
        problem="No proof either way" if state == SagaState.MANUAL else "",
        started_at=at,
        changed_at=at,
        finished_at=at if state == SagaState.DONE else None,
    )
    SagaStep.objects.bulk_create(
        SagaStep(saga=saga, number=place, name=name, state=StepState.DONE, queue="payout", order_at=at, run_at=at)
        for place, name in enumerate(_STEPS)
    )
    SagaEvent.objects.bulk_create(SagaEvent(saga=saga, at=at, step=name, what="done") for name in _STEPS)
    return saga


def _attempt(number: int, payout: Payout, saga: Saga, vendor: Vendor) -> None:
    at, is_stuck = payout.requested_at, payout.paid_on is None
    attempt = ProviderAttempt.objects.create(
        saga_id=saga.pk,
        step="send",
        vendor=vendor,
        operation=Operation.PAYOUT,
        rail=Rail.IMPS,
        amount_paise=payout.amount_paise,
        our_reference=f"A{number}",
        idempotency_key=f"a{number}",
        state=AttemptState.UNKNOWN if is_stuck else AttemptState.PROCESSED,
        is_live=True if is_stuck else None,
        vendor_reference=f"pout_{number}",
        utr=payout.utr,
        created_at=at,
        first_sent_at=at,
        sends=1,
        safe_retry_until=at + timedelta(days=1),
        changed_at=at,
    )
    AttemptEvent.objects.bulk_create(
        AttemptEvent(
            attempt=attempt, at=at, source="answer", told=told, state_before="SENDING", state_after=attempt.state
        )
        for told in ("queued", "processed")
    )


def _payments(loans: list[Loan], vendor: Vendor, now: datetime) -> None:
    staff = User.objects.get(username="finance")
    settlement, deposit = None, None
    for number, loan in enumerate(loans):
        at = now - timedelta(hours=3 * number)
        if number % _SETTLED == 0:
            settlement = Settlement.objects.create(
                vendor=vendor,
                vendor_reference=f"setl_{number}",
                amount_paise=50_000_00,
                fee_paise=500_00,
                tax_paise=90_00,
                utr=f"SET{number}",
                booked_on=at.date(),
                told_at=at,
                standing=SettlementStanding.DIFFERS if number == 0 else SettlementStanding.EXPLAINED,
                parts_paise=50_000_00,
                parts_at=at,
                credited_on=None if number == _SETTLED else at.date(),
            )
        if number % (10 * _SLIPS) == 0:
            deposit = Deposit.objects.create(
                number=f"DP{number:06d}",
                kind=CounterKind.CASH,
                amount_paise=10_000_00,
                bank_reference=f"DEP{number}",
                deposited_on=at.date(),
                deposited_by=staff,
                created_at=at,
            )
        account = _account(number, loan, vendor, at)
        payment = _payment(number, loan, account, _link(number, loan, vendor, at))
        _after(number, payment, settlement, deposit, staff)


def _account(number: int, loan: Loan, vendor: Vendor, at: datetime) -> VirtualAccount:
    return VirtualAccount.objects.create(
        loan=loan,
        vendor=vendor,
        our_reference=f"V{number}",
        vendor_reference=f"va_{number}",
        account_number=f"2223330{number:07d}",
        ifsc="RATN0VAAPIS",
        state=AccountState.OPEN,
        requested_at=at,
    )


def _link(number: int, loan: Loan, vendor: Vendor, at: datetime) -> PaymentLink | None:
    if number % 4:
        return None
    return PaymentLink.objects.create(
        number=f"PL{number:08d}",
        form=LinkForm.LINK,
        loan=loan,
        customer=loan.customer,
        vendor=vendor,
        amount_paise=1_000_00,
        description="Instalment",
        our_reference=f"K{number}",
        vendor_reference=f"plink_{number}",
        order_reference=f"order_{number}",
        state=LinkState.OPEN if number % 40 == 0 else LinkState.PAID,
        expires_at=at + timedelta(days=3),
        requested_at=at,
        changed_at=at,
        idempotency_key=f"l:{number}",
    )


def _payment(number: int, loan: Loan, account: VirtualAccount, link: PaymentLink | None) -> IncomingPayment:
    at, vendor = account.requested_at, account.vendor
    is_counter = number % 10 == 7
    state = {0: PaymentState.SUSPENSE, 1: PaymentState.KEPT, 2: PaymentState.REFUNDED, 3: PaymentState.FAILED}.get(
        number % 40, PaymentState.APPLIED
    )
    is_applied = state == PaymentState.APPLIED
    payment = IncomingPayment.objects.create(
        number=f"PI{number:08d}",
        source=PaymentSource.CASH if is_counter else PaymentSource.VIRTUAL_ACCOUNT,
        vendor=None if is_counter else vendor,
        vendor_reference=None if is_counter else f"pay_{number}",
        link=link,
        virtual_account=None if is_counter else account,
        loan=loan if is_applied else None,
        customer=loan.customer if is_applied else None,
        amount_paise=1_000_00 + number,
        method="upi",
        utr=f"UTR{number:09d}",
        state=state,
        taken_on=at.date(),
        fact_sequence=2 if is_applied else None,
        turn=1,
        created_at=at,
        changed_at=at,
    )
    PaymentPayer.objects.create(payment=payment, name="A Person", vpa="someone@bank", vpa_index=f"{number:064x}")
    PaymentEvent.objects.bulk_create(
        PaymentEvent(payment=payment, at=at, source="webhook", state_after=state) for _ in range(2)
    )
    return payment


def _after(
    number: int, payment: IncomingPayment, settlement: Settlement | None, deposit: Deposit | None, staff: User
) -> None:
    """Add what became of a payment: settled, brought to the bank, given back, disputed."""
    if settlement is not None and payment.vendor_id is not None:
        SettlementPart.objects.create(
            settlement=settlement,
            kind=PartKind.PAYMENT,
            vendor_reference=payment.vendor_reference or "",
            payment=payment,
            amount_paise=payment.amount_paise,
            net_paise=payment.amount_paise,
        )
    if payment.source == PaymentSource.CASH:
        is_here = number % 100 == 7
        CounterReceipt.objects.create(
            payment=payment,
            kind=CounterKind.CASH,
            state=SlipState.RECEIVED if is_here else SlipState.CLEARED,
            deposit=None if is_here else deposit,
            taken_on=payment.created_at.date(),
            taken_by=staff,
            idempotency_key=f"c:{number}",
        )
    if payment.state == PaymentState.REFUNDED:
        PaymentRefund.objects.create(
            number=f"RF{number:08d}",
            payment=payment,
            amount_paise=payment.amount_paise,
            state=RefundState.PAID,
            reason="Paid twice",
            requested_at=payment.created_at,
        )
    if number % 60 == 5:
        Dispute.objects.create(
            payment=payment,
            vendor=Vendor.objects.get(code="razorpay"),
            vendor_reference=f"disp_{number}",
            amount_paise=payment.amount_paise,
            state="OPEN" if number % 120 == 5 else "LOST",
            opened_at=payment.created_at,
            respond_by=payment.created_at + timedelta(days=7),
        )


def _messages(loans: list[Loan], now: datetime) -> None:
    states = {0: MessageState.POISON, 1: MessageState.PARKED, 2: MessageState.REFUSED}
    InboxMessage.objects.bulk_create(
        InboxMessage(
            source="webhook:razorpay",
            event_id=f"evt_{number}",
            entity=f"pay_{number}",
            kind="payment.captured",
            raw=b'{"event": "payment.captured"}',
            queue="inbox.payments",
            received_at=now - timedelta(hours=number),
            state=states.get(number % 100, MessageState.APPLIED),
            next_at=now,
            attempts=1,
        )
        for number, _ in enumerate(loans)
    )
    SentEvent.objects.bulk_create(
        SentEvent(
            event_id=f"E{number}",
            topic="lms.receipt_posted",
            partition_key=f"lms.loan:{loan.pk}",
            payload={"loan_id": loan.pk},
            created_at=now,
            sent_at=now - timedelta(minutes=number),
            subscribers=1,
        )
        for number, loan in enumerate(loans)
    )
