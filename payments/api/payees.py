"""Endpoints of accounts that money may be paid to: what was proven of each, names in doubt, and a new proof."""

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.inputs import ReasonInput
from core.api.views import KeyedView, PagedView, StaffView
from core.idempotency.services import Answer
from customers.models import BankAccount
from payments.api.rows import row_of, rows_of
from payments.models import CheckState, NameBand, PayeeCheck, ProofJob
from payments.services.payees import check_decide, proof_request
from payments.services.payout_asking import account_words

_SEE = ("payments.view_payeecheck",)
_SAME, _OTHER = "same", "other"


class CheckSerializer(serializers.ModelSerializer[PayeeCheck]):
    """A question to a vendor about an account; whom the bank names as its holder is read on its page."""

    customer = serializers.CharField(source="bank_account.customer.number")
    bank_account = serializers.IntegerField(source="bank_account_id")
    account = serializers.SerializerMethodField(help_text="Last digits and branch.")
    vendor = serializers.CharField(source="vendor.code", default=None, allow_null=True)
    operation = serializers.CharField()
    state = serializers.CharField()
    band = serializers.CharField(help_text="Whether the names fit: PASS, REVIEW (somebody has to look), REJECT.")
    degree = serializers.CharField()
    address = serializers.SerializerMethodField()

    class Meta:
        model = PayeeCheck
        fields = (
            "id",
            "customer",
            "bank_account",
            "account",
            "vendor",
            "operation",
            "state",
            "band",
            "degree",
            "score",
            "reason",
            "our_reference",
            "asked_at",
            "answered_at",
            "valid_until",
            "address",
        )

    def get_account(self, check: PayeeCheck) -> str:
        """Name the account without telling it."""
        return account_words(check.bank_account)

    def get_address(self, check: PayeeCheck) -> str:
        """Return where the check is read."""
        return reverse("api-payee-check", args=[check.pk])


class ProofJobSerializer(serializers.ModelSerializer[ProofJob]):
    """An account that is being proven."""

    customer = serializers.CharField(source="bank_account.customer.number")
    bank_account = serializers.IntegerField(source="bank_account_id")
    account = serializers.SerializerMethodField(help_text="Last digits and branch.")

    class Meta:
        model = ProofJob
        fields = ("id", "customer", "bank_account", "account", "requested_at", "done_at", "problem")

    def get_account(self, job: ProofJob) -> str:
        """Name the account without telling it."""
        return account_words(job.bank_account)


class ChecksQuery(serializers.Serializer[Any]):
    """Which checks."""

    band = serializers.ChoiceField(
        choices=[band.value for band in NameBand if band], required=False, help_text="REVIEW: names in doubt."
    )
    state = serializers.ChoiceField(choices=CheckState.values, required=False)
    customer = serializers.CharField(max_length=32, required=False, help_text="Number of the customer.")


class CheckDecisionInput(ReasonInput):
    """Whether two names are one person's."""

    decision = serializers.ChoiceField(
        choices=[(_SAME, "the borrower's own"), (_OTHER, "somebody else's")], help_text="Whose account it is."
    )


class ProveInput(serializers.Serializer[Any]):
    """The account to be proven."""

    bank_account: serializers.PrimaryKeyRelatedField[BankAccount] = serializers.PrimaryKeyRelatedField(
        queryset=BankAccount.objects.select_related("customer"), help_text="As `bank_account` of a check names it."
    )


class ChecksView(PagedView):
    """Checks of accounts."""

    permissions = _SEE

    @extend_schema(operation_id="payee_checks_list", parameters=[ChecksQuery], responses=CheckSerializer(many=True))
    def get(self, request: Request) -> Response:
        """List checks, latest first; the latest answer counts until its day."""
        asked = self.asked(ChecksQuery)
        return self.page(rows_of(_checks(), asked, customer="bank_account__customer__number"), CheckSerializer)


class CheckView(StaffView):
    """One check."""

    permissions = _SEE

    @extend_schema(operation_id="payee_checks_read", responses=CheckSerializer)
    def get(self, request: Request, check_id: int) -> Response:
        """Show what a check has found."""
        return Response(CheckSerializer(row_of(_checks(), pk=check_id)).data)


class CheckDecideView(KeyedView):
    """A name in doubt."""

    permissions = ("payments.decide_payeecheck",)

    @extend_schema(operation_id="payee_checks_decide", request=CheckDecisionInput, responses=CheckSerializer)
    def post(self, request: Request, check_id: int) -> Response:
        """Accept or reject an account whose holder's name is in doubt; payouts that waited for it go on."""
        sent = self.sent(CheckDecisionInput)
        row_of(_checks(), pk=check_id)

        def decide() -> Answer:
            is_same = sent["decision"] == _SAME
            check_decide(check_id=check_id, is_same_person=is_same, actor=self.actor(), reason=sent["reason"])
            return Answer(status_code=200, body=dict(CheckSerializer(row_of(_checks(), pk=check_id)).data))

        return self.once(decide)


class ProveView(KeyedView):
    """A new proof."""

    permissions = ("payments.add_proofjob",)

    @extend_schema(operation_id="payee_checks_prove", request=ProveInput, responses={201: ProofJobSerializer})
    def post(self, request: Request) -> Response:
        """Ask for a new proof of an account; one that is being proven is not asked for twice."""
        account: BankAccount = self.sent(ProveInput)["bank_account"]

        def prove() -> Answer:
            job = proof_request(bank_account=account, actor=self.actor())
            return Answer(status_code=201, body=dict(ProofJobSerializer(job).data))

        return self.once(prove)


def _checks() -> QuerySet[PayeeCheck]:
    return PayeeCheck.objects.select_related("bank_account__customer", "vendor")
