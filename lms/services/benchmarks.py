"""Benchmarks that floating rates follow: their values, and which loans float."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from core import audit
from core.business_date import business_date
from core.transactions import run_in_transaction
from lms.errors.servicing import BenchmarkCodeTaken, BenchmarkWithoutRate, ParametersDateTaken, ParametersInPast
from lms.models import Benchmark, BenchmarkRate, Loan, Product, ProductBenchmark, RateChoice
from lms.services.checks import reason_check
from lms.services.products import rate_clean


@dataclass(frozen=True, slots=True, kw_only=True)
class Floating:
    """How the rate of a loan follows a benchmark."""

    benchmark: Benchmark
    spread_pct: Decimal
    default_choice: RateChoice


def benchmark_create(*, code: str, name: str, reason: str, actor: User | None = None) -> Benchmark:
    """Create a benchmark; the same code and name again give the first one.

    Raises:
        BenchmarkCodeTaken: the code belongs to a benchmark of another name.
        ReasonMissing: the reason is empty.
    """
    reason_check(reason=reason, is_required=True)

    def create() -> Benchmark:
        try:
            with transaction.atomic():
                row = Benchmark.objects.create(code=code.strip().upper(), name=name.strip())
        except IntegrityError:
            row = Benchmark.objects.get(code=code.strip().upper())
            if row.name != name.strip():
                raise BenchmarkCodeTaken(benchmark=row.code) from None
            return row
        audit.record(actor=actor, action="lms.benchmark_create", obj=row, reason=reason)
        return row

    return run_in_transaction(create)


def benchmark_rate_publish(
    *,
    benchmark: Benchmark,
    effective_from: date,
    rate_pct: Decimal,
    source: str,
    reason: str,
    actor: User | None = None,
) -> BenchmarkRate:
    """Publish the value of a benchmark from a day on; the first one may begin in the past.

    Publishing moves no loan: a rate change with notice does.

    Raises:
        ParametersInPast: a value of that day would change what was known.
        ParametersDateTaken: another value begins on that day.
        RateInvalid, ReasonMissing: the input is wrong.
    """
    reason_check(reason=reason, is_required=True)
    rate = rate_clean(rate_pct=rate_pct)
    is_first = not benchmark.rates.exists()
    if effective_from < (today := business_date()) and not is_first:
        raise ParametersInPast(effective_from=effective_from, business_date=today)

    def publish() -> BenchmarkRate:
        try:
            with transaction.atomic():
                row = BenchmarkRate.objects.create(
                    benchmark=benchmark,
                    effective_from=effective_from,
                    rate_pct=rate,
                    source=source.strip(),
                    published_by=actor,
                )
        except IntegrityError as error:
            raise ParametersDateTaken(effective_from=effective_from) from error
        detail = {"effective_from": effective_from.isoformat(), "rate_pct": str(rate), "benchmark": benchmark.code}
        audit.record(actor=actor, action="lms.benchmark_rate_publish", obj=row, reason=reason, detail=detail)
        return row

    return run_in_transaction(publish)


def product_benchmark_set(
    *,
    product: Product,
    benchmark: Benchmark | None,
    effective_from: date,
    default_choice: RateChoice,
    reason: str,
    actor: User | None = None,
) -> ProductBenchmark:
    """Let loans of a product that are sanctioned from a day on float with a benchmark, or with none.

    Raises:
        ParametersInPast: loans sanctioned since that day would change.
        ParametersDateTaken: another row begins on that day.
        BenchmarkWithoutRate: the benchmark has no value on that day, so no spread would follow.
    """
    reason_check(reason=reason, is_required=True)
    today = business_date()
    if effective_from < today and Loan.objects.filter(product_code=product.code).exists():
        raise ParametersInPast(effective_from=effective_from, business_date=today)
    if benchmark is not None:
        benchmark_value(benchmark=benchmark, on_date=effective_from)

    def publish() -> ProductBenchmark:
        try:
            with transaction.atomic():
                row = ProductBenchmark.objects.create(
                    product=product,
                    benchmark=benchmark,
                    effective_from=effective_from,
                    default_choice=RateChoice(default_choice),
                    published_by=actor,
                )
        except IntegrityError as error:
            raise ParametersDateTaken(effective_from=effective_from) from error
        detail = {"effective_from": effective_from.isoformat(), "benchmark": benchmark.code if benchmark else ""}
        audit.record(actor=actor, action="lms.product_benchmark_set", obj=row, reason=reason, detail=detail)
        return row

    return run_in_transaction(publish)


def benchmark_value(*, benchmark: Benchmark, on_date: date) -> Decimal:
    """Return the value of a benchmark on a day, in per cent a year.

    Raises:
        BenchmarkWithoutRate: none was in force.
    """
    row = benchmark.rates.filter(effective_from__lte=on_date).order_by("-effective_from").first()
    if row is None:
        raise BenchmarkWithoutRate(benchmark=benchmark.code, on_date=on_date)
    return row.rate_pct


def floating_of(*, loan: Loan) -> Floating | None:
    """Return how a loan floats: by what its product said on the day of the sanction; None for a fixed rate.

    Raises:
        BenchmarkWithoutRate: the benchmark had no value on that day.
    """
    row = (
        ProductBenchmark.objects.filter(product__code=loan.product_code, effective_from__lte=loan.sanctioned_on)
        .select_related("benchmark")
        .order_by("-effective_from")
        .first()
    )
    if row is None or row.benchmark is None:
        return None
    value = benchmark_value(benchmark=row.benchmark, on_date=loan.sanctioned_on)
    return Floating(
        benchmark=row.benchmark,
        spread_pct=loan.annual_rate_pct - value,
        default_choice=RateChoice(row.default_choice),
    )
