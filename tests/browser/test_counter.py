"""A day at the counter, in a real browser: cash and a cheque are taken, counted, confirmed by another, and bounced."""

from datetime import date
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from core.approvals.authority import authority_seed
from lms.models import Loan
from payments.models import CounterReceipt, SlipState
from tests.browser.conftest import LogIn, Shoot
from tests.factories.payments import balance_of, make_parameters, make_vendor
from tests.lms.documents.book import publish_lender

pytestmark = pytest.mark.browser


def test_cash_and_a_cheque_go_from_the_counter_to_the_bank(  # noqa: PLR0917  # fixtures
    lender: Loan, page: Page, live_server: Any, log_in: LogIn, shoot: Shoot, settings: Any, tmp_path: Any
) -> None:
    settings.MEDIA_ROOT = tmp_path
    make_parameters()
    make_vendor(address="http://127.0.0.1:9", float_paise=0)
    publish_lender(date(2026, 3, 10))
    authority_seed()
    log_in("operations")

    page.goto(f"{live_server.url}/admin/money/counter/")
    page.get_by_label("Find the loan that is paid").fill("Lakshmi")
    page.get_by_role("button", name="Find the loan").click()
    page.get_by_role("link", name="Take money").click()
    expect(page.get_by_label("Cheque number")).to_be_hidden()
    page.get_by_label("Amount in rupees").fill("2,500")
    page.get_by_role("button", name="Show where it goes").click()
    expect(page.locator("#effect")).to_contain_text("₹2,500.00")
    shoot("counter-effect")
    page.get_by_role("button", name="Take it").click()
    expect(page.get_by_role("link", name="as PDF")).to_be_visible()
    shoot("counter-receipt")

    page.goto(f"{live_server.url}/admin/money/loan/{lender.pk}/counter/")
    page.get_by_label("What is handed over").select_option("CHEQUE")
    page.get_by_label("Amount in rupees").fill("11,348")
    page.get_by_label("Cheque number").fill("412300")
    page.get_by_label("Drawn on").fill("State bank, Chennai")
    page.get_by_label("Date on the cheque").fill("2026-03-09")
    page.get_by_role("button", name="Take it").click()
    expect(page.get_by_text("Subject to clearing")).to_be_visible()

    for kind, total in (("cash", "₹2,500.00"), ("cheques", "₹11,348.00")):
        page.goto(f"{live_server.url}/admin/money/counter/deposit/{kind}/")
        box = page.get_by_role("checkbox")
        box.uncheck()
        expect(page.locator("[data-sum-total]")).to_have_text("₹0.00")
        box.check()
        expect(page.locator("[data-sum-total]")).to_have_text(total)
        page.get_by_label("Number of the slip").fill(f"SLIP-{kind}")
        page.get_by_label("Remark").fill("Carried by the guard")
        page.get_by_role("button", name="Ask for confirmation").click()
        expect(page.get_by_text("another person decides")).to_be_visible()

    page.context.clear_cookies()
    log_in("finance")
    for _ in range(2):
        page.goto(f"{live_server.url}/admin/money/counter/")
        page.get_by_role("link", name="Look", exact=True).first.click()
        page.get_by_role("button", name="Approve").click()
        expect(page.get_by_text("Approved and done")).to_be_visible()
    assert balance_of("1020") == 0
    page.goto(f"{live_server.url}/admin/money/counter/")
    shoot("counter")
    page.get_by_role("link", name="What does the bank say?").click()
    page.get_by_label("The bank says").select_option("bounce")
    page.get_by_label("Reason of the return").select_option("01")
    page.locator("textarea[name=reason]").fill("Memo of the branch")
    page.get_by_role("button", name="Note it").click()
    expect(page.get_by_text("Noted, and booked on the loan.")).to_be_visible()

    assert CounterReceipt.objects.get(kind="CHEQUE").state == SlipState.BOUNCED
    assert lender.facts.filter(kind="BOUNCE").count() == 1
