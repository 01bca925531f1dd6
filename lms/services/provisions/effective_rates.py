"""The original effective rate of loans: what the borrower pays for what he really got."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any, Final

from lms.engine.rates import NoSolutionError, apr_pct, exact_instalment
from lms.models import Loan, ProductVersion

_MILLION: Final = 10**6
_STEPS_A_YEAR: Final = {"MONTH": 12, "WEEK": 52, "YEAR": 1, "DAY": 365}
_WHOLE_BPS: Final = Decimal(1)


@dataclass(frozen=True, slots=True)
class _Plan:
    """What of a product version decides the effective rate."""

    periods_a_year: int
    fee_percent: Decimal
    fee_paise: int


class EffectiveRates:
    """Rates by product version, agreed rate, tenor and fee; each is worked out once."""

    def __init__(self) -> None:
        self._plans: dict[int, _Plan] = {}

    def of(self, *, loans: Sequence[Loan]) -> dict[int, int]:
        """Return the original effective rates of loans in basis points a year.

        Fees kept back from the disbursal, without their tax, make the rate higher than the agreed one. A loan with
        another plan than equal instalments is taken for one with them.
        """
        ids = [loan.pk for loan in loans]
        counts = dict(Loan.objects.filter(pk__in=ids).values_list("pk", "terms__instalment_count"))
        self._read({loan.product_version_id for loan in loans})
        return {loan.pk: self._rate(loan, int(counts[loan.pk])) for loan in loans}

    def _rate(self, loan: Loan, instalment_count: int) -> int:
        plan = self._plans[loan.product_version_id]
        fee = Decimal(plan.fee_paise) + loan.principal_paise * plan.fee_percent / 100
        share = int((fee * _MILLION / loan.principal_paise).to_integral_value(rounding=ROUND_HALF_UP))
        return _effective_bps(loan.annual_rate_pct, instalment_count, plan.periods_a_year, share)

    def _read(self, version_ids: set[int]) -> None:
        wanted = version_ids - self._plans.keys()
        if wanted:
            rows = ProductVersion.objects.filter(pk__in=wanted).values_list("pk", "terms_template")
            self._plans |= {pk: _plan(template) for pk, template in rows}


def _plan(template: Mapping[str, Any]) -> _Plan:
    upfront = [charge for charge in template.get("charges", ()) if charge.get("is_upfront")]
    every = int(template.get("every", 1))
    return _Plan(
        periods_a_year=max(_STEPS_A_YEAR[str(template.get("unit", "MONTH"))] // every, 1),
        fee_percent=sum((Decimal(str(charge.get("percent", "0"))) for charge in upfront), Decimal(0)),
        fee_paise=sum(int(charge.get("amount_paise", 0)) for charge in upfront),
    )


@lru_cache(maxsize=65_536)
def _effective_bps(annual_rate_pct: Decimal, instalment_count: int, periods_a_year: int, fee_millionths: int) -> int:
    """Return the rate at which the instalments are worth what was paid out, in basis points a year."""
    rate = annual_rate_pct
    if fee_millionths:
        instalment = exact_instalment(
            principal=_MILLION,
            annual_rate_pct=annual_rate_pct,
            instalment_count=instalment_count,
            periods_per_year=periods_a_year,
        )
        try:
            rate = apr_pct(
                net_disbursed=_MILLION - fee_millionths,
                instalments=[instalment] * instalment_count,
                periods_per_year=periods_a_year,
            )
        except (NoSolutionError, ValueError):
            rate = annual_rate_pct
    return int((rate * 100).quantize(_WHOLE_BPS, rounding=ROUND_HALF_UP))
