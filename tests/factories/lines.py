"""Credit lines of generated people, made and drawn on through the services."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from typing import Any

from core.business_date import business_date
from customers.models import Customer
from lms.lines import line_standings
from lms.models import CreditLine, LineFact, LineParameters, Loan, ProductVersion
from lms.services.lines.drawdowns import DrawdownTerms, line_draw
from lms.services.lines.opening import LineOffer, line_sanction
from lms.services.lines.standing import LineStanding
from lms.services.lines.verification import line_verify
from lms.services.products import product_create
from lms.services.verification import control_accounts_verify
from tests.factories.book import refused
from tests.factories.lms import make_customer, make_version, next_key

VALID_UNTIL = date(2026, 12, 31)


def make_line_version(code: str = "CL") -> ProductVersion:
    """Publish a version of a product for lines: 1,000 to 10,00,000 rupees, 0 to 48 %, no charges."""
    return make_version(product=product_create(code=code, name="Credit line", is_line=True), terms={})


def offer(**changed: Any) -> LineOffer:
    """Offer 1,00,000 rupees at 24 % until the end of 2026."""
    values: dict[str, Any] = {
        "limit_paise": 1_00_000_00,
        "annual_rate_pct": Decimal(24),
        "valid_until": VALID_UNTIL,
        "is_kyc_full": True,
        "kyc_reference": "V-CIP 1",
    }
    return LineOffer(**{**values, **changed})


def make_line(
    *, customer: Customer | None = None, version: ProductVersion | None = None, key: str | None = None, **changed: Any
) -> CreditLine:
    """Sanction a line of 1,00,000 rupees at 24 % on the business date, valid until the end of 2026."""
    return line_sanction(
        customer=customer or make_customer(),
        product_version=version or make_line_version(),
        offer=offer(**changed),
        idempotency_key=key or next_key("line"),
    )


def draw(line: CreditLine, amount_paise: int, value_date: date, *, key: str | None = None, **changed: Any) -> LineFact:
    """Draw on a line in three instalments, and read the line anew."""
    values = {"instalment_count": 3, "reference": next_key("OUT"), **changed}
    fact = line_draw(
        line_id=line.pk,
        customer_id=line.customer_id,
        drawdown=DrawdownTerms(amount_paise=amount_paise, value_date=value_date, **values),
        idempotency_key=key or next_key("draw"),
    )
    line.refresh_from_db()
    return fact


def loan_of(fact: LineFact) -> Loan:
    """Return the loan of a drawdown as it stands."""
    assert fact.loan is not None
    return Loan.objects.get(pk=fact.loan.pk)


def standing(line: CreditLine) -> LineStanding:
    """Return what is left of the line on the business date."""
    return line_standings(lines=[line], today=business_date())[line.pk]


def left(line: CreditLine) -> tuple[int, int, int]:
    """Return what is drawn, set aside and available, in paise."""
    found = standing(line)
    return found.drawn_paise, found.held_paise, found.available_paise


def assert_line_verified(line: CreditLine) -> None:
    """Check that every cache of the line is the fold of its facts, and that the ledger agrees with lines and loans."""
    line.refresh_from_db()
    found = line_verify(line=line, today=business_date())
    assert [str(difference) for difference in found.differences] == []
    assert [str(difference) for difference in control_accounts_verify()[1]] == []


@contextmanager
def line_refused(code: str) -> Iterator[None]:
    """Expect a refusal with this code, and nothing on lines or in the book changed."""
    before = _lines()
    with refused(code):
        yield
    assert _lines() == before


def _lines() -> list[list[tuple[Any, ...]]]:
    return [
        list(model._default_manager.order_by("pk").values_list()) for model in (CreditLine, LineFact, LineParameters)
    ]
