"""Acts that change what was agreed."""

from typing import Final

from lms.acts.amounts import principal_paise
from lms.acts.calls import calls
from lms.acts.first_rules import ALWAYS, BY_MANAGER, NEW_TERMS
from lms.acts.inputs import MoratoriumInput, PauseInput, RateInput, RescheduleInput
from lms.acts.registry import LoanAct
from lms.engine.facts import PrepaymentEffect
from lms.models import FactKind
from lms.services.rates import rate_change
from lms.services.reschedules import interest_pause, loan_reschedule, moratorium_grant

RATE_ACT: Final = LoanAct(
    slug="rate",
    title="Change the rate",
    permission="lms.change_rate",
    approve_permission=NEW_TERMS,
    input=RateInput,
    run=calls(rate_change, effect=PrepaymentEffect),
    is_reason_required=True,
    rule=ALWAYS,
    kind=FactKind.RATE_CHANGE,
    amount_paise=principal_paise,
    limits_paise=BY_MANAGER,
)

RESCHEDULE_ACT: Final = LoanAct(
    slug="reschedule",
    title="Reschedule",
    permission="lms.reschedule_loan",
    approve_permission=NEW_TERMS,
    input=RescheduleInput,
    run=calls(loan_reschedule),
    is_reason_required=True,
    rule=ALWAYS,
    kind=FactKind.RESCHEDULE,
    amount_paise=principal_paise,
    limits_paise=BY_MANAGER,
)

MORATORIUM_ACT: Final = LoanAct(
    slug="moratorium",
    title="Grant a moratorium",
    permission="lms.reschedule_loan",
    approve_permission=NEW_TERMS,
    input=MoratoriumInput,
    run=calls(moratorium_grant),
    is_reason_required=True,
    rule=ALWAYS,
    kind=FactKind.MORATORIUM,
    amount_paise=principal_paise,
    limits_paise=BY_MANAGER,
)

PAUSE_ACT: Final = LoanAct(
    slug="pause",
    title="Pause interest",
    permission="lms.reschedule_loan",
    approve_permission=NEW_TERMS,
    input=PauseInput,
    run=calls(interest_pause),
    is_reason_required=True,
    rule=ALWAYS,
    kind=FactKind.PAUSE,
    amount_paise=principal_paise,
    limits_paise=BY_MANAGER,
)
