"""The proof of a day: what must hold over the whole book before the day is called closed."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Final

from django.db import connection, transaction
from django.db.models import Count, Q, Sum

from ledger.posting_rules import posting_rule
from ledger.selectors import journals_for, product_balances, trial_balance
from lms.engine.state import LoanStatus
from lms.models import CreditLine, DayEnd, DayEndChunk, DayEndProblem, Loan
from lms.services.day_end.accruals import REFERENCE_TYPE, accrual_sums
from lms.services.provisions.held import provided_by_product

_READ_AT_ONCE: Final = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One invariant: what was expected and found, and whether they agree."""

    name: str
    expected: str
    found: str

    @property
    def is_held(self) -> bool:
        """Whether the invariant holds."""
        return self.expected == self.found


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """The loans in one pass: the hash over their states, and what they say is booked, by product and movement."""

    loans: int
    state_hash: str
    booked: Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """Outcome of all checks of a day."""

    checks: tuple[Check, ...]
    figures: Mapping[str, Any]
    state_hash: str

    @property
    def broken(self) -> tuple[Check, ...]:
        """The invariants that do not hold."""
        return tuple(check for check in self.checks if not check.is_held)

    def to_json(self) -> dict[str, Any]:
        """Return what the day-end keeps."""
        checks = [{**asdict(check), "is_held": check.is_held} for check in self.checks]
        return {"checks": checks, **self.figures, "state_hash": self.state_hash}


def certificate_make(*, day_end: DayEnd) -> Certificate:
    """Check the whole book after the loans of a day are closed and its journals posted; changes nothing.

    Returns:
        Trial balance, control accounts against the loans, journals against accruals, counts, and the state hash.

    Source: design promise 5, money appendix B.
    """
    with consistent_read():
        book = book_read()
        on_date = day_end.business_date
        checks = (
            _trial_balance_check(),
            *control_checks(book),
            _journals_check(day_end),
            _chunks_check(day_end),
            _behind_check(on_date),
        )
        return Certificate(checks=checks, figures=_figures(day_end), state_hash=book.state_hash)


@contextmanager
def consistent_read() -> Iterator[None]:
    """Read everything inside as of one instant, while others go on writing."""
    if connection.in_atomic_block:
        yield
    elif connection.vendor == "mysql":
        with connection.cursor() as cursor:
            # For the next transaction alone: each statement would see other receipts under read committed.
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        with transaction.atomic():
            yield
    else:
        yield from _read_deferred()


def _read_deferred() -> Iterator[None]:
    """Begin a transaction that takes no write lock, which Django's own would."""
    with connection.cursor() as cursor:
        cursor.execute("BEGIN DEFERRED")
        try:
            yield
        finally:
            cursor.execute("ROLLBACK")


def book_read() -> Book:
    """Read every loan in the order of its number: fingerprints into one hash, booked totals of loans and lines."""
    digest = hashlib.sha256()
    booked: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    loans, last = 0, ""
    columns = ("number", "state_hash", "product_code", "booked")
    while rows := list(Loan.objects.filter(number__gt=last).order_by("number").values_list(*columns)[:_READ_AT_ONCE]):
        for number, state_hash, product_code, totals in rows:
            digest.update(f"{number}|{state_hash}\n".encode())
            sums = booked[product_code]
            for key, amount in totals.items():
                sums[key] += amount
        loans, last = loans + len(rows), rows[-1][0]
    for product_code, committed in (
        CreditLine.objects.order_by().values_list("product_code").annotate(Sum("committed_paise"))
    ):
        booked[product_code]["COMMITTED:LIMIT"] += int(committed)
    by_product = {product: dict(sums) for product, sums in booked.items()}
    return Book(loans=loans, state_hash=digest.hexdigest(), booked=by_product)


def _trial_balance_check() -> Check:
    balance = trial_balance(is_proof=True)
    return Check(
        name="Trial balance: debits equal credits",
        expected=str(balance.debit_total_paise),
        found=str(balance.credit_total_paise),
    )


def control_checks(book: Book) -> Iterator[Check]:
    """Compare every account of every product with what its loans, and the provisions for them, say is booked there."""
    provided = provided_by_product()
    expected = {
        product: _by_role({**book.booked.get(product, {}), **provided.get(product, {})})
        for product in {**book.booked, **provided}
    }
    for item in product_balances():
        roles = expected.get(item.product_code, {})
        yield Check(
            name=f"Account {item.account_code} of product {item.product_code} equals its loans",
            expected=str(sum(roles.pop(role, 0) for role in item.roles)),
            found=str(item.balance_paise),
        )
    for product_code, roles in sorted(expected.items()):
        for role, amount in sorted(roles.items()):
            if amount:
                name = f"Product {product_code} has an account for {role}"
                yield Check(name=name, expected=str(amount), found="none")


def _by_role(sums: Mapping[str, int]) -> dict[str, int]:
    """Turn booked movements into debits less credits by role, as the posting rules say."""
    roles: dict[str, int] = defaultdict(int)
    for key, amount in sums.items():
        movement, head = key.split(":")
        rule = posting_rule(movement=movement, head=head)
        roles[rule.debit.value] += amount
        roles[rule.credit.value] -= amount
    return roles


def _journals_check(day_end: DayEnd) -> Check:
    """Compare the journals of the day with its accrual rows, key by key."""
    on_date = day_end.business_date
    accrued = {item.journal_key(on_date=on_date): abs(item.amount_paise) for item in accrual_sums(on_date=on_date)}
    journals = journals_for(reference_type=REFERENCE_TYPE, reference_id=day_end.pk).prefetch_related(None)
    posted = dict(journals.values_list("idempotency_key", "total_paise"))
    return Check(name="Journals of the day equal its accruals", expected=_summary(accrued), found=_summary(posted))


def _summary(amounts: Mapping[str, int]) -> str:
    content = json.dumps(sorted(amounts.items())).encode()
    fingerprint = hashlib.sha256(content).hexdigest()[:12]
    return f"{len(amounts)} journals, {sum(amounts.values())} paise, {fingerprint}"


def _chunks_check(day_end: DayEnd) -> Check:
    pending = DayEndChunk.objects.filter(day_end=day_end, state=DayEndChunk.State.PENDING).count()
    return Check(name="Chunks that are not done", expected="0", found=str(pending))


def _behind_check(on_date: date) -> Check:
    """Count running loans that are behind and not set aside: there must be none."""
    is_behind = Q(closed_upto__lt=on_date) | Q(closed_upto=None)
    aside = DayEndProblem.objects.filter(resolved_at=None).values("loan_id")
    behind = Loan.objects.filter(is_behind, status=LoanStatus.ACTIVE).exclude(pk__in=aside).count()
    return Check(name="Running loans behind the day", expected="0", found=str(behind))


def _figures(day_end: DayEnd) -> dict[str, Any]:
    """Collect what the day booked, and the book by class."""
    classes = (
        Loan.objects.filter(status=LoanStatus.ACTIVE)
        .order_by("asset_class")
        .values_list("asset_class")
        .annotate(Count("pk"), Sum("principal_outstanding_paise"))
    )
    return {
        "booked": [
            [item.product_code, item.asset_class, item.movement, item.head, item.amount_paise]
            for item in accrual_sums(on_date=day_end.business_date)
        ],
        "classes": [[asset_class, loans, int(amount)] for asset_class, loans, amount in classes],
        "loans_set_aside": DayEndProblem.objects.filter(resolved_at=None).values("loan_id").distinct().count(),
    }
