"""Create the chart of accounts and the accounts of a product."""

from collections.abc import Iterable

from django.db import transaction

from ledger.chart import CHART, PRODUCT_LINES, ChartLine
from ledger.models import Account, ProductAccount


def chart_seed() -> None:
    """Create the accounts of the NBFC chart that do not exist yet; the others keep their names."""
    _accounts_create(CHART)


@transaction.atomic
def product_accounts_create(*, product_code: str, name: str) -> None:
    """Create a product's own accounts and map every role that the product has not mapped yet.

    Args:
        product_code: the product's code; ends the codes of its accounts, such as 1110.PL.
        name: the product's name; ends the names of its accounts.
    """
    lines = {
        line.role: ChartLine(line.code, line.name, line.kind)
        if line.is_shared
        else ChartLine(f"{line.code}.{product_code}", f"{line.name}: {name}", line.kind)
        for line in PRODUCT_LINES
    }
    _accounts_create(lines.values())
    accounts = {account.code: account for account in Account.objects.filter(code__in=[x.code for x in lines.values()])}
    ProductAccount.objects.bulk_create(
        [
            ProductAccount(product_code=product_code, role=role, account=accounts[line.code])
            for role, line in lines.items()
        ],
        ignore_conflicts=True,
    )


def _accounts_create(lines: Iterable[ChartLine]) -> None:
    Account.objects.bulk_create(
        [Account(code=line.code, name=line.name, kind=line.kind) for line in lines], ignore_conflicts=True
    )
