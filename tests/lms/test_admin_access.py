"""Which role may open which page and do which act: every address under /admin/ is in one of these tables."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from core.models import AuditEntry, BusinessDate
from customers.models import Customer
from ledger.models import Account, Journal, ProductAccount, Transfer
from lms.admin.acts import ACT_BY_SLUG
from lms.models import DayEnd, ImportBatch, Loan, LoanFact, Product, ProductVersion
from lms.services.classification_rules import classification_seed
from tests.factories.book import receive
from tests.factories.lms import make_loan, set_business_date
from tests.factories.staff import ROLE_NAMES, client_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("queue_without_worker")]

NOBODY = ""
EVERY_ROLE = frozenset(ROLE_NAMES)
BOOKKEEPERS = frozenset({"finance", "manager"})
SERVICE = frozenset({"operations", "manager"})
CASHIERS = frozenset({"operations", "finance", "manager"})
MANAGER = frozenset({"manager"})
FINANCE = frozenset({"finance"})
NONE: frozenset[str] = frozenset()

# Model screens: who may look, who may add, who may change; nobody deletes.
MODEL_SCREENS: dict[str, tuple[frozenset[str], frozenset[str], frozenset[str]]] = {
    "core_auditentry": (EVERY_ROLE, NONE, NONE),
    "core_businessdate": (EVERY_ROLE, NONE, NONE),
    "auth_user": (NONE, NONE, NONE),
    "auth_group": (NONE, NONE, NONE),
    "customers_customer": (EVERY_ROLE, SERVICE, NONE),
    "ledger_account": (EVERY_ROLE, BOOKKEEPERS, BOOKKEEPERS),
    "ledger_productaccount": (EVERY_ROLE, BOOKKEEPERS, BOOKKEEPERS),
    "ledger_journal": (EVERY_ROLE, NONE, NONE),
    "lms_loan": (EVERY_ROLE, NONE, NONE),
    "lms_classificationparameters": (EVERY_ROLE, MANAGER, NONE),
    "lms_product": (EVERY_ROLE, MANAGER, NONE),
    # These lead to a page of ours and have no list.
    "lms_loanfact": (EVERY_ROLE, NONE, NONE),
    "lms_productversion": (EVERY_ROLE, NONE, NONE),
    "lms_importbatch": (EVERY_ROLE, NONE, NONE),
    "lms_dayend": (EVERY_ROLE, NONE, NONE),
}
# Pages of our own: who may open them, and who may send something to them (None: the page takes no POST).
STAFF_PAGES: dict[str, tuple[dict[str, Any], frozenset[str], frozenset[str] | None]] = {
    "staff:search": ({}, EVERY_ROLE, EVERY_ROLE),
    "staff:preview": ({}, EVERY_ROLE, None),
    "staff:loan-sanction": ({}, SERVICE, SERVICE),
    "staff:day-end": ({}, EVERY_ROLE, BOOKKEEPERS),
    "staff:day-end-day": ({"day_end_id": DayEnd}, EVERY_ROLE, None),
    "staff:day-end-progress": ({}, EVERY_ROLE, None),
    "staff:imports": ({}, EVERY_ROLE, BOOKKEEPERS),
    "staff:import": ({"batch_id": ImportBatch}, EVERY_ROLE, None),
    "staff:import-progress": ({"batch_id": ImportBatch}, EVERY_ROLE, None),
    "staff:import-report": ({"batch_id": ImportBatch, "kind": "csv"}, EVERY_ROLE, None),
    "staff:loan-explain": ({"loan_id": Loan}, EVERY_ROLE, None),
    "staff:product-add": ({}, MANAGER, MANAGER),
    "staff:classification-publish": ({}, MANAGER, MANAGER),
    "staff:product-standing": ({"product_id": Product}, MANAGER, MANAGER),
    "staff:product-publish": ({"product_id": Product}, MANAGER, MANAGER),
    "staff-books:trial-balance": ({}, EVERY_ROLE, None),
    "staff-books:account": ({"account_id": Account}, EVERY_ROLE, None),
    "staff-books:entries": ({"account_id": Account}, EVERY_ROLE, None),
    "staff-books:day-book": ({}, EVERY_ROLE, None),
    "staff-books:profit-and-loss": ({}, EVERY_ROLE, None),
    "staff-books:balance-sheet": ({}, EVERY_ROLE, None),
    "staff-books:periods": ({}, EVERY_ROLE, FINANCE),
    "staff-books:check": ({}, EVERY_ROLE, None),
    "staff-books:vouchers": ({}, BOOKKEEPERS, None),
    "staff-books:voucher": ({}, BOOKKEEPERS, BOOKKEEPERS),
    "staff-customers:add": ({}, SERVICE, SERVICE),
    "staff-customers:addition": ({"customer_id": Customer, "what": "address"}, SERVICE, SERVICE),
}
# Addresses that only take POST.
WITHOUT_LIST = {"lms_loanfact", "lms_productversion", "lms_importbatch", "lms_dayend"}
COMMANDS: dict[str, tuple[dict[str, Any], frozenset[str]]] = {
    "staff-books:check-run": ({}, BOOKKEEPERS),
    "staff:import-check": ({"batch_id": ImportBatch}, BOOKKEEPERS),
    "staff:import-commit": ({"batch_id": ImportBatch}, BOOKKEEPERS),
    "staff:day-end-retry": ({"loan_id": Loan}, BOOKKEEPERS),
    "staff-customers:unmask": ({"customer_id": Customer}, MANAGER),
}
ACTS = {
    "disburse": SERVICE,
    "receipt": CASHIERS,
    "prepay": SERVICE,
    "foreclose": SERVICE,
    "charge": SERVICE,
    "penal": SERVICE,
    "bounce": SERVICE,
    "waive": MANAGER,
    "rate": MANAGER,
    "reschedule": MANAGER,
    "moratorium": MANAGER,
    "pause": MANAGER,
    "settle": MANAGER,
    "write-off": MANAGER,
    "recover": SERVICE,
    "refund": BOOKKEEPERS,
    "transfer": BOOKKEEPERS,
    "reverse": BOOKKEEPERS,
}
# Django's and the theme's own pages; the role plays no part in them.
FRAMEWORK = {
    "admin:index",
    "admin:login",
    "admin:logout",
    "admin:password_change",
    "admin:password_change_done",
    "admin:autocomplete",
    "admin:jsi18n",
    "admin:view_on_site",
    "admin:app_list",
    "admin:search",
    "admin:auth_user_password_change",
}
BOOK = (Loan, LoanFact, Journal, Transfer, Customer, Product, ProductVersion, Account, ProductAccount, BusinessDate)


@pytest.fixture
def loan() -> Loan:
    """A running loan with a receipt, so that every screen has a row."""
    set_business_date(date(2026, 3, 10))
    loan = make_loan()
    receive(loan, 5_000_00, date(2026, 3, 1))
    DayEnd.objects.create(business_date=date(2026, 3, 9), state=DayEnd.State.CLOSED)
    classification_seed()
    ImportBatch.objects.create(file_name="tape.csv", map_name="map", product_code="PL", snapshot_date=date(2026, 3, 1))
    return loan


def address(name: str, arguments: dict[str, Any]) -> str:
    """Fill an address with the keys of rows that exist."""
    return reverse(name, kwargs={key: _value(value) for key, value in arguments.items()})


def _value(value: Any) -> Any:
    return value._default_manager.order_by("pk")[0].pk if hasattr(value, "_default_manager") else value


def allowed(call: Callable[[Client], Any], *, refused: int = 403) -> frozenset[str]:
    """Return the roles that a call lets through; the others get 403, and nobody is led to the log-in page."""
    assert call(client_of(NOBODY)).status_code == 302
    answers = {role: call(client_of(role)).status_code for role in ROLE_NAMES}
    assert set(answers.values()) <= {200, 302, 405, 422, refused}
    return frozenset(role for role, status in answers.items() if status != refused)


def everything() -> list[list[tuple[Any, ...]]]:
    """Read every row that an act could touch."""
    return [list(model._default_manager.order_by("pk").values_list()) for model in BOOK]


def test_every_address_is_in_a_table() -> None:
    models = {
        f"admin:{name}_{view}"
        for name in MODEL_SCREENS
        for view in ("changelist", "add", "change", "delete", "history")
    }

    known = models | STAFF_PAGES.keys() | COMMANDS.keys() | FRAMEWORK | {"staff:loan-act"}

    assert set(_names(get_resolver().url_patterns)) == known


def test_every_act_is_in_the_table() -> None:
    assert ACTS.keys() == ACT_BY_SLUG.keys()


def test_every_model_screen_is_in_the_table() -> None:
    registered = {f"{model._meta.app_label}_{model._meta.model_name}" for model in admin.site._registry}

    assert registered == MODEL_SCREENS.keys()


@pytest.mark.parametrize("name", MODEL_SCREENS)
def test_model_screens_open_to_their_roles_alone(loan: Loan, name: str) -> None:
    may_look, may_add, may_change = MODEL_SCREENS[name]
    model = next(model for model in admin.site._registry if f"{model._meta.app_label}_{model._meta.model_name}" == name)
    client_of("analyst")  # users and roles exist
    key = model._default_manager.order_by("pk")[0].pk
    change = reverse(f"admin:{name}_change", args=[key])
    delete = reverse(f"admin:{name}_delete", args=[key])

    may_list = NONE if name in WITHOUT_LIST else may_look
    assert allowed(lambda client: client.get(reverse(f"admin:{name}_changelist"))) == may_list
    assert allowed(lambda client: client.get(reverse(f"admin:{name}_history", args=[key]))) == may_look
    assert allowed(lambda client: client.get(reverse(f"admin:{name}_add"))) == may_add
    assert allowed(lambda client: client.post(reverse(f"admin:{name}_add"))) == may_add
    assert allowed(lambda client: client.get(change)) == may_look
    assert allowed(lambda client: client.post(change), refused=405 if _is_page(name) else 403) == may_change
    assert allowed(lambda client: client.get(delete)) == NONE
    assert allowed(lambda client: client.post(delete, {"post": "yes"})) == NONE


@pytest.mark.parametrize("name", STAFF_PAGES)
def test_pages_open_to_their_roles_alone(loan: Loan, name: str) -> None:
    arguments, may_open, may_send = STAFF_PAGES[name]
    target = address(name, arguments)

    assert allowed(lambda client: client.get(target)) == may_open
    assert may_send is None or allowed(lambda client: client.post(target)) == may_send


@pytest.mark.parametrize("name", COMMANDS)
def test_commands_are_refused_to_other_roles(loan: Loan, name: str) -> None:
    arguments, may_send = COMMANDS[name]
    target = address(name, arguments)

    assert allowed(lambda client: client.post(target)) == may_send
    assert client_of("manager").get(target).status_code == 405


@pytest.mark.parametrize("slug", ACTS)
def test_acts_are_refused_to_other_roles(loan: Loan, slug: str) -> None:
    target = reverse("staff:loan-act", args=[loan.pk, slug])

    assert allowed(lambda client: client.get(target)) == ACTS[slug]
    assert allowed(lambda client: client.post(target)) == ACTS[slug]


def test_analyst_changes_nothing_anywhere(loan: Loan) -> None:
    client = client_of("analyst")
    pages = [address(name, row[0]) for table in (STAFF_PAGES, COMMANDS) for name, row in table.items()]
    acts = [reverse("staff:loan-act", args=[loan.pk, slug]) for slug in ACTS]
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


def _is_page(name: str) -> bool:
    """Tell whether the screen of one object is a page of ours, which takes no POST."""
    return name in {"lms_loan", "lms_product", "customers_customer", "ledger_journal"} | WITHOUT_LIST


def _names(patterns: list[Any], prefix: str = "") -> list[str]:
    """Collect the names of all addresses below /admin/."""
    found: list[str] = []
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            found += _names(pattern.url_patterns, f"{pattern.namespace}:" if pattern.namespace else prefix)
        elif isinstance(pattern, URLPattern) and pattern.name and prefix:
            found.append(f"{prefix}{pattern.name}")
    return found
