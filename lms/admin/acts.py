"""The form of every act that the screens offer on a loan, in the order of the registry."""

from typing import Final

from lms.acts import ACTS
from lms.admin.act_forms import ActForm
from lms.admin.claim_forms import BounceForm, ChargeForm, PenalForm, ReversalForm, WaiverForm, WriteOffForm
from lms.admin.money_forms import (
    DisbursalForm,
    ForeclosureForm,
    PrepaymentForm,
    ReceiptForm,
    RecoveryForm,
    RefundForm,
    SettlementForm,
    TransferForm,
)
from lms.admin.new_terms_forms import MoratoriumForm, PauseForm, RateChangeForm, RescheduleForm
from lms.admin.servicing_forms import (
    FreezeForm,
    PlanCancelForm,
    PlanRestoreForm,
    QuoteForm,
    QuotePaymentForm,
    SettlementPlanForm,
    UnfreezeForm,
)

_FORMS: Final[tuple[type[ActForm], ...]] = (
    BounceForm,
    ChargeForm,
    DisbursalForm,
    ForeclosureForm,
    FreezeForm,
    MoratoriumForm,
    PauseForm,
    PenalForm,
    PlanCancelForm,
    PlanRestoreForm,
    PrepaymentForm,
    QuoteForm,
    QuotePaymentForm,
    RateChangeForm,
    ReceiptForm,
    RecoveryForm,
    RefundForm,
    RescheduleForm,
    ReversalForm,
    SettlementForm,
    SettlementPlanForm,
    TransferForm,
    UnfreezeForm,
    WaiverForm,
    WriteOffForm,
)
FORM_BY_SLUG: Final = {form.slug: form for form in _FORMS}
FORMS: Final = tuple(FORM_BY_SLUG[act.slug] for act in ACTS if act.slug in FORM_BY_SLUG)
