"""Which accounts a movement of a head debits and credits: the whole accounting of loans in one table.

Penal charges have no CAPITALISED rule: nothing can turn them into principal (regulation 4).
"""

from dataclasses import dataclass
from typing import Final

from ledger.errors import PostingRuleMissing
from ledger.models import AccountRole as Role


@dataclass(frozen=True, slots=True)
class PostingRule:
    """The roles that a positive amount debits and credits; a negative amount swaps them."""

    debit: Role
    credit: Role


RULES: Final[dict[tuple[str, str], PostingRule]] = {
    # Money lent, and loans that come from another lender or an older system
    ("DISBURSED", "PRINCIPAL"): PostingRule(Role.LOAN_PRINCIPAL, Role.BANK),
    ("TAKEN_OVER", "PRINCIPAL"): PostingRule(Role.LOAN_PRINCIPAL, Role.TAKEOVER_CLEARING),
    ("TAKEN_OVER", "INTEREST"): PostingRule(Role.INTEREST_RECEIVABLE, Role.TAKEOVER_CLEARING),
    ("TAKEN_OVER", "FEE"): PostingRule(Role.FEE_RECEIVABLE, Role.TAKEOVER_CLEARING),
    ("TAKEN_OVER", "TAX"): PostingRule(Role.FEE_RECEIVABLE, Role.TAKEOVER_CLEARING),
    ("TAKEN_OVER", "PENAL"): PostingRule(Role.PENAL_RECEIVABLE, Role.TAKEOVER_CLEARING),
    ("TAKEN_OVER", "EXCESS"): PostingRule(Role.TAKEOVER_CLEARING, Role.EXCESS),
    # What the borrower comes to owe
    ("ACCRUED", "INTEREST"): PostingRule(Role.INTEREST_RECEIVABLE, Role.INTEREST_INCOME),
    ("ACCRUED", "PENAL"): PostingRule(Role.PENAL_RECEIVABLE, Role.PENAL_INCOME),
    ("CHARGED", "INTEREST"): PostingRule(Role.INTEREST_RECEIVABLE, Role.INTEREST_INCOME),
    ("CHARGED", "FEE"): PostingRule(Role.FEE_RECEIVABLE, Role.FEE_INCOME),
    ("CHARGED", "TAX"): PostingRule(Role.FEE_RECEIVABLE, Role.GST_PAYABLE),
    ("CHARGED", "PENAL"): PostingRule(Role.PENAL_RECEIVABLE, Role.PENAL_INCOME),
    ("CAPITALISED", "INTEREST"): PostingRule(Role.LOAN_PRINCIPAL, Role.INTEREST_RECEIVABLE),
    ("CAPITALISED", "FEE"): PostingRule(Role.LOAN_PRINCIPAL, Role.FEE_RECEIVABLE),
    ("CAPITALISED", "TAX"): PostingRule(Role.LOAN_PRINCIPAL, Role.FEE_RECEIVABLE),
    # Money from the borrower, and money held for the borrower
    ("RECEIVED", "PRINCIPAL"): PostingRule(Role.BANK, Role.LOAN_PRINCIPAL),
    ("RECEIVED", "INTEREST"): PostingRule(Role.BANK, Role.INTEREST_RECEIVABLE),
    ("RECEIVED", "FEE"): PostingRule(Role.BANK, Role.FEE_RECEIVABLE),
    ("RECEIVED", "TAX"): PostingRule(Role.BANK, Role.FEE_RECEIVABLE),
    ("RECEIVED", "PENAL"): PostingRule(Role.BANK, Role.PENAL_RECEIVABLE),
    ("RECEIVED", "EXCESS"): PostingRule(Role.BANK, Role.EXCESS),
    ("APPLIED", "PRINCIPAL"): PostingRule(Role.EXCESS, Role.LOAN_PRINCIPAL),
    ("APPLIED", "INTEREST"): PostingRule(Role.EXCESS, Role.INTEREST_RECEIVABLE),
    ("APPLIED", "FEE"): PostingRule(Role.EXCESS, Role.FEE_RECEIVABLE),
    ("APPLIED", "TAX"): PostingRule(Role.EXCESS, Role.FEE_RECEIVABLE),
    ("APPLIED", "PENAL"): PostingRule(Role.EXCESS, Role.PENAL_RECEIVABLE),
    ("REFUNDED", "EXCESS"): PostingRule(Role.EXCESS, Role.BANK),
    # What the lender has promised and not lent: off the balance sheet, on both sides
    ("COMMITTED", "LIMIT"): PostingRule(Role.LINE_COMMITMENT, Role.LINE_COMMITMENT_CONTRA),
    # What will not be asked for any more, or not be got
    ("WAIVED", "PRINCIPAL"): PostingRule(Role.WAIVER_EXPENSE, Role.LOAN_PRINCIPAL),
    ("WAIVED", "INTEREST"): PostingRule(Role.WAIVER_EXPENSE, Role.INTEREST_RECEIVABLE),
    ("WAIVED", "FEE"): PostingRule(Role.WAIVER_EXPENSE, Role.FEE_RECEIVABLE),
    ("WAIVED", "TAX"): PostingRule(Role.WAIVER_EXPENSE, Role.FEE_RECEIVABLE),
    ("WAIVED", "PENAL"): PostingRule(Role.WAIVER_EXPENSE, Role.PENAL_RECEIVABLE),
    ("WRITTEN_OFF", "PRINCIPAL"): PostingRule(Role.WRITE_OFF_EXPENSE, Role.LOAN_PRINCIPAL),
    ("WRITTEN_OFF", "INTEREST"): PostingRule(Role.WRITE_OFF_EXPENSE, Role.INTEREST_RECEIVABLE),
    ("WRITTEN_OFF", "FEE"): PostingRule(Role.WRITE_OFF_EXPENSE, Role.FEE_RECEIVABLE),
    ("WRITTEN_OFF", "TAX"): PostingRule(Role.WRITE_OFF_EXPENSE, Role.FEE_RECEIVABLE),
    ("WRITTEN_OFF", "PENAL"): PostingRule(Role.WRITE_OFF_EXPENSE, Role.PENAL_RECEIVABLE),
    ("RECOVERED", "PRINCIPAL"): PostingRule(Role.BANK, Role.RECOVERY_INCOME),
    ("RECOVERED", "INTEREST"): PostingRule(Role.BANK, Role.RECOVERY_INCOME),
    ("RECOVERED", "FEE"): PostingRule(Role.BANK, Role.RECOVERY_INCOME),
    ("RECOVERED", "TAX"): PostingRule(Role.BANK, Role.RECOVERY_INCOME),
    ("RECOVERED", "PENAL"): PostingRule(Role.BANK, Role.RECOVERY_INCOME),
    # Income of a non-performing asset that was not received: out of income, against the receivable (regulation 3)
    ("SUSPENDED", "INTEREST"): PostingRule(Role.INTEREST_INCOME, Role.INTEREST_SUSPENSE),
    ("SUSPENDED", "PENAL"): PostingRule(Role.PENAL_INCOME, Role.PENAL_SUSPENSE),
    ("SUSPENDED", "FEE"): PostingRule(Role.FEE_INCOME, Role.FEE_SUSPENSE),
    # What was in suspense when the loan was written off: it never was income, and is no loss (decision 0034)
    ("RELEASED", "INTEREST"): PostingRule(Role.INTEREST_SUSPENSE, Role.INTEREST_RECEIVABLE),
    ("RELEASED", "PENAL"): PostingRule(Role.PENAL_SUSPENSE, Role.PENAL_RECEIVABLE),
    ("RELEASED", "FEE"): PostingRule(Role.FEE_SUSPENSE, Role.FEE_RECEIVABLE),
    # What a month-end expects not to get back; a release swaps them (regulation 3 and 13)
    ("PROVIDED", "PERFORMING"): PostingRule(Role.PROVISION_EXPENSE, Role.PERFORMING_PROVISION),
    ("PROVIDED", "NPA"): PostingRule(Role.PROVISION_EXPENSE, Role.NPA_PROVISION),
}


def posting_rule(*, movement: str, head: str) -> PostingRule:
    """Return the rule for a movement of a head.

    Raises:
        PostingRuleMissing: the movement may not happen to this head.
    """
    rule = RULES.get((movement, head))
    if rule is None:
        raise PostingRuleMissing(movement=movement, head=head)
    return rule
