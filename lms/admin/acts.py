"""Every act that the screens offer on a loan, in the order of the buttons."""

from typing import Final

from lms.admin.act_forms import (
    ActForm,
    BounceForm,
    ChargeForm,
    DisbursalForm,
    ForeclosureForm,
    PenalForm,
    PrepaymentForm,
    ReceiptForm,
    RefundForm,
    ReversalForm,
    WaiverForm,
)
from lms.admin.giving_up_forms import RecoveryForm, SettlementForm, WriteOffForm
from lms.admin.new_terms_forms import MoratoriumForm, PauseForm, RateChangeForm, RescheduleForm
from lms.admin.transfer_forms import TransferForm

ACTS: Final[tuple[type[ActForm], ...]] = (
    DisbursalForm,
    ReceiptForm,
    PrepaymentForm,
    ForeclosureForm,
    ChargeForm,
    PenalForm,
    BounceForm,
    RateChangeForm,
    RescheduleForm,
    MoratoriumForm,
    PauseForm,
    WaiverForm,
    SettlementForm,
    WriteOffForm,
    RecoveryForm,
    RefundForm,
    TransferForm,
    ReversalForm,
)
ACT_BY_SLUG: Final = {act.slug: act for act in ACTS}
