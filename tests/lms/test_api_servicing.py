"""Endpoints of customers, credit lines, new rates, documents, provisions and taxes: who may, and what comes of it."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse

from core.acts.models import ActRule
from core.acts.registry import ruled_acts
from core.approvals.errors import ApprovalChanged
from core.approvals.services import approval_approve
from core.models import ApprovalRequest, AuditEntry
from core.reasons.services import reason_codes_seed
from customers.acts import CUSTOMER_ACTS
from customers.models import BankAccount, Customer, CustomerChange, CustomerMerge
from lms.acts.others import OTHER_ACTS
from lms.models import CreditLine, Document, Freeze, LineFact, Loan, RateCampaign, RateNotice, ServicingParameters
from lms.services.rate_campaigns import rate_campaign_create, rate_campaign_prepare
from tests.factories.api import done, path_of, read, send, tool_of, waiting
from tests.factories.approvals import approve, make_head
from tests.factories.book import levy
from tests.factories.customers import make_bank_account
from tests.factories.lines import VALID_UNTIL, make_line, make_line_version
from tests.factories.lms import make_customer, make_loan, set_business_date
from tests.factories.provisions import provisions_fill
from tests.factories.staff import ROLE_NAMES
from tests.lms.access.api import OTHER_ACT_ROLES, READ_BESIDE, SENT_BESIDE
from tests.lms.documents.book import issue_some

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("queue_without_worker")]

TODAY = date(2026, 3, 10)

WHY = {"reason": "Asked for by letter", "reason_code": "BORROWER_ASKED"}
BOOK = (Customer, CustomerChange, CreditLine, LineFact, Loan, RateCampaign, RateNotice, ApprovalRequest, Document)


@pytest.fixture
def loan(settings: Any, tmp_path: Path) -> Loan:
    """A running loan, another customer's line, and new rates that are worked out; the books are on 10 March 2026."""
    settings.MEDIA_ROOT = tmp_path
    set_business_date(TODAY)
    reason_codes_seed()
    loan = make_loan()
    make_line()
    campaign = rate_campaign_create(
        product=loan.product_version.product,
        delta_pct=Decimal(1),
        effective_date=date(2026, 6, 1),
        reason="Board",
        idempotency_key="rates",
    )
    rate_campaign_prepare(campaign_id=campaign.pk)
    return loan


def address(name: str, keys: dict[str, Any]) -> str:
    """Fill an address with what rows that exist are called."""
    return reverse(name, kwargs={key: _name_of(key, model) for key, model in keys.items()})


def _name_of(key: str, model: Any) -> Any:
    return getattr(model._default_manager.order_by("pk")[0], "number" if key == "number" else "pk")


def everything() -> list[list[tuple[Any, ...]]]:
    """Read every row that a request could touch."""
    return [list(model._default_manager.order_by("pk").values_list()) for model in BOOK]


def test_every_act_is_in_the_table() -> None:
    assert OTHER_ACT_ROLES.keys() == {act.slug for act in (*OTHER_ACTS, *CUSTOMER_ACTS)}
    assert {act.slug for act in ruled_acts()} >= OTHER_ACT_ROLES.keys()


def test_addresses_are_read_by_their_roles_alone(loan: Loan) -> None:
    levy(loan, "STATEMENT", TODAY)
    issue_some(loan)
    provisions_fill()
    targets = {name: (address(name, keys), roles) for name, (keys, roles) in READ_BESIDE.items()}

    answers = {
        name: {role: tool_of(role).get(target).status_code for role in ROLE_NAMES}
        for name, (target, _) in targets.items()
    }

    assert answers == {
        name: {role: 200 if role in roles else 403 for role in ROLE_NAMES} for name, (_, roles) in targets.items()
    }
    assert {tool_of("").get(target).status_code for target, _ in targets.values()} == {401}


def test_requests_of_other_roles_are_refused(loan: Loan) -> None:
    sent = {address(name, keys): roles for name, (keys, roles) in SENT_BESIDE.items()}
    acts = {
        address(f"api-{kind}-{slug}", keys): roles
        for kind in ("act", "preview")
        for slug, (keys, roles) in OTHER_ACT_ROLES.items()
    }
    targets = {target.removeprefix("/api/v1"): roles for target, roles in (sent | acts).items()}
    before = everything()

    refused = {
        send(tool_of(role), target, WHY).status_code
        for target, roles in targets.items()
        for role in ROLE_NAMES
        if role not in roles
    }

    assert refused == {403}
    assert everything() == before
    assert {send(tool_of(""), target, WHY).status_code for target in targets} == {401}


def test_loan_is_previewed_sanctioned_once_and_left_to_two_by_a_dated_rule(loan: Loan) -> None:
    tool, target = tool_of("operations"), path_of("api-act-loan-sanction", number=loan.customer.number)
    body = {
        "version": loan.product_version_id,
        "principal_paise": 50_000_00,
        "annual_rate_pct": "20",
        "instalment_count": 10,
        "sanctioned_on": "2026-03-10",
    }

    effect = send(tool, f"{target}preview/", body).json()
    first, second = (send(tool, target, body, key="sanction-1") for _ in range(2))

    assert (effect["approval_reasons"], len(effect["effect"]["schedule"])) == ([], 10)
    assert (effect["effect"]["principal_paise"], effect["effect"]["annual_rate_pct"]) == (50_000_00, "20.0000")
    assert done(first) == done(second)
    assert second["Idempotent-Replayed"] == "true"
    made = Loan.objects.exclude(pk=loan.pk).get()
    ActRule.objects.create(act="loan-sanction", effective_from=TODAY, above_paise=49_999_99, reason="Board note")
    request = waiting(send(tool, target, body))
    assert (request.amount_paise, Loan.objects.count()) == (50_000_00, 2)
    assert (first["Location"], made.principal_paise) == (f"/api/v1/loans/{made.number}/", 50_000_00)


def test_line_is_sanctioned_by_two_and_drawn_on_by_one(loan: Loan) -> None:
    customer, version = make_customer(), make_line_version("CL3")
    body = {
        "version": version.pk,
        "limit_paise": 60_000_00,
        "annual_rate_pct": "22",
        "valid_until": VALID_UNTIL.isoformat(),
        "kyc_reference": "V-CIP 3",
        "is_kyc_full": True,
    }
    request = waiting(send(tool_of("manager"), path_of("api-act-line-sanction", number=customer.number), body))
    approve(request)
    line = CreditLine.objects.get(customer=customer)
    drawn = {"amount_paise": 20_000_00, "instalment_count": 4, "value_date": "2026-03-10", "reference": "OUT-9"}
    target = path_of("api-act-line-draw", number=line.number)

    effect = send(tool_of("operations"), f"{target}preview/", drawn).json()["effect"]
    fact = done(send(tool_of("operations"), target, drawn))

    assert (request.effect["limit_paise"], request.amount_paise) == (60_000_00, 60_000_00)
    assert (effect["available_paise_before"], effect["available_paise_after"]) == (60_000_00, 40_000_00)
    assert len(effect["schedule"]) == 4
    assert (fact["result_type"], fact["address"]) == ("lms.linefact", f"/api/v1/lines/{line.number}/")
    shown = read(tool_of("analyst"), f"/lines/{line.number}/").json()
    assert (shown["drawn_paise"], shown["available_paise"], len(shown["drawdowns"])) == (20_000_00, 40_000_00, 1)
    assert read(tool_of("analyst"), f"/lines/{line.number}/", as_of="2026-03-09").status_code == 404
    rows = read(tool_of("analyst"), f"/lines/{line.number}/statement/").json()["lines"]
    assert [row["amount_paise"] for row in rows] == [60_000_00, 20_000_00]


def test_limit_goes_up_by_two_persons_and_a_repeat_leads_to_the_same_entry(loan: Loan) -> None:
    line, tool = CreditLine.objects.get(), tool_of("manager")
    target = path_of("api-act-line-raise", number=line.number)
    body = {
        "limit_paise": 1_50_000_00,
        "request_reference": "Letter 1",
        "requested_on": "2026-03-10",
        "requested_paise": 1_50_000_00,
        "evaluation": "Income seen",
    }

    request = waiting(send(tool, target, body, key="raise-1"))
    line.refresh_from_db()
    before = line.limit_paise
    approve(request)
    again = send(tool, target, body, key="raise-1")

    line.refresh_from_db()
    assert (before, line.limit_paise) == (1_00_000_00, 1_50_000_00)
    assert (again.status_code, again["Idempotent-Replayed"]) == (202, "true")
    assert LineFact.objects.get(sequence=2).recorded_by == request.made_by


def test_customer_is_created_and_a_new_pan_needs_a_second_person_and_is_kept_encrypted(loan: Loan) -> None:
    tool = tool_of("operations")
    person = {"full_name": "Ravi Kumar", "phone": "9876500001", "state_code": "KA", "pan": "AAAPK1234F"}
    made = done(send(tool, "/customers/create/", person))
    target = path_of("api-act-customer-change", number=made["number"])

    done(send(tool, target, {"phone": "9876500002", **WHY}))
    request = waiting(send(tool, target, {"pan": "AAAPK4321F", **WHY}, key="pan"))

    customer = Customer.objects.get(number=made["number"])
    assert (made["phone_masked"], customer.phone, customer.pan) == ("XXXXXX0001", "9876500002", "AAAPK1234F")
    stored = f"{request.payload} {request.effect} {request.description}"
    assert "AAAPK4321F" not in stored
    assert request.effect["changes"] == [{"what": "PAN", "now": "XXXXXX234F", "then": "XXXXXX321F"}]
    approve(request)
    customer.refresh_from_db()
    assert customer.pan == "AAAPK4321F"
    assert AuditEntry.objects.filter(action="core.act_reason", detail__reason_code="BORROWER_ASKED").count() == 2


def test_first_account_is_one_persons_and_another_one_two(loan: Loan) -> None:
    customer, tool = loan.customer, tool_of("operations")
    target = path_of("api-act-customer-account", number=customer.number)

    done(send(tool, target, {"account_number": "50100000001", "ifsc": "HDFC0000123", **WHY}))
    request = waiting(send(tool, target, {"account_number": "50100000002", "ifsc": "HDFC0000123", **WHY}))

    assert "50100000002" not in f"{request.payload} {request.effect}"
    assert BankAccount.objects.get(primary_of=customer).account_number == "50100000001"
    approve(request)
    assert BankAccount.objects.get(primary_of=customer).account_number == "50100000002"


def test_move_within_the_state_is_one_persons_and_into_another_one_two(loan: Loan) -> None:
    tool, target = tool_of("operations"), path_of("api-act-customer-move", number=loan.customer.number)
    home = {"line_1": "4 Fort Road", "city": "Mumbai", "state_code": "MH", "pin_code": "400001", **WHY}

    done(send(tool, target, home))
    request = waiting(send(tool, target, {**home, "city": "Bengaluru", "state_code": "KA", "pin_code": "560001"}))

    assert (request.effect["state_for_taxes_before"], request.effect["state_for_taxes_after"]) == ("MH", "KA")
    assert "4 Fort Road" not in f"{request.payload} {request.effect}"


def test_freeze_is_set_and_lifted_by_two(loan: Loan) -> None:
    tool, number = tool_of("manager"), loan.customer.number
    request = waiting(send(tool, path_of("api-act-customer-freeze", number=number), {"effects": ["INTEREST"], **WHY}))

    approve(request)
    freeze = Freeze.objects.get()
    lift = waiting(send(tool, path_of("api-act-customer-unfreeze", number=number), {"freeze_id": freeze.pk, **WHY}))
    approve(lift)

    freeze.refresh_from_db()
    assert (request.effect["loans"], request.effect["entries"]) == (
        1,
        [{"kind": "PAUSE", "count": 1, "amount_paise": 0}],
    )
    assert freeze.lifted_on == TODAY


def test_merge_and_its_end_need_a_second_person(loan: Loan) -> None:
    twin, tool, number = make_customer(), tool_of("manager"), loan.customer.number

    merge = waiting(send(tool, path_of("api-act-customer-merge", number=number), {"absorbed": twin.number, **WHY}))
    assert not CustomerMerge.objects.exists()
    approve(merge)
    found = CustomerMerge.objects.get()
    body = {"merge_id": found.pk, **WHY}
    unmerge = waiting(send(tool, path_of("api-act-customer-unmerge", number=number), body))
    approve(unmerge)

    found.refresh_from_db()
    assert (found.absorbed, found.undone_on, found.recorded_by) == (twin, TODAY, merge.made_by)


def test_new_rates_are_begun_watched_announced_by_two_chosen_and_cancelled(loan: Loan) -> None:
    tool = tool_of("manager")
    body = {"product": "PL", "delta_pct": "-1", "effective_date": "2026-06-01", "reason": "Cost of funds"}
    begun = done(send(tool, "/rate-changes/begin/", body))
    campaign = RateCampaign.objects.get(pk=begun["change"]["id"])
    rate_campaign_prepare(campaign_id=campaign.pk)

    request = waiting(send(tool, path_of("api-act-rates-announce", campaign_id=campaign.pk), WHY))
    notice = campaign.notices.get()
    done(send(tool, path_of("api-act-rate-choose", notice_id=notice.pk), {"choice": "TENOR", **WHY}))
    with pytest.raises(ApprovalChanged):
        approval_approve(request_id=request.pk, seen_effect_hash=request.effect_hash, actor=make_head())

    assert (request.effect["loans"], request.amount_paise) == (1, loan.principal_paise)
    assert (request.effect["instalments_left_before"], request.effect["instalments_left_after"]) == (7, 7)
    shown = read(tool_of("analyst"), f"/rate-changes/{campaign.pk}/").json()
    assert (shown["change"]["state"], shown["progress"]["loans"]) == ("PREPARED", 1)
    rows = read(tool_of("analyst"), f"/rate-changes/{campaign.pk}/notices/", state="PENDING").json()["results"]
    assert [(row["choice"], row["is_chosen"]) for row in rows] == [("TENOR", True)]
    cancelled = done(send(tool, path_of("api-act-rates-cancel", campaign_id=campaign.pk), WHY))
    assert cancelled["address"] == f"/api/v1/rate-changes/{campaign.pk}/"
    campaign.refresh_from_db()
    assert campaign.state == "CANCELLED"


def test_parameters_of_servicing_are_published_by_two(loan: Loan) -> None:
    numbers = {
        "settlement_restructure_months": 3,
        "settlement_grace_days": 0,
        "settlement_cooling_months": 12,
        "write_off_cooling_months": 12,
        "rate_notice_days": 45,
        "quote_valid_days": 7,
    }
    body = {"effective_from": "2026-03-10", "source": "Policy", "reason": "Board", **numbers}

    request = waiting(send(tool_of("manager"), path_of("api-act-servicing-parameters"), body))

    assert request.effect == {"from": "2026-03-10", "rate_notice_days_before": 30, "rate_notice_days_after": 45}
    assert not ServicingParameters.objects.exists()
    approve(request)
    assert ServicingParameters.objects.get().rate_notice_days == 45


def test_what_is_not_of_its_form_or_not_there_is_refused_by_name(loan: Loan) -> None:
    manager, number = tool_of("manager"), loan.customer.number
    merge, line = path_of("api-act-customer-merge", number=number), CreditLine.objects.get().number
    before = everything()

    answers = [
        send(manager, merge, {"absorbed": "C9999999", **WHY}),
        send(manager, merge, {"absorbed": number, **WHY}),
        send(manager, path_of("api-act-customer-unmerge", number=number), {"merge_id": 99, **WHY}),
        send(manager, path_of("api-act-customer-unfreeze", number=number), {"freeze_id": 99, **WHY}),
        send(manager, path_of("api-act-line-block", number="C99999999"), {"block_reason": "LEGAL", **WHY}),
        send(manager, path_of("api-act-line-block", number=line), {"block_reason": "LEGAL"}),
        send(manager, path_of("api-act-line-close", number=line), {**WHY, "reason_code": "X"}),
    ]

    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [
        (400, "core.input_invalid"),
        (409, "customers.merge_not_possible"),
        (404, "customers.merge_unknown"),
        (404, "lms.freeze_unknown"),
        (404, "core.not_found"),
        (400, "core.input_invalid"),
        (400, "core.reason_code_unknown"),
    ]
    assert everything() == before


def test_key_of_a_request_is_not_taken_for_another_one(loan: Loan) -> None:
    make_bank_account(customer=loan.customer)
    tool, target = tool_of("operations"), path_of("api-act-customer-account", number=loan.customer.number)
    body = {"account_number": "50100000002", "ifsc": "HDFC0000123", **WHY}

    first = waiting(send(tool, target, body, key="account"))
    second = send(tool, target, {**body, "account_number": "50100000003"}, key="account")

    assert (second.status_code, second.json()["code"]) == (422, "core.request_key_reused")
    assert list(ApprovalRequest.objects.all()) == [first]
