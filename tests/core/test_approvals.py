"""Maker and checker, shown with an act that renames a number series."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from hashlib import sha256
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.utils import timezone

from core.approvals import registry
from core.approvals.errors import (
    ApprovalAboveAuthority,
    ApprovalByMaker,
    ApprovalByOther,
    ApprovalChanged,
    ApprovalEdited,
    ApprovalExpired,
    ApprovalForbidden,
    ApprovalKeyReused,
    ApprovalNotPending,
    ApprovalReasonMissing,
)
from core.approvals.models import ApprovalRequest, ApprovalState, AuthorityLimit
from core.approvals.registry import ApprovalKind
from core.approvals.services import (
    Attachment,
    approval_approve,
    approval_reject,
    approval_renew,
    approval_request,
    approval_withdraw,
    approvals_approve,
    approvals_expire,
)
from core.business_date import business_date_set
from core.clock import database_now
from core.errors import KistError
from core.models import AuditEntry, NumberSequence
from core.rehearsal import rehearse

pytestmark = pytest.mark.django_db

KIND = "tests.advance"


class SeriesTooLong(KistError):
    """The act of these tests refuses to pass a thousand."""

    code = "tests.series_too_long"
    template = "A series ends at a thousand."


def _advance(payload: Mapping[str, Any]) -> NumberSequence:
    series = NumberSequence.objects.get(name=payload["name"])
    if series.next_value + payload["by"] > 1000:
        raise SeriesTooLong()
    series.next_value += payload["by"]
    series.save()
    return series


def _effect(payload: Mapping[str, Any], actor: User) -> dict[str, Any]:
    before = NumberSequence.objects.get(name=payload["name"]).next_value
    return {"before": before, "after": rehearse(lambda: _advance(payload).next_value)}


@pytest.fixture(autouse=True)
def act() -> Iterator[ApprovalKind]:
    kind = ApprovalKind(
        code=KIND,
        title="Advance a series",
        make_permission="core.add_numbersequence",
        check_permission="core.change_numbersequence",
        describe=lambda payload: f"Advance {payload['name']} by {payload['by']}",
        subject=lambda payload: ("core.numbersequence", 0),
        effect=_effect,
        version=lambda payload: str(NumberSequence.objects.get(name=payload["name"]).next_value),
        execute=lambda payload, maker, key: _advance(payload),
        amount_paise=lambda payload: payload["by"] * 100,
    )
    registry.register(kind)
    yield kind
    registry._KINDS.pop(KIND)


@pytest.fixture
def series() -> NumberSequence:
    business_date_set(to=date(2026, 4, 1))
    return NumberSequence.objects.create(name="tests.series", next_value=10)


def _user(name: str, *codenames: str) -> User:
    user = User.objects.create_user(username=name)
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    return user


@pytest.fixture
def maker() -> User:
    return _user("maker", "add_numbersequence", "change_numbersequence")


@pytest.fixture
def checker() -> User:
    user = _user("checker", "change_numbersequence")
    user.groups.add(Group.objects.create(name="heads"))
    AuthorityLimit.objects.create(role="heads", kind=KIND, up_to_paise=5_000, effective_from=date(2026, 1, 1))
    return user


def _ask(maker: User, *, by: int = 5, key: str = "ask-1", reason: str = "Numbers were skipped") -> ApprovalRequest:
    payload = {"name": "tests.series", "by": by}
    return approval_request(kind=KIND, payload=payload, reason=reason, actor=maker, idempotency_key=key)


def test_request_stores_the_effect_and_does_nothing(series: NumberSequence, maker: User) -> None:
    request = _ask(maker)

    series.refresh_from_db()
    assert series.next_value == 10
    assert request.effect == {"before": 10, "after": 15}
    assert (request.state, request.amount_paise) == (ApprovalState.PENDING, 500)
    assert request.description == "Advance tests.series by 5"


def test_approval_by_a_second_person_does_the_act(series: NumberSequence, maker: User, checker: User) -> None:
    request = _ask(maker)

    done = approval_approve(request_id=request.pk, seen_effect_hash=request.effect_hash, actor=checker)

    series.refresh_from_db()
    assert series.next_value == 15
    assert (done.state, done.result_type, done.result_id) == (
        ApprovalState.EXECUTED,
        "core.numbersequence",
        "tests.series",
    )
    actions = list(AuditEntry.objects.order_by("id").values_list("action", "actor__username"))
    assert actions == [("core.approval_request", "maker"), ("core.approval_executed", "checker")]


def test_second_approval_by_the_same_person_returns_the_first(
    series: NumberSequence, maker: User, checker: User
) -> None:
    request = _ask(maker)
    approval_approve(request_id=request.pk, seen_effect_hash=request.effect_hash, actor=checker)

    again = approval_approve(request_id=request.pk, seen_effect_hash=request.effect_hash, actor=checker)

    series.refresh_from_db()
    assert (again.state, series.next_value) == (ApprovalState.EXECUTED, 15)


def test_maker_is_refused_as_checker(series: NumberSequence, maker: User) -> None:
    request = _ask(maker)

    with pytest.raises(ApprovalByMaker):
        approval_approve(request_id=request.pk, seen_effect_hash=request.effect_hash, actor=maker)

    series.refresh_from_db()
    assert series.next_value == 10


def test_amount_above_the_authority_is_refused(series: NumberSequence, maker: User, checker: User) -> None:
    request = _ask(maker, by=51)

    with pytest.raises(ApprovalAboveAuthority) as refusal:
        approval_approve(request_id=request.pk, seen_effect_hash=request.effect_hash, actor=checker)

    assert refusal.value.context == {"request": request.pk, "amount_paise": 5100, "up_to_paise": 5000}
    series.refresh_from_db()
    assert series.next_value == 10


def test_latest_authority_in_force_counts(series: NumberSequence, maker: User, checker: User) -> None:
    AuthorityLimit.objects.create(role="heads", kind=KIND, up_to_paise=100, effective_from=date(2026, 3, 1))
    AuthorityLimit.objects.create(role="heads", kind=KIND, up_to_paise=9_000, effective_from=date(2026, 5, 1))
    request = _ask(maker)

    with pytest.raises(ApprovalAboveAuthority):
        approval_approve(request_id=request.pk, seen_effect_hash=request.effect_hash, actor=checker)


def test_changed_subject_is_recomputed_and_asked_again(series: NumberSequence, maker: User, checker: User) -> None:
    request = _ask(maker)
    NumberSequence.objects.update(next_value=20)

    with pytest.raises(ApprovalChanged):
        approval_approve(request_id=request.pk, seen_effect_hash=request.effect_hash, actor=checker)

    renewed = ApprovalRequest.objects.get(pk=request.pk)
    assert (renewed.state, renewed.effect) == (ApprovalState.PENDING, {"before": 20, "after": 25})
    assert renewed.recomputed_at is not None
    approval_approve(request_id=request.pk, seen_effect_hash=renewed.effect_hash, actor=checker)
    series.refresh_from_db()
    assert series.next_value == 25


def test_approval_of_another_effect_than_the_stored_one_is_refused(
    series: NumberSequence, maker: User, checker: User
) -> None:
    request = _ask(maker)

    with pytest.raises(ApprovalChanged):
        approval_approve(request_id=request.pk, seen_effect_hash="0" * 64, actor=checker)

    series.refresh_from_db()
    assert series.next_value == 10


@pytest.mark.parametrize(
    "edited", [{"payload": {"name": "tests.series", "by": 50}}, {"effect": {"before": 10, "after": 11}}]
)
def test_request_edited_between_preview_and_approval_is_refused(
    series: NumberSequence, maker: User, checker: User, edited: dict[str, Any]
) -> None:
    request = _ask(maker)
    ApprovalRequest.objects.filter(pk=request.pk).update(**edited)

    with pytest.raises(ApprovalEdited):
        approval_approve(request_id=request.pk, seen_effect_hash=request.effect_hash, actor=checker)

    series.refresh_from_db()
    assert series.next_value == 10


def test_amount_edited_in_the_database_does_not_widen_an_authority(
    series: NumberSequence, maker: User, checker: User
) -> None:
    request = _ask(maker, by=51)
    ApprovalRequest.objects.filter(pk=request.pk).update(amount_paise=1)

    with pytest.raises(ApprovalAboveAuthority):
        approval_approve(request_id=request.pk, seen_effect_hash=request.effect_hash, actor=checker)


def test_stale_effect_can_be_worked_out_before_anybody_decides(
    series: NumberSequence, maker: User, checker: User
) -> None:
    request = _ask(maker)

    assert approval_renew(request_id=request.pk, actor=checker) is False
    NumberSequence.objects.update(next_value=20)
    assert approval_renew(request_id=request.pk, actor=maker) is True

    renewed = ApprovalRequest.objects.get(pk=request.pk)
    assert (renewed.state, renewed.effect) == (ApprovalState.PENDING, {"before": 20, "after": 25})


def test_refused_act_leaves_the_request_waiting(series: NumberSequence, maker: User, checker: User) -> None:
    request = _ask(maker)
    NumberSequence.objects.update(next_value=999)

    with pytest.raises(SeriesTooLong):
        approval_approve(request_id=request.pk, seen_effect_hash=request.effect_hash, actor=checker)

    request.refresh_from_db()
    assert request.state == ApprovalState.PENDING


def test_expired_request_is_closed_and_not_done(series: NumberSequence, maker: User, checker: User) -> None:
    request = _ask(maker)
    later = timezone.now() + timedelta(days=8)

    with pytest.raises(ApprovalExpired):
        approval_approve(request_id=request.pk, seen_effect_hash=request.effect_hash, actor=checker, now=later)

    request.refresh_from_db()
    series.refresh_from_db()
    assert (request.state, series.next_value) == (ApprovalState.EXPIRED, 10)


@pytest.mark.mariadb
@pytest.mark.parametrize(
    "case", [(-1, -10, ApprovalState.EXPIRED, 10), (5, 10, ApprovalState.EXECUTED, 15)], ids=["slow", "fast"]
)
def test_machine_with_a_wrong_clock_neither_lengthens_nor_shortens_the_time_of_a_request(
    series: NumberSequence,
    maker: User,
    checker: User,
    monkeypatch: pytest.MonkeyPatch,
    case: tuple[int, int, ApprovalState, int],
) -> None:
    minutes_left, minutes_wrong, state, next_value = case
    request = _ask(maker)
    ApprovalRequest.objects.filter(pk=request.pk).update(expires_at=database_now() + timedelta(minutes=minutes_left))
    wrong = timezone.now() + timedelta(minutes=minutes_wrong)
    monkeypatch.setattr(timezone, "now", lambda: wrong)

    outcomes = approvals_approve(seen={request.pk: request.effect_hash}, actor=checker)

    request.refresh_from_db()
    series.refresh_from_db()
    assert (request.state, series.next_value, len(outcomes)) == (state, next_value, 1)


@pytest.mark.mariadb
def test_time_of_a_request_begins_by_the_databases_clock(
    series: NumberSequence, maker: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, wrong = database_now(), timezone.now() + timedelta(minutes=10)
    monkeypatch.setattr(timezone, "now", lambda: wrong)

    request = _ask(maker)

    assert before <= request.made_at <= database_now()


def test_expiry_closes_only_what_is_due(series: NumberSequence, maker: User) -> None:
    first = _ask(maker)
    second = _ask(maker, key="ask-2")
    ApprovalRequest.objects.filter(pk=first.pk).update(expires_at=timezone.now() - timedelta(seconds=1))

    closed = approvals_expire(now=timezone.now())

    first.refresh_from_db()
    second.refresh_from_db()
    assert (closed, first.state, second.state) == (1, ApprovalState.EXPIRED, ApprovalState.PENDING)


def test_rejected_request_cannot_be_approved(series: NumberSequence, maker: User, checker: User) -> None:
    request = _ask(maker)
    approval_reject(request_id=request.pk, reason="Not needed", actor=checker)

    with pytest.raises(ApprovalNotPending):
        approval_approve(request_id=request.pk, seen_effect_hash=request.effect_hash, actor=checker)

    series.refresh_from_db()
    assert series.next_value == 10


def test_rejection_needs_a_reason(series: NumberSequence, maker: User, checker: User) -> None:
    request = _ask(maker)

    with pytest.raises(ApprovalReasonMissing):
        approval_reject(request_id=request.pk, reason="  ", actor=checker)


def test_only_the_maker_withdraws(series: NumberSequence, maker: User, checker: User) -> None:
    request = _ask(maker)

    with pytest.raises(ApprovalByOther):
        approval_withdraw(request_id=request.pk, actor=checker)
    withdrawn = approval_withdraw(request_id=request.pk, actor=maker)

    assert withdrawn.state == ApprovalState.WITHDRAWN


def test_asking_needs_the_permission(series: NumberSequence, checker: User) -> None:
    with pytest.raises(ApprovalForbidden):
        _ask(checker)


def test_same_key_returns_the_first_request_and_refuses_other_content(series: NumberSequence, maker: User) -> None:
    first = _ask(maker)

    assert _ask(maker).pk == first.pk
    with pytest.raises(ApprovalKeyReused):
        _ask(maker, by=6)


def test_act_that_would_be_refused_cannot_be_asked_for(series: NumberSequence, maker: User) -> None:
    with pytest.raises(SeriesTooLong):
        _ask(maker, by=5000)

    assert ApprovalRequest.objects.count() == 0


def test_attachment_is_kept_with_its_hash(series: NumberSequence, maker: User) -> None:
    request = approval_request(
        kind=KIND,
        payload={"name": "tests.series", "by": 1},
        reason="See the note",
        actor=maker,
        idempotency_key="ask-3",
        attachments=[Attachment(name="note.txt", content=b"board note")],
    )

    kept = request.attachments.get()
    assert kept.file.read() == b"board note"
    assert kept.content_hash == sha256(b"board note").hexdigest()


def test_bulk_approval_does_what_it_can_and_names_the_rest(series: NumberSequence, maker: User, checker: User) -> None:
    small, large = _ask(maker), _ask(maker, by=60, key="ask-2")

    outcomes = approvals_approve(seen={small.pk: small.effect_hash, large.pk: large.effect_hash}, actor=checker)

    assert [outcome.refusal and outcome.refusal.code for outcome in outcomes] == [
        None,
        "core.approval_above_authority",
    ]
    series.refresh_from_db()
    assert series.next_value == 15
