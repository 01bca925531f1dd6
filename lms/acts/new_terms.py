"""Acts that change what was agreed."""

from functools import partial
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

_new_terms: Final = partial(
    LoanAct,
    approve_permission=NEW_TERMS,
    is_reason_required=True,
    rule=ALWAYS,
    amount_paise=principal_paise,
    limits_paise=BY_MANAGER,
)

RATE_ACT: Final = _new_terms(
    slug="rate",
    title="Change the rate",
    permission="lms.change_rate",
    input=RateInput,
    run=calls(rate_change, effect=PrepaymentEffect),
    kind=FactKind.RATE_CHANGE,
)

RESCHEDULE_ACT: Final = _new_terms(
    slug="reschedule",
    title="Reschedule",
    permission="lms.reschedule_loan",
    input=RescheduleInput,
    run=calls(loan_reschedule),
    kind=FactKind.RESCHEDULE,
)

MORATORIUM_ACT: Final = _new_terms(
    slug="moratorium",
    title="Grant a moratorium",
    permission="lms.reschedule_loan",
    input=MoratoriumInput,
    run=calls(moratorium_grant),
    kind=FactKind.MORATORIUM,
)

PAUSE_ACT: Final = _new_terms(
    slug="pause",
    title="Pause interest",
    permission="lms.reschedule_loan",
    input=PauseInput,
    run=calls(interest_pause),
    kind=FactKind.PAUSE,
)
