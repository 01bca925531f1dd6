"""Endpoints of the books."""

from datetime import date
from typing import Any

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.approvals import ApprovalSerializer
from core.api.views import KeyedView, PagedView, StaffView
from core.approvals.services import approval_request
from core.business_date import business_date
from core.dates import financial_year
from core.idempotency.services import Answer
from core.reasons.services import reason_code_check
from ledger.api import serializers as forms
from ledger.approvals import MANUAL_JOURNAL, voucher_payload
from ledger.models import Account, Journal
from ledger.selectors import (
    AccountStatement,
    Question,
    StatementCursor,
    account_statement,
    balance_sheet,
    profit_and_loss,
    trial_balance,
)
from ledger.services import ManualJournal, ManualLine

_ACCOUNTS = ("ledger.view_account",)
_JOURNALS = ("ledger.view_journal",)
_ACT = "manual-journal"


class AccountsView(PagedView):
    """The chart."""

    permissions = _ACCOUNTS

    @extend_schema(operation_id="accounts_list", responses=forms.AccountSerializer(many=True))
    def get(self, request: Request) -> Response:
        """List the accounts, latest first."""
        return self.page(Account.objects.all(), forms.AccountSerializer)


class TrialBalanceView(StaffView):
    """The trial balance."""

    permissions = _ACCOUNTS

    @extend_schema(
        operation_id="trial_balance_read",
        parameters=[forms.TrialBalanceQuery],
        responses=forms.TrialBalanceSerializer,
    )
    def get(self, request: Request) -> Response:
        """Show every account that moved, as of any day and as known at any instant."""
        query = self.query(forms.TrialBalanceQuery)
        found = trial_balance(as_of=query.validated_data.get("as_of"), **query.question())
        return Response(forms.TrialBalanceSerializer(found).data)


class ProfitAndLossView(StaffView):
    """Profit and loss."""

    permissions = _ACCOUNTS

    @extend_schema(
        operation_id="profit_and_loss_read", parameters=[forms.ReportQuery], responses=forms.ProfitAndLossSerializer
    )
    def get(self, request: Request) -> Response:
        """Show income and expenses of some days by product, as known at any instant."""
        query, today = self.query(forms.ReportQuery), business_date()
        asked = query.validated_data
        question = Question(
            from_date=asked.get("from_date") or financial_year(today).first_day,
            to_date=asked.get("to_date") or today,
            **query.question(),
        )
        return Response(forms.ProfitAndLossSerializer(profit_and_loss(question=question)).data)


class BalanceSheetView(StaffView):
    """Balance sheet."""

    permissions = _ACCOUNTS

    @extend_schema(
        operation_id="balance_sheet_read", parameters=[forms.BalanceSheetQuery], responses=forms.BalanceSheetSerializer
    )
    def get(self, request: Request) -> Response:
        """Show assets and the claims on them at the end of a day by product, as known at any instant."""
        query = self.query(forms.BalanceSheetQuery)
        question = Question(to_date=query.validated_data.get("as_of") or business_date(), **query.question())
        return Response(forms.BalanceSheetSerializer(balance_sheet(question=question)).data)


class AccountStatementView(StaffView):
    """Statement of an account."""

    permissions = _ACCOUNTS

    @extend_schema(
        operation_id="account_statement_read",
        parameters=[forms.StatementQuery],
        responses=forms.StatementSerializer,
    )
    def get(self, request: Request, code: str) -> Response:
        """Show what moved an account, line by line, with the balance after each."""
        account = Account.objects.filter(code=code).first()
        if account is None:
            raise NotFound
        query = self.query(forms.StatementQuery)
        asked = query.validated_data
        found = account_statement(
            account=account,
            from_date=asked.get("from_date"),
            to_date=asked.get("to_date"),
            limit=asked["limit"],
            after=_cursor(asked.get("after")),
            **query.question(),
        )
        return Response(forms.StatementSerializer(_page(account, found)).data)


class JournalsView(PagedView):
    """Journals."""

    permissions = _JOURNALS

    @extend_schema(
        operation_id="journals_list",
        parameters=[forms.JournalsQuery],
        responses=forms.JournalSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        """List journals, latest first."""
        return self.page(Journal.objects.filter(**self.asked(forms.JournalsQuery)), forms.JournalSerializer)


class JournalView(StaffView):
    """One journal."""

    permissions = _JOURNALS

    @extend_schema(operation_id="journals_read", responses=forms.JournalDetailSerializer)
    def get(self, request: Request, journal_id: int) -> Response:
        """Show a journal with its transfers."""
        rows = Journal.objects.prefetch_related("transfers__debit_account", "transfers__credit_account")
        journal = rows.filter(pk=journal_id).first()
        if journal is None:
            raise NotFound
        return Response(forms.JournalDetailSerializer(journal).data)


class ManualJournalsView(KeyedView):
    """Journals by hand."""

    permissions = ("ledger.request_manual_journal",)

    @extend_schema(
        operation_id="manual_journals_request",
        request=forms.ManualJournalInput,
        responses={202: OpenApiResponse(ApprovalSerializer, "A second person has to approve it.")},
    )
    def post(self, request: Request) -> Response:
        """Ask for a journal by hand; a second person approves it."""
        sent = self.sent(forms.ManualJournalInput)
        voucher = ManualJournal(
            lines=tuple(ManualLine(**line) for line in sent["lines"]),
            value_date=sent["value_date"],
            narration=sent["narration"],
            product_code=sent["product_code"],
        )

        def ask() -> Answer:
            reason_code_check(act=_ACT, code=sent["reason_code"], on_date=business_date())
            waiting = approval_request(
                kind=MANUAL_JOURNAL,
                payload=voucher_payload(voucher=voucher, reason=f"{sent['reason_code']}: {sent['reason']}"),
                reason=sent["reason"],
                actor=self.actor(),
                idempotency_key=self.service_key(),
            )
            return Answer(status_code=202, body=dict(ApprovalSerializer(waiting).data))

        return self.once(ask)


def _cursor(text: str | None) -> StatementCursor | None:
    if text is None:
        return None
    day, _, transfer_id = text.partition(":")
    try:
        return StatementCursor(date.fromisoformat(day), int(transfer_id))
    except ValueError:
        raise ValidationError({"after": ["This is no page."]}) from None


def _page(account: Account, found: AccountStatement) -> dict[str, Any]:
    following = found.next_page
    return {
        "account": account.code,
        "opening_paise": found.opening_paise,
        "lines": found.lines,
        "closing_paise": found.closing_paise,
        "next_page": f"{following.on_date.isoformat()}:{following.transfer_id}" if following else None,
    }
