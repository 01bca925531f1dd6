"""Endpoints about customers."""

from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.views import KeyedView, PagedView, StaffView
from core.idempotency.services import Answer
from customers.api.serializers import (
    CustomerCreatedSerializer,
    CustomerDetailSerializer,
    CustomerInput,
    CustomerSerializer,
    CustomersQuery,
    SearchInput,
)
from customers.models import Customer
from customers.selectors import customer_by_number, customers_search
from customers.services import customer_create

_SEE = ("customers.view_customer",)


class CustomersView(PagedView):
    """Customers."""

    permissions = _SEE

    @extend_schema(operation_id="customers_list", parameters=[CustomersQuery], responses=CustomerSerializer(many=True))
    def get(self, request: Request) -> Response:
        """List customers, latest first."""
        return self.page(Customer.objects.filter(**self.asked(CustomersQuery)), CustomerSerializer)


class CustomerSearchView(StaffView):
    """Search."""

    permissions = _SEE
    is_question = True

    @extend_schema(operation_id="customers_search", request=SearchInput, responses=CustomerSerializer(many=True))
    def post(self, request: Request) -> Response:
        """Find customers the way that the search box does, best matches first."""
        sent = self.sent(SearchInput)
        return Response(CustomerSerializer(customers_search(**sent), many=True).data)


class CustomerCreateView(KeyedView):
    """A new customer."""

    permissions = ("customers.add_customer",)

    @extend_schema(operation_id="customers_create", request=CustomerInput, responses={201: CustomerCreatedSerializer})
    def post(self, request: Request) -> Response:
        """Create a customer; a PAN that another one has is refused."""
        sent = self.sent(CustomerInput)

        def create() -> Answer:
            customer = customer_create(actor=self.actor(), **sent)
            return Answer(status_code=201, body=dict(CustomerCreatedSerializer(customer).data))

        return self.once(create)


def customer_id_of(number: str) -> int:
    """Return the key of the customer with a number.

    Raises:
        NotFound: there is none.
    """
    customer = customer_by_number(number=number)
    if customer is None:
        raise NotFound
    return customer.pk


class CustomerView(StaffView):
    """One customer."""

    permissions = _SEE

    @extend_schema(operation_id="customers_read", responses=CustomerDetailSerializer)
    def get(self, request: Request, number: str) -> Response:
        """Show a customer; identifiers are masked."""
        customer = customer_by_number(number=number)
        if customer is None:
            raise NotFound
        return Response(CustomerDetailSerializer(customer).data)
