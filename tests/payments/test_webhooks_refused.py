"""What cannot be right at the door of vendors is refused by name or kept for a person; nothing is answered 5xx."""

import gzip
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import date, timedelta
from io import BytesIO
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import RequestFactory
from django.utils import timezone

from core.inbox.models import InboxMessage, MessageState
from core.workers import LANES, lane_drain
from payments.alarms import alarms
from payments.models import Vendor, VendorKind
from payments.services.vendors import clients_close
from tests import door
from tests.factories.lms import set_business_date
from tests.factories.payments import make_parameters

pytestmark = pytest.mark.django_db
SECRET = "kist-demo-webhook"  # pragma: allowlist secret
WHERE = "/webhooks/razorpay/"
EVENT = b'{"event": "qr_code.created"}'
MEGABYTE = 1024 * 1024


@pytest.fixture(autouse=True)
def vendor() -> Any:
    yield _vendor()
    clients_close()


def _vendor(**changes: Any) -> Vendor:
    values: dict[str, Any] = {
        "code": "razorpay",
        "name": "Gateway",
        "kind": VendorKind.RAZORPAY,
        "base_url": "http://127.0.0.1:9",
        "webhook_secret": SECRET,
    }
    return Vendor.objects.create(**{**values, **changes})


def signed(raw: bytes, *, secret: str = SECRET) -> dict[str, str]:
    """Return the header by which the gateway proves a body."""
    return {"HTTP_X_RAZORPAY_SIGNATURE": hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()}


def sent(raw: bytes, *, where: str = WHERE, **said: Any) -> Any:
    """Send bytes to the door of vendors."""
    return door.sent(raw, where=where, **said)


def refusal_of(answer: Any) -> tuple[int, str]:
    return answer.status_code, json.loads(answer.content)["code"]


def notes() -> list[tuple[str, bytes]]:
    """Return what was kept: the name of what was refused, and nothing of its content."""
    assert not InboxMessage.objects.exclude(state=MessageState.REFUSED).exists()
    return [(message.event_id.split(":")[1], bytes(message.raw)) for message in InboxMessage.objects.all()]


@pytest.mark.guarantee("G3")
@pytest.mark.parametrize(
    "headers",
    [
        {},
        signed(EVENT, secret="somebody else's"),
        signed(EVENT + b" "),
        {"HTTP_X_RAZORPAY_SIGNATURE": ""},
        {"HTTP_X_RAZORPAY_SIGNATURE": "\xe4\xf6"},
        {"HTTP_X_WEBHOOK_SIGNATURE": "of another gateway"},
    ],
    ids=["none", "other secret", "other bytes", "empty", "no hexadecimal", "of another kind"],
)
def test_event_that_is_not_proven_is_refused_and_noted(headers: dict[str, str]) -> None:
    answer = sent(EVENT, **headers)

    assert refusal_of(answer) == (401, "payments.webhook_not_genuine")
    assert notes() == [("payments.webhook_not_genuine", b"")]


def test_refusals_of_the_last_day_are_an_alarm() -> None:
    set_business_date(date(2026, 1, 1))
    make_parameters()
    sent(EVENT)

    assert ("in which webhooks were refused", 1) in [(alarm.title, alarm.count) for alarm in alarms()]

    InboxMessage.objects.update(received_at=timezone.now() - timedelta(hours=25))
    assert alarms() == ()


def test_body_that_was_cut_off_at_its_told_length_is_not_genuine() -> None:
    answer = sent(EVENT, **signed(EVENT), CONTENT_LENGTH=str(len(EVENT) - 1))

    assert refusal_of(answer) == (401, "payments.webhook_not_genuine")
    assert notes() == [("payments.webhook_not_genuine", b"")]


@pytest.mark.parametrize("kind", ["", VendorKind.LOOKUP])
def test_event_of_nobody_who_tells_anything_is_refused(kind: str) -> None:
    _vendor(code="asked-only" if kind else "others", kind=kind or VendorKind.CASHFREE)

    answer = sent(EVENT, where="/webhooks/asked-only/", **signed(EVENT))

    assert refusal_of(answer) == (404, "payments.vendor_unknown")
    assert notes() == []


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS"])
def test_other_methods_are_refused(method: str) -> None:
    answer = sent(EVENT, method=method, **signed(EVENT))

    assert refusal_of(answer) == (405, "core.method_not_allowed")
    assert answer["Allow"] == "POST"
    assert notes() == []


def test_head_is_refused_without_a_word() -> None:
    answer = sent(b"", method="HEAD", **signed(b""))

    assert (answer.status_code, answer.content) == (405, b"")
    assert notes() == []


@pytest.mark.guarantee("G12")
def test_event_of_more_than_ten_megabytes_is_refused_unread_and_noted() -> None:
    long = b" " * (10 * MEGABYTE + 1)

    answers = [sent(long, **signed(long)) for _ in range(2)]

    assert [refusal_of(answer) for answer in answers] == [(413, "payments.webhook_too_long")] * 2
    assert set(notes()) == {("payments.webhook_too_long", b"")}


def test_event_that_is_too_long_for_nobody_we_know_leaves_nothing() -> None:
    _vendor(code="asked-only", kind=VendorKind.LOOKUP)

    answers = [sent(EVENT, where=f"/webhooks/{code}/", CONTENT_LENGTH="99999999") for code in ("asked-only", "nobody")]

    assert [refusal_of(answer) for answer in answers] == [(413, "payments.webhook_too_long")] * 2
    assert notes() == []


@pytest.mark.parametrize("filling", [b"x", b'\\"', b"\0"], ids=["letters", "quotes", "zeros"])
def test_event_of_nearly_ten_megabytes_is_kept_whatever_it_consists_of(filling: bytes) -> None:
    # Sent to the database as they are, quotes and zeros would be written as two each: more than it takes at once.
    long = b'{"event": "' + filling * ((10 * MEGABYTE - 20) // len(filling)) + b'"}'

    assert sent(long, **signed(long)).status_code == 200

    assert bytes(InboxMessage.objects.get().raw) == long


def test_what_an_event_says_cannot_be_read_in_the_database() -> None:
    event = b'{"event": "payment.captured", "payload": {"payment": {"entity": {"vpa": "asha.verma@okbank"}}}}'

    sent(event, **signed(event))

    with connection.cursor() as cursor:
        cursor.execute("SELECT raw FROM core_inboxmessage")
        [(stored,)] = cursor.fetchall()
    assert b"asha" not in bytes(stored)
    assert len(bytes(stored)) == len(event) + 32


@pytest.mark.parametrize(
    "environ",
    [
        {"CONTENT_LENGTH": "many"},
        {"CONTENT_LENGTH": "-1"},
        {"CONTENT_LENGTH": "2.5"},
        {"CONTENT_LENGTH": "", "HTTP_TRANSFER_ENCODING": "chunked"},
    ],
    ids=["no number", "negative", "broken", "not told"],
)
def test_body_whose_length_nobody_tells_is_refused_and_noted(environ: dict[str, str]) -> None:
    answer = sent(EVENT, **signed(EVENT), **environ)

    assert refusal_of(answer) == (400, "payments.webhook_length_wrong")
    assert notes() == [("payments.webhook_length_wrong", b"")]


class _HungUp(BytesIO):
    def read(self, size: int | None = -1, /) -> bytes:
        raise OSError("the other side hung up")


@pytest.mark.parametrize("body", [BytesIO(EVENT), _HungUp()], ids=["ended", "hung up"])
def test_body_that_ends_before_its_told_length_is_refused(body: BytesIO) -> None:
    told = {"REQUEST_METHOD": "POST", "PATH_INFO": WHERE, "CONTENT_LENGTH": str(len(EVENT) + 5), **signed(EVENT)}

    answer = door.answered({**RequestFactory().get("/").environ, **told, "wsgi.input": body})

    assert (answer.status_code, json.loads(answer.content)["code"]) == (400, "payments.webhook_length_wrong")
    assert notes() == []


def test_compressed_body_is_judged_by_the_bytes_that_came() -> None:
    packed = gzip.compress(EVENT, mtime=0)

    refused = sent(packed, **signed(EVENT), HTTP_CONTENT_ENCODING="gzip")
    kept = sent(packed, **signed(packed), HTTP_CONTENT_ENCODING="gzip")

    assert (refused.status_code, kept.status_code) == (401, 200)
    message = InboxMessage.objects.get(state=MessageState.NEW)
    assert bytes(message.raw) == packed
    assert ended(message) == (
        MessageState.POISON,
        "The event lacks an object in JSON. Ask the vendor, then let it be tried again.",
    )


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16", "utf-32"])
def test_event_in_another_encoding_is_kept_as_it_came(encoding: str) -> None:
    raw = '{"event": "qr_code.created", "name": "Zoë"}'.encode(encoding)

    assert sent(raw, **signed(raw)).status_code == 200

    message = InboxMessage.objects.get()
    assert bytes(message.raw) == raw
    assert ended(message)[0] in (MessageState.IGNORED, MessageState.POISON)


@pytest.mark.parametrize(
    "raw",
    [
        b'{"event": "\\ud800 half a character"}',
        b'{"event": "nul \\u0000"}',
        b'{"event": {"a": [1]}}',
        b'{"event": ' + b"[" * 900 + b"]" * 900 + b"}",
        b'{"event": "payout.processed", "contains": 7, "payload": [1]}',
        b'{"event": "payout.processed", "contains": ["payout"], "payload": {"payout": []}}',
        b'{"event": "payout.processed", "contains": [[["payout"]]], "payload": {"payout": {"entity": 7}}}',
        b'{"event": "payout.processed", "payload": {"payout": {"entity": {"id": {"a": 1}, "status": [2]}}}}',
        b'{"event": "payout.processed", "payload": {"payout": {"entity": {"id": "\\udfff", "status": "processed"}}}}',
        b'{"event": "x", "n": 1e999999999999999999999}',
        b'{"event": "x", "n": ' + b"9" * 5000 + b"}",
        b'{"event": "x", "n": NaN}',
        b'{"event": "' + b"e" * 5000 + b'"}',
        b'{"event": true}',
    ],
    ids=lambda raw: raw[:60].decode(),
)
def test_genuine_event_of_any_shape_is_kept_and_ends_before_a_person_or_filed(raw: bytes) -> None:
    assert sent(raw, **signed(raw)).status_code == 200

    message = InboxMessage.objects.get()
    assert (message.state, bytes(message.raw)) == (MessageState.NEW, raw)
    assert ended(message)[0] in (MessageState.IGNORED, MessageState.POISON, MessageState.PARKED)


def test_new_secret_is_known_at_once_and_the_one_before_it_stays(vendor: Vendor) -> None:
    assert sent(EVENT, **signed(EVENT)).status_code == 200
    Vendor.objects.filter(pk=vendor.pk).update(webhook_secret="new", previous_webhook_secret=SECRET)
    newer, older = b'{"event": "qr_code.closed"}', b'{"event": "qr_code.credited"}'

    assert sent(newer, **signed(newer, secret="new")).status_code == 200
    assert sent(older, **signed(older)).status_code == 200

    assert InboxMessage.objects.filter(state=MessageState.NEW).count() == 3


def test_door_has_no_session_and_sets_no_cookie() -> None:
    answer = sent(EVENT, **signed(EVENT))

    assert (answer.status_code, answer.content, dict(answer.cookies)) == (200, b"", {})
    assert "Vary" not in answer


@pytest.mark.django_db(transaction=True)
def test_connection_that_was_lost_is_opened_again_and_the_event_kept_once() -> None:
    with connection.execute_wrapper(failing(times=1)):
        assert sent(EVENT, **signed(EVENT)).status_code == 200

    assert bytes(InboxMessage.objects.get().raw) == EVENT


@pytest.mark.django_db(transaction=True)
def test_vendor_is_asked_to_come_again_while_the_database_is_away() -> None:
    with connection.execute_wrapper(failing(times=2)):
        answer = sent(EVENT, **signed(EVENT))

    assert refusal_of(answer) == (503, "core.busy")
    assert answer["Retry-After"] == "5"
    assert notes() == []


def failing(*, times: int) -> Callable[..., Any]:
    """Lose the connection so many times."""
    left = [times]

    def execute(run: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if left[0]:
            left[0] -= 1
            raise OperationalError(2006, "Server has gone away")
        return run(sql, params, many, context)

    return execute


def ended(message: InboxMessage) -> tuple[str, str]:
    """Let a message be tried until it is given up on, and return how it ended."""
    for _ in range(8):
        InboxMessage.objects.update(next_at=timezone.now())
        lane_drain(lane=LANES["inbox"], rounds=1)
    message.refresh_from_db()
    return message.state, message.error
