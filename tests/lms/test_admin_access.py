"""Which role may open which page and do which act: every address under /admin/ is in one of these tables."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from operator import methodcaller
from pathlib import Path
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from core.models import ApprovalRequest, AuditEntry, BusinessDate
from customers.models import Customer
from ledger.models import Account, Journal, ProductAccount, Transfer
from lms.admin.acts import FORM_BY_SLUG
from lms.models import Loan, LoanFact, Product, ProductVersion
from tests.factories.staff import NOBODY, NONE, ROLE_NAMES, client_of
from tests.lms.access.commands import ACT_ROLES, COMMANDS, FRAMEWORK
from tests.lms.access.pages import STAFF_PAGES
from tests.lms.access.rows import everything_fill
from tests.lms.access.screens import MODEL_SCREENS, PAGES_OF_ONE, WITHOUT_LIST

pytestmark = [pytest.mark.django_db, pytest.mark.embedded, pytest.mark.usefixtures("queue_without_worker")]

BOOK = (
    Loan,
    LoanFact,
    ApprovalRequest,
    Journal,
    Transfer,
    Customer,
    Product,
    ProductVersion,
    Account,
    ProductAccount,
    BusinessDate,
)


@pytest.fixture
def loan(settings: Any, tmp_path: Path) -> Loan:
    """A running loan, and a row of every screen."""
    settings.MEDIA_ROOT = tmp_path
    return everything_fill()


def address(name: str, arguments: dict[str, Any]) -> str:
    """Fill an address with the keys of rows that exist."""
    return reverse(name, kwargs={key: _value(value) for key, value in arguments.items()})


def _value(value: Any) -> Any:
    return value._default_manager.order_by("pk")[0].pk if hasattr(value, "_default_manager") else value


class Staff:
    """Browsers of all roles, logged in once."""

    def __init__(self) -> None:
        self.clients = {role: client_of(role) for role in (NOBODY, *ROLE_NAMES)}

    def allowed(self, call: Callable[[Client], Any], *, refused: int = 403) -> frozenset[str]:
        """Return the roles that a call lets through; the others get 403, and nobody is led to the log-in page."""
        answers = {role: call(client).status_code for role, client in self.clients.items()}
        assert answers.pop(NOBODY) == 302
        assert set(answers.values()) <= {200, 302, 405, 422, refused}
        return frozenset(role for role, status in answers.items() if status != refused)


@contextmanager
def undone() -> Iterator[None]:
    """Let what one row of a table does not reach the next one: the book takes a second to fill."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def everything() -> list[list[tuple[Any, ...]]]:
    """Read every row that an act could touch."""
    return [list(model._default_manager.order_by("pk").values_list()) for model in BOOK]


def test_every_address_is_in_a_table() -> None:
    models = {
        f"admin:{name}_{view}"
        for name in MODEL_SCREENS
        for view in ("changelist", "add", "change", "delete", "history")
    }

    known = models | STAFF_PAGES.keys() | COMMANDS.keys() | FRAMEWORK | {"staff:loan-act", "staff:line-act"}

    assert set(_names(get_resolver().url_patterns)) == known


def test_every_act_is_in_the_table() -> None:
    assert ACT_ROLES.keys() == FORM_BY_SLUG.keys()


def test_every_model_screen_is_in_the_table() -> None:
    registered = {f"{model._meta.app_label}_{model._meta.model_name}" for model in admin.site._registry}

    assert registered == MODEL_SCREENS.keys()


def test_model_screens_open_to_their_roles_alone(loan: Loan, subtests: pytest.Subtests) -> None:
    allowed = Staff().allowed
    for model in admin.site._registry:
        name = f"{model._meta.app_label}_{model._meta.model_name}"
        may_look, may_add, may_change = MODEL_SCREENS[name]
        key = model._default_manager.order_by("pk")[0].pk
        listed, add = reverse(f"admin:{name}_changelist"), reverse(f"admin:{name}_add")
        history, change, delete = (
            reverse(f"admin:{name}_{view}", args=[key]) for view in ("history", "change", "delete")
        )

        with subtests.test(name), undone():
            assert allowed(methodcaller("get", listed)) == (NONE if name in WITHOUT_LIST else may_look)
            assert allowed(methodcaller("get", history)) == may_look
            assert allowed(methodcaller("get", add)) == may_add
            assert allowed(methodcaller("post", add)) == may_add
            assert allowed(methodcaller("get", change)) == may_look
            assert allowed(methodcaller("post", change), refused=405 if name in PAGES_OF_ONE else 403) == may_change
            assert allowed(methodcaller("get", delete)) == NONE
            assert allowed(methodcaller("post", delete, {"post": "yes"})) == NONE


def test_pages_open_to_their_roles_alone(loan: Loan, subtests: pytest.Subtests) -> None:
    allowed = Staff().allowed
    for name, (arguments, may_open, may_send) in STAFF_PAGES.items():
        target = address(name, arguments)

        with subtests.test(name), undone():
            assert allowed(methodcaller("get", target)) == may_open
            assert may_send is None or allowed(methodcaller("post", target)) == may_send


def test_commands_are_refused_to_other_roles(loan: Loan, subtests: pytest.Subtests) -> None:
    allowed = Staff().allowed
    for name, (arguments, may_send) in COMMANDS.items():
        target = address(name, arguments)

        with subtests.test(name), undone():
            assert allowed(methodcaller("post", target)) == may_send
            assert client_of("manager").get(target).status_code == 405


def test_acts_are_refused_to_other_roles(loan: Loan, subtests: pytest.Subtests) -> None:
    allowed = Staff().allowed
    for slug, may_do in ACT_ROLES.items():
        target = reverse("staff:loan-act", args=[loan.pk, slug])

        with subtests.test(slug), undone():
            assert allowed(methodcaller("get", target)) == may_do
            assert allowed(methodcaller("post", target)) == may_do


def test_analyst_changes_nothing_anywhere(loan: Loan) -> None:
    client = client_of("analyst")
    pages = [address(name, row[0]) for table in (STAFF_PAGES, COMMANDS) for name, row in table.items()]
    acts = [reverse("staff:loan-act", args=[loan.pk, slug]) for slug in ACT_ROLES]
    lists = [reverse(f"admin:{name}_changelist") for name in MODEL_SCREENS]
    entered = {
        "amount_paise": "1,000.00",
        "value_date": "2026-03-10",
        "channel": "BANK",
        "reference": "UTR-ANALYST",
        "reason": "Trying",
        "idempotency_key": "analyst-1",
        "sequence": "2",
        "component": "INTEREST",
        "to_date": "2026-03-10",
        "action": "delete_selected",
        "_selected_action": "1",
    }
    before = everything(), AuditEntry.objects.count()

    for target in (*pages, *acts, *lists):
        client.get(target)
        client.post(target, entered)

    assert (everything(), AuditEntry.objects.count()) == before


def test_analyst_is_shown_no_act(loan: Loan) -> None:
    page = client_of("analyst").get(reverse("admin:lms_loan_change", args=[loan.pk])).content.decode()

    assert "Post a receipt" not in page
    assert "Reverse</a>" not in page
    assert f"/admin/loan/{loan.pk}/" not in page.replace("/explain/", "")


def test_user_without_a_role_sees_no_figures(loan: Loan) -> None:
    client = Client()
    client.force_login(User.objects.create_user("new", password="x", is_staff=True))

    page = client.get(reverse("admin:index")).content.decode()

    assert "Your user has no role yet" in page
    assert "Principal outstanding" not in page


def _names(patterns: list[Any], prefix: str = "") -> list[str]:
    """Collect the names of all addresses below /admin/."""
    found: list[str] = []
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            found += _names(pattern.url_patterns, f"{pattern.namespace}:" if pattern.namespace else prefix)
        elif isinstance(pattern, URLPattern) and pattern.name and prefix:
            found.append(f"{prefix}{pattern.name}")
    return found
