"""Pages of the books: trial balance and account statement."""

from dataclasses import replace
from datetime import date

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from core.business_date import business_date
from core.staff_forms import as_of_date
from core.staff_pages import staff_page, staff_response
from ledger.models import Account, AccountKind
from ledger.selectors import Clock, TrialBalance, TrialBalanceRow, trial_balance
from ledger.statements import StatementCursor, account_statement

_PAGE_LINES = 50
_KIND_HEADINGS = {
    AccountKind.ASSET: "Assets",
    AccountKind.LIABILITY: "Liabilities",
    AccountKind.EQUITY: "Equity",
    AccountKind.INCOME: "Income",
    AccountKind.EXPENSE: "Expenses",
}


@staff_page("ledger.view_account")
def trial_balance_page(request: HttpRequest) -> HttpResponse:
    """Show the balance of every account on a day, grouped by kind."""
    today = business_date()
    as_of = as_of_date(request.GET.get("as_of"), latest=today)
    clock = Clock.BOOKED_ON if request.GET.get("clock") == Clock.BOOKED_ON else Clock.VALUE_DATE
    balance = trial_balance(as_of=as_of, clock=clock)
    return staff_response(
        request,
        "ledger/trial_balance.html",
        title="Trial balance",
        balance=balance,
        groups=_groups(balance),
        difference_paise=abs(balance.debit_total_paise - balance.credit_total_paise),
        as_of=as_of,
        shown_date=as_of or today,
        today=today,
        clock=clock.value,
    )


@staff_page("ledger.view_account")
def account_page(request: HttpRequest, account_id: int) -> HttpResponse:
    """Show the movements of one account with the running balance, each leading to its journal."""
    account = get_object_or_404(Account, pk=account_id)
    from_date, to_date = _day(request.GET.get("from")), _day(request.GET.get("to"))
    statement = account_statement(
        account=account,
        from_date=from_date,
        to_date=to_date,
        limit=_PAGE_LINES,
        after=_cursor(request.GET.get("after")),
    )
    next_page = statement.next_page
    return staff_response(
        request,
        "ledger/account.html",
        title=f"{account.code} {account.name}",
        account=account,
        statement=statement,
        from_date=from_date,
        to_date=to_date,
        next_after=f"{next_page.value_date.isoformat()}:{next_page.transfer_id}" if next_page else None,
        is_first_page="after" not in request.GET,
    )


def _groups(balance: TrialBalance) -> list[tuple[str, list[TrialBalanceRow], TrialBalanceRow]]:
    """Collect the rows of each kind of account, with the sum of the kind."""
    groups = []
    for kind in AccountKind:
        rows = [row for row in balance.rows if row.kind == kind]
        if rows:
            total = replace(
                rows[0],
                debit_paise=sum(row.debit_paise for row in rows),
                credit_paise=sum(row.credit_paise for row in rows),
            )
            groups.append((_KIND_HEADINGS[kind], rows, total))
    return groups


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


def _cursor(text: str | None) -> StatementCursor | None:
    """Read the place where the page before ended; nonsense means the first page."""
    day, _, key = (text or "").partition(":")
    value_date = _day(day)
    return StatementCursor(value_date, int(key)) if value_date and key.isdecimal() else None
