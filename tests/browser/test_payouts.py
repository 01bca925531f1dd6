"""Money leaves and comes back, in a real browser: paid out, confirmed, paid by link, sent back late."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from lms.models import Loan
from payments.models import Payout, PayoutState, ProviderAttempt
from payments.services.links import LinkRequest, link_request
from payments.services.vendors import clients_close
from payments.vendors import http, rates
from tests.browser.conftest import LogIn, Shoot
from tests.factories.lms import make_sanctioned_loan
from tests.factories.payments import make_account, make_parameters, make_proof, make_vendor, run_sagas
from tests.simulators.process import Simulators, running

pytestmark = pytest.mark.browser


@pytest.fixture
def simulators() -> Iterator[Simulators]:
    http._breaker.cache_clear()
    rates.counts_forget()
    with running() as simulators:
        simulators.set("scenario", latency_median=0, settle_seconds=0)
        yield simulators
    clients_close()


def test_loan_is_paid_out_confirmed_paid_by_link_and_sent_back(  # noqa: PLR0917  # fixtures
    lender: Loan, simulators: Simulators, page: Page, browser: Browser, live_server: Any, log_in: LogIn, shoot: Shoot
) -> None:
    make_parameters()
    make_vendor(address=simulators.address)
    loan = make_sanctioned_loan(first_due_date=date(2026, 4, 10))
    make_proof(account=make_account(customer=loan.customer))
    log_in("manager")

    page.goto(f"{live_server.url}/admin/lms/loan/{loan.pk}/change/")
    page.get_by_role("link", name="Pay out").first.click()
    page.get_by_label("Reason").fill("Disbursal as sanctioned")
    page.get_by_role("button", name="Show the effect first").click()
    expect(page.locator("#effect")).to_contain_text("How the money travels")
    shoot("payout-effect")
    page.get_by_role("button", name="Pay out").click()
    expect(page.get_by_text("is under way.")).to_be_visible()
    shoot("payout-asked")

    # The page is left open: it follows what the workers do.
    run_sagas()
    expect(page.get_by_text("Confirmed by the bank on 10 Mar 2026")).to_be_visible()
    shoot("payout-paid")
    payout = Payout.objects.get()
    assert (payout.state, loan.facts.get(kind="DISBURSE").reference) == (PayoutState.PAID, payout.utr)

    link = link_request(
        request=LinkRequest(loan_id=lender.pk, amount_paise=5_000_00, idempotency_key="browser", hours=24)
    )
    run_sagas(rounds=2)
    link.refresh_from_db()
    borrower = browser.new_page()
    borrower.goto(link.address)
    borrower.get_by_label("Net banking").check()
    borrower.get_by_role("button", name="Pay", exact=True).click()
    expect(borrower.get_by_role("heading", name="Paid")).to_be_visible()
    borrower.close()
    run_sagas()
    page.goto(f"{live_server.url}/admin/lms/loan/{lender.pk}/change/")
    receipt = lender.facts.order_by("sequence").last()
    assert receipt is not None
    expect(page.locator(f"#fact-{receipt.sequence}")).to_contain_text("₹5,000.00")
    shoot("loan-paid-by-link")

    simulators.set("reverse", payout=simulators.truth(_reference(payout))["things"][0]["id"])
    page.goto(f"{live_server.url}/admin/payments/payout/{payout.pk}/change/")
    page.get_by_label("Reason").fill("The borrower says that nothing has come")
    page.get_by_role("button", name="Ask the vendor now").click()
    expect(page.get_by_text("Ask the vendor now: done")).to_be_visible()
    run_sagas()
    page.reload()
    expect(page.get_by_text("Paid, and sent back by the bank")).to_be_visible()
    shoot("payout-sent-back")
    page.goto(f"{live_server.url}/admin/lms/loan/{loan.pk}/change/")
    expect(page.locator("#fact-1")).to_contain_text("reversed by 2")
    payout.refresh_from_db()
    assert payout.state == PayoutState.REVERSED


def _reference(payout: Payout) -> str:
    return ProviderAttempt.objects.get(saga_id=payout.saga_id or 0).our_reference
