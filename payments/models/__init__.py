"""Rows of payments."""

from payments.models.attempt import AttemptEvent, AttemptState, ProviderAttempt
from payments.models.collect import AccountState, AllowedPayer, LinkForm, LinkState, PaymentLink, VirtualAccount
from payments.models.compensation import CompensationRule, PayoutCompensation
from payments.models.counter import ChequeReturn, CounterKind, CounterReceipt, Deposit, SlipState
from payments.models.dispute import Dispute, DisputeAnswer, DisputePaper, DisputeState
from payments.models.downtime import VendorDowntime
from payments.models.incoming import (
    IN_SUSPENSE,
    UNDECIDED,
    IncomingPayment,
    PaymentEvent,
    PaymentRefund,
    PaymentSource,
    PaymentState,
    RefundState,
)
from payments.models.payee import CheckState, NameBand, NameDegree, PaidCheck, PayeeCheck, ProofJob
from payments.models.payer import PaymentPayer
from payments.models.payout import Payout, PayoutKind, PayoutState
from payments.models.settlement import PartKind, Settlement, SettlementPart, SettlementStanding
from payments.models.vendor import Operation, PaymentParameters, Rail, Vendor, VendorKind, VendorRoute

__all__ = [
    "IN_SUSPENSE",
    "UNDECIDED",
    "AccountState",
    "AllowedPayer",
    "AttemptEvent",
    "AttemptState",
    "CheckState",
    "ChequeReturn",
    "CompensationRule",
    "CounterKind",
    "CounterReceipt",
    "Deposit",
    "Dispute",
    "DisputeAnswer",
    "DisputePaper",
    "DisputeState",
    "IncomingPayment",
    "LinkForm",
    "LinkState",
    "NameBand",
    "NameDegree",
    "Operation",
    "PaidCheck",
    "PartKind",
    "PayeeCheck",
    "PaymentEvent",
    "PaymentLink",
    "PaymentParameters",
    "PaymentPayer",
    "PaymentRefund",
    "PaymentSource",
    "PaymentState",
    "Payout",
    "PayoutCompensation",
    "PayoutKind",
    "PayoutState",
    "ProofJob",
    "ProviderAttempt",
    "Rail",
    "RefundState",
    "Settlement",
    "SettlementPart",
    "SettlementStanding",
    "SlipState",
    "Vendor",
    "VendorDowntime",
    "VendorKind",
    "VendorRoute",
    "VirtualAccount",
]
