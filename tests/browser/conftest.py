"""What the browser tests share: a small lender, members of staff, and pages that may call nobody but us."""

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.core.cache import cache
from playwright.sync_api import Page, Request

from core.reasons.services import reason_codes_seed
from customers.services import address_add, bank_account_add
from lms.models import Loan
from lms.services.day_end import day_end_run
from tests.factories.book import receive, reverse
from tests.factories.lms import make_customer, make_loan, make_version, set_business_date
from tests.factories.staff import make_staff
from tests.task_fixtures import tasks_at_once  # noqa: F401

SCREENSHOTS = Path(settings.BASE_DIR) / "test-output" / "screenshots"
PASSWORD = "correct horse battery"

LogIn = Callable[[str], None]
Shoot = Callable[[str], None]


@pytest.fixture(scope="session")
def base_url() -> str:
    """Leave addresses alone: the live server has another port in each run. The plugin's own fixture is deprecated."""
    return ""


@pytest.fixture
def lender(transactional_db: None) -> Loan:
    """A lender with three borrowers, two of them late, on 10 March 2026; returns the loan of Lakshmi Narayanan."""
    cache.clear()
    set_business_date(date(2026, 3, 8))
    reason_codes_seed()
    version = make_version()
    lakshmi = make_customer(full_name="Lakshmi Narayanan", phone="9812345678", pan="ABCPL1234K", state_code="TN")
    address_add(customer=lakshmi, line_1="14 Gandhi Street", city="Chennai", state_code="TN", pin_code="600017")
    bank_account_add(customer=lakshmi, account_number="50100012345678", ifsc="HDFC0000123")
    loan = make_loan(customer=lakshmi, version=version)
    receive(loan, 11_348_00, date(2026, 2, 1), reference="UTR-WRONG-LOAN")
    reverse(loan, 2)
    receive(loan, 11_348_00, date(2026, 2, 2), reference="UTR-FEBRUARY")
    receive(loan, 11_348_00, date(2026, 3, 1), reference="UTR-MARCH")
    for name in ("Farhan Ali", "Meera Iyer"):
        make_loan(customer=make_customer(full_name=name), version=version)
    day_end_run(to_date=date(2026, 3, 9))
    loan.refresh_from_db()
    return loan


@pytest.fixture
def page(page: Page, live_server: Any) -> Iterator[Page]:
    """A page that fails its test when it calls another host, breaks in its scripts or gets an error of the server."""
    host = urlsplit(live_server.url).netloc
    called: set[str] = set()
    broken: list[str] = []
    page.on("request", lambda request: called.add(_host(request)))
    page.on("pageerror", lambda error: broken.append(str(error)))
    page.on("response", lambda answer: broken.append(answer.url) if answer.status >= 500 else None)
    page.set_default_timeout(10_000)
    page.set_viewport_size({"width": 1440, "height": 900})
    yield page
    assert called <= {host, ""}
    assert broken == []


@pytest.fixture
def log_in(page: Page, live_server: Any) -> LogIn:
    """Log in with a role, through the log-in page."""

    def log_in(role: str) -> None:
        make_staff(role)
        page.goto(f"{live_server.url}/")
        page.get_by_label("Username").fill(role)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        page.get_by_role("heading", name="Whom are you looking for?").wait_for()

    return log_in


@pytest.fixture
def shoot(page: Page) -> Shoot:
    """Keep a picture of the whole page under test-output/screenshots/."""

    def shoot(name: str) -> None:
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        page.wait_for_timeout(300)
        page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)

    return shoot


def _host(request: Request) -> str:
    """Return the host of a request; none for what is in the page itself."""
    return urlsplit(request.url).netloc if request.url.startswith(("http", "ws")) else ""
