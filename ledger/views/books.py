"""Pages of the books: trial balance, account, day book, profit and loss, balance sheet."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone

from core.business_date import business_date
from core.dates import financial_year
from core.moments import day_of
from core.staff_pages import staff_page, staff_response
from ledger.exports import csv_download, is_export
from ledger.models import Account, AccountKind
from ledger.questions import Clock, Question
from ledger.reports import ReportPart, balance_sheet, day_book, day_book_journals, profit_and_loss
from ledger.selectors import TrialBalance, TrialBalanceRow, balance_now, trial_balance
from ledger.statements import StatementCursor, account_statement, entry_lines, statement_lines
from ledger.views.asked import address_of, products, question_of

_PAGE_LINES = 50
_ACCOUNT_HEADER = (
    "Value date",
    "Booked on",
    "Journal",
    "About",
    "Event",
    "Counter account",
    "Debit",
    "Credit",
    "Balance",
)
_KIND_HEADINGS = {
    AccountKind.ASSET: "Assets",
    AccountKind.LIABILITY: "Liabilities",
    AccountKind.EQUITY: "Equity",
    AccountKind.INCOME: "Income",
    AccountKind.EXPENSE: "Expenses",
    AccountKind.MEMO: "Memo, off the balance sheet",
}


@staff_page("ledger.view_account")
def trial_balance_page(request: HttpRequest) -> HttpResponse:
    """Show the balance of every account on a day, as the books show it or showed it, grouped by kind."""
    today = business_date()
    question = question_of(request, clock=Clock.VALUE_DATE, to_name="as_of")
    as_of = question.to_date if question.to_date and question.to_date < today else None
    question = replace(question, from_date=None, to_date=as_of)
    balance = trial_balance(
        as_of=as_of, clock=question.clock, known_at=question.known_at, product_code=question.product_code
    )
    if is_export(request):
        return csv_download(
            request,
            name=f"trial-balance-{as_of or today}",
            header=("Account", "Name", "Kind", "Debit turnover", "Credit turnover", "Debit", "Credit"),
            rows=[
                (r.code, r.name, r.kind, r.debit_turnover_paise, r.credit_turnover_paise, r.debit_paise, r.credit_paise)
                for r in balance.rows
            ],
            money=(3, 4, 5, 6),
        )
    return _page(
        request,
        "ledger/trial_balance.html",
        question,
        title="Trial balance",
        balance=balance,
        groups=_groups(balance),
        difference_paise=abs(balance.debit_total_paise - balance.credit_total_paise),
        as_of=as_of,
        shown_date=as_of or today,
        today=today,
    )


@staff_page("ledger.view_account")
def account_page(request: HttpRequest, account_id: int) -> HttpResponse:
    """Show the movements of one account with the running balance, each leading to its journal."""
    account = get_object_or_404(Account, pk=account_id)
    question = question_of(request, clock=Clock.VALUE_DATE)
    if is_export(request):
        return csv_download(
            request,
            name=f"account-{account.code}",
            header=_ACCOUNT_HEADER,
            rows=(
                (
                    *(line.value_date, line.booked_on, line.journal_id, f"{line.reference_type} {line.reference_id}"),
                    *(line.event, line.counter_account_code),
                    *(line.debit_paise, line.credit_paise, line.balance_paise),
                )
                for line in statement_lines(account=account, question=question)
            ),
            money=(6, 7, 8),
        )
    statement = account_statement(
        account=account, limit=_PAGE_LINES, after=_cursor(request.GET.get("after")), **_narrowing(question)
    )
    next_page = statement.next_page
    return _page(
        request,
        "ledger/account.html",
        question,
        title=f"{account.code} {account.name}",
        account=account,
        statement=statement,
        balance_now_paise=balance_now(account=account),
        next_query=address_of(question, after=f"{next_page.on_date.isoformat()}:{next_page.transfer_id}")
        if next_page
        else None,
        is_first_page="after" not in request.GET,
    )


@staff_page("ledger.view_account")
def entries_page(request: HttpRequest, account_id: int) -> HttpResponse:
    """Show the entries of an account in the order in which the ledger numbered them."""
    account = get_object_or_404(Account.objects.select_related("balance"), pk=account_id)
    after = request.GET.get("after", "")
    lines = entry_lines(account=account, after_seq=int(after) if after.isdecimal() else 0, limit=_PAGE_LINES + 1)
    now_paise = balance_now(account=account)
    balance = getattr(account, "balance", None)
    return staff_response(
        request,
        "ledger/entries.html",
        title=f"Entries of {account.code} {account.name}",
        account=account,
        balance=balance,
        balance_now_paise=now_paise,
        waiting_paise=now_paise - balance.balance_paise if balance else now_paise,
        lines=lines[:_PAGE_LINES],
        next_after=lines[_PAGE_LINES - 1].seq if len(lines) > _PAGE_LINES else None,
    )


@staff_page("ledger.view_journal")
def day_book_page(request: HttpRequest) -> HttpResponse:
    """Show every journal that was booked on a day."""
    day = day_of(request.GET.get("day")) or business_date()
    question = question_of(request, clock=Clock.BOOKED_ON)
    after = request.GET.get("after", "")
    if is_export(request):
        return csv_download(
            request,
            name=f"day-book-{day}",
            header=("Journal", "Event", "About", "Value date", "Leg", "Debit", "Credit", "Amount", "Narration"),
            rows=(
                (
                    *(journal.pk, journal.event, f"{journal.reference_type} {journal.reference_id}"),
                    *(journal.value_date, leg.leg, leg.debit_account.code, leg.credit_account.code),
                    *(leg.amount_paise, journal.narration),
                )
                for journal in day_book_journals(booked_on=day, known_at=question.known_at)
                for leg in journal.transfers.all()
            ),
            money=(7,),
        )
    book = day_book(
        booked_on=day,
        known_at=question.known_at,
        limit=_PAGE_LINES,
        after=int(after) if after.isdecimal() else 0,
    )
    return _page(
        request,
        "ledger/day_book.html",
        question,
        title="Day book",
        book=book,
        day=day,
        day_before=day - timedelta(days=1),
        day_after=day + timedelta(days=1),
        today=business_date(),
    )


@staff_page("ledger.view_account")
def profit_and_loss_page(request: HttpRequest) -> HttpResponse:
    """Show income and expenses of some days by product, each figure leading to its account."""
    today = business_date()
    question = question_of(request, clock=Clock.BOOKED_ON)
    question = replace(
        question,
        from_date=question.from_date or financial_year(today).first_day,
        to_date=question.to_date or today,
    )
    report = profit_and_loss(question=question)
    parts = (("Income", report.income), ("Expenses", report.expenses))
    if is_export(request):
        name = f"profit-and-loss-{question.from_date}-{question.to_date}"
        return _report_csv(request, name, parts, report.products, (report.profit_paise, *report.profit_by_product))
    return _page(request, "ledger/profit_and_loss.html", question, title="Profit and loss", report=report, parts=parts)


@staff_page("ledger.view_account")
def balance_sheet_page(request: HttpRequest) -> HttpResponse:
    """Show assets and the claims on them at the end of a day, each figure leading to its account."""
    question = question_of(request, clock=Clock.BOOKED_ON)
    question = replace(question, from_date=None, to_date=question.to_date or business_date())
    report = balance_sheet(question=question)
    parts = (("Assets", report.assets), ("Liabilities", report.liabilities), ("Equity", report.equity))
    if is_export(request):
        name = f"balance-sheet-{question.to_date}"
        return _report_csv(request, name, parts, report.products, (report.profit_paise, *report.profit_by_product))
    return _page(request, "ledger/balance_sheet.html", question, title="Balance sheet", report=report, parts=parts)


def _page(request: HttpRequest, template: str, question: Question, *, title: str, **context: Any) -> HttpResponse:
    """Render a page with what every page of the books shows of its question."""
    return staff_response(
        request,
        template,
        title=title,
        question=question,
        clock=question.clock.value,
        known_at=timezone.localtime(question.known_at) if question.known_at else None,
        products=products(),
        query=address_of(question),
        export_query=address_of(question, format="csv", as_of=question.to_date, day=request.GET.get("day")),
        **context,
    )


def _narrowing(question: Question) -> dict[str, Any]:
    return {
        "from_date": question.from_date,
        "to_date": question.to_date,
        "clock": question.clock,
        "known_at": question.known_at,
        "product_code": question.product_code,
        "event": question.event,
    }


def _report_csv(
    request: HttpRequest,
    name: str,
    parts: Sequence[tuple[str, ReportPart]],
    columns: Sequence[str],
    profit: Sequence[int],
) -> HttpResponse:
    rows: list[Sequence[str | int]] = []
    for heading, part in parts:
        rows += [(heading, row.code, row.name, row.total_paise, *row.by_product) for row in part.rows]
        rows.append((heading, "", f"Total {heading.lower()}", part.total_paise, *part.by_product))
    rows.append(("Profit", "", "Profit", *profit))
    return csv_download(
        request,
        name=name,
        header=("Part", "Account", "Name", "Total", *(code or "Without product" for code in columns)),
        rows=rows,
        money=range(3, 4 + len(columns)),
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


def _cursor(text: str | None) -> StatementCursor | None:
    """Read the place where the page before ended; nonsense means the first page."""
    day, _, key = (text or "").partition(":")
    on_date = day_of(day)
    return StatementCursor(on_date, int(key)) if on_date and key.isdecimal() else None
