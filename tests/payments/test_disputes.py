"""Disputes of payers: answered in time with papers, decided by the gateway or by hand, never both ways."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from core.approvals.models import ApprovalRequest
from core.approvals.services import Attachment
from core.clock import database_now
from core.errors import KistError
from ledger.checks import ledger_check
from lms.models import Loan
from payments.admin.disputes import deadline_tone, disputes_due
from payments.desk_errors import (
    DisputeAnswered,
    DisputeContradicted,
    DisputeDecided,
    DisputePaperMissing,
    DisputeUnknown,
)
from payments.models import Dispute, DisputeAnswer, DisputePaper, DisputeState, IncomingPayment, PaymentState, Vendor
from payments.services.chargebacks import dispute_told
from payments.services.disputes import dispute_accept, dispute_contest, dispute_decide, dispute_paper_add
from payments.vendors.heard import DisputeHeard, DisputeTold
from payments.vendors.payers import moment_of
from tests.factories.approvals import approve, last_request
from tests.factories.lms import make_loan, set_business_date
from tests.factories.payments import balance_of, make_parameters, make_vendor
from tests.factories.payments_in import AMOUNT, arrive, arrive_on, disputed, moment_in, send_act
from tests.factories.staff import client_of, make_staff

pytestmark = pytest.mark.django_db
TAKEN, POOL, SUSPENSE, DISPUTED = "1070.razorpay", "1010", "2120", "1080"
WHY = "The borrower has signed"
PAPER = Attachment(name="agreement.pdf", content=b"%PDF-1.4 agreement")


@pytest.fixture
def loan(settings: Any, tmp_path: Any) -> Loan:
    settings.MEDIA_ROOT = tmp_path
    set_business_date(date(2026, 1, 1))
    make_parameters()
    loan = make_loan()
    set_business_date(date(2026, 3, 1))
    return loan


@pytest.fixture
def vendor(loan: Loan) -> Vendor:
    return make_vendor(address="http://127.0.0.1:9", float_paise=0)


@pytest.fixture
def payment(loan: Loan, vendor: Vendor) -> IncomingPayment:
    return arrive_on(loan=loan, vendor=vendor)


@pytest.fixture
def dispute(payment: IncomingPayment) -> Dispute:
    return disputed(payment=payment, respond_by=moment_in(days=2))


def received(loan: Loan) -> list[int]:
    undone = {fact.details["reversed_sequence"] for fact in loan.facts.filter(kind="REVERSE")}
    return [fact.amount_paise for fact in loan.facts.filter(kind="RECEIVE") if fact.sequence not in undone]


def told(dispute: Dispute, what: DisputeTold) -> Dispute:
    heard = DisputeHeard(
        told=what,
        vendor_reference=dispute.vendor_reference,
        payment_reference=str(dispute.payment.vendor_reference),
        amount_paise=dispute.amount_paise,
    )
    return dispute_told(vendor=dispute.vendor, heard=heard)


def standing(dispute: Dispute) -> tuple[object, ...]:
    dispute.refresh_from_db()
    payment = IncomingPayment.objects.get(pk=dispute.payment_id)
    return dispute.state, dispute.answer, payment.state, balance_of(DISPUTED), balance_of(TAKEN)


def test_accepted_dispute_takes_the_receipt_back_when_a_second_person_agrees(dispute: Dispute, loan: Loan) -> None:
    client = client_of("operations")
    assert (balance_of(DISPUTED), received(loan)) == (AMOUNT, [AMOUNT])

    send_act(client, "dispute-act", dispute.pk, "accept")

    request = last_request()
    assert (request.kind, request.amount_paise) == ("payments.dispute-accept", AMOUNT)
    assert request.effect["dispute_after"] == "lost: the receipt was taken back"
    assert [line["debit"][:4] for line in request.effect["money_moved"]] == [POOL]
    assert received(loan) == [AMOUNT]
    approve(request)
    assert standing(dispute) == (DisputeState.LOST, DisputeAnswer.ACCEPTED, PaymentState.CHARGED_BACK, 0, 0)
    assert received(loan) == []
    assert told(dispute, DisputeTold.LOST).state == DisputeState.LOST
    assert ledger_check().is_held


@pytest.mark.parametrize(
    ("outcome", "end"),
    [
        ("WON", (DisputeState.WON, DisputeAnswer.NONE, PaymentState.APPLIED, 0, AMOUNT)),
        ("CLOSED", (DisputeState.CLOSED, DisputeAnswer.NONE, PaymentState.APPLIED, 0, AMOUNT)),
        ("LOST", (DisputeState.LOST, DisputeAnswer.NONE, PaymentState.CHARGED_BACK, 0, 0)),
    ],
)
def test_end_that_no_event_told_is_entered_by_hand(dispute: Dispute, outcome: str, end: tuple[object, ...]) -> None:
    send_act(client_of("operations"), "dispute-act", dispute.pk, "decide", outcome=outcome)
    approve()

    assert standing(dispute) == end
    assert dispute.decided_from == "STAFF"
    assert ledger_check().is_held


def test_gateway_that_says_the_opposite_of_what_was_entered_is_refused(dispute: Dispute, loan: Loan) -> None:
    actor = make_staff("operations")
    dispute_decide(dispute_id=dispute.pk, outcome=DisputeState.WON, reason=WHY, actor=actor)
    before = standing(dispute)

    with pytest.raises(DisputeContradicted) as refusal:
        told(dispute, DisputeTold.LOST)

    assert refusal.value.code == "payments.dispute_contradicted"
    assert standing(dispute) == before
    assert received(loan) == [AMOUNT]
    assert told(dispute, DisputeTold.WON).state == DisputeState.WON


def test_dispute_is_contested_with_papers_alone(dispute: Dispute) -> None:
    actor = make_staff("operations")
    with pytest.raises(DisputePaperMissing):
        dispute_contest(dispute_id=dispute.pk, reason=WHY, actor=actor)
    assert standing(dispute)[1] == DisputeAnswer.NONE

    for _ in range(2):
        dispute_paper_add(dispute_id=dispute.pk, paper=PAPER, actor=actor)
    dispute_contest(dispute_id=dispute.pk, reason=WHY, actor=actor)

    assert DisputePaper.objects.count() == 1
    assert standing(dispute)[:2] == (DisputeState.OPEN, DisputeAnswer.CONTESTED)
    assert balance_of(DISPUTED) == AMOUNT
    for again in (dispute_contest, dispute_accept):
        with pytest.raises(DisputeAnswered):
            again(dispute_id=dispute.pk, reason=WHY, actor=actor)
    assert standing(dispute)[1] == DisputeAnswer.CONTESTED


def test_what_is_decided_takes_no_paper_no_answer_and_no_other_end(dispute: Dispute) -> None:
    actor = make_staff("operations")
    told(dispute, DisputeTold.LOST)
    before = standing(dispute)
    calls: list[Any] = [
        lambda: dispute_paper_add(dispute_id=dispute.pk, paper=PAPER, actor=actor),
        lambda: dispute_contest(dispute_id=dispute.pk, reason=WHY, actor=actor),
        lambda: dispute_accept(dispute_id=dispute.pk, reason=WHY, actor=actor),
        lambda: dispute_decide(dispute_id=dispute.pk, outcome=DisputeState.WON, reason=WHY, actor=actor),
    ]

    codes = []
    for call in calls:
        with pytest.raises(KistError) as refusal:
            call()
        codes.append(refusal.value.code)

    assert codes == [DisputeDecided.code] * 4
    assert standing(dispute) == before
    assert not DisputePaper.objects.exists()
    with pytest.raises(DisputeUnknown):
        dispute_contest(dispute_id=dispute.pk + 1, reason=WHY, actor=actor)


def test_page_keeps_papers_and_hands_them_to_those_who_handle_disputes(dispute: Dispute) -> None:
    client = client_of("operations")
    answer = reverse("staff-payments:dispute-answer", args=[dispute.pk])
    page = reverse("admin:payments_dispute_change", args=[dispute.pk])
    assert "Contest it" in client.get(page).content.decode()

    refused = client.post(answer, {"decision": "paper", "paper": SimpleUploadedFile("a.exe", b"MZ")})
    none = client.post(answer, {"decision": "contest", "reason": WHY})
    client.post(answer, {"decision": "paper", "paper": SimpleUploadedFile("agreement.pdf", b"%PDF-1.4")})
    client.post(answer, {"decision": "contest", "reason": WHY})

    assert (refused.status_code, none.status_code) == (422, 422)
    assert standing(dispute)[1] == DisputeAnswer.CONTESTED
    paper = reverse("staff-payments:dispute-paper", args=[DisputePaper.objects.get().pk])
    assert b"".join(client.get(paper).streaming_content) == b"%PDF-1.4"  # type: ignore[attr-defined]
    assert client_of("analyst").get(paper).status_code == 403
    shown = client_of("analyst").get(page).content.decode()
    assert "agreement.pdf" in shown
    assert "With a second person" not in shown


def test_list_begins_with_what_is_due_first(payment: IncomingPayment, loan: Loan, vendor: Vendor) -> None:
    undated = disputed(payment=payment, amount_paise=1_00)
    later = disputed(payment=payment, amount_paise=2_00, respond_by=moment_in(days=6))
    over = disputed(payment=payment, amount_paise=3_00, respond_by=moment_in(hours=-1))
    soon = disputed(payment=payment, amount_paise=4_00, respond_by=moment_in(hours=20))

    rows = disputes_due()

    assert [row for row, _ in rows] == [over, soon, later, undated]
    assert [tone for _, tone in rows] == ["red", "orange", "green", "grey"]
    assert (
        deadline_tone(disputed(payment=payment, amount_paise=5_00, respond_by=moment_in(days=2)), now=database_now())
        == "amber"
    )
    page = client_of("analyst").get(reverse("admin:payments_dispute_changelist")).content.decode()
    assert page.index(over.vendor_reference) < page.index(soon.vendor_reference) < page.index(later.vendor_reference)


def test_deadline_is_kept_from_whichever_event_names_it_first(payment: IncomingPayment) -> None:
    dispute = disputed(payment=payment)
    assert dispute.respond_by is None
    heard = DisputeHeard(
        told=DisputeTold.OPEN,
        vendor_reference=dispute.vendor_reference,
        payment_reference=str(payment.vendor_reference),
        amount_paise=AMOUNT,
        respond_by=datetime(2026, 4, 1, tzinfo=UTC),
    )

    dispute_told(vendor=dispute.vendor, heard=heard)
    told(dispute, DisputeTold.OPEN)

    dispute.refresh_from_db()
    assert dispute.respond_by == datetime(2026, 4, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        (1_590_431_400, datetime(2020, 5, 25, 18, 30, tzinfo=UTC)),
        ("2026-03-01T10:00:00+00:00", datetime(2026, 3, 1, 10, tzinfo=UTC)),
        ("2026-03-01T10:00:00", None),
        ("soon", None),
        (0, None),
        (True, None),
        (None, None),
    ],
)
def test_deadline_is_read_as_seconds_or_as_text_with_a_zone(value: object, moment: datetime | None) -> None:
    assert moment_of(value) == moment


def test_dispute_of_money_in_suspense_is_accepted_as_well(loan: Loan, vendor: Vendor) -> None:
    dispute = disputed(payment=arrive(vendor=vendor))

    send_act(client_of("operations"), "dispute-act", dispute.pk, "accept")
    approve()

    assert standing(dispute) == (DisputeState.LOST, DisputeAnswer.ACCEPTED, PaymentState.CHARGED_BACK, 0, 0)
    assert balance_of(SUSPENSE) == 0
    assert ledger_check().is_held


def test_loan_and_customer_pages_name_disputes_and_refunds(dispute: Dispute, loan: Loan) -> None:
    client: Client = client_of("analyst")

    on_loan = client.get(reverse("staff-payments:loan-payments", args=[loan.pk])).content.decode()
    on_customer = client.get(reverse("staff-payments:customer-payments", args=[loan.customer_id])).content.decode()
    part = client.get(reverse("staff-payments:loan-payments", args=[loan.pk]), {"part": "1"}).content.decode()

    assert dispute.vendor_reference in on_loan
    assert dispute.vendor_reference in on_customer
    assert dispute.payment.number in part
    assert "<html" not in part
    assert not ApprovalRequest.objects.exists()


def test_list_costs_the_same_for_one_dispute_and_for_many(
    payment: IncomingPayment, django_assert_max_num_queries: Any
) -> None:
    for number in range(1, 9):
        disputed(payment=payment, amount_paise=number, respond_by=moment_in(days=number))
    client = client_of("analyst")

    with django_assert_max_num_queries(15):
        listed = client.get(reverse("admin:payments_dispute_changelist"))

    assert len(listed.context["cl"].result_list) == 8
