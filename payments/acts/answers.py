"""The act that enters what the bank has written about a payout."""

from typing import Any, Final

from rest_framework import serializers

from core.acts.registry import Act, ActCall, Values
from core.approvals.registry import Lock
from core.business_date import business_date
from lms.acts.first_rules import ALWAYS
from lms.acts.submitting import loans_lock
from lms.services.effects import loans_version
from lms.services.loans import loan_disburse
from lms.services.refunds import refund_post
from lms.services.reversals import fact_reverse
from payments.acts.effects import money_effect
from payments.first_limits import OUTGOING_PAISE
from payments.models import AttemptState, Payout, PayoutKind, ProviderAttempt
from payments.protocol import Told
from payments.services.flight import REFERENCE_TYPE
from payments.services.payout_answers import FINAL_WORDS, BankAnswer, answerable, payout_answer
from payments.services.payouts import payout_get
from payments.services.vendors import POOL_BANK, vendor_accounts


class AnswerInput(serializers.Serializer[Any]):
    """What the bank's paper says."""

    told = serializers.ChoiceField(choices=[(told.value, words) for told, words in FINAL_WORDS.items()])
    utr = serializers.CharField(max_length=35, allow_blank=True, default="", help_text="Of a payout that was paid.")
    reference = serializers.CharField(max_length=64, help_text="Number of the letter, or page of the statement.")
    answered_on = serializers.DateField(help_text="Day of the paper.")


def _answer(call: ActCall) -> Payout:
    values = call.values
    answer = BankAnswer(
        told=Told(values["told"]),
        utr=values["utr"],
        reference=values["reference"],
        answered_on=values["answered_on"],
    )
    return payout_answer(payout_id=call.subject_id, answer=answer, reason=call.reason, actor=call.actor)


def _effect(call: ActCall) -> dict[str, Any]:
    payout = payout_get(payout_id=call.subject_id)
    attempt, _saga = answerable(payout=payout)
    told = Told(call.values["told"])

    def act() -> None:
        _answer(call)
        _booked(call, payout, told)

    loans = money_effect(reference_type=REFERENCE_TYPE, reference_id=payout.pk, loan_ids=[payout.loan_id], act=act)
    follows = [line for line in (_money(payout, attempt, told),) if line]
    return {
        "payout": payout.number,
        "amount_paise": payout.amount_paise,
        "call_before": attempt.get_state_display(),
        "call_after": FINAL_WORDS[told],
        "bank_reference": call.values["utr"] or "–",
        "afterwards": "it goes on by itself",
        **{name: value for name, value in loans.items() if name != "money_moved"},
        "money_that_follows": follows,
    }


def _booked(call: ActCall, payout: Payout, told: Told) -> None:
    """Book on the loan what the workers will book after the answer, so that its effect is shown before."""
    if told == Told.PROCESSED and payout.fact_sequence is None:
        book = loan_disburse if payout.kind == PayoutKind.DISBURSAL else refund_post
        book(
            loan_id=payout.loan_id,
            amount_paise=payout.amount_paise,
            value_date=business_date(),
            reference=call.values["utr"],
            idempotency_key=f"answer:{payout.number}",
            reason=call.reason,
            actor=call.actor,
            is_on_its_way=True,
        )
    elif told == Told.REVERSED and payout.fact_sequence is not None:
        fact_reverse(
            loan_id=payout.loan_id,
            sequence=payout.fact_sequence,
            idempotency_key=f"answer:{payout.number}",
            reason=call.reason,
            actor=call.actor,
        )


def _money(payout: Payout, attempt: ProviderAttempt, told: Told) -> dict[str, Any]:
    codes = vendor_accounts(vendor=attempt.vendor)
    if attempt.state == AttemptState.FAILED and told != Told.PROCESSED:
        # What was given up is in the balance already.
        return {}
    if told == Told.PROCESSED:
        debit, credit = POOL_BANK, codes.float_code if payout.open_loan_id is None else codes.sent_code
    elif payout.fact_sequence is not None:
        debit, credit = codes.float_code, POOL_BANK
    else:
        debit, credit = codes.float_code, codes.sent_code
    return {"debit": debit, "credit": credit, "amount_paise": payout.amount_paise}


def _lock(payout_id: int, _values: Values) -> Lock:
    return loans_lock(loan_ids=[payout_get(payout_id=payout_id).loan_id])


def _version(payout_id: int, _values: Values) -> str:
    payout = payout_get(payout_id=payout_id)
    attempts = ProviderAttempt.objects.filter(saga_id=payout.saga_id or 0).order_by("pk")
    states = list(attempts.values_list("pk", "state"))
    return f"{payout.state}|{states}|{loans_version(loan_ids=[payout.loan_id])}"


BANK_ANSWER_ACT: Final = Act(
    slug="payout-answer",
    code="payments.payout-answer",
    title="Enter the bank's answer",
    permission="payments.answer_payout",
    approve_permission="payments.approve_payout",
    subject=Payout,
    name=lambda payout_id: Payout.objects.values_list("number", flat=True).filter(pk=payout_id).first() or "",
    input=AnswerInput,
    run=_answer,
    effect=_effect,
    version=_version,
    lock=_lock,
    amount_paise=lambda payout_id, _values: payout_get(payout_id=payout_id).amount_paise,
    rule=ALWAYS,
    is_code_required=False,
    is_paper_required=True,
    limits_paise=OUTGOING_PAISE,
)
