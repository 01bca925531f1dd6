"""The one search box: customers and loans by whatever staff have at hand."""

from dataclasses import dataclass

from django.db.models import Q

from customers.models import Customer
from customers.selectors import customers_search
from lms.lines import line_by_number
from lms.models import CreditLine, Loan, LoanFact

_LIMIT = 20
_LOANS_LIMIT = 60


@dataclass(frozen=True, slots=True)
class FoundCustomer:
    """A customer with the loans to show below the name."""

    customer: Customer
    loans: tuple[Loan, ...]


@dataclass(frozen=True, slots=True)
class SearchResult:
    """What a text was found in; `exact_loan` and `exact_line` when it is the number of one loan or credit line."""

    customers: tuple[FoundCustomer, ...]
    references: tuple[LoanFact, ...]
    exact_loan: Loan | None
    exact_line: CreditLine | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing was found."""
        exact = self.exact_loan or self.exact_line
        return not self.customers and not self.references and exact is None


def search_everything(*, text: str, limit: int = _LIMIT) -> SearchResult:
    """Find customers by name, phone, PAN or number, loans by number, external number or bank reference, and
    credit lines by number.

    Args:
        text: what was typed; outer spaces do not count.
        limit: how many customers, and how many bank references, at most.
    """
    wanted = text.strip()
    exact = loan_by_number(number=wanted)
    if not wanted or exact is not None:
        return SearchResult((), (), exact)
    if (line := line_by_number(number=wanted)) is not None:
        return SearchResult((), (), None, line)
    facts = LoanFact.objects.filter(reference=wanted).select_related("loan__customer").order_by("-pk")[:limit]
    return SearchResult(_with_loans(wanted, limit), tuple(facts), None)


def loan_by_number(*, number: str) -> Loan | None:
    """Return the loan with exactly this number, ours or that of the book it came from."""
    if not number:
        return None
    return Loan.objects.filter(Q(number=number.upper()) | Q(external_reference=number)).order_by("pk").first()


def _with_loans(text: str, limit: int) -> tuple[FoundCustomer, ...]:
    """Return the customers that a text finds, those of loans whose numbers begin with it last, each with loans."""
    customers = {customer.pk: customer for customer in customers_search(text=text, limit=limit)}
    if len(customers) < limit and " " not in text and any(character.isdigit() for character in text):
        first = text.upper()
        # A range finds the place in the index on every database; LIKE does not on SQLite.
        begun = Loan.objects.filter(number__gte=first, number__lt=f"{first[:-1]}{chr(ord(first[-1]) + 1)}")
        for loan in begun.select_related("customer").order_by("number")[: limit - len(customers)]:
            customers.setdefault(loan.customer_id, loan.customer)
    loans: dict[int, list[Loan]] = {key: [] for key in customers}
    for loan in Loan.objects.filter(customer_id__in=customers).order_by("-pk")[:_LOANS_LIMIT]:
        loans[loan.customer_id].append(loan)
    return tuple(FoundCustomer(customer, tuple(loans[key])) for key, customer in customers.items())
