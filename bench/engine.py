"""Measured rates of the engine: `python -m bench.engine` prints each beside its bar. Processor time of one core."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import partial

import numpy as np

from lms.engine.facts import Disburse, Fact, Receive
from lms.engine.interest import rate_numerator
from lms.engine.replay import replay
from lms.engine.schedule import build_schedule
from lms.engine.terms import InterestPeriod, PenalMethod, PenalPlan, PeriodUnit, Terms
from lms.engine.vectorised import ScheduleBatch, accrued_paise, build_schedules, regular_batch

START = date(2026, 1, 15)
CHUNK = 10_000
ROWS = 24
EMI = Terms(principal_paise=1_00_000_00, annual_rate_pct=Decimal("23.5"), instalment_count=ROWS)


def main() -> None:
    """Print every rate."""
    report("scalar schedule of 24 rows", best(schedule_once, 400) * 1e6, "us", "<= 150")
    for name, product in (("days / 365", EMI), ("whole periods", replace(EMI, interest_period=WHOLE))):
        batch = random_batch(product)
        seconds = best(partial(build_schedules, batch=batch), 20)
        report(f"vectorised schedules of 24 rows, {name}", CHUNK / seconds, "a second", ">= 500,000")
    report("replay of a five-year daily loan with 60 receipts", best(daily_loan_replay(), 5) * 1e3, "ms", "< 50")
    report("accrual lines read for a day", CHUNK / best(accrual_lines(), 50), "a second", "(no bar)")


WHOLE = InterestPeriod.WHOLE_PERIODS


def best(work: Callable[[], object], repeats: int) -> float:
    """Return the least processor time of one call over several groups of calls, in seconds."""
    group = max(repeats // 10, 1)
    work()
    times = []
    for _ in range(10):
        begun = time.process_time()
        for _ in range(group):
            work()
        times.append((time.process_time() - begun) / group)
    return min(times)


def report(name: str, value: float, unit: str, bar: str) -> None:
    """Print one line."""
    print(f"{name:<52} {value:>14,.1f} {unit:<10} bar {bar}")


def schedule_once() -> object:
    """Build one schedule."""
    return build_schedule(terms=EMI, start_date=START)


def random_batch(product: Terms) -> ScheduleBatch:
    """Lay out a chunk of loans with 64 different rates, starts over two years and any principal up to 50 lakh."""
    random = np.random.default_rng(20260115)
    rates = np.array([rate_numerator(Decimal(bps) / 100) for bps in range(1000, 3560, 40)], dtype=np.int64)
    return regular_batch(
        terms=product,
        principal_paise=random.integers(5_000_00, 50_00_000_00, CHUNK),
        rate_numerator=rates[random.integers(0, len(rates), CHUNK)],
        instalment_count=np.full(CHUNK, ROWS, dtype=np.int64),
        start_dates=np.datetime64("2024-06-01") + random.integers(0, 730, CHUNK),
    )


def daily_loan_replay() -> Callable[[], object]:
    """Give a loan with 1,825 daily instalments, a receipt a month and a penal charge by the day."""
    terms = Terms(
        principal_paise=5_00_000_00,
        annual_rate_pct=Decimal(24),
        instalment_count=1825,
        unit=PeriodUnit.DAY,
        penal_plan=PenalPlan(method=PenalMethod.PER_DAY, annual_rate_pct=Decimal(12)),
    )
    monthly = 30 * build_schedule(terms=terms, start_date=START)[0].due.total
    facts: list[Fact] = [Disburse(sequence=1, value_date=START, amount_paise=terms.principal_paise)]
    days = [date(START.year + (START.month + n) // 12, (START.month + n) % 12 + 1, 15) for n in range(60)]
    facts += [Receive(sequence=n, value_date=day, amount_paise=monthly) for n, day in enumerate(days, start=2)]
    return lambda: replay(terms=terms, facts=facts, as_of=date(2031, 1, 20))


def accrual_lines() -> Callable[[], object]:
    """Give a chunk of accrual lines."""
    random = np.random.default_rng(365)
    return partial(
        accrued_paise,
        base_numerator=random.integers(0, 10**12, CHUNK),
        per_day_numerator=random.integers(0, 10**10, CHUNK),
        denominator=np.full(CHUNK, 36_500, dtype=np.int64),
        days=random.integers(0, 90, CHUNK),
    )


if __name__ == "__main__":
    main()
