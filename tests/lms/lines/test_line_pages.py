"""The screens of credit lines, read the way that staff read them."""

from datetime import date

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from core.models import ApprovalRequest
from core.reasons.services import reason_codes_seed
from lms.admin.line_forms import LINE_ACT_BY_SLUG
from lms.models import CreditLine, LineFact, LineParameters
from lms.services.lines.rules import line_parameters_seed
from tests.factories.approvals import approve
from tests.factories.book import receive
from tests.factories.lines import draw, left, loan_of, make_line, make_line_version
from tests.factories.lms import make_customer, set_business_date
from tests.factories.staff import ROLE_NAMES, client_of

TODAY = date(2026, 1, 1)


@pytest.fixture
def manager(db: None) -> Client:
    """The browser of a manager, with the first reason codes to choose from."""
    reason_codes_seed()
    return client_of("manager")


def page_of(line: CreditLine, query: str = "") -> str:
    """Return the address of a line's page."""
    return reverse("admin:lms_creditline_change", args=[line.pk]) + query


def act_of(line: CreditLine, slug: str) -> str:
    """Return the address of an act on a line."""
    return reverse("staff:line-act", args=[line.pk, slug])


def entered(**values: str) -> dict[str, str]:
    """Fill the form of a drawdown of 30,000 rupees."""
    return {
        "hold_sequence": "",
        "amount_paise": "30,000.00",
        "instalment_count": "3",
        "value_date": "2026-01-01",
        "first_due_date": "",
        "reference": "OUT-1",
        "reason": "",
        "idempotency_key": "form-1",
        **values,
    }


def test_line_page_shows_limit_drawn_available_and_every_entry(line: CreditLine, manager: Client) -> None:
    loan = loan_of(draw(line, 30_000_00, TODAY, reference="OUT-1"))

    page = manager.get(page_of(line)).content.decode()

    for text in (
        "C00000001",
        "₹1,00,000.00",
        "₹30,000.00",
        "₹70,000.00",
        loan.number,
        "OUT-1",
        "V-CIP",
        "Memo postings",
    ):
        assert (text in page) is (text != "V-CIP"), text
    assert 'aria-label="30 % of the limit is drawn, 0 % set aside, 70 % available"' in page


def test_line_page_as_of_and_as_known_on_an_earlier_day(line: CreditLine, manager: Client) -> None:
    set_business_date(date(2026, 1, 10))
    draw(line, 30_000_00, date(2026, 1, 5))
    set_business_date(date(2026, 1, 12))

    def available(query: str) -> str:
        page = manager.get(page_of(line, query)).content.decode()
        return page.split('k-figure__label">Available</span><span class="k-figure__value">')[1].split("<")[0]

    assert available("") == "₹70,000.00"
    assert available("?as_of=2026-01-04") == "₹1,00,000.00"
    assert available("?as_of=2026-01-05&known_on=2026-01-09") == "₹1,00,000.00"
    assert available("?as_of=2026-01-05&known_on=2026-01-10") == "₹70,000.00"
    assert "No line yet" in manager.get(page_of(line, "?as_of=2025-12-31")).content.decode()


def test_effect_is_shown_first_and_nothing_is_done(line: CreditLine, manager: Client) -> None:
    answer = manager.post(act_of(line, "draw"), entered(check=""))

    page = answer.content.decode()
    assert answer.status_code == 200
    for text in ("This is not done yet", "₹1,00,000.00", "₹70,000.00", "1110.CL", "8910.CL"):
        assert text in page
    assert (LineFact.objects.count(), left(line)) == (1, (0, 0, 1_00_000_00))


def test_drawdown_by_the_form_counts_once_and_a_refusal_keeps_what_was_entered(
    line: CreditLine, manager: Client
) -> None:
    assert manager.post(act_of(line, "draw"), entered()).status_code == 302
    assert manager.post(act_of(line, "draw"), entered()).status_code == 302
    assert left(line) == (30_000_00, 0, 70_000_00)

    refused = manager.post(act_of(line, "draw"), entered(idempotency_key="form-2", amount_paise="70,000.01"))

    assert refused.status_code == 422
    assert "above the 7000000 paise available" in refused.content.decode()
    assert 'value="70,000.01"' in refused.content.decode()


def test_every_act_has_its_form_and_does_its_one_thing(line: CreditLine, manager: Client) -> None:
    acts: dict[str, dict[str, str]] = {
        "hold": {"amount_paise": "5,000", "until": "2026-01-03", "reference": ""},
        "release": {"hold_sequence": "2"},
        "raise": {
            "limit_paise": "1,50,000",
            "request_reference": "Letter 1",
            "requested_on": "2026-01-01",
            "requested_paise": "1,50,000",
            "evaluation": "Income seen",
        },
        "lower": {"limit_paise": "80,000"},
        "block": {"block_reason": "LEGAL"},
        "unblock": {},
        "renew": {"valid_until": "2027-12-31"},
        "close": {},
    }

    waited = []
    for slug, values in acts.items():
        assert manager.get(act_of(line, slug)).status_code == 200
        sent = {"reason": "Asked for", "reason_code": "OTHER", "idempotency_key": f"form-{slug}", **values}
        assert manager.post(act_of(line, slug), sent).status_code == 302, slug
        waited += [approve(request).kind for request in ApprovalRequest.objects.filter(state="PENDING")]

    kinds = list(LineFact.objects.order_by("sequence").values_list("kind", flat=True))
    assert kinds == ["OPEN", "HOLD", "RELEASE", "LIMIT", "LIMIT", "BLOCK", "UNBLOCK", "RENEW", "CLOSE"]
    assert waited == ["lms.line-raise", "lms.line-renew"]
    line.refresh_from_db()
    assert (line.limit_paise, line.valid_until, line.closed_on) == (80_000_00, date(2027, 12, 31), TODAY)


def test_raise_without_an_evaluation_is_refused_on_the_form(line: CreditLine, manager: Client) -> None:
    sent = {
        "limit_paise": "1,50,000",
        "request_reference": "Letter 1",
        "requested_on": "2026-01-01",
        "requested_paise": "1,50,000",
        "evaluation": "",
        "idempotency_key": "raise",
    }

    answer = manager.post(act_of(line, "raise"), sent)

    assert (answer.status_code, "Say how the request Letter 1 was evaluated" in answer.content.decode()) == (422, True)
    assert LineFact.objects.count() == 1


def test_line_is_sanctioned_by_its_form_with_full_kyc_alone(db: None, manager: Client) -> None:
    set_business_date(TODAY)
    customer, version = make_customer(), make_line_version()
    sent = {
        "customer": customer.number,
        "version": str(version.pk),
        "limit_paise": "50,000",
        "annual_rate_pct": "22",
        "valid_until": "2026-12-31",
        "kyc_reference": "V-CIP 9",
        "reason": "",
        "idempotency_key": "sanction",
    }

    refused = manager.post(reverse("staff:line-sanction"), sent)
    assert (refused.status_code, CreditLine.objects.count()) == (422, 0)
    assert "OTP e-KYC is not enough" in refused.content.decode()

    page = manager.get(reverse("staff:line-sanction")).content.decode()
    answer = manager.post(reverse("staff:line-sanction"), sent | {"is_kyc_full": "on"})
    assert ("Ask for approval" in page, CreditLine.objects.count()) == (True, 0)
    approve()

    line = CreditLine.objects.get()
    assert (answer.status_code, line.limit_paise, line.customer_id) == (302, 50_000_00, customer.pk)
    page = manager.get(reverse("admin:customers_customer_change", args=[customer.pk])).content.decode()
    assert (line.number in page, "₹50,000.00" in page) == (True, True)


def test_search_by_the_number_of_a_line_leads_to_it(line: CreditLine, manager: Client) -> None:
    answer = manager.get(reverse("staff:search") + "?q=c00000001")

    assert (answer.status_code, answer.headers["Location"]) == (302, page_of(line))


def test_statement_lists_the_line_and_its_loans_between_two_days(line: CreditLine, manager: Client) -> None:
    loan = loan_of(draw(line, 30_000_00, TODAY))
    row = loan.instalments.get(number=1)
    set_business_date(row.due_date)
    receive(loan, row.due_paise, row.due_date)
    address = reverse("staff:line-statement", args=[line.pk])

    whole = manager.get(address).content.decode()
    later = manager.get(address + "?from=2026-01-02").content.decode()
    empty = manager.get(address + "?from=2026-01-02&to=2026-01-03").content.decode()

    assert [text in whole for text in ("Sanction", "Drawdown", "Receipt", loan.number)] == [True] * 4
    assert ("Drawdown" in later, "Receipt" in later) == (False, True)
    assert "Nothing happened between these days" in empty


def test_guards_are_published_by_their_form(line: CreditLine, manager: Client) -> None:
    line_parameters_seed()
    sent = {
        "effective_from": "2026-01-02",
        "refuse_from_days_past_due": "5",
        "own_dues_days": "30",
        "source": "Board",
        "reason": "New policy",
    }

    assert manager.get(reverse("staff:line-parameters-publish")).status_code == 200
    sent["idempotency_key"] = "guards"
    assert manager.post(reverse("staff:line-parameters-publish"), sent).status_code == 302
    assert approve().effect["refuse_from_days_past_due_after"] == 5
    assert manager.post(reverse("staff:line-parameters-publish"), sent | {"idempotency_key": "2"}).status_code == 422

    assert list(LineParameters.objects.values_list("refuse_from_days_past_due", flat=True)) == [5, 1]


def test_product_for_lines_is_made_by_its_form_and_not_offered_for_loans(line: CreditLine, manager: Client) -> None:
    answer = manager.post(reverse("staff:product-add"), {"code": "CL2", "name": "Second line", "is_line": "on"})

    product = line.product_version.product
    assert answer.status_code == 302
    assert "credit lines" in manager.get(reverse("admin:lms_product_change", args=[product.pk])).content.decode()
    assert f'value="{line.product_version_id}"' not in manager.get(reverse("staff:loan-sanction")).content.decode()


def test_pages_take_as_few_queries_for_many_lines_as_for_one(line: CreditLine, manager: Client) -> None:
    def queries(target: str) -> int:
        manager.get(target)
        with CaptureQueriesContext(connection) as captured:
            assert manager.get(target).status_code == 200
        return len(captured)

    draw(line, 10_000_00, TODAY)
    changelist = reverse("admin:lms_creditline_changelist")
    one = [queries(changelist), queries(page_of(line)), queries(reverse("staff:line-statement", args=[line.pk]))]
    for _ in range(5):
        draw(make_line(version=line.product_version), 10_000_00, TODAY)
        draw(line, 1_000_00, TODAY)

    many = [queries(changelist), queries(page_of(line)), queries(reverse("staff:line-statement", args=[line.pk]))]

    assert many == one
    assert max(many) <= 15


def test_list_without_lines_and_customer_without_a_line_say_so(db: None, manager: Client) -> None:
    set_business_date(TODAY)
    customer = make_customer()

    assert manager.get(reverse("admin:lms_creditline_changelist")).status_code == 200
    page = manager.get(reverse("admin:customers_customer_change", args=[customer.pk])).content.decode()
    assert "No credit line." in page


def test_verification_command_compares_lines_too(line: CreditLine, capsys: pytest.CaptureFixture[str]) -> None:
    draw(line, 10_000_00, TODAY)

    call_command("verify_loans")

    assert "loans 1," in capsys.readouterr().out


DRAWING = frozenset({"operations", "manager"})
MANAGER = frozenset({"manager"})
ROLES_OF_ACTS = {
    "draw": DRAWING,
    "hold": DRAWING,
    "release": DRAWING,
    "block": DRAWING,
    "unblock": MANAGER,
    "raise": MANAGER,
    "lower": MANAGER,
    "renew": MANAGER,
    "close": MANAGER,
}


def test_every_act_on_a_line_is_in_the_table() -> None:
    assert ROLES_OF_ACTS.keys() == LINE_ACT_BY_SLUG.keys()


@pytest.mark.parametrize("slug", ROLES_OF_ACTS)
def test_acts_on_a_line_are_refused_to_other_roles(line: CreditLine, slug: str) -> None:
    def allowed(method: str) -> set[str]:
        answers = {role: getattr(client_of(role), method)(act_of(line, slug)).status_code for role in ROLE_NAMES}
        assert set(answers.values()) <= {200, 422, 403}
        return {role for role, status in answers.items() if status != 403}

    assert allowed("get") == ROLES_OF_ACTS[slug]
    assert allowed("post") == ROLES_OF_ACTS[slug]
    assert client_of("").get(act_of(line, slug)).status_code == 302
    assert client_of("manager").get(act_of(line, "no-act")).status_code == 404


def test_analyst_is_shown_no_act_on_a_line(line: CreditLine) -> None:
    page = client_of("analyst").get(page_of(line)).content.decode()

    assert f"/admin/line/{line.pk}/statement/" in page
    assert "/draw/" not in page
