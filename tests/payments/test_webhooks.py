"""What vendors tell us is proven, kept once, answered at once, and applied in any order."""

import hashlib
import hmac
import itertools
import json
from base64 import b64encode
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from core.inbox.models import InboxMessage, MessageState
from core.rehearsal import rehearse
from core.sagas.models import SagaStep, StepState
from core.workers import LANES, lane_drain
from customers.models import BankAccount
from lms.models import Loan
from payments.models import (
    AttemptState,
    CheckState,
    NameBand,
    Operation,
    PayeeCheck,
    Payout,
    PayoutState,
    ProviderAttempt,
    Vendor,
    VendorDowntime,
)
from payments.services.attempts import attempt_open
from payments.services.flight import flight_begin
from payments.services.vendors import clients_close
from tests.door import sent
from tests.factories.lms import make_sanctioned_loan, set_business_date
from tests.factories.payments import (
    ask_payout,
    balance_of,
    make_account,
    make_parameters,
    make_proof,
    make_vendor,
    run_sagas,
)

pytestmark = pytest.mark.django_db
SECRET, BEFORE = "kist-demo-webhook", "kist-demo-webhook-before"
EVENTS: dict[str, Any] = json.loads((Path(__file__).parent.parent / "data" / "razorpay_events.json").read_text())
NOWHERE = "http://127.0.0.1:9"
AMOUNT, AT_VENDOR = 1_20_000_00, 10_00_000_00
# What changes something of ours when we know it; the rest is filed.
CONCERN_US = (
    "payout.",
    "fund_account.validation.",
    "payment.",
    "payment_link.",
    "order.paid",
    "virtual_account.credited",
    "refund.",
    "settlement.",
)


@pytest.fixture
def loan() -> Loan:
    set_business_date(date(2026, 1, 1))
    make_parameters()
    return make_sanctioned_loan()


@pytest.fixture
def vendor(loan: Loan) -> Any:
    yield make_vendor(address=NOWHERE, previous_webhook_secret=BEFORE)
    clients_close()


@pytest.fixture
def account(loan: Loan) -> BankAccount:
    account = make_account(customer=loan.customer)
    make_proof(account=account)
    return account


def tell(body: dict[str, Any] | bytes, *, secret: str = SECRET, event_id: str = "", raw: bytes | None = None) -> int:
    """Send a webhook as the gateway does and return the answer's status."""
    signed = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"X-Razorpay-Signature": hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()}
    if event_id:
        headers["X-Razorpay-Event-Id"] = event_id
    return int(sent(raw or signed, where="/webhooks/razorpay/", headers=headers).status_code)


def tell_rupees(body: dict[str, Any], *, stamp: str = "1767225600", signed_stamp: str = "") -> int:
    raw = json.dumps(body).encode()
    digest = hmac.new(SECRET.encode(), (signed_stamp or stamp).encode() + raw, hashlib.sha256).digest()
    headers = {"X-Webhook-Signature": b64encode(digest).decode(), "X-Webhook-Timestamp": stamp}
    return int(sent(raw, where="/webhooks/cashfree/", headers=headers).status_code)


def drain() -> None:
    """Apply what is in the inbox, with every pause cut short."""
    for _ in range(10):
        InboxMessage.objects.update(next_at=timezone.now())
        lane_drain(lane=LANES["inbox"], rounds=1)


def payout_event(attempt: ProviderAttempt, status: str, **changes: Any) -> dict[str, Any]:
    entity = {
        "id": "pout_KistTest000001",
        "entity": "payout",
        "amount": attempt.amount_paise,
        "status": status,
        "utr": "404223241811" if status in ("processed", "reversed") else None,
        "reference_id": attempt.our_reference,
        "status_details": {"reason": "bank_account_frozen"} if status == "reversed" else {},
    }
    event = {"queued": "queued", "processing": "initiated"}.get(status, status)
    return {
        "entity": "event",
        "event": f"payout.{event}",
        "contains": ["payout"],
        "payload": {"payout": {"entity": {**entity, **changes}}},
    }


def sent_payout(loan: Loan, account: BankAccount, vendor: Vendor) -> tuple[Payout, ProviderAttempt]:
    """Return a payout whose request has left and has no answer yet."""
    payout = ask_payout(loan=loan, account=account)
    with transaction.atomic():
        attempt = attempt_open(
            saga_id=payout.saga_id or 0,
            step="send",
            vendor=vendor,
            operation=Operation.PAYOUT,
            rail=payout.rail,
            amount_paise=payout.amount_paise,
        )
        flight_begin(payout=payout, attempt=attempt)
        # The account was proven before the call was made.
        step = SagaStep.objects.get(saga_id=payout.saga_id or 0)
        SagaStep.objects.filter(pk=step.pk).update(state=StepState.DONE, fence=1)
        step.pk, step.number, step.name, step.is_pivot = None, step.number + 1, "send", True
        step.save(force_insert=True)
    Payout.objects.filter(pk=payout.pk).update(state=PayoutState.SENT)
    ProviderAttempt.objects.filter(pk=attempt.pk).update(first_sent_at=timezone.now(), sends=1)
    return payout, attempt


def test_genuine_event_is_stored_as_it_came_and_answered(vendor: Vendor) -> None:
    raw = b'{"event": "qr_code.created",   "payload": {}}'

    assert tell(raw, event_id="evt_1") == 200

    message = InboxMessage.objects.get()
    assert (bytes(message.raw), message.source, message.kind) == (raw, "webhook:razorpay", "qr_code.created")
    assert (message.event_id, message.state) == ("razorpay:evt_1", MessageState.NEW)


@pytest.mark.guarantee("G3")
def test_event_signed_with_the_secret_before_is_genuine(vendor: Vendor) -> None:
    assert tell({"event": "qr_code.created"}, secret=BEFORE, event_id="evt_1") == 200


@pytest.mark.guarantee("G3")
@pytest.mark.parametrize(
    ("secret", "raw"),
    [("somebody else's", None), (SECRET, b'{"event": "qr_code.creatfd"}'), (SECRET, b'{"event": "qr_code.created"} ')],
    ids=["wrong secret", "altered byte", "added byte"],
)
def test_event_that_is_not_genuine_leaves_one_note_without_its_content(
    vendor: Vendor, secret: str, raw: bytes | None
) -> None:
    body = b'{"event": "qr_code.created"}'

    assert [tell(body, secret=secret, raw=raw, event_id=f"evt_{n}") for n in range(5)] == [401] * 5

    notes = InboxMessage.objects.all()
    assert {(note.state, bytes(note.raw), note.kind) for note in notes} == {(MessageState.REFUSED, b"", "refused")}
    assert sum(note.attempts + 1 for note in notes) == 5


def test_large_event_is_taken(vendor: Vendor) -> None:
    assert tell(b'{"event": "account.updated", "padding": "' + b"x" * 5_000_000 + b'"}', event_id="evt_1") == 200


def test_intake_needs_one_statement(vendor: Vendor, django_assert_num_queries: Any) -> None:
    tell({"event": "qr_code.created"}, event_id="evt_0")

    # The contract is known for some seconds; instants come from the statement that stores the row.
    with django_assert_num_queries(1):
        tell({"event": "qr_code.created"}, event_id="evt_1")


@pytest.mark.guarantee("G3")
def test_repeat_is_stored_once_even_after_a_month(vendor: Vendor) -> None:
    body = {"event": "qr_code.created", "payload": {}}
    tell(body, event_id="evt_1")
    drain()
    InboxMessage.objects.update(received_at=timezone.now() - timedelta(days=30))

    assert [tell(body, event_id="evt_1") for _ in range(3)] == [200] * 3

    assert InboxMessage.objects.count() == 1


def test_event_without_id_is_known_by_its_bytes(vendor: Vendor) -> None:
    body = {"event": "qr_code.created", "payload": {"qr_code": {"entity": {"id": "qr_1", "status": "active"}}}}

    assert [tell(body), tell(body), tell({**body, "created_at": 1})] == [200] * 3

    assert InboxMessage.objects.count() == 2


def test_other_content_under_a_known_id_is_stored_too(vendor: Vendor) -> None:
    tell({"event": "qr_code.created"}, event_id="evt_1")

    assert [tell({"event": "qr_code.closed"}, event_id="evt_1") for _ in range(2)] == [200, 200]

    assert sorted(InboxMessage.objects.values_list("kind", flat=True)) == ["qr_code.closed", "qr_code.created"]


@pytest.mark.guarantee("G12")
@pytest.mark.parametrize("raw", [b"no json", b"[1, 2]", b"\xff\xfe", b"{" * 100_000, b"", b'{"event": 7}'])
def test_genuine_nonsense_is_kept_and_needs_a_person_in_the_end(vendor: Vendor, raw: bytes) -> None:
    assert tell(raw, event_id="evt_1") == 200
    drain()

    message = InboxMessage.objects.get()
    assert bytes(message.raw) == raw
    assert message.state in (MessageState.POISON, MessageState.IGNORED)


@pytest.mark.guarantee("G3")
def test_ninety_two_events_of_the_gateway_are_applied_filed_or_parked_and_none_is_lost(vendor: Vendor) -> None:
    for _ in range(3):
        assert {tell(body, event_id=f"evt_{name}") for name, body in EVENTS.items()} == {200}
    InboxMessage.objects.update(next_at=timezone.now())
    lane_drain(lane=LANES["inbox"], rounds=10)

    messages = {message.kind: message for message in InboxMessage.objects.all()}
    assert (len(EVENTS), InboxMessage.objects.count()) == (92, 92)
    concerning = {name for name in EVENTS if name.startswith(CONCERN_US)}
    filed = {name for name, message in messages.items() if message.state == MessageState.IGNORED}
    assert filed == set(EVENTS) - concerning
    assert not InboxMessage.objects.filter(state=MessageState.POISON).exists()
    waiting = {name for name in concerning if messages[name].state == MessageState.NEW}
    # Nothing of it was taken here, so it is refused by name until the payments are known.
    assert waiting == {"settlement.processed"}
    assert {messages[name].state for name in concerning - waiting} == {MessageState.APPLIED, MessageState.PARKED}


@pytest.mark.guarantee("G4")
@pytest.mark.parametrize(
    ("statuses", "end"),
    [
        (("queued", "processing", "processed"), (AttemptState.PROCESSED, PayoutState.PAID, AT_VENDOR - AMOUNT)),
        (("queued", "processing", "failed"), (AttemptState.FAILED, PayoutState.FAILED, AT_VENDOR)),
        (("processing", "processed", "reversed"), (AttemptState.REVERSED, PayoutState.REVERSED, AT_VENDOR)),
    ],
    ids=["paid", "failed", "sent back"],
)
def test_events_of_a_payout_have_the_same_end_in_every_order(
    vendor: Vendor, loan: Loan, account: BankAccount, statuses: tuple[str, ...], end: tuple[object, ...]
) -> None:
    for number, order in enumerate(itertools.permutations(statuses)):
        # Between the events the workers do everything, or nothing.
        rounds = 3 * (number % 2)

        def play(order: tuple[str, ...] = order, rounds: int = rounds) -> tuple[object, ...]:
            payout, attempt = sent_payout(loan, account, vendor)
            for status in (*order, *reversed(order)):
                tell(payout_event(attempt, status), event_id=f"evt_{status}")
                drain()
                run_sagas(rounds=rounds)
            run_sagas()
            payout.refresh_from_db()
            attempt.refresh_from_db()
            assert balance_of("1060.razorpay") == 0, order
            return attempt.state, payout.state, balance_of("1050.razorpay")

        assert rehearse(play) == end, order


@pytest.mark.guarantee("G3", in_flight=True)
def test_event_that_comes_before_our_own_commit_waits_for_it(vendor: Vendor, loan: Loan, account: BankAccount) -> None:
    early = payout_event(ProviderAttempt(our_reference="", amount_paise=AMOUNT), "processed")
    assert tell(early, event_id="evt_1") == 200
    lane_drain(lane=LANES["inbox"], rounds=1)
    assert InboxMessage.objects.get().state == MessageState.PARKED

    _, attempt = sent_payout(loan, account, vendor)
    ProviderAttempt.objects.filter(pk=attempt.pk).update(vendor_reference="pout_KistTest000001")
    drain()

    attempt.refresh_from_db()
    assert (attempt.state, InboxMessage.objects.get().state) == (AttemptState.PROCESSED, MessageState.APPLIED)


@pytest.mark.guarantee("G3", in_flight=True)
@pytest.mark.parametrize("amount", [AMOUNT // 100, AMOUNT * 100, AMOUNT + 1, float(AMOUNT), str(AMOUNT), -AMOUNT, None])
def test_event_about_another_amount_is_alarmed_by_name_and_never_booked(
    vendor: Vendor, loan: Loan, account: BankAccount, amount: Any
) -> None:
    _, attempt = sent_payout(loan, account, vendor)

    assert tell(payout_event(attempt, "processed", amount=amount), event_id="evt_1") == 200
    drain()

    attempt.refresh_from_db()
    message = InboxMessage.objects.get()
    assert (attempt.state, message.state) == (AttemptState.SENDING, MessageState.POISON)
    assert "Nothing was booked" in message.error or "no whole number of paise" in message.error


def test_rupees_are_compared_exactly(vendor: Vendor, loan: Loan, account: BankAccount) -> None:
    rupees = make_vendor(address=NOWHERE, code="cashfree")
    _, attempt = sent_payout(loan, account, rupees)
    data = {"transfer_id": attempt.our_reference, "cf_transfer_id": "1", "status": "SUCCESS", "transfer_utr": "4"}
    wrong = {"type": "TRANSFER_SUCCESS", "data": {**data, "transfer_amount": float(AMOUNT)}}
    right = {"type": "TRANSFER_SUCCESS", "data": {**data, "transfer_amount": AMOUNT / 100}}

    assert [tell_rupees(wrong), tell_rupees(right)] == [200, 200]
    assert tell_rupees(right, stamp="1767229999") == 200
    drain()

    attempt.refresh_from_db()
    assert attempt.state == AttemptState.PROCESSED
    assert sorted(InboxMessage.objects.values_list("state", flat=True)) == [MessageState.APPLIED, MessageState.POISON]


@pytest.mark.guarantee("G3")
def test_time_that_was_not_signed_is_refused(vendor: Vendor) -> None:
    make_vendor(address=NOWHERE, code="cashfree")

    assert tell_rupees({"type": "TRANSFER_SUCCESS"}, stamp="1767229999", signed_stamp="1767225600") == 401


def test_validation_that_answers_later_proves_the_account(vendor: Vendor, loan: Loan) -> None:
    account = make_account(customer=loan.customer)
    check = make_proof(
        account=account,
        vendor=vendor,
        operation=Operation.PENNY_DROP,
        state=CheckState.WAITING,
        band="",
        valid_until=None,
        vendor_reference="fav_1",
    )
    results = {"account_status": "active", "registered_name": loan.customer.full_name}
    entity = {"id": "fav_1", "status": "completed", "results": results}
    body = {"event": "fund_account.validation.completed", "payload": {"fund_account.validation": {"entity": entity}}}

    tell(body, event_id="evt_1")
    drain()

    check = PayeeCheck.objects.get(pk=check.pk)
    assert (check.state, check.band, check.score) == (CheckState.VALID, NameBand.PASS, 100)


def test_downtime_that_is_told_backwards_has_ended(vendor: Vendor) -> None:
    for name in ("payment.downtime.resolved", "payment.downtime.updated", "payment.downtime.started"):
        entity = {**EVENTS[name]["payload"]["payment.downtime"]["entity"], "id": "down_1"}
        tell({"event": name, "payload": {"payment.downtime": {"entity": entity}}}, event_id=f"evt_{name}")
        drain()

    row = VendorDowntime.objects.get()
    assert (row.method, row.ended_at is None) == ("upi", False)
