"""One command prepares an installation, and may run again."""

from datetime import date
from io import StringIO

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import CommandError, call_command

from core.business_date import business_date
from core.roles import ROLES, roles_sync
from ledger.models import Account
from tests.factories.core import make_user

pytestmark = pytest.mark.django_db


def test_installation_gets_its_date_chart_and_roles() -> None:
    out = StringIO()

    call_command("init_kist", "--business-date", "2026-04-01", stdout=out)

    assert business_date() == date(2026, 4, 1)
    assert Account.objects.filter(code="1010", kind="ASSET").count() == 1
    assert set(Group.objects.values_list("name", flat=True)) == {"analyst", "operations", "finance", "manager"}
    assert "Business date is 2026-04-01." in out.getvalue()


def test_second_run_changes_nothing() -> None:
    call_command("init_kist", "--business-date", "2026-04-01", stdout=StringIO())
    accounts = list(Account.objects.order_by("pk").values_list("pk", "code"))

    call_command("init_kist", "--business-date", "2026-05-01", stdout=StringIO())

    assert business_date() == date(2026, 4, 1)
    assert list(Account.objects.order_by("pk").values_list("pk", "code")) == accounts
    assert Group.objects.count() == len(ROLES)


def test_first_run_without_a_date_is_refused_and_leaves_nothing() -> None:
    with pytest.raises(CommandError, match="init_kist --business-date"):
        call_command("init_kist", stdout=StringIO())

    assert Account.objects.count() == 0
    assert Group.objects.count() == 0


def test_impossible_date_is_refused() -> None:
    with pytest.raises(CommandError, match="is not a date"):
        call_command("init_kist", "--business-date", "2026-02-31", stdout=StringIO())


def test_analyst_sees_and_does_nothing_else() -> None:
    roles_sync()
    analyst = Group.objects.get(name="analyst")

    codenames = set(analyst.permissions.values_list("codename", flat=True))

    assert {name for name in codenames if not name.startswith("view_")} == set()
    assert {"view_customer", "view_journal", "view_account", "view_auditentry"} <= codenames
    assert "view_user" not in codenames


@pytest.mark.parametrize("role", [role.name for role in ROLES])
def test_no_role_touches_posted_rows_by_hand(role: str) -> None:
    roles_sync()
    granted = Permission.objects.filter(group__name=role).values_list("content_type__app_label", "codename")

    changes = {f"{app}.{codename}" for app, codename in granted if codename.startswith(("add_", "change_", "delete_"))}

    assert (
        changes
        & {
            *("ledger.add_journal", "ledger.change_journal", "ledger.delete_journal"),
            *("ledger.add_transfer", "ledger.change_transfer", "ledger.delete_transfer"),
            *("core.add_auditentry", "core.change_auditentry", "core.delete_auditentry"),
            *("core.add_businessdate", "core.change_businessdate", "core.delete_businessdate"),
        }
        == set()
    )
    assert {name for name in changes if ".delete_" in name} == set()


def test_operations_write_customers_and_finance_writes_accounts() -> None:
    roles_sync()
    operations, finance = make_user(), make_user()
    operations.groups.set(Group.objects.filter(name="operations"))
    finance.groups.set(Group.objects.filter(name="finance"))

    acts = ["customers.add_customer", "ledger.change_account"]

    assert [operations.has_perm(act) for act in acts] == [True, False]
    assert [finance.has_perm(act) for act in acts] == [False, True]


def test_permission_given_by_hand_is_taken_back() -> None:
    roles_sync()
    analyst = Group.objects.get(name="analyst")
    analyst.permissions.add(Permission.objects.get(codename="add_customer"))

    roles_sync()

    assert not analyst.permissions.filter(codename="add_customer").exists()
