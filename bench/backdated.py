"""A receipt that is back-dated on a long loan, through the service with its postings."""

import statistics
import time
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from functools import partial

from django.db import transaction

from bench.engine import best
from customers.services import customer_create
from lms.engine.facts import Disburse, Fact, Receive
from lms.engine.replay import replay
from lms.engine.schedule import build_schedule
from lms.engine.terms import PenalMethod
from lms.models import Loan
from lms.services.bulk import LoanDraft, loans_book_many
from lms.services.fact_rows import facts_of
from lms.services.positions import terms_of
from lms.services.products import product_create, product_version_publish, terms_for_loan
from lms.services.receipts import receipt_post
from lms.services.verification import loan_verify

BAR_MILLISECONDS = 50
INSTALMENTS = 1_825
BEFORE_DAYS = (1, 30, 365, 900)
BARRED_DAYS = 30
TRIES = 9
CODE = "DAILY"


def backdated_report(today: date) -> None:
    """Print the median time of a receipt that is back-dated by some days, on a loan of 1,825 daily instalments.

    Two loans are measured: one that is paid by the month and charged penal by the day meanwhile, which is the most
    that can happen to it, and one that was paid each week.
    """
    lives: tuple[tuple[str, dict[str, object], int], ...] = (
        ("paid weekly", {}, 7),
        ("paid monthly, penal by the day", _PENAL, 30),
    )
    for name, penal, every in lives:
        loan = _loan(today, name, penal, every)
        facts, terms = facts_of(loan_id=loan.pk), terms_of(loan=loan)
        alone = best(partial(replay, terms=terms, facts=facts, as_of=today), 5) * 1e3
        print(f"five-year daily loan, {name}: {len(facts)} entries, the replay alone {alone:.1f} ms")
        for days in BEFORE_DAYS:
            taken, spent = _measure(loan, today - timedelta(days=days))
            bar = f"bar {BAR_MILLISECONDS} ms" if days <= BARRED_DAYS else "(no bar: what it moves is written anew)"
            print(
                f"  receipt back-dated by {days:>3} days {'':<14} {taken:7.1f} ms  processor {spent:6.1f} ms  "
                f"ratio to the replay {taken / alone:5.2f}  {bar}"
            )
        wrong = loan_verify(loan=Loan.objects.get(pk=loan.pk)).differences
        print(f"  compared with its facts: {wrong[0] if wrong else 'every figure agrees'}")


_PENAL: dict[str, object] = {"penal_plan": {"method": PenalMethod.PER_DAY.value, "annual_rate_pct": "12"}}


def _measure(loan: Loan, value_date: date) -> tuple[float, float]:
    """Return the median milliseconds of the clock and of the processor; all but the last are rolled back."""
    clock, processor = [], []
    for number in range(TRIES):
        post = partial(_post, loan.pk, value_date, f"{loan.number}-{value_date.isoformat()}-{number}")
        begun = time.perf_counter(), time.process_time()
        if number < TRIES - 1:
            _rolled_back(post)
        else:
            post()
        clock.append(time.perf_counter() - begun[0])
        processor.append(time.process_time() - begun[1])
    return statistics.median(clock) * 1e3, statistics.median(processor) * 1e3


def _rolled_back(work: Callable[[], object]) -> None:
    with transaction.atomic():
        work()
        transaction.set_rollback(True)


def _post(loan_id: int, value_date: date, key: str) -> None:
    receipt_post(loan_id=loan_id, amount_paise=5_000_00, value_date=value_date, reference=key, idempotency_key=key)


def _loan(today: date, name: str, penal: dict[str, object], every: int) -> Loan:
    """Book a loan that ends in three months and was paid every so many days up to now."""
    code = f"{CODE}{every}"
    lent_on = today - timedelta(days=INSTALMENTS - 90)
    version = product_version_publish(
        product=product_create(code=code, name=f"Daily loan, {name}"),
        terms_template={"unit": "DAY", **penal},
        principal_min_paise=1_000_00,
        principal_max_paise=10_00_000_00,
        rate_min_pct=Decimal(0),
        rate_max_pct=Decimal(48),
        instalment_count_min=1,
        instalment_count_max=2_000,
        effective_from=date(2015, 1, 1),
    )
    terms = terms_for_loan(
        version=version, principal_paise=5_00_000_00, annual_rate_pct=Decimal(24), instalment_count=INSTALMENTS
    )
    due = every * build_schedule(terms=terms, start_date=lent_on)[0].due.total
    facts: list[Fact] = [Disburse(sequence=1, value_date=lent_on, amount_paise=terms.principal_paise, reference=code)]
    days = range(every, INSTALMENTS - 90, every)
    facts += [
        Receive(sequence=n, value_date=lent_on + timedelta(days=day), amount_paise=due, reference=f"{code}-{n}")
        for n, day in enumerate(days, start=2)
    ]
    draft = LoanDraft(
        key=code,
        customer_id=customer_create(full_name="Asha Verma", phone=f"97{every:08d}", state_code="MH").pk,
        product_version=version,
        terms=terms,
        sanctioned_on=lent_on,
        facts=tuple(facts),
    )
    (loan,) = loans_book_many(drafts=[draft], batch_key=code)
    return loan
