"""Acts that add to a claim, or give a part of it up."""

from typing import Final

from core.acts.registry import no_amount
from lms.acts.amounts import claim_paise, given_up_paise
from lms.acts.calls import calls, given
from lms.acts.first_rules import ALWAYS, BACKDATED, BY_FINANCE, BY_MANAGER, CONCESSION, ORDINARY
from lms.acts.inputs import AmountInput, BounceInput, ChargeInput, CreditInput, WaiverInput, WriteOffInput
from lms.acts.registry import ActCall, LoanAct
from lms.engine.terms import Component
from lms.models import FactKind, LoanFact
from lms.services.bounces import bounce_record
from lms.services.charges import charge_levy, penal_levy
from lms.services.settlements import settlement_post
from lms.services.waivers import waiver_grant
from lms.services.write_offs import loan_write_off


def _bounce(call: ActCall) -> LoanFact:
    """Record the bounce; the bank's code has a name of its own beside the reason code of the act."""
    arguments = given(call)
    return bounce_record(reason_code=arguments.pop("return_code"), **arguments)


CHARGE_ACT: Final = LoanAct(
    slug="charge",
    title="Levy a charge",
    permission="lms.levy_charge",
    approve_permission=BACKDATED,
    input=ChargeInput,
    run=calls(charge_levy),
    is_reason_required=False,
    rule=ORDINARY,
    kind=FactKind.CHARGE,
    limits_paise=BY_FINANCE,
)

PENAL_ACT: Final = LoanAct(
    slug="penal",
    title="Levy a penal charge",
    permission="lms.levy_charge",
    approve_permission=BACKDATED,
    input=AmountInput,
    run=calls(penal_levy),
    is_reason_required=True,
    rule=ORDINARY,
    kind=FactKind.PENAL,
    limits_paise=BY_FINANCE,
)

BOUNCE_ACT: Final = LoanAct(
    slug="bounce",
    title="Record a bounce",
    permission="lms.record_bounce",
    approve_permission=BACKDATED,
    input=BounceInput,
    run=_bounce,
    is_reason_required=False,
    rule=ORDINARY,
    kind=FactKind.BOUNCE,
    amount_paise=no_amount,
)

WAIVE_ACT: Final = LoanAct(
    slug="waive",
    title="Waive",
    permission="lms.grant_waiver",
    approve_permission=CONCESSION,
    input=WaiverInput,
    run=calls(waiver_grant, component=Component),
    is_reason_required=True,
    rule=ALWAYS,
    kind=FactKind.WAIVE,
    limits_paise=BY_MANAGER,
)

SETTLE_ACT: Final = LoanAct(
    slug="settle",
    title="Settle",
    permission="lms.settle_loan",
    approve_permission=CONCESSION,
    input=CreditInput,
    run=calls(settlement_post),
    is_reason_required=True,
    rule=ALWAYS,
    kind=FactKind.SETTLE,
    amount_paise=given_up_paise,
    limits_paise=BY_MANAGER,
)

WRITE_OFF_ACT: Final = LoanAct(
    slug="write-off",
    title="Write off",
    permission="lms.write_off_loan",
    approve_permission=CONCESSION,
    input=WriteOffInput,
    run=calls(loan_write_off),
    is_reason_required=True,
    rule=ALWAYS,
    kind=FactKind.WRITE_OFF,
    amount_paise=claim_paise,
    limits_paise=BY_MANAGER,
)
