"""Endpoints that read loans and products."""

from datetime import date
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.views import PagedView, StaffView
from core.approvals.models import ApprovalRequest, ApprovalState
from core.business_date import business_date
from lms.api import queries
from lms.api import serializers as forms
from lms.engine.errors import EngineRefusal
from lms.engine.state import LoanState
from lms.errors import refusal_of
from lms.models import Loan, Product
from lms.search import loan_by_number
from lms.selectors import loan_facts, loan_state_as_of, loan_statement
from lms.services.foreclosures import foreclosure_quote

_SEE = ("lms.view_loan",)
_UNLISTED = ("terms", "accrual_lines", "booked", "booked_with_batch")


class LoansView(PagedView):
    """Loans."""

    permissions = _SEE

    @extend_schema(
        operation_id="loans_list", parameters=[queries.LoansQuery], responses=forms.LoanSummarySerializer(many=True)
    )
    def get(self, request: Request) -> Response:
        """List loans, latest first."""
        rows = (
            Loan.objects.filter(**self.query(queries.LoansQuery).condition())
            .select_related("customer")
            .defer(*_UNLISTED)
        )
        return self.page(rows, forms.LoanSummarySerializer)


class LoanView(StaffView):
    """One loan."""

    permissions = _SEE

    @extend_schema(operation_id="loans_read", parameters=[queries.MomentQuery], responses=forms.LoanDetailSerializer)
    def get(self, request: Request, number: str) -> Response:
        """Show a loan as of any day, as known at any instant."""
        loan = loan_of(number)
        asked = self.asked(queries.MomentQuery)
        waiting = ApprovalRequest.objects.filter(
            subject_type=Loan._meta.label_lower, subject_id=loan.pk, state=ApprovalState.PENDING
        )
        shown = {
            "loan": loan,
            "terms": loan.terms,
            "state": state_of(loan, **asked),
            "known_at": asked.get("known_at"),
            "waiting_requests": waiting.order_by("pk").values_list("pk", flat=True),
        }
        return Response(forms.LoanDetailSerializer(shown).data)


class ScheduleView(StaffView):
    """Schedule of a loan."""

    permissions = _SEE

    @extend_schema(
        operation_id="loan_schedule_read", parameters=[queries.MomentQuery], responses=forms.ScheduleSerializer
    )
    def get(self, request: Request, number: str) -> Response:
        """Show the schedule as it stands, or stood, with what is paid and open."""
        loan = loan_of(number)
        state = state_of(loan, **self.asked(queries.MomentQuery))
        shown = {"loan": loan.number, "as_of": state.as_of, "instalments": state.instalments}
        return Response(forms.ScheduleSerializer(shown).data)


class StatementView(StaffView):
    """Statement of a loan."""

    permissions = _SEE

    @extend_schema(
        operation_id="loan_statement_read",
        parameters=[queries.StatementQuery],
        responses=forms.LoanStatementSerializer,
    )
    def get(self, request: Request, number: str) -> Response:
        """Show the entries that stand, how each was applied, and the balance after its day."""
        loan = loan_of(number)
        asked = {"from_date": None, "to_date": business_date(), **self.asked(queries.StatementQuery)}
        try:
            lines = loan_statement(loan=loan, **asked)
        except EngineRefusal as refusal:
            raise refusal_of(refusal) from refusal
        return Response(forms.LoanStatementSerializer({"loan": loan.number, "lines": lines, **asked}).data)


class FactsView(PagedView):
    """Entries of a loan."""

    permissions = _SEE

    @extend_schema(
        operation_id="loan_facts_list", parameters=[queries.KnownQuery], responses=forms.FactSerializer(many=True)
    )
    def get(self, request: Request, number: str) -> Response:
        """List the entries, latest recorded first."""
        rows = loan_facts(loan=loan_of(number), **self.asked(queries.KnownQuery))
        return self.page(rows, forms.FactSerializer)


class QuoteView(StaffView):
    """Price of closing a loan."""

    permissions = _SEE

    @extend_schema(
        operation_id="loan_foreclosure_quote_read", parameters=[queries.QuoteQuery], responses=forms.QuoteSerializer
    )
    def get(self, request: Request, number: str) -> Response:
        """Tell what closes the loan on a day; nothing is written."""
        asked = self.asked(queries.QuoteQuery)
        quote = foreclosure_quote(loan=loan_of(number), on_date=asked.get("on_date") or business_date())
        return Response(forms.QuoteSerializer(quote).data)


class StoredQuotesView(PagedView):
    """Foreclosure quotes that were given out."""

    permissions = _SEE

    @extend_schema(operation_id="loan_quotes_list", responses=forms.StoredQuoteSerializer(many=True))
    def get(self, request: Request, number: str) -> Response:
        """List the quotes of a loan, latest first; the act `quote` makes one, `quote-pay` closes the loan by it."""
        return self.page(loan_of(number).quotes.select_related("loan"), forms.StoredQuoteSerializer)


class ProductsView(PagedView):
    """Products."""

    permissions = ("lms.view_product",)

    @extend_schema(operation_id="products_list", responses=forms.ProductSerializer(many=True))
    def get(self, request: Request) -> Response:
        """List products, latest first."""
        return self.page(Product.objects.all(), forms.ProductSerializer)


class ProductView(StaffView):
    """One product."""

    permissions = ("lms.view_product",)

    @extend_schema(operation_id="products_read", responses=forms.ProductDetailSerializer)
    def get(self, request: Request, code: str) -> Response:
        """Show a product with its versions."""
        product = Product.objects.prefetch_related("versions").filter(code=code).first()
        if product is None:
            raise NotFound
        return Response(forms.ProductDetailSerializer(product).data)


def loan_of(number: str) -> Loan:
    """Return the loan with a number, ours or that of the book it came from.

    Raises:
        NotFound: there is none.
    """
    loan = loan_by_number(number=number)
    if loan is None:
        raise NotFound
    return loan


def state_of(loan: Loan, *, as_of: date | None = None, **known: Any) -> LoanState:
    """Return the loan on a day, by default the day that its row shows.

    Raises:
        FactRefused: the entries known then do not make an account.
    """
    try:
        return loan_state_as_of(loan=loan, as_of=as_of or loan.as_of or business_date(), **known)
    except EngineRefusal as refusal:
        raise refusal_of(refusal) from refusal
