"""A small lender, changes tried on it, and what really doing them gives."""

from collections.abc import Callable
from datetime import date
from typing import Any

from core.rehearsal import rehearse
from lms.acts.product_changes import version_payload
from lms.dry_runs.comparing import FIGURES
from lms.dry_runs.jobs import dry_run_create, dry_run_work
from lms.engine.terms import DueGroup
from lms.models import DryRun, DryRunKind, DryRunLoan, Loan, Product
from lms.services.day_end import day_end_run
from lms.services.rebuilds import loan_rebuild
from tests.factories.lms import next_key
from tests.factories.staff import make_staff

FIRST_DAY = date(2026, 4, 29)
Book = dict[int, tuple[list[Any], dict[str, int]]]


def version_change(*, code: str, terms: dict[str, Any], **limits: Any) -> dict[str, Any]:
    """Return the data of a request for a next version: the terms of the latest with some others."""
    product = Product.objects.get(code=code)
    latest = product.versions.order_by("-number")[0]
    names = ("principal_min_paise", "principal_max_paise", "rate_min_pct", "rate_max_pct")
    counts = ("instalment_count_min", "instalment_count_max")
    kept = {name: getattr(latest, name) for name in (*names, *counts)}
    return version_payload(
        product=product,
        terms_template={**latest.terms_template, **terms},
        limits={**kept, **limits},
        effective_from=FIRST_DAY,
        reason="Board",
    )


def tried(kind: DryRunKind, change: dict[str, Any], *, chunk_customers: int = 5) -> DryRun:
    """Try a change to the end."""
    run = dry_run_create(
        kind=kind,
        change=change,
        idempotency_key=next_key("try"),
        actor=make_staff("manager"),
        chunk_customers=chunk_customers,
    )
    return dry_run_work(run_id=run.pk)


def book_now() -> Book:
    """Return figures and booked totals of every loan, as a dry run writes them."""
    return {
        loan.pk: (
            [
                value if value is None or isinstance(value, int) else str(value)
                for value in (getattr(loan, name) for name in FIGURES)
            ],
            {key: paise for key, paise in loan.booked.items() if paise},
        )
        for loan in Loan.objects.order_by("pk")
    }


def book_after(act: Callable[[], object] = lambda: None) -> Book:
    """Return the book after an act and the day-end, both really done and forgotten again."""

    def do() -> Book:
        act()
        day_end_run()
        return book_now()

    return rehearse(do)


def terms_apply(change: Callable[[Loan], dict[str, Any]], loans: list[Loan]) -> None:
    """Write other terms into loans, and let the service that rebuilds a loan from its terms and facts book them."""
    for loan in loans:
        Loan.objects.filter(pk=loan.pk).update(terms={**loan.terms, **change(loan)})
        loan_rebuild(loan_id=loan.pk, reason="Really done")


def assert_as_done(run: DryRun, before: Book, after: Book) -> None:
    """Compare every loan of a dry run with the two books, and its sums with theirs."""
    assert run.state == DryRun.State.DONE
    rows = {row.loan_id: row for row in DryRunLoan.objects.filter(run=run)}
    refused = {loan_id for loan_id, row in rows.items() if row.code}
    moved = {loan_id for loan_id in before if before[loan_id] != after[loan_id]}
    assert rows.keys() - refused == moved
    for loan_id in moved:
        row = rows[loan_id]
        assert (row.before, row.after) == (before[loan_id][0], after[loan_id][0])
        keys = {*before[loan_id][1], *after[loan_id][1]}
        moves = {key: after[loan_id][1].get(key, 0) - before[loan_id][1].get(key, 0) for key in keys}
        assert row.movements == {key: paise for key, paise in moves.items() if paise}
    assert (run.loans_moved, run.loans_refused) == (len(moved), len(refused))


def waterfalls(*components: str, direction: str = "HORIZONTAL") -> list[dict[str, Any]]:
    """Return one waterfall in an order of components, as the codec writes it."""
    steps = [{"group": group.value, "component": name} for group in DueGroup for name in components]
    return [{"steps": steps, "direction": direction}]
