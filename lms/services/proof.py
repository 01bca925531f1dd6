"""Proof of the postings of single loans: what journals, day-ends and batches posted is what the loan says is booked."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from django.db.models import Sum

from ledger.posting_rules import posting_rule
from ledger.selectors import product_balances, reference_balances
from lms.models import Loan, LoanAccrual
from lms.services.facts import REFERENCE_TYPE

AccountCodes = Mapping[tuple[str, str], str]
_MISSING: Final = "no account"


def account_codes() -> dict[tuple[str, str], str]:
    """Return the account of every role of every product, by product code and role."""
    return {(item.product_code, role): item.account_code for item in product_balances() for role in item.roles}


def posted_and_booked(*, loans: Sequence[Loan], accounts: AccountCodes) -> dict[int, list[tuple[str, int, int]]]:
    """Return by loan id, for each account that a loan touched, its code, what was posted and what should be.

    Posted are the loan's own journals, its part of the journals of day-ends (its accrual rows), and its part of the
    journal of a batch. What should be follows from `Loan.booked` by the posting rules. Amounts are debits less credits
    in paise.

    Args:
        accounts: as `account_codes` gives them.
    """
    ids = [loan.pk for loan in loans]
    journals = reference_balances(reference_type=REFERENCE_TYPE, reference_ids=ids)
    accrued: dict[int, Counter[str]] = {}
    sums = LoanAccrual.objects.filter(loan_id__in=ids).order_by().values_list("loan_id", "movement", "head")
    for loan_id, movement, head, amount in sums.annotate(Sum("amount_paise")):
        accrued.setdefault(loan_id, Counter())[f"{movement}:{head}"] += int(amount)
    result = {}
    for loan in loans:
        posted = Counter(journals.get(loan.pk, {}))
        parts: tuple[Mapping[str, int], ...] = (accrued.get(loan.pk, Counter()), loan.booked_with_batch)
        for totals in parts:
            _add(posted, totals, loan.product_code, accounts)
        expected: Counter[str] = Counter()
        _add(expected, loan.booked, loan.product_code, accounts)
        result[loan.pk] = [(code, posted[code], expected[code]) for code in sorted({*posted, *expected})]
    return result


def _add(balances: Counter[str], totals: Mapping[str, int], product_code: str, accounts: AccountCodes) -> None:
    """Add movements to balances by account, as the posting rules say."""
    for key, amount in totals.items():
        movement, head = key.split(":")
        rule = posting_rule(movement=movement, head=head)
        balances[accounts.get((product_code, rule.debit.value), _MISSING)] += amount
        balances[accounts.get((product_code, rule.credit.value), _MISSING)] -= amount
