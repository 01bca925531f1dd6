"""Acts that move money: in, out, and from one loan to another."""

from typing import Final

from lms.acts.calls import calls, given
from lms.acts.first_rules import ALWAYS, BACKDATED, BY_FINANCE, MONEY_BACK, ORDINARY, TRANSFER
from lms.acts.inputs import CreditInput, PayoutInput, PrepaymentInput, ReceiptInput, TransferInput
from lms.acts.registry import ActCall, LoanAct
from lms.engine.facts import PrepaymentEffect
from lms.models import FactKind, LoanFact
from lms.services.foreclosures import loan_foreclose
from lms.services.loans import loan_disburse
from lms.services.prepayments import prepayment_post
from lms.services.receipts import receipt_post
from lms.services.refunds import refund_post
from lms.services.transfers import excess_transfer
from lms.services.write_offs import recovery_post


def _transfer(call: ActCall) -> LoanFact:
    """Move the money; the entry on this loan is the one to go back to."""
    arguments = given(call)
    return excess_transfer(from_loan_id=arguments.pop("loan_id"), **arguments).refund


DISBURSE_ACT: Final = LoanAct(
    slug="disburse",
    title="Disburse",
    permission="lms.disburse_loan",
    approve_permission=BACKDATED,
    input=PayoutInput,
    run=calls(loan_disburse),
    is_reason_required=False,
    rule=ORDINARY,
    kind=FactKind.DISBURSE,
    limits_paise=BY_FINANCE,
)

RECEIPT_ACT: Final = LoanAct(
    slug="receipt",
    title="Post a receipt",
    permission="lms.post_receipt",
    approve_permission=BACKDATED,
    input=ReceiptInput,
    run=calls(receipt_post),
    is_reason_required=False,
    rule=ORDINARY,
    kind=FactKind.RECEIVE,
    limits_paise=BY_FINANCE,
)

PREPAY_ACT: Final = LoanAct(
    slug="prepay",
    title="Part-prepay",
    permission="lms.prepay_loan",
    approve_permission=BACKDATED,
    input=PrepaymentInput,
    run=calls(prepayment_post, effect=PrepaymentEffect),
    is_reason_required=False,
    rule=ORDINARY,
    kind=FactKind.PREPAY,
    limits_paise=BY_FINANCE,
)

FORECLOSE_ACT: Final = LoanAct(
    slug="foreclose",
    title="Foreclose",
    permission="lms.foreclose_loan",
    approve_permission=BACKDATED,
    input=CreditInput,
    run=calls(loan_foreclose),
    is_reason_required=False,
    rule=ORDINARY,
    kind=FactKind.FORECLOSE,
    limits_paise=BY_FINANCE,
)

RECOVER_ACT: Final = LoanAct(
    slug="recover",
    title="Post a recovery",
    permission="lms.post_recovery",
    approve_permission=BACKDATED,
    input=CreditInput,
    run=calls(recovery_post),
    is_reason_required=False,
    rule=ORDINARY,
    kind=FactKind.RECOVER,
    limits_paise=BY_FINANCE,
)

REFUND_ACT: Final = LoanAct(
    slug="refund",
    title="Refund excess",
    permission="lms.refund_excess",
    approve_permission=MONEY_BACK,
    input=PayoutInput,
    run=calls(refund_post),
    is_reason_required=True,
    rule=ALWAYS,
    kind=FactKind.REFUND,
    limits_paise=BY_FINANCE,
)

TRANSFER_ACT: Final = LoanAct(
    slug="transfer",
    title="Transfer excess",
    permission="lms.refund_excess",
    approve_permission=MONEY_BACK,
    input=TransferInput,
    run=_transfer,
    is_reason_required=True,
    rule=TRANSFER,
    loans=lambda loan_id, values: (loan_id, values["to_loan_id"]),
    limits_paise=BY_FINANCE,
)
