"""What payments tell the machinery and the book: their sagas and queues, their invariants, money on its way."""

from functools import partial

from core.events import subscribe
from core.inbox.services import inbox_source
from core.queues import inbox_queues_register, saga_queues_register
from core.sagas.definitions import saga_kind_register
from ledger.checks import check_register
from lms.models import FactKind
from lms.services.money_out import MoneyOut, money_out_register
from payments.checks import flights_are_counted, nothing_is_left_alone, paid_at_most_once
from payments.events import PaymentReceived, PayoutEnded
from payments.models import PayoutKind
from payments.receipt_checks import disputes_are_counted, gateways_hold_what_they_took, suspense_is_explained
from payments.sagas import collect, receipt_document, refund, settlement
from payments.sagas.payout import PAYOUT, queues_of_payouts
from payments.sagas.returns import LATE_SUCCESS, QUEUE, RETURN, WATCH
from payments.services.compensations import SUBSCRIBER, compensation_on_end
from payments.services.payouts import payouts_open
from payments.webhooks import intake
from payments.webhooks.applying import webhook_apply


def register() -> None:
    """Register everything; safe to call again."""
    check_register(code="I8", title="No intent has paid twice", offences=paid_at_most_once)
    check_register(code="I9", title="Every call without proof is being looked after", offences=nothing_is_left_alone)
    check_register(code="F", title="Money on its way is that of open payouts", offences=flights_are_counted)
    check_register(code="U", title="Suspense is that of payments in suspense", offences=suspense_is_explained)
    check_register(code="T", title="Gateways hold what they took", offences=gateways_hold_what_they_took)
    check_register(code="D", title="Disputed money is that of open disputes", offences=disputes_are_counted)
    for fact_kind, payout_kind in ((FactKind.DISBURSE, PayoutKind.DISBURSAL), (FactKind.REFUND, PayoutKind.REFUND)):
        source = partial(_payouts_open, payout_kind)
        money_out_register(kind=fact_kind, code="payments.payout", source=source)
    for kind in (
        PAYOUT,
        RETURN,
        LATE_SUCCESS,
        WATCH,
        collect.COLLECT,
        collect.VIRTUAL_ACCOUNT,
        collect.ACCOUNT_CLOSE,
        collect.ACCOUNT_PAYER,
        refund.REFUND,
        receipt_document.RECEIPT_DOCUMENT,
        settlement.SETTLEMENT,
    ):
        saga_kind_register(kind)
    subscribe(
        PaymentReceived, subscriber=receipt_document.RECEIPT_SAGA, handler=receipt_document.receipt_document_begin
    )
    subscribe(PayoutEnded, subscriber=SUBSCRIBER, handler=compensation_on_end)
    saga_queues_register(_queues)
    for vendor_kind in intake.ENVELOPES:
        inbox_source(source=intake.source_of(kind=vendor_kind), apply=webhook_apply)
    inbox_queues_register(_inbox_queues)


def _payouts_open(kind: PayoutKind, loan_id: int) -> list[MoneyOut]:
    return payouts_open(kind=kind, loan_id=loan_id)


def _queues() -> tuple[str, ...]:
    return (QUEUE, collect.QUEUE, refund.QUEUE, receipt_document.QUEUE, *queues_of_payouts())


def _inbox_queues() -> tuple[str, ...]:
    return (intake.QUEUE,)
