"""The pages of the books show what the selectors say, lead from figures to journals, and download safely."""

import json
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from core.approvals.models import ApprovalRequest
from core.models import AuditEntry
from ledger.models import Account, Journal, LedgerCheck, Period
from ledger.services import JournalOrder, journals_post_many, ledger_roll, ledger_seal
from tests.factories.ledger import ledger_ready, moved, post
from tests.factories.lms import set_business_date
from tests.factories.staff import client_of

pytestmark = pytest.mark.django_db

PAGES = ("trial-balance", "day-book", "profit-and-loss", "balance-sheet", "periods", "check", "vouchers", "voucher")


@pytest.fixture(autouse=True)
def _books() -> None:
    ledger_ready()
    set_business_date(date(2026, 5, 2))
    post(
        moved("DISBURSED", "PRINCIPAL", 1_00_000_00), moved("ACCRUED", "INTEREST", 12_34), value_date=date(2026, 4, 10)
    )


@pytest.fixture
def finance() -> Client:
    """A browser of finance."""
    return client_of("finance")


def address(name: str, *arguments: int, **query: str) -> str:
    """Return the address of a page of the books."""
    asked = "&".join(f"{key}={value}" for key, value in query.items())
    return f"{reverse(f'staff-books:{name}', args=arguments)}?{asked}"


def text(client: Client, target: str) -> str:
    """Open a page and return what it shows."""
    answer = client.get(target)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize("name", PAGES)
def test_pages_open_for_finance(finance: Client, name: str) -> None:
    assert text(finance, address(name))


def test_profit_leads_to_the_account_and_on_to_the_journal(finance: Client) -> None:
    income = Account.objects.get(code="4110.PL")
    journal = Journal.objects.get()

    page = text(finance, address("profit-and-loss", **{"from": "2026-04-01", "to": "2026-04-30"}))
    drilled = (
        f"{reverse('staff-books:account', args=[income.pk])}?from=2026-04-01&amp;to=2026-04-30&amp;clock=booked_on"
    )
    assert "₹12.34" in page
    assert drilled in page

    statement = text(finance, drilled.replace("&amp;", "&"))
    assert "-₹12.34" in statement
    assert reverse("admin:ledger_journal_change", args=[journal.pk]) in statement


def test_balance_sheet_balances_with_the_profit(finance: Client) -> None:
    page = text(finance, address("balance-sheet"))

    assert "Assets equal liabilities, equity and profit" in page
    assert "Profit to date" in page


def test_page_as_known_before_the_posting_shows_nothing(finance: Client) -> None:
    before = timezone.localtime(Journal.objects.get().recorded_at)
    earlier = before.replace(year=before.year - 1).strftime("%Y-%m-%dT%H:%M")

    assert "Nothing is posted up to this day" in text(finance, address("trial-balance", known_at=earlier))


def test_entries_show_what_waits_and_what_is_numbered(finance: Client) -> None:
    principal = Account.objects.get(code="1110.PL")
    assert "No entries yet" in text(finance, address("entries", principal.pk))

    ledger_roll()

    page = text(finance, address("entries", principal.pk))
    assert "No entries yet" not in page
    assert "₹1,00,000.00" in page


def test_download_is_for_those_who_may_and_names_no_formula(finance: Client) -> None:
    Account.objects.filter(code="4110.PL").update(name="=HYPERLINK(0)")

    answer = finance.get(address("trial-balance", format="csv"))
    refused = client_of("operations").get(address("trial-balance", format="csv"))

    lines = answer.content.decode("utf-8-sig").splitlines()
    assert lines[0] == "Account,Name,Kind,Debit turnover,Credit turnover,Debit,Credit"
    assert "4110.PL,'=HYPERLINK(0),INCOME,0.00,12.34,0.00,12.34" in lines
    assert answer["Content-Disposition"] == 'attachment; filename="trial-balance-2026-05-02.csv"'
    assert refused.status_code == 403


@pytest.mark.parametrize(("name", "lines"), [("day-book", 3), ("profit-and-loss", 5), ("balance-sheet", 8)])
def test_every_book_downloads(finance: Client, name: str, lines: int) -> None:
    answer = finance.get(address(name, format="csv", day="2026-04-10"))

    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert len(answer.content.decode().splitlines()) == lines


def test_account_downloads_in_rupees(finance: Client) -> None:
    bank = Account.objects.get(code="1010")

    rows = finance.get(address("account", bank.pk, format="csv")).content.decode("utf-8-sig").splitlines()

    assert rows[1].split(",")[-3:] == ["0.00", "100000.00", "-100000.00"]


def test_long_statement_and_long_day_download_whole(finance: Client) -> None:
    bank, day = Account.objects.get(code="1010"), date(2026, 5, 2)
    orders = [
        JournalOrder(
            idempotency_key=f"long:{number}",
            event="RECEIVE",
            reference_type="lms.loan",
            reference_id=number,
            product_code="PL",
            movements=[moved("DISBURSED", "PRINCIPAL", 1_00)],
            value_date=day,
            booked_on=day,
            narration="Long day",
        )
        for number in range(1, 2_002)
    ]
    with transaction.atomic():
        for start in range(0, len(orders), 500):
            journals_post_many(orders=orders[start : start + 500])

    statement = lines_of(finance, address("account", bank.pk, format="csv"))
    later = lines_of(finance, address("account", bank.pk, format="csv", **{"from": "2026-05-01"}))
    book = lines_of(finance, address("day-book", format="csv", day="2026-05-02"))

    assert (len(statement), len(later), len(book)) == (1 + 2_002, 1 + 2_001, 1 + 2_001)
    # From the 1,00,000 lent before, one rupee more each line.
    assert [line.split(",")[-1] for line in later[1:]] == [f"-{100_000 + number}.00" for number in range(1, 2_002)]
    assert len({line.split(",")[0] for line in book[1:]}) == 2_001
    page = finance.get("/api/v1/ledger/accounts/1010/statement/", {"limit": 1_000}).json()
    assert (len(page["lines"]), page["closing_paise"]) == (1_000, -1_00_000_00 - 999_00)


def lines_of(client: Client, target: str) -> list[str]:
    """Download a file and return its lines."""
    return client.get(target).content.decode("utf-8-sig").splitlines()


def test_finance_closes_a_month_and_a_second_person_is_asked_to_open_it(finance: Client) -> None:
    def send(act: str) -> Any:
        values = {"month": "202604", "act": act, "reason": "Month-end", "idempotency_key": f"k-{act}"}
        return finance.post(address("periods"), values)

    assert [send(act).status_code for act in ("soft", "hard")] == [302, 302]
    assert Period.objects.get(pk=202604).state == "HARD_CLOSED"
    assert send("hard").status_code == 422
    assert send("reopen").status_code == 302
    assert ApprovalRequest.objects.get().subject_id == 202604
    assert Period.objects.get(pk=202604).state == "HARD_CLOSED"


def test_operations_cannot_close_a_month() -> None:
    values = {"month": "202604", "act": "soft", "reason": "x", "idempotency_key": "k"}

    assert client_of("operations").post(address("periods"), values).status_code == 403


def voucher(**changes: str) -> dict[str, str]:
    """Return what a browser sends for a voucher of opening capital."""
    lines = {
        "lines-TOTAL_FORMS": "3",
        "lines-INITIAL_FORMS": "0",
        "lines-0-account_code": "1010",
        "lines-0-debit_paise": "5,00,000.00",
        "lines-1-account_code": "3010",
        "lines-1-credit_paise": "5,00,000.00",
    }
    values = {"value_date": "2026-05-02", "narration": "Opening capital", "reason": "Founders", "idempotency_key": "v"}
    return {**lines, **values, **changes}


def test_voucher_becomes_a_request_with_its_effect(finance: Client) -> None:
    assert finance.post(address("voucher"), voucher()).status_code == 302

    request = ApprovalRequest.objects.get()
    assert request.amount_paise == 5_00_000_00
    assert request.effect["balances_move_by_paise"] == {"1010": 5_00_000_00, "3010": -5_00_000_00}
    assert "Opening capital" in text(finance, address("vouchers"))
    assert Journal.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"lines-1-credit_paise": "4,00,000.00"}, "Both sums must be the same"),
        ({"lines-1-account_code": "1110.PL"}, "is kept by its loans"),
        ({"lines-0-debit_paise": "a lot"}, "k-field__error"),
        ({"reason": ""}, "k-field__error"),
    ],
)
def test_wrong_voucher_is_shown_again_with_what_is_wrong(finance: Client, changes: dict[str, str], said: str) -> None:
    answer = finance.post(address("voucher"), voucher(**changes))

    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert ApprovalRequest.objects.count() == 0


def test_check_since_the_last_seal_is_shown_at_once(finance: Client) -> None:
    assert finance.post(address("check-run"), {"scope": "since"}).status_code == 302

    assert LedgerCheck.objects.get().is_held
    assert "Every invariant holds" in text(finance, address("check"))


def test_nonsense_in_an_address_narrows_nothing(finance: Client) -> None:
    nonsense = {"from": "31-02", "to": "x", "clock": "y", "known_at": "z", "after": "q", "as_of": "w", "day": "v"}

    assert [finance.get(address(name, **nonsense)).status_code for name in PAGES] == [200] * len(PAGES)


def account_values(**changes: str) -> dict[str, str]:
    """Return what a browser sends for a new account."""
    values = {
        "code": "1011",
        "name": "Float",
        "kind": "ASSET",
        "mode": "SYNC",
        "is_active": "on",
        "min_paise": "100.00",
    }
    return {**values, **changes}


def test_account_of_the_screen_has_its_balance_and_limits(finance: Client) -> None:
    assert finance.post(reverse("admin:ledger_account_add"), account_values(min_paise="0.00")).status_code == 302

    account = Account.objects.get(code="1011")
    assert (account.mode, account.balance.min_paise, account.balance.max_paise) == ("SYNC", 0, None)


def test_deferred_account_takes_no_limits(finance: Client) -> None:
    answer = finance.post(reverse("admin:ledger_account_add"), account_values(mode="DEFERRED"))

    assert "Limits are kept with the posting" in answer.content.decode()
    assert Account.objects.filter(code="1011").count() == 0


def test_seals_leave_the_house_and_come_back_to_be_compared(finance: Client) -> None:
    ledger_seal(now=timezone.now(), grace=timedelta())
    answer = finance.post(address("seals"))
    file = answer.content
    assert answer["Content-Disposition"] == 'attachment; filename="seals-2026-05-02.jsonl"'
    assert [json.loads(line)["no"] for line in file.splitlines()] == [1]

    same = compared(finance, file)
    later = json.dumps({**json.loads(file), "no": 2}).encode()
    cut = compared(finance, file + later)

    assert "Every seal of the file is in the ledger as it was" in same.content.decode()
    assert "seal 2: is in the file but not in the ledger, which was cut off before it" in cut.content.decode()
    assert list(AuditEntry.objects.filter(action__startswith="ledger.seals").values_list("action", "detail")) == [
        ("ledger.seals_export", {"seals": 1}),
        ("ledger.seals_compare", {"differences": 0}),
        ("ledger.seals_compare", {"differences": 1}),
    ]


def test_file_that_holds_no_seals_is_refused_on_the_page(finance: Client) -> None:
    answer = compared(finance, b"not a seal\n")

    assert answer.status_code == 422
    assert "Line 1 of the file is no seal" in answer.content.decode()


def compared(client: Client, content: bytes) -> Any:
    """Hold a file against the ledger."""
    return client.post(address("seals-compare"), {"file": SimpleUploadedFile("seals.jsonl", content)})
