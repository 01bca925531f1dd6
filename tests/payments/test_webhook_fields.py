"""A genuine event that lacks a field, or has another sort of thing there, is refused by the name of the field."""

import hashlib
import hmac
import json
from base64 import b64encode
from collections.abc import Iterator
from copy import deepcopy
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from core.inbox.models import InboxMessage, MessageState
from core.workers import LANES, lane_drain
from payments.errors import WebhookUnreadable
from payments.models import IncomingPayment, Vendor, VendorKind
from payments.services.vendors import clients_close
from payments.vendors import cashfree_events, razorpay_events
from tests.door import sent
from tests.factories.lms import set_business_date
from tests.factories.payments import make_parameters
from tests.factories.staff import client_of

SECRET = "kist-demo-webhook"  # pragma: allowlist secret
TODO = "Nothing was booked. Ask the vendor for the whole event, or tell the developers; then try it again."
EVENTS: dict[str, Any] = json.loads((Path(__file__).parent.parent / "data" / "razorpay_events.json").read_text())
PAYMENT = {
    "payment_status": "SUCCESS",
    "cf_payment_id": 12376123,
    "payment_amount": 10.5,
    "payment_group": "upi",
    "payment_time": "2026-01-02T10:00:00+05:30",
    "payment_method": {"upi": {"upi_id": "rakesh@upi"}},
}
RUPEE_EVENTS: dict[str, Any] = {
    "TRANSFER_SUCCESS": {"transfer_id": "ours", "cf_transfer_id": "1", "status": "SUCCESS", "transfer_amount": 10.5},
    "BANK_ACCOUNT_VERIFICATION_SUCCESS": {"user_id": "ours", "reference_id": 7, "account_status": "VALID"},
    "PAYMENT_LINK_EVENT": {"link_id": "ours", "link_status": "PAID"},
    "PAYMENT_SUCCESS_WEBHOOK": {
        "order": {"order_id": "o_1", "order_tags": {"link_id": "ours"}},
        "payment": PAYMENT,
        "customer_details": {"customer_name": "Rakesh Kumar", "customer_phone": "9876543210"},
    },
    "VIRTUAL_ACCOUNT_CREDITED": {"virtual_account": {"virtual_account_id": "va_1"}, "payment": PAYMENT},
    "REFUND_STATUS_WEBHOOK": {
        "refund": {"refund_status": "SUCCESS", "cf_refund_id": "r_1", "refund_id": "ours", "refund_amount": 1.01}
    },
    "DISPUTE_CREATED": {
        "dispute": {"dispute_id": "d_1", "dispute_status": "DISPUTE_CREATED", "dispute_amount": 3, "respond_by": "x"},
        "order_details": {"cf_payment_id": "12376123"},
    },
    "SETTLEMENT_SUCCESS": {
        "settlement": {
            "settlement_id": "s_1",
            "status": "PAID",
            "amount_settled": 98.82,
            "service_charge": 1,
            "service_tax": 0.18,
            "utr": "N351200478962883",
        }
    },
}
ODD: tuple[Any, ...] = (
    *(None, True, 7, -1, 10**30, Decimal("1.5"), Decimal("1e9999")),
    *("", "x", "x" * 5000, "\udfff", "NaN", [], ["x"], [7], {}, {"a": ["b"]}),
)


@pytest.fixture
def vendors(db: None) -> Iterator[None]:
    set_business_date(date(2026, 1, 1))
    make_parameters()
    for kind in (VendorKind.RAZORPAY, VendorKind.CASHFREE):
        Vendor.objects.create(
            code=kind.lower(), name=kind, kind=kind, base_url="http://127.0.0.1:9", webhook_secret=SECRET
        )
    yield
    clients_close()


def told(kind: str, body: dict[str, Any]) -> InboxMessage:
    """Send an event, signed as its vendor signs it, and let workers try it until it ends."""
    raw = json.dumps(body).encode()
    by_paise = hmac.new(SECRET.encode(), raw, hashlib.sha256).hexdigest()
    by_rupees = b64encode(hmac.new(SECRET.encode(), b"1767225600" + raw, hashlib.sha256).digest()).decode()
    headers = {
        "X-Razorpay-Signature": by_paise,
        "X-Webhook-Signature": by_rupees,
        "X-Webhook-Timestamp": "1767225600",
    }
    assert sent(raw, where=f"/webhooks/{kind}/", headers=headers).status_code == 200
    for _ in range(8):
        InboxMessage.objects.update(next_at=timezone.now())
        lane_drain(lane=LANES["inbox"], rounds=1)
    return InboxMessage.objects.get()


def razorpay(event: str, **payload: Any) -> dict[str, Any]:
    return {"event": event, "payload": {name: {"entity": entity} for name, entity in payload.items()}}


def paths_of(value: Any, *path: Any) -> Iterator[tuple[Any, ...]]:
    """Give the way to everything within an event."""
    inner = value.items() if isinstance(value, dict) else ()
    for name, part in inner:
        yield (*path, name)
        yield from paths_of(part, *path, name)


def changed(body: dict[str, Any], path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    copy = deepcopy(body)
    holder = copy
    for name in path[:-1]:
        holder = holder[name]
    holder[path[-1]] = value
    return copy


def lacking(body: dict[str, Any], path: tuple[Any, ...]) -> dict[str, Any]:
    copy = changed(body, path, None)
    holder = copy
    for name in path[:-1]:
        holder = holder[name]
    del holder[path[-1]]
    return copy


@pytest.mark.parametrize(
    ("kind", "body", "what"),
    [
        ("razorpay", {"event": "payment_link.paid"}, "payment_link.paid: payload is missing"),
        (
            "razorpay",
            razorpay("payment.captured", payment={"status": "captured", "amount": 100}),
            "payment.captured: payload.payment.entity.id is missing",
        ),
        (
            "razorpay",
            razorpay("payment.captured", payment={"id": "pay_1", "status": "captured"}),
            "payment.captured: payload.payment.entity.amount is missing",
        ),
        (
            "razorpay",
            razorpay("payment.captured", payment={"id": "pay_1", "status": "captured", "amount": 1.5}),
            "payment.captured: payload.payment.entity.amount is no whole number of paise",
        ),
        (
            "razorpay",
            razorpay("payment.captured", payment={"id": "p_1", "status": "captured", "amount": 100, "currency": "USD"}),
            "payment.captured: payload.payment.entity.currency is not INR",
        ),
        (
            "razorpay",
            razorpay("payment.captured", payment={"id": "p_1", "status": "captured", "amount": 100, "currency": 356}),
            "payment.captured: payload.payment.entity.currency is not INR",
        ),
        (
            "cashfree",
            {
                "type": "VIRTUAL_ACCOUNT_CREDITED",
                "data": {
                    "virtual_account": {"virtual_account_id": "va_1"},
                    "payment": {**PAYMENT, "payment_currency": "USD"},
                },
            },
            "VIRTUAL_ACCOUNT_CREDITED: data.payment.payment_currency is not INR",
        ),
        (
            "cashfree",
            {
                "type": "DISPUTE_CREATED",
                "data": {
                    "dispute": {
                        "dispute_id": "d_1",
                        "dispute_status": "DISPUTE_CREATED",
                        "dispute_amount": 3,
                        "dispute_amount_currency": "USD",
                    },
                    "order_details": {"cf_payment_id": "12376123"},
                },
            },
            "DISPUTE_CREATED: data.dispute.dispute_amount_currency is not INR",
        ),
        (
            "razorpay",
            razorpay(
                "payment.captured",
                payment={"id": "pay_1", "status": "captured", "amount": 100, "acquirer_data": "rakesh"},
            ),
            "payment.captured: payload.payment.entity.acquirer_data is text, not an object",
        ),
        (
            "razorpay",
            razorpay(
                "payment.captured", payment={"id": "pay_1", "status": "captured", "amount": 100, "created_at": "today"}
            ),
            "payment.captured: payload.payment.entity.created_at is text, not a time in seconds",
        ),
        (
            "razorpay",
            {"event": "payout.processed", "payload": {"payout": []}},
            "payout.processed: payload.payout is missing",
        ),
        (
            "razorpay",
            razorpay("refund.processed", refund={"id": ["rakesh@upi"], "status": "processed", "amount": 100}),
            "refund.processed: payload.refund.entity.id is a list, not text",
        ),
        ("razorpay", {"event": {"rakesh": 1}}, "An event without a name: event is an object, not text"),
        (
            "cashfree",
            {"type": "PAYMENT_SUCCESS_WEBHOOK", "data": {"order": {"order_id": "o_1"}}},
            "PAYMENT_SUCCESS_WEBHOOK: data.payment is missing",
        ),
        (
            "cashfree",
            {"type": "TRANSFER_SUCCESS", "data": {"status": "SUCCESS", "cf_transfer_id": "1"}},
            "TRANSFER_SUCCESS: data.transfer_id is missing",
        ),
        (
            "cashfree",
            {"type": "PAYMENT_LINK_EVENT", "data": {"link_id": "l_1", "link_status": "HALF"}},
            "PAYMENT_LINK_EVENT: data.link_status is a state that is not known here",
        ),
    ],
    ids=lambda part: part if isinstance(part, str) else "",
)
@pytest.mark.guarantee("G3")
def test_event_that_cannot_be_read_says_which_field_is_wrong_and_what_to_do(
    vendors: None, kind: str, body: dict[str, Any], what: str
) -> None:
    message = told(kind, body)

    assert (message.state, message.error) == (MessageState.POISON, f"{what}. {TODO}")
    assert not IncomingPayment.objects.exists()


def test_page_of_the_message_tells_the_field_and_nothing_of_the_payer(vendors: None) -> None:
    payment = {"id": "pay_1", "status": "captured", "amount": 100}
    payer = {"name": "Rakesh", "account_number": ["026291800001191"]}
    transfer = {"bank_reference": "1", "payer_bank_account": payer}
    account = {"id": "va_1"}
    body = razorpay("virtual_account.credited", payment=payment, bank_transfer=transfer, virtual_account=account)
    message = told("razorpay", body)

    page = client_of("finance").get(reverse("staff-work:message", args=[message.pk])).content.decode()

    path = "payload.bank_transfer.entity.payer_bank_account.account_number"
    assert f"virtual_account.credited: {path} is a list, not text. {TODO}" in page
    assert "Rakesh" not in page
    assert "026291800001191" not in page


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_no_change_to_a_sample_of_the_paise_gateway_ends_otherwise_than_by_name(name: str) -> None:
    assert surprises(razorpay_events.reading_of, EVENTS[name]) == []


@pytest.mark.parametrize("name", sorted(RUPEE_EVENTS))
def test_no_change_to_an_event_of_the_rupee_gateway_ends_otherwise_than_by_name(name: str) -> None:
    body = {"type": name, "data": RUPEE_EVENTS[name]}

    assert len(cashfree_events.reading_of(body).heard) == 1
    assert surprises(cashfree_events.reading_of, body) == []


def surprises(reading_of: Any, body: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Return every change to an event that ends neither as a reading nor as a refusal that is kept whole."""
    found = []
    most = InboxMessage._meta.get_field("error").max_length or 0
    for path in paths_of(body):
        for altered in (lacking(body, path), *(changed(body, path, value) for value in ODD)):
            try:
                reading_of(altered)
            except WebhookUnreadable as refusal:
                found += [(path, refusal.message)] * (len(refusal.message) > most)
            except Exception as error:
                found.append((path, repr(error)))
    return found
