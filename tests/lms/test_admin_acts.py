"""The forms of the acts: one service each, sent twice counts once, and a refusal keeps what was entered."""

from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from core.models import AuditEntry
from core.reasons.services import reason_codes_seed
from ledger.models import Journal, Transfer
from lms.models import Allocation, Instalment, Loan, LoanFact
from tests.factories.book import assert_verified, owed, receive
from tests.factories.lms import make_loan, make_sanctioned_loan, set_business_date
from tests.factories.screens import RECEIPT, last_fact, send
from tests.factories.staff import client_of, make_staff

pytestmark = pytest.mark.django_db


@pytest.fixture
def loan() -> Loan:
    """1,20,000 rupees at 24 % in 12 instalments from 1 January 2026; the books are on 10 March."""
    set_business_date(date(2026, 3, 10))
    reason_codes_seed()
    return make_loan()


@pytest.fixture
def manager() -> Client:
    """The browser of a manager."""
    return client_of("manager")


def everything() -> list[list[tuple[Any, ...]]]:
    """Read every row that an act writes."""
    models = (Loan, LoanFact, Allocation, Instalment, Journal, Transfer, AuditEntry)
    return [list(model._default_manager.order_by("pk").values_list()) for model in models]


def test_receipt_in_rupees_is_posted_in_paise(loan: Loan, manager: Client) -> None:
    response = send(manager, loan, "receipt", **RECEIPT)

    fact = last_fact(loan)
    assert response.status_code == 302
    assert response["Location"] == f"/admin/lms/loan/{loan.pk}/change/#fact-2"
    assert (fact.kind, fact.amount_paise, fact.value_date) == ("RECEIVE", 1_234_50, date(2026, 3, 10))
    assert (fact.reference, fact.credit_reference) == ("UTR-1", "UPI:UTR-1")
    assert fact.recorded_by == make_staff("manager")
    assert_verified(loan)


def test_form_sent_twice_gives_the_first_result(loan: Loan, manager: Client) -> None:
    first = send(manager, loan, "receipt", **RECEIPT)
    second = send(manager, loan, "receipt", **RECEIPT)

    assert second.status_code == 302
    assert second["Location"] == first["Location"]
    assert loan.facts.count() == 2


def test_form_sent_again_with_other_content_is_refused_in_plain_words(loan: Loan, manager: Client) -> None:
    send(manager, loan, "receipt", **RECEIPT)

    response = send(manager, loan, "receipt", **{**RECEIPT, "amount_paise": "99", "reference": "UTR-2"})

    assert response.status_code == 422
    assert "This form was sent before with other content" in response.content.decode()
    assert loan.facts.count() == 2


def test_page_mints_a_new_key_each_time_it_is_shown(loan: Loan, manager: Client) -> None:
    target = reverse("staff:loan-act", args=[loan.pk, "receipt"])

    keys = {manager.get(target).context["form"]["idempotency_key"].value() for _ in range(3)}

    assert len(keys) == 3


def test_refusal_keeps_what_was_entered_and_its_key(loan: Loan, manager: Client) -> None:
    response = send(manager, loan, "receipt", **{**RECEIPT, "value_date": "2026-03-11"})

    page = response.content.decode()
    assert response.status_code == 422
    assert "The value date 2026-03-11 is after the business date 2026-03-10" in page
    assert 'value="1,234.50"' in page
    assert 'value="receipt-key"' in page
    assert loan.facts.count() == 1


@pytest.mark.parametrize(
    ("amount", "message"),
    [
        ("1.234", "is not an amount in rupees"),
        ("zwölf", "is not an amount in rupees"),
        ("1e5", "is not an amount in rupees"),
        ("", "This field is required."),
        ("0", "Enter more than zero"),
        ("-5", "Enter more than zero"),
    ],
)
def test_wrong_amount_is_refused_with_what_to_do(loan: Loan, manager: Client, amount: str, message: str) -> None:
    response = send(manager, loan, "receipt", **{**RECEIPT, "amount_paise": amount})

    assert response.status_code == 422
    assert message in response.content.decode()
    assert loan.facts.count() == 1


def test_bank_reference_of_another_loan_is_refused(loan: Loan, manager: Client) -> None:
    other = make_loan(version=loan.product_version)
    receive(other, 500_00, date(2026, 3, 1), reference="UTR-1", channel="UPI")

    response = send(manager, loan, "receipt", **RECEIPT)

    assert f"was credited to loan {other.number} already" in response.content.decode()
    assert loan.facts.count() == 1


def test_entry_is_reversed_with_a_reason(loan: Loan, manager: Client) -> None:
    receive(loan, 5_000_00, date(2026, 3, 5))

    refused = send(manager, loan, "reverse", sequence="2", reason="")
    done = send(manager, loan, "reverse", sequence="2", reason="Wrong loan")

    assert refused.status_code == 422
    assert done.status_code == 302
    assert (last_fact(loan).kind, last_fact(loan).reason) == ("REVERSE", "Wrong loan")
    assert AuditEntry.objects.filter(action="lms.fact_reverse", actor=make_staff("manager")).count() == 1
    assert_verified(loan)


def test_agreed_charge_is_levied_with_its_tax(loan: Loan, manager: Client) -> None:
    response = send(manager, loan, "charge", code="STATEMENT", amount_paise="", due_date="")

    assert response.status_code == 302
    assert (owed(loan)["fee"], owed(loan)["tax"]) == (100_00, 18_00)


def test_charge_that_was_not_agreed_is_no_choice(loan: Loan, manager: Client) -> None:
    response = send(manager, loan, "charge", code="SURPRISE")

    assert response.status_code == 422
    assert loan.facts.count() == 1


def test_penal_charge_by_hand_is_levied(loan: Loan, manager: Client) -> None:
    send(manager, loan, "penal", amount_paise="250", reason="Insurance lapsed")

    assert owed(loan)["penal"] == 250_00


def test_bounce_undoes_its_receipt_and_levies_the_charge(loan: Loan, manager: Client) -> None:
    receive(loan, 5_000_00, date(2026, 3, 1))

    response = send(manager, loan, "bounce", receipt_sequence="2", reference="RET-1", is_charged="on")

    assert response.status_code == 302
    assert last_fact(loan).details["receipt_sequence"] == 2
    assert (owed(loan)["fee"], owed(loan)["tax"]) == (500_00, 90_00)


def test_part_prepayment_cuts_the_tenor(loan: Loan, manager: Client) -> None:
    response = send(
        manager, loan, "prepay", amount_paise="60,000", effect="CUT_TENOR", channel="BANK", reference="UTR-9"
    )

    assert response.status_code == 302
    assert last_fact(loan).kind == "PREPAY"
    assert_verified(loan)


def test_foreclosure_shows_the_quote_and_takes_exactly_it(loan: Loan, manager: Client) -> None:
    page = manager.get(reverse("staff:loan-act", args=[loan.pk, "foreclose"]), {"on": "2026-03-05"})
    quote = page.context["quote"]

    short = send(manager, loan, "foreclose", amount_paise="1", value_date="2026-03-05", channel="BANK", reference="U")
    amount = page.context["form"]["amount_paise"].value()
    done = send(manager, loan, "foreclose", amount_paise=amount, value_date="2026-03-05", channel="BANK", reference="U")

    assert quote.on_date == date(2026, 3, 5)
    assert short.status_code == 422
    assert done.status_code == 302
    assert (last_fact(loan).amount_paise, loan.status) == (quote.total_paise, "CLOSED")


def test_sanctioned_loan_is_disbursed_in_full_by_default(manager: Client) -> None:
    set_business_date(date(2026, 3, 10))
    reason_codes_seed()
    loan = make_sanctioned_loan(sanctioned_on=date(2026, 3, 1), first_due_date=date(2026, 4, 10))
    form = manager.get(reverse("staff:loan-act", args=[loan.pk, "disburse"])).context["form"]

    response = send(manager, loan, "disburse", amount_paise=form["amount_paise"].value(), reference="OUT-1")

    assert form["amount_paise"].value() == "1,20,000.00"
    assert response.status_code == 302
    assert (loan.status, loan.disbursed_on) == ("ACTIVE", date(2026, 3, 10))


def test_act_is_offered_only_where_it_makes_sense(loan: Loan, manager: Client) -> None:
    sanctioned = make_sanctioned_loan(version=loan.product_version)

    acts = {
        name: [act.slug for act in manager.get(reverse("admin:lms_loan_change", args=[pk])).context["acts"]]
        for name, pk in (("active", loan.pk), ("sanctioned", sanctioned.pk))
    }

    assert acts["active"] == [
        "receipt",
        "prepay",
        "foreclose",
        "charge",
        "penal",
        "bounce",
        "rate",
        "reschedule",
        "moratorium",
        "pause",
        "waive",
        "settle",
        "write-off",
        "reverse",
        "settle-plan",
        "quote",
        "quote-pay",
        "freeze",
    ]
    assert acts["sanctioned"] == ["disburse", "freeze"]


def test_effect_is_shown_and_nothing_of_it_stays(loan: Loan, manager: Client) -> None:
    before = everything()

    response = send(manager, loan, "receipt", **{**RECEIPT, "amount_paise": "11,348"}, check="")

    (effect,) = response.context["effect"].loans
    assert response.status_code == 200
    assert everything() == before
    assert [(share.component, share.amount_paise) for share in effect.shares] == [
        ("INTEREST", 2_446_03),
        ("PRINCIPAL", 8_901_97),
    ]
    assert ("principal_outstanding_paise", "12000000", "11109803") in [
        (change.name, change.before, change.after) for change in effect.figures
    ]
    assert {posting.debit.split()[0] for posting in effect.postings} >= {"1010"}
    assert "₹1,11,098.03" in response.content.decode()


def test_form_can_be_sent_after_a_look_at_its_effect(loan: Loan, manager: Client) -> None:
    send(manager, loan, "receipt", **RECEIPT, check="")

    response = send(manager, loan, "receipt", **RECEIPT)

    assert response.status_code == 302
    assert loan.facts.count() == 2


def test_effect_of_a_refused_act_is_the_refusal(loan: Loan, manager: Client) -> None:
    response = send(manager, loan, "receipt", **{**RECEIPT, "value_date": "2026-03-11"}, check="")

    assert response.status_code == 422
    assert "is after the business date" in response.content.decode()


def test_excess_is_moved_to_another_loan_of_the_customer(loan: Loan, manager: Client) -> None:
    other = make_loan(version=loan.product_version, customer=loan.customer)
    stranger = make_loan(version=loan.product_version)
    receive(loan, 1_00_000_00, date(2026, 3, 10))
    held = loan.excess_paise
    entered = {"amount_paise": "5,000", "reason": "Asked for by letter"}

    strange = send(manager, loan, "transfer", **entered, to_loan_id=str(stranger.pk))
    done = send(manager, loan, "transfer", **entered, to_loan_id=str(other.pk))

    assert (strange.status_code, done.status_code) == (422, 302)
    assert loan.excess_paise == held - 5_000_00
    assert (last_fact(other).kind, last_fact(other).amount_paise) == ("RECEIVE", 5_000_00)
    assert_verified(loan)
    assert_verified(other)
