"""Create the chart of accounts and the accounts of a product."""

from collections.abc import Iterable

from django.db import transaction

from ledger.chart import CHART, GST_LINES, LINE_PRODUCT_LINES, PRODUCT_LINES, ChartLine, ProductLine
from ledger.errors import AccountModeFixed
from ledger.models import Account, AccountBalance, AccountKind, AccountMode, ProductAccount
from ledger.services.posting import balances_locked, limits_check


def chart_seed() -> None:
    """Create the accounts of the NBFC chart that do not exist yet; the others keep their names."""
    accounts_create(lines=CHART)


@transaction.atomic
def product_accounts_create(*, product_code: str, name: str, is_line: bool = False) -> None:
    """Create a product's own accounts and map every role that the product has not mapped yet.

    Args:
        product_code: the product's code; ends the codes of its accounts, such as 1110.PL.
        name: the product's name; ends the names of its accounts.
        is_line: credit lines are sanctioned under it, and their undrawn limits are booked in memo accounts.
    """
    product_lines: tuple[ProductLine, ...] = (*PRODUCT_LINES, *(LINE_PRODUCT_LINES if is_line else ()))
    lines = {
        line.role: ChartLine(line.code, line.name, line.kind, is_manual_allowed=line.is_manual_allowed)
        if line.is_shared
        else ChartLine(f"{line.code}.{product_code}", f"{line.name}: {name}", line.kind, is_manual_allowed=False)
        for line in product_lines
    }
    accounts_create(lines=[*lines.values(), *GST_LINES])
    accounts = {account.code: account for account in Account.objects.filter(code__in=[x.code for x in lines.values()])}
    ProductAccount.objects.bulk_create(
        [
            ProductAccount(product_code=product_code, role=role, account=accounts[line.code])
            for role, line in lines.items()
        ],
        ignore_conflicts=True,
    )


@transaction.atomic
def account_create(
    *,
    code: str,
    name: str,
    kind: AccountKind,
    mode: AccountMode = AccountMode.DEFERRED,
    is_manual_allowed: bool = True,
    min_paise: int | None = None,
    max_paise: int | None = None,
) -> Account:
    """Create an account with its balance.

    Args:
        code: its place in the chart, not used before.
        mode: SYNC for an account with limits or holds, DEFERRED for one that many postings share.
        is_manual_allowed: whether journals by hand may name it.
        min_paise, max_paise: limits of debits less credits; the balance may not go past them.

    Raises:
        AccountModeFixed: limits are given for a deferred account.
    """
    if mode != AccountMode.SYNC and (min_paise is not None or max_paise is not None):
        raise AccountModeFixed(account_code=code)
    account = Account.objects.create(code=code, name=name, kind=kind, mode=mode, is_manual_allowed=is_manual_allowed)
    AccountBalance.objects.create(account=account, min_paise=min_paise, max_paise=max_paise)
    return account


def account_open(*, account: Account) -> AccountBalance:
    """Give an account its balance row if it has none; outside a transaction that moves money."""
    balance, _ = AccountBalance.objects.get_or_create(account=account)
    return balance


@transaction.atomic
def account_limits_set(*, account: Account, min_paise: int | None, max_paise: int | None) -> AccountBalance:
    """Change the limits of an account that is posted at once; its balance, with what is held, must be within them.

    Raises:
        AccountModeFixed: the roller serves the account.
        AccountLimitReached: the account is past the limit now.
    """
    if account.mode != AccountMode.SYNC:
        raise AccountModeFixed(account_code=account.code)
    balance = balances_locked(account_ids=[account.pk])[account.pk]
    balance.min_paise, balance.max_paise = min_paise, max_paise
    limits_check(balance=balance)
    balance.save(update_fields=["min_paise", "max_paise"])
    return balance


@transaction.atomic
def accounts_create(*, lines: Iterable[ChartLine]) -> None:
    """Create accounts with their balances; those that exist stay as they are."""
    wanted = {line.code: line for line in lines}
    present = set(Account.objects.filter(code__in=wanted).values_list("code", flat=True))
    Account.objects.bulk_create(
        [
            Account(
                code=line.code, name=line.name, kind=line.kind, mode=line.mode, is_manual_allowed=line.is_manual_allowed
            )
            for line in wanted.values()
            if line.code not in present
        ],
        ignore_conflicts=True,
    )
    fresh = Account.objects.filter(code__in=wanted.keys() - present)
    AccountBalance.objects.bulk_create(
        [AccountBalance(account=account, min_paise=wanted[account.code].min_paise) for account in fresh],
        ignore_conflicts=True,
    )
