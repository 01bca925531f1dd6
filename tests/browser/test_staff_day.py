"""A working day of staff, in a real browser."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from lms.models import Loan
from tests.browser.conftest import LogIn, Shoot
from tests.factories.book import assert_verified
from tests.lms.imports.tapes import SMALL_HEADER, SMALL_MAP, SMALL_ROW

pytestmark = pytest.mark.browser


def test_receipt_is_posted_seen_in_the_books_and_reversed(
    lender: Loan, page: Page, log_in: LogIn, shoot: Shoot
) -> None:
    log_in("manager")
    shoot("home")

    page.keyboard.press("/")
    page.keyboard.type("lakshmi narayan")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Lakshmi Narayanan")).to_be_visible()
    shoot("search")
    page.get_by_role("link", name=lender.number).click()
    expect(page.get_by_role("heading", name=lender.number, exact=True)).to_be_visible()
    shoot("loan")

    page.get_by_role("link", name="Post a receipt").click()
    page.get_by_label("Amount in rupees").fill("1,234.50")
    page.get_by_label("Channel").select_option("UPI")
    page.get_by_label("Bank reference").fill("UPI-778899")
    shoot("receipt-form")
    page.get_by_role("button", name="Show the effect first").click()
    expect(page.locator("#effect")).to_contain_text("Held as excess")
    shoot("receipt-effect")
    page.get_by_role("button", name="Post receipt").click()
    expect(page.get_by_text("Receipt of ₹1,234.50 posted, value date 10 Mar 2026: entry 6.")).to_be_visible()
    entry = page.locator("#fact-6")
    expect(entry).to_contain_text("UPI-778899")
    journal = entry.get_by_role("link", name="Journal").first.text_content() or ""
    postings = page.locator(f"#journal-{journal.removeprefix('Journal ').strip()}")
    expect(postings).to_contain_text("1010 Bank accounts")
    expect(postings).to_contain_text("2110.PL Excess money of borrowers")
    shoot("loan-after-receipt")

    entry.get_by_role("link", name="Reverse").click()
    page.locator("#id_reason_code").select_option("WRONG_LOAN")
    page.locator("#id_reason").fill("Posted to the wrong loan")
    shoot("reversal-form")
    page.get_by_role("button", name="Reverse the entry").click()
    expect(page.get_by_text("Entry 6 reversed")).to_be_visible()
    expect(page.locator("#fact-6")).to_contain_text("reversed by 7")
    assert page.locator("#fact-6").get_attribute("class") == "k-struck"
    shoot("loan-after-reversal")
    assert_verified(lender)


def test_refused_receipt_says_what_to_do_and_keeps_the_input(
    lender: Loan, page: Page, live_server: Any, log_in: LogIn, shoot: Shoot
) -> None:
    log_in("operations")

    page.goto(f"{live_server.url}/admin/loan/{lender.pk}/receipt/")
    page.get_by_label("Amount in rupees").fill("500")
    page.get_by_label("Bank reference").fill("UTR-MARCH")
    page.get_by_role("button", name="Post receipt").click()

    expect(page.get_by_role("alert")).to_contain_text("was credited to loan")
    expect(page.get_by_label("Bank reference")).to_have_value("UTR-MARCH")
    shoot("receipt-refused")


def test_preview_follows_the_rate_at_once(
    lender: Loan, page: Page, live_server: Any, log_in: LogIn, shoot: Shoot
) -> None:
    log_in("manager")
    page.goto(f"{live_server.url}/admin/preview/")
    page.get_by_label("Amount in rupees").fill("1,20,000")
    page.get_by_label("Rate, % a year").fill("24")
    page.get_by_label("Instalments").fill("12")
    page.get_by_role("button", name="Show the schedule").click()
    expect(page.locator("#offer")).to_contain_text("₹11,348.00")

    page.get_by_label("Rate, % a year").fill("12")
    page.get_by_label("Rate, % a year").blur()

    expect(page.locator("#offer")).to_contain_text("₹10,662.00")
    shoot("preview")


def test_loan_is_sanctioned_after_a_look_at_its_schedule(
    lender: Loan, page: Page, live_server: Any, log_in: LogIn, shoot: Shoot
) -> None:
    log_in("manager")
    page.goto(f"{live_server.url}/admin/customers/customer/{lender.customer_id}/change/")
    shoot("customer")
    page.get_by_role("link", name="Sanction a loan").last.click()
    page.get_by_label("Amount in rupees").fill("50,000")
    page.get_by_label("Rate, % a year").fill("18")
    page.get_by_label("Instalments").fill("6")
    page.get_by_role("button", name="Show the schedule").click()
    shoot("sanction")

    page.get_by_role("button", name="Sanction this loan").click()

    expect(page.get_by_text("is sanctioned. It can be disbursed now.")).to_be_visible()
    shoot("loan-sanctioned")
    page.get_by_role("link", name="Disburse").click()
    page.get_by_label("Bank reference of the payout").fill("OUT-0001")
    page.get_by_role("button", name="Disburse").click()
    expect(page.get_by_text("₹50,000.00 disbursed")).to_be_visible()


def test_quote_is_shown_before_a_loan_is_foreclosed(
    lender: Loan, page: Page, live_server: Any, log_in: LogIn, shoot: Shoot
) -> None:
    log_in("manager")
    page.goto(f"{live_server.url}/admin/loan/{lender.pk}/foreclose/")

    expect(page.get_by_role("table", name="Foreclosure quote")).to_contain_text("Foreclosure charge")
    page.get_by_label("Bank reference").fill("UTR-CLOSE")
    shoot("foreclosure")
    page.get_by_role("button", name="Take the money and close the loan").click()

    expect(page.get_by_text("Loan foreclosed with")).to_be_visible()
    assert_verified(lender)


def test_loan_is_shown_as_it_was_on_an_earlier_day(
    lender: Loan, page: Page, live_server: Any, log_in: LogIn, shoot: Shoot
) -> None:
    log_in("analyst")
    page.goto(f"{live_server.url}/admin/lms/loan/{lender.pk}/change/")

    page.get_by_label("As of", exact=True).fill("2026-02-01")

    expect(page.get_by_text("This is the loan as of 01 Feb 2026")).to_be_visible()
    expect(page.locator(".k-figure--main")).to_contain_text("₹1,20,000.00")
    shoot("loan-as-of")


def test_trial_balance_leads_to_the_account_the_journal_and_the_loan(
    lender: Loan, page: Page, live_server: Any, log_in: LogIn, shoot: Shoot
) -> None:
    log_in("finance")
    page.get_by_role("link", name="Trial balance").first.click()
    expect(page.get_by_text("Debits equal credits")).to_be_visible()
    shoot("trial-balance")

    page.get_by_role("link", name="1010", exact=True).click()
    shoot("account")
    page.get_by_role("table").get_by_role("link").first.click()
    expect(page.get_by_role("heading", name="Debits and credits")).to_be_visible()
    shoot("journal")
    page.locator("dd").get_by_role("link", name="Loan").click()
    expect(page.get_by_role("heading", name="Schedule")).to_be_visible()


def test_analyst_sees_everything_and_can_post_nothing(
    lender: Loan, page: Page, live_server: Any, log_in: LogIn, shoot: Shoot
) -> None:
    log_in("analyst")
    page.goto(f"{live_server.url}/admin/lms/loan/{lender.pk}/change/")

    expect(page.get_by_role("link", name="Post a receipt")).to_have_count(0)
    expect(page.get_by_role("link", name="Reverse", exact=True)).to_have_count(0)
    shoot("loan-of-analyst")
    answer = page.goto(f"{live_server.url}/admin/loan/{lender.pk}/receipt/")
    assert answer is not None
    assert answer.status == 403
    expect(page.get_by_role("heading", name="Not allowed")).to_be_visible()
    shoot("not-allowed")


@pytest.mark.usefixtures("tasks_at_once")
def test_day_end_is_run_and_its_certificate_read(
    lender: Loan, page: Page, live_server: Any, log_in: LogIn, shoot: Shoot
) -> None:
    log_in("finance")
    page.get_by_role("link", name="Open the day-end").click()

    page.get_by_role("button", name="Close").click()

    expect(page.get_by_text("Done. Everything up to 10 Mar 2026 is closed.")).to_be_visible()
    shoot("day-end")
    page.get_by_role("link", name="10 Mar 2026").click()
    expect(page.get_by_role("heading", name="What the day booked")).to_be_visible()
    page.get_by_role("table").first.get_by_role("link").first.click()
    expect(page.get_by_role("heading", name="Loans behind it")).to_be_visible()
    shoot("day-end-day")


def test_every_list_opens(lender: Loan, page: Page, live_server: Any, log_in: LogIn, shoot: Shoot) -> None:
    log_in("manager")
    lists = ("customers/customer", "lms/loan", "lms/product", "ledger/account", "ledger/journal", "core/auditentry")

    for name in lists:
        page.goto(f"{live_server.url}/admin/{name}/")
        expect(page.locator("#result_list, table").first).to_be_visible()
        shoot(f"list-{name.replace('/', '-')}")


def test_pages_fit_a_telephone_and_a_dark_room(
    lender: Loan, page: Page, live_server: Any, log_in: LogIn, shoot: Shoot
) -> None:
    log_in("manager")
    page.emulate_media(color_scheme="dark")
    page.goto(f"{live_server.url}/admin/lms/loan/{lender.pk}/change/")
    shoot("loan-dark")
    page.set_viewport_size({"width": 390, "height": 844})
    page.emulate_media(color_scheme="light")

    for name, target in (("loan", f"/admin/lms/loan/{lender.pk}/change/"), ("home", "/admin/")):
        page.goto(f"{live_server.url}{target}")
        shoot(f"{name}-telephone")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_figure_explains_itself_down_to_entries_and_postings(
    lender: Loan, page: Page, live_server: Any, log_in: LogIn, shoot: Shoot
) -> None:
    log_in("analyst")
    page.goto(f"{live_server.url}/admin/lms/loan/{lender.pk}/change/")

    page.get_by_role("button", name="Principal outstanding").click()

    drawer = page.get_by_role("dialog", name="How this figure came about")
    expect(drawer).to_contain_text("Principal disbursed")
    expect(drawer).to_contain_text("Entry 1: disbursal of 01 Jan 2026, ₹1,20,000.00")
    expect(drawer.get_by_role("table")).to_contain_text("1110.PL")
    expect(drawer.get_by_role("link", name="Entry 5")).to_be_visible()
    shoot("explanation")
    page.keyboard.press("Escape")
    expect(drawer).to_be_hidden()
    page.locator("#schedule .k-cell").nth(1).click()
    expect(drawer).to_contain_text("Before rounding")
    expect(drawer).to_contain_text("₹2,446.02739726")


@pytest.mark.usefixtures("tasks_at_once")
def test_tape_is_checked_committed_and_opened(
    lender: Loan, page: Page, live_server: Any, log_in: LogIn, shoot: Shoot
) -> None:
    log_in("manager")
    page.goto(f"{live_server.url}/admin/imports/")
    tape = (
        f"{SMALL_HEADER}\n{SMALL_ROW}\nA2,28000,14.07,60,999.99,2018-03-01,ok,1,1957.59,984.14,Ravi Kumar,9800000002\n"
    )

    page.get_by_label("Loan tape").set_input_files(
        {"name": "tape.csv", "mimeType": "text/csv", "buffer": f"{tape}A3,x,,,,,,,,,,\n".encode()}
    )
    page.get_by_label("Map").set_input_files(
        {"name": "map.yaml", "mimeType": "application/yaml", "buffer": SMALL_MAP.encode()}
    )
    page.get_by_role("button", name="Upload and check").click()
    expect(page.get_by_text("rows 3, instalment exact 1, balance exact 1, explained 0, rejected 1")).to_be_visible()
    shoot("import-checked")

    page.get_by_label("Leave rejected rows out").check()
    page.get_by_label("Reason").fill("Opening of the small book")
    page.get_by_role("button", name="Commit").click()
    expect(page.get_by_role("button", name="Commit")).to_have_count(0)
    page.get_by_role("link", name="All", exact=True).click()
    shoot("import-committed")
    page.get_by_role("link", name="A1").click()

    expect(page.get_by_role("heading", name="Schedule")).to_be_visible()
    shoot("loan-imported")


def test_personal_data_is_shown_for_a_reason(
    lender: Loan, page: Page, live_server: Any, log_in: LogIn, shoot: Shoot
) -> None:
    log_in("manager")
    page.goto(f"{live_server.url}/admin/customers/customer/{lender.customer_id}/change/")
    expect(page.get_by_text("9812345678")).to_have_count(0)

    page.get_by_label("Why do you need it?").fill("Borrower is on the telephone")
    page.get_by_role("button", name="Show in clear").click()

    expect(page.get_by_text("9812345678")).to_be_visible()
    shoot("customer-in-clear")
    page.get_by_role("link", name="Hide it").click()
    expect(page.get_by_text("9812345678")).to_have_count(0)


@pytest.mark.parametrize("text", ["ABCPL1234K", "9812345678", "98123 45678"])
def test_search_keeps_personal_data_out_of_the_address(
    lender: Loan, page: Page, live_server: Any, log_in: LogIn, text: str
) -> None:
    log_in("operations")

    page.get_by_role("searchbox").fill(text)
    page.get_by_role("button", name="Search").click()

    expect(page.get_by_role("link", name="Lakshmi Narayanan")).to_be_visible()
    assert page.url == f"{live_server.url}/admin/find/"
