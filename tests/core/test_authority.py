"""Authority limits: the first ones are set once, and a later one is an act of two persons."""

from datetime import date
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.core.management import call_command

from core.approvals.authority import AUTHORITY_LIMIT, authority_paise, limit_payload
from core.approvals.errors import ApprovalByMaker, AuthorityDateTaken, AuthorityInPast, AuthorityKindUnknown
from core.approvals.models import ApprovalRequest, AuthorityLimit
from core.approvals.registry import approval_kinds
from core.approvals.services import approval_approve, approval_request
from core.business_date import business_date_set
from core.roles import roles_sync
from ledger.approvals import MANUAL_JOURNAL
from tests.factories.staff import make_staff

pytestmark = pytest.mark.django_db


@pytest.fixture
def second() -> User:
    """Another manager; the books are on 1 April 2026."""
    business_date_set(to=date(2026, 4, 1))
    user = User.objects.create_user("second", is_staff=True)
    user.groups.set(make_staff("manager").groups.all())
    return user


def ask(**changed: Any) -> ApprovalRequest:
    """Ask, as the first manager, for a limit of finance on journals by hand."""
    values: dict[str, Any] = {
        "role": "finance",
        "kind": MANUAL_JOURNAL,
        "up_to_paise": 5_00_000_00,
        "effective_from": date(2026, 4, 1),
        **changed,
    }
    return approval_request(
        kind=AUTHORITY_LIMIT,
        payload=limit_payload(reason="Board of March", **values),
        reason="Board of March",
        actor=make_staff("manager"),
        idempotency_key=f"limit-{sorted(changed)}",
    )


def test_first_limits_of_every_act_are_set_once() -> None:
    call_command("authority_seed")
    call_command("authority_seed")

    rows = AuthorityLimit.objects.values_list("role", "kind", "up_to_paise")
    assert set(rows) == {
        (role, kind.code, paise) for kind in approval_kinds() for role, paise in kind.limits_paise.items()
    }
    assert ("finance", MANUAL_JOURNAL, 10_00_00_000_00) in rows
    assert ("manager", "lms.waive", 1_00_00_000_00) in rows
    assert len(rows) == len(set(rows))


def test_limits_that_exist_stay_alone() -> None:
    AuthorityLimit.objects.create(role="finance", kind=MANUAL_JOURNAL, up_to_paise=1, effective_from=date(2026, 1, 1))

    call_command("authority_seed")

    assert AuthorityLimit.objects.get(kind=MANUAL_JOURNAL).up_to_paise == 1


def test_new_limit_counts_once_a_second_person_agreed(second: User) -> None:
    AuthorityLimit.objects.create(
        role="finance", kind=MANUAL_JOURNAL, up_to_paise=1_00, effective_from=date(2026, 1, 1)
    )
    request = ask()

    with pytest.raises(ApprovalByMaker):
        approval_approve(request_id=request.pk, seen_effect_hash=request.effect_hash, actor=make_staff("manager"))
    assert authority_paise(user=make_staff("finance"), kind=MANUAL_JOURNAL) == 1_00
    approval_approve(request_id=request.pk, seen_effect_hash=request.effect_hash, actor=second)

    assert authority_paise(user=make_staff("finance"), kind=MANUAL_JOURNAL) == 5_00_000_00
    assert (request.effect["up_to_paise_before"], request.effect["up_to_paise_after"]) == (1_00, 5_00_000_00)


def test_limits_that_cannot_be_are_refused_before_anybody_decides(second: User) -> None:
    AuthorityLimit.objects.create(role="finance", kind=MANUAL_JOURNAL, up_to_paise=1, effective_from=date(2026, 4, 2))

    with pytest.raises(AuthorityKindUnknown):
        ask(kind="ledger.nothing")
    with pytest.raises(AuthorityKindUnknown):
        ask(role="nobody")
    with pytest.raises(AuthorityInPast):
        ask(effective_from=date(2026, 3, 31))
    with pytest.raises(AuthorityDateTaken):
        ask(effective_from=date(2026, 4, 2))

    assert not ApprovalRequest.objects.exists()


def test_somebody_can_approve_every_act() -> None:
    roles_sync()
    held = {
        f"{app}.{codename}"
        for app, codename in Permission.objects.filter(group__isnull=False).values_list(
            "content_type__app_label", "codename"
        )
    }

    without_checker = [kind.code for kind in approval_kinds() if kind.check_permission not in held]
    without_limit = [kind.code for kind in approval_kinds() if kind.amount_paise and not kind.limits_paise]

    assert (without_checker, without_limit) == ([], [])
