"""When an act needs a second person: dated rules, changed by two persons, and their page."""

from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from core.acts.models import ActRule
from core.acts.registry import ruled_acts
from core.acts.rule_changes import ACT_RULE, act_rules_seed, rule_payload
from core.acts.rules import rule_of
from core.approvals.errors import ApprovalByMaker, ApprovalExpired
from core.approvals.models import ApprovalRequest, ApprovalState, AuthorityLimit
from core.approvals.services import approval_approve, approval_request, approvals_expire
from core.models import AuditEntry
from core.reasons.services import reason_codes_seed
from lms.acts import ACTS, ActDone, ActWaiting, ApprovalRule, act_of, act_submit
from lms.models import Loan, LoanFact
from tests.factories.approvals import approve, last_request, make_head
from tests.factories.book import assert_verified, receive, refused
from tests.factories.lms import make_loan, set_business_date
from tests.factories.staff import client_of, make_staff

pytestmark = pytest.mark.django_db

TODAY = date(2026, 3, 10)


@pytest.fixture
def loan() -> Loan:
    """1,20,000 rupees at 24 % in 12 instalments from 1 January 2026; the books are on 10 March."""
    set_business_date(TODAY)
    reason_codes_seed()
    return make_loan()


def waive(loan: Loan, paise: int = 100_00, key: str = "waive") -> ActDone | ActWaiting:
    """Submit a waiver as operations."""
    return act_submit(
        act=act_of(slug="waive"),
        loan_id=loan.pk,
        values={"component": "INTEREST", "amount_paise": paise, "value_date": TODAY},
        reason="Goodwill",
        reason_code="GOODWILL",
        actor=make_staff("operations"),
        idempotency_key=key,
    )


def ask_rule(**changed: Any) -> ApprovalRequest:
    """Ask, as a manager, that waivers up to 100 rupees need nobody else."""
    values: dict[str, Any] = {
        "act": "waive",
        "effective_from": TODAY,
        "rule": ApprovalRule(above_paise=100_00),
        "reason": "Board of March",
        **changed,
    }
    return approval_request(
        kind=ACT_RULE,
        payload=rule_payload(**values),
        reason="Board of March",
        actor=make_staff("manager"),
        idempotency_key=f"rule-{sorted(changed)}",
    )


def test_rules_of_the_first_day_are_written_down_once() -> None:
    first, second = act_rules_seed(), act_rules_seed()

    assert (first, second) == (len(ruled_acts()), 0)
    assert [rule_of(act=act, on_date=TODAY) for act in ACTS] == [act.rule for act in ACTS]


def test_new_rule_counts_from_its_day_once_a_second_person_agreed(loan: Loan) -> None:
    request = ask_rule()
    with pytest.raises(ApprovalByMaker):
        approval_approve(request_id=request.pk, seen_effect_hash=request.effect_hash, actor=make_staff("manager"))
    before = waive(loan, key="before")
    approve(request)

    small, large = waive(loan, key="small"), waive(loan, 100_01, key="large")

    assert isinstance(before, ActWaiting)
    assert isinstance(small, ActDone)
    assert isinstance(large, ActWaiting)
    assert (request.effect["above_paise_before"], request.effect["above_paise_after"]) == (None, 100_00)
    assert (request.effect["is_always_before"], request.effect["is_always_after"]) == (True, False)
    assert ActRule.objects.get().published_by == make_staff("manager")
    assert_verified(loan)


def test_rules_that_cannot_be_are_refused_before_anybody_decides(loan: Loan) -> None:
    ActRule.objects.create(act="waive", effective_from=date(2026, 3, 12), reason="Taken")

    with refused("core.act_rule_in_past"):
        ask_rule(effective_from=date(2026, 3, 9))
    with refused("core.act_rule_date_taken"):
        ask_rule(effective_from=date(2026, 3, 12))
    with refused("core.act_rule_unknown"):
        ask_rule(act="nothing")


def test_page_asks_for_a_rule(loan: Loan) -> None:
    act_rules_seed()
    entered = {
        "act": "refund",
        "above_paise": "5,000",
        "effective_from": "2026-03-11",
        "reason": "Board",
        "idempotency_key": "k",
    }

    response = client_of("manager").post(reverse("staff:act-rules"), entered)
    approve()
    page = client_of("analyst").get(reverse("staff:act-rules")).content.decode()

    assert response["Location"] == f"/admin/approvals/{last_request().pk}/"
    assert "₹5,000.00" in page
    assert "to come" in page


def test_limits_page_asks_for_a_limit(loan: Loan) -> None:
    head = Client()
    head.force_login(make_head())
    entered = {
        "role": "finance",
        "kind": "lms.refund",
        "up_to_paise": "7,00,000",
        "effective_from": "2026-03-10",
        "reason": "Board",
        "idempotency_key": "k",
    }

    wrong = head.post(reverse("staff-approvals:limits"), {**entered, "effective_from": "2026-03-09"})
    done = client_of("manager").post(reverse("staff-approvals:limits"), entered)
    approve()
    page = head.get(reverse("staff-approvals:limits")).content.decode()

    assert "The limit would begin on 2026-03-09" in wrong.content.decode()
    assert done.status_code == 302
    assert "₹7,00,000.00" in page


def test_waiver_above_the_authority_of_the_head_is_refused_and_nothing_changes(loan: Loan) -> None:
    head = make_head()
    AuthorityLimit.objects.create(role="manager", kind="lms.waive", up_to_paise=99_99, effective_from=TODAY)
    request = _request(waive(loan))

    with refused("core.approval_above_authority"):
        approval_approve(request_id=request.pk, seen_effect_hash=request.effect_hash, actor=head)


def test_expired_waiver_cannot_be_approved(loan: Loan) -> None:
    head = make_head()
    request = _request(waive(loan))
    closed = approvals_expire(now=request.expires_at)

    request.refresh_from_db()
    with refused("core.approval_not_pending"):
        approval_approve(request_id=request.pk, seen_effect_hash=request.effect_hash, actor=head)
    late = _request(waive(loan, key="late"))
    with pytest.raises(ApprovalExpired):
        approval_approve(request_id=late.pk, seen_effect_hash=late.effect_hash, actor=head, now=late.expires_at)

    assert (closed, request.state) == (1, ApprovalState.EXPIRED)
    assert not LoanFact.objects.filter(kind="WAIVE").exists()


def test_waiver_edited_in_the_database_is_refused(loan: Loan) -> None:
    head = make_head()
    request = _request(waive(loan))
    ApprovalRequest.objects.filter(pk=request.pk).update(
        payload={**request.payload, "values": {**request.payload["values"], "amount_paise": 99_999_00}}
    )

    with refused("core.approval_edited"):
        approval_approve(request_id=request.pk, seen_effect_hash=request.effect_hash, actor=head)


def test_next_business_date_makes_a_request_stale(loan: Loan) -> None:
    head = make_head()
    request = _request(waive(loan))
    set_business_date(date(2026, 3, 11))

    with refused("core.approval_changed"):
        approval_approve(request_id=request.pk, seen_effect_hash=request.effect_hash, actor=head)
    approve(request)

    assert LoanFact.objects.get(kind="WAIVE").value_date == TODAY
    assert_verified(loan)


def test_waiver_that_is_no_longer_due_is_refused_and_goes_on_waiting(loan: Loan) -> None:
    make_head()
    request = _request(waive(loan, 2_000_00))
    receive(loan, 25_000_00, TODAY)

    with refused("lms.waiver_above_due"):
        approve(request)

    request.refresh_from_db()
    assert request.state == ApprovalState.PENDING


def test_approved_act_leads_from_its_entry_to_maker_checker_and_reason_code(loan: Loan) -> None:
    request = _request(waive(loan))
    approve(request)

    fact = LoanFact.objects.get(kind="WAIVE")
    trail = AuditEntry.objects.filter(object_type="lms.loanfact", object_id=str(fact.pk)).order_by("pk")
    assert [(entry.action, entry.actor) for entry in trail] == [
        ("lms.waiver_grant", make_staff("operations")),
        ("lms.act_reason", make_staff("operations")),
    ]
    assert trail[1].detail == {"act": "waive", "reason_code": "GOODWILL", "key": fact.idempotency_key}
    decided = AuditEntry.objects.get(action="core.approval_executed")
    assert (decided.actor, decided.detail["result"]) == (make_head(), str(fact.pk))


def _request(outcome: ActDone | ActWaiting) -> ApprovalRequest:
    assert isinstance(outcome, ActWaiting)
    return outcome.request
