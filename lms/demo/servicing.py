"""A few settlements in parts, freezes, quotes and a rate change to come, so that their pages have something to show."""

from datetime import date, timedelta
from decimal import Decimal

from lms.engine.state import LoanStatus
from lms.models import Loan, Product, RateChoice
from lms.services.benchmarks import benchmark_create, benchmark_rate_publish, product_benchmark_set
from lms.services.freezes import customer_freeze, loan_freeze
from lms.services.quotes import quote_make
from lms.services.rate_campaigns import rate_campaign_announce, rate_campaign_create, rate_campaign_prepare
from lms.services.settlement_plans import PartTerm, settlement_plan_agree

_LATE_DAYS = 60
# Working a loan out takes some milliseconds: the demo shows a product with few loans.
_LOANS_MAX = 60


def servicing_fill(*, today: date) -> int:
    """Act on some loans of the demo lender as of the business date.

    Returns:
        How many loans were acted on.
    """
    running = Loan.objects.filter(status=LoanStatus.ACTIVE).order_by("pk")
    late = list(running.filter(days_past_due__gt=_LATE_DAYS)[:3])
    for number, loan in enumerate(late[:2]):
        half = loan.principal_outstanding_paise // 4
        settlement_plan_agree(
            loan_id=loan.pk,
            parts=[
                PartTerm(due_date=today + timedelta(days=days), amount_paise=half)
                for days in ((15, 45), (30, 150))[number]
            ],
            value_date=today,
            idempotency_key=f"demo-plan-{loan.pk}",
            reason="The borrower is in hardship",
        )
    for loan in late[2:]:
        loan_freeze(
            loan_id=loan.pk,
            effects=["DISBURSAL", "REFUND"],
            reason="Court order on the account",
            idempotency_key=f"demo-freeze-{loan.pk}",
        )
    good = list(running.filter(days_past_due=0, disbursed_on__isnull=False)[:3])
    for loan in good[:2]:
        quote_make(loan_id=loan.pk, idempotency_key=f"demo-quote-{loan.pk}", reason="Asked for by telephone")
    for loan in good[2:]:
        customer_freeze(
            customer_id=loan.customer_id,
            effects=["CONTACT"],
            until_date=today + timedelta(days=14),
            reason="Bereavement in the family",
            idempotency_key="demo-quiet",
        )
    _rates(today)
    return len(late) + len(good)


def _rates(today: date) -> None:
    """Let the first product float from today on, and announce a change for the product with the fewest loans."""
    repo = benchmark_create(code="REPO", name="Policy repo rate", reason="Benchmark of floating loans")
    benchmark_rate_publish(
        benchmark=repo,
        effective_from=date(2025, 12, 5),
        rate_pct=Decimal("5.25"),
        source="RBI, resolution of the Monetary Policy Committee",
        reason="Benchmark of floating loans",
    )
    products = list(Product.objects.filter(is_line=False).order_by("pk"))
    product_benchmark_set(
        product=products[0],
        benchmark=repo,
        effective_from=today + timedelta(days=1),
        default_choice=RateChoice.EMI,
        reason="Floating from tomorrow on",
    )
    counted = [(Loan.objects.filter(product_code=product.code).count(), product) for product in products]
    count, product = min(counted, key=lambda pair: (pair[0], pair[1].pk))
    if 0 < count <= _LOANS_MAX:
        campaign = rate_campaign_create(
            product=product,
            delta_pct=Decimal("-0.5"),
            effective_date=today + timedelta(days=45),
            reason="Lower cost of funds",
            idempotency_key="demo-rates",
        )
        rate_campaign_prepare(campaign_id=campaign.pk)
        rate_campaign_announce(campaign_id=campaign.pk)
