"""Endpoints of accounts of loans: open and close one, and say who may pay into it."""

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
from lms.acts.submitting import loans_lock
from lms.models import Loan
from payments.api.rows import row_of, rows_of
from payments.models import AccountState, AllowedPayer, VirtualAccount
from payments.services.virtual_accounts import (
    payer_allow,
    payer_remove,
    virtual_account_close,
    virtual_account_request,
)

_SEE = ("payments.view_virtualaccount",)
_MANAGE = ("payments.manage_virtualaccount",)


class VirtualAccountSerializer(serializers.ModelSerializer[VirtualAccount]):
    """An account number of a loan's own: whatever is credited there is that loan's."""

    loan = serializers.CharField(source="loan.number")
    vendor = serializers.CharField(source="vendor.code", default=None, allow_null=True)
    state = serializers.CharField()
    address = serializers.SerializerMethodField()

    class Meta:
        model = VirtualAccount
        fields = (
            "id",
            "loan",
            "vendor",
            "state",
            "account_number",
            "ifsc",
            "problem",
            "requested_at",
            "closed_at",
            "address",
        )

    def get_address(self, account: VirtualAccount) -> str:
        """Return where the account is read."""
        return reverse("api-virtual-account", args=[account.pk])


class PayerSerializer(serializers.ModelSerializer[AllowedPayer]):
    """An account that may pay, by its last digits."""

    is_live = serializers.SerializerMethodField(help_text="It may pay now.")
    added_by = serializers.CharField(source="added_by.username", default=None, allow_null=True)

    class Meta:
        model = AllowedPayer
        fields = ("id", "label", "last_digits", "ifsc", "is_live", "added_by", "added_at", "ended_at")

    def get_is_live(self, payer: AllowedPayer) -> bool:
        """Tell whether it may pay now."""
        return payer.is_live is True


class AccountDetailSerializer(serializers.Serializer[Any]):
    """An account, and who may pay into it; while nobody is listed, everybody may."""

    account = VirtualAccountSerializer()
    payers = PayerSerializer(many=True)


class AccountsQuery(serializers.Serializer[Any]):
    """Which accounts."""

    state = serializers.ChoiceField(choices=AccountState.values, required=False)
    loan = serializers.CharField(max_length=32, required=False, help_text="Number of the loan.")


class AccountInput(serializers.Serializer[Any]):
    """The loan that gets an account."""

    loan: serializers.SlugRelatedField[Loan] = serializers.SlugRelatedField(
        slug_field="number", queryset=Loan.objects.all(), help_text="Number of the loan."
    )


class PayerInput(serializers.Serializer[Any]):
    """An account that may pay; its number is kept as a fingerprint."""

    # The framework takes declared fields out of the class, so its own `label` stays what it is.
    label = serializers.CharField(  # type: ignore[assignment]  # the row calls it so
        max_length=80, help_text="Whose account: the borrower's, the employer's."
    )
    account_number = serializers.CharField(max_length=34)
    ifsc = serializers.CharField(max_length=11)


class VirtualAccountsView(PagedView):
    """Accounts of loans."""

    permissions = _SEE

    @extend_schema(
        operation_id="virtual_accounts_list",
        parameters=[AccountsQuery],
        responses=VirtualAccountSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        """List accounts of loans, latest first."""
        rows = rows_of(_accounts(), self.asked(AccountsQuery), loan="loan__number")
        return self.page(rows, VirtualAccountSerializer)


class VirtualAccountView(StaffView):
    """One account."""

    permissions = _SEE

    @extend_schema(operation_id="virtual_accounts_read", responses=AccountDetailSerializer)
    def get(self, request: Request, account_id: int) -> Response:
        """Show an account and who may pay into it."""
        return Response(_shown(account_id))


class VirtualAccountOpenView(KeyedView):
    """A new account."""

    permissions = _MANAGE

    @extend_schema(
        operation_id="virtual_accounts_open", request=AccountInput, responses={201: VirtualAccountSerializer}
    )
    def post(self, request: Request) -> Response:
        """Give a loan an account number of its own; a loan that has one keeps it, and the number follows by itself."""
        if (repeat := self.earlier()) is not None:
            return repeat
        loan: Loan = self.sent(AccountInput)["loan"]
        # Read before the transaction begins, whose first statements are the locks.
        lock = loans_lock(loan_ids=[loan.pk])

        def open_account() -> Answer:
            lock()
            account = virtual_account_request(loan_id=loan.pk, actor=self.actor())
            return Answer(status_code=201, body=dict(VirtualAccountSerializer(account).data))

        return self.once(open_account)


class VirtualAccountCloseView(KeyedView):
    """An account that is closed."""

    permissions = _MANAGE

    @extend_schema(operation_id="virtual_accounts_close", request=ReasonInput, responses=AccountDetailSerializer)
    def post(self, request: Request, account_id: int) -> Response:
        """Close an account: the gateway is told, and what is paid into it afterwards waits in suspense."""
        sent = self.sent(ReasonInput)
        row_of(_accounts(), pk=account_id)

        def close() -> Answer:
            virtual_account_close(account_id=account_id, actor=self.actor(), **sent)
            return Answer(status_code=200, body=_shown(account_id))

        return self.once(close)


class PayerAllowView(KeyedView):
    """Somebody who may pay."""

    permissions = _MANAGE

    @extend_schema(operation_id="payers_allow", request=PayerInput, responses={201: AccountDetailSerializer})
    def post(self, request: Request, account_id: int) -> Response:
        """Let an account pay; from the first one on, credits of others wait in suspense."""
        sent = self.sent(PayerInput)
        row_of(_accounts(), pk=account_id)

        def allow() -> Answer:
            payer_allow(account_id=account_id, actor=self.actor(), **sent)
            return Answer(status_code=201, body=_shown(account_id))

        return self.once(allow)


class PayerRemoveView(KeyedView):
    """Somebody who may not pay any more."""

    permissions = _MANAGE

    @extend_schema(operation_id="payers_remove", request=ReasonInput, responses=AccountDetailSerializer)
    def post(self, request: Request, account_id: int, payer_id: int) -> Response:
        """Take the right to pay into an account back."""
        sent = self.sent(ReasonInput)
        row_of(AllowedPayer.objects.filter(account=account_id), pk=payer_id)

        def remove() -> Answer:
            payer_remove(payer_id=payer_id, actor=self.actor(), **sent)
            return Answer(status_code=200, body=_shown(account_id))

        return self.once(remove)


def _accounts() -> QuerySet[VirtualAccount]:
    return VirtualAccount.objects.select_related("loan", "vendor")


def _shown(account_id: int) -> dict[str, Any]:
    account = row_of(_accounts(), pk=account_id)
    payers = account.payers.select_related("added_by").order_by("pk")
    return dict(AccountDetailSerializer({"account": account, "payers": payers}).data)
