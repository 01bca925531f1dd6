"""Acts that add to a claim, or give a part of it up."""

from functools import partial
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


_ordinary: Final = partial(LoanAct, approve_permission=BACKDATED, rule=ORDINARY)
_given_up: Final = partial(
    LoanAct, approve_permission=CONCESSION, is_reason_required=True, rule=ALWAYS, limits_paise=BY_MANAGER
)

CHARGE_ACT: Final = _ordinary(
    slug="charge",
    title="Levy a charge",
    permission="lms.levy_charge",
    input=ChargeInput,
    run=calls(charge_levy),
    is_reason_required=False,
    kind=FactKind.CHARGE,
    limits_paise=BY_FINANCE,
)

PENAL_ACT: Final = _ordinary(
    slug="penal",
    title="Levy a penal charge",
    permission="lms.levy_charge",
    input=AmountInput,
    run=calls(penal_levy),
    is_reason_required=True,
    kind=FactKind.PENAL,
    limits_paise=BY_FINANCE,
)

BOUNCE_ACT: Final = _ordinary(
    slug="bounce",
    title="Record a bounce",
    permission="lms.record_bounce",
    input=BounceInput,
    run=_bounce,
    is_reason_required=False,
    kind=FactKind.BOUNCE,
    amount_paise=no_amount,
)

WAIVE_ACT: Final = _given_up(
    slug="waive",
    title="Waive",
    permission="lms.grant_waiver",
    input=WaiverInput,
    run=calls(waiver_grant, component=Component),
    kind=FactKind.WAIVE,
)

SETTLE_ACT: Final = _given_up(
    slug="settle",
    title="Settle",
    permission="lms.settle_loan",
    input=CreditInput,
    run=calls(settlement_post),
    kind=FactKind.SETTLE,
    amount_paise=given_up_paise,
)

WRITE_OFF_ACT: Final = _given_up(
    slug="write-off",
    title="Write off",
    permission="lms.write_off_loan",
    input=WriteOffInput,
    run=calls(loan_write_off),
    kind=FactKind.WRITE_OFF,
    amount_paise=claim_paise,
)
