"""Endpoints that ask for payouts and decide about those under way, and the accounts that they may go to."""

from collections.abc import Iterator
from typing import Any, ClassVar
from uuid import uuid4

from django.urls import URLPattern, path
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.acts import EffectSerializer, WaitingSerializer, waiting_answer
from core.api.inputs import ReasonInput
from core.api.views import KeyedView, StaffView
from core.approvals.models import ApprovalRequest
from core.business_date import business_date
from core.idempotency.services import Answer
from customers.models import BankAccount
from lms.acts.submitting import loans_lock
from lms.models import Loan
from payments.api.rows import row_of
from payments.api.views import PayoutSerializer, payout_id_of, payout_shown
from payments.models import PayoutKind, Rail
from payments.services.payees import proof_of
from payments.services.payout_asking import account_words, payout_effect, payout_submit, second_person_causes
from payments.services.payout_decisions import DECISIONS, PERMISSION_OF
from payments.services.payouts import PayoutOrder

_ASK = ("payments.request_payout",)
# As many as the page offers.
_SHOWN = 10
_WORDS = {
    "look": "Ask the vendor now what became of a payout; nothing is sent.",
    "retry": "Let a parked payout go on where it stopped; the vendor is asked before anything is sent.",
    "park": "Stop a payout before its next step until somebody decides.",
    "bank": "Note that the bank was asked, and park the payout until it answers.",
    "cancel": "Cancel a payout of which nothing was sent: the loan is as before.",
}


class PayeeSerializer(serializers.Serializer[Any]):
    """An account of a borrower, and what was proven of it."""

    bank_account = serializers.IntegerField(help_text="What a payout names it by.")
    account = serializers.CharField(help_text="Last digits and branch.")
    is_primary = serializers.BooleanField()
    is_proven = serializers.BooleanField()
    is_refused = serializers.BooleanField()
    is_in_review = serializers.BooleanField(help_text="Whose name it is in is in doubt.")
    problem = serializers.CharField(allow_blank=True)


class PayoutInput(ReasonInput):
    """Money that is to go to one of the borrower's own accounts."""

    loan: serializers.SlugRelatedField[Loan] = serializers.SlugRelatedField(
        slug_field="number", queryset=Loan.objects.all(), help_text="Number of the loan."
    )
    kind = serializers.ChoiceField(choices=PayoutKind.choices)
    bank_account: serializers.PrimaryKeyRelatedField[BankAccount] = serializers.PrimaryKeyRelatedField(
        queryset=BankAccount.objects.all(), help_text="As `/loans/{number}/payees/` names it."
    )
    amount_paise = serializers.IntegerField(help_text="In paise.")
    rail = serializers.ChoiceField(
        choices=Rail.choices, required=False, help_text="The fastest that takes the amount when it is not given."
    )


class PayeesView(StaffView):
    """Accounts of a borrower."""

    permissions = _ASK

    @extend_schema(operation_id="loan_payees_list", responses=PayeeSerializer(many=True))
    def get(self, request: Request, number: str) -> Response:
        """List the accounts that a payout on a loan may go to, the primary one first."""
        loan = row_of(Loan.objects.all(), number=number)
        rows = BankAccount.objects.filter(customer_id=loan.customer_id).select_related("customer")
        shown = [_payee(row) for row in rows.order_by("-is_primary", "-pk")[:_SHOWN]]
        return Response(PayeeSerializer(shown, many=True).data)


class PayoutAskView(KeyedView):
    """A new payout."""

    permissions = _ASK

    @extend_schema(
        operation_id="payouts_ask",
        request=PayoutInput,
        responses={
            201: OpenApiResponse(PayoutSerializer, "It is under way."),
            202: OpenApiResponse(WaitingSerializer, "A second person has to let it happen."),
        },
    )
    def post(self, request: Request) -> Response:
        """Ask for a payout, or ask a second person for it where the rules of the day want one."""
        if (repeat := self.earlier()) is not None:
            return repeat
        order = _order(self.sent(PayoutInput), actor=self.actor(), key=self.service_key())
        # Read before the transaction begins, whose first statements are the locks.
        lock = loans_lock(loan_ids=[order.loan_id])

        def ask() -> Answer:
            lock()
            outcome = payout_submit(order=order)
            if isinstance(outcome, ApprovalRequest):
                return waiting_answer(outcome)
            return Answer(status_code=201, body=payout_shown(outcome.number))

        return self.once(ask)


class PayoutAskPreviewView(StaffView):
    """What a payout would do."""

    permissions = _ASK
    is_question = True

    @extend_schema(operation_id="payouts_ask_preview", request=PayoutInput, responses=EffectSerializer)
    def post(self, request: Request) -> Response:
        """Tell rail, vendor, account and what it does to the loan, and why a second person would be needed."""
        order = _order(self.sent(PayoutInput), actor=self.actor(), key=uuid4().hex)
        effect = payout_effect(order=order)
        return Response({"effect": effect, "approval_reasons": list(second_person_causes(order=order))})


class PayoutDecisionView(KeyedView):
    """A decision about a payout that is under way."""

    decision: ClassVar[str]

    def post(self, request: Request, number: str) -> Response:
        """Decide, once for each key."""
        payout_id, sent = payout_id_of(number), self.sent(ReasonInput)

        def decide() -> Answer:
            DECISIONS[self.decision](payout_id=payout_id, actor=self.actor(), **sent)
            return Answer(status_code=200, body=payout_shown(number))

        return self.once(decide)


def decision_paths() -> Iterator[URLPattern]:
    """Make an address for each thing that may be decided about a payout."""
    for decision, permission in PERMISSION_OF.items():
        common = {"decision": decision, "permissions": (permission,)}
        view: Any = type(f"Payout{decision.capitalize()}View", (PayoutDecisionView,), common)
        post = extend_schema(
            operation_id=f"payouts_{decision}",
            description=_WORDS[decision],
            request=ReasonInput,
            responses=PayoutSerializer,
        )
        described = extend_schema_view(post=post)(view)
        yield path(f"payouts/<str:number>/{decision}/", described.as_view(), name=f"api-payout-{decision}")


def _payee(row: BankAccount) -> dict[str, Any]:
    proof = proof_of(bank_account=row, today=business_date())
    return {
        "bank_account": row.pk,
        "account": account_words(row),
        "is_primary": row.is_primary,
        "is_proven": proof.is_proven,
        "is_refused": proof.is_refused,
        "is_in_review": proof.is_in_review,
        "problem": proof.problem,
    }


def _order(sent: dict[str, Any], *, actor: Any, key: str) -> PayoutOrder:
    return PayoutOrder(
        kind=PayoutKind(sent["kind"]),
        loan_id=sent["loan"].pk,
        bank_account_id=sent["bank_account"].pk,
        amount_paise=sent["amount_paise"],
        rail=Rail(sent["rail"]) if "rail" in sent else None,
        reason=sent["reason"],
        actor=actor,
        idempotency_key=key,
    )
