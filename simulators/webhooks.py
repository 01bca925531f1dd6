"""Deliver webhooks: signed, repeated until they are taken, and sometimes lost, late, twice or damaged."""

import hashlib
import hmac
import json
from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import ClientError, ClientTimeout

from simulators.faults import WEBHOOK_FAULTS
from simulators.world import World

_PAUSES = (5.0, 30.0, 120.0, 600.0, 3600.0, 7200.0)
_ANSWER_SECONDS = 5.0
Sign = Callable[[bytes, str, str], Mapping[str, str]]


def webhook_send(world: World, *, vendor: str, event: str, event_id: str, body: Mapping[str, Any]) -> None:
    """Send an event to the address of the contract; without one it is only kept."""
    raw = json.dumps(body).encode()
    fault = world.faults.draw(vendor=vendor, among=WEBHOOK_FAULTS)
    if fault == "webhook_lost" or not world.contracts[vendor].webhook_url:
        world.book.delivery_add(at=world.clock.stamp(), vendor=vendor, event=event, attempt=0, fault=fault, status=0)
        return
    delay = world.faults.profile.webhook_late_seconds if fault == "webhook_late" else 0.0
    for _ in range(2 if fault == "webhook_twice" else 1):
        _deliver_later(
            world, vendor=vendor, event=event, event_id=event_id, raw=raw, fault=fault, delay=delay, attempt=1
        )


def _deliver_later(
    world: World, *, vendor: str, event: str, event_id: str, raw: bytes, fault: str, delay: float, attempt: int
) -> None:
    async def deliver() -> None:
        status = await _post(
            world, vendor=vendor, event_id=event_id, raw=raw, fault=fault if attempt == 1 else "", attempt=attempt
        )
        world.book.delivery_add(
            at=world.clock.stamp(), vendor=vendor, event=event, attempt=attempt, fault=fault, status=status
        )
        if not 200 <= status < 300 and attempt <= len(_PAUSES):
            _deliver_later(
                world,
                vendor=vendor,
                event=event,
                event_id=event_id,
                raw=raw,
                fault=fault,
                delay=_PAUSES[attempt - 1],
                attempt=attempt + 1,
            )

    world.later(delay, deliver)


async def _post(world: World, *, vendor: str, event_id: str, raw: bytes, fault: str, attempt: int) -> int:
    contract = world.contracts[vendor]
    secret = contract.old_webhook_secret if fault == "webhook_old_secret" else contract.webhook_secret
    stamp = str(int(world.clock.now()))
    headers = {"Content-Type": "application/json", **SIGNATURES[vendor](raw, secret, stamp)}
    if vendor == "razorpay":
        headers["X-Razorpay-Event-Id"] = event_id
    else:
        headers["X-Webhook-Attempt"] = str(attempt)
    sent = raw.replace(b":", b";", 1) if fault == "webhook_corrupt" else raw
    assert world.session is not None  # noqa: S101  # opened with the application
    try:
        timeout = ClientTimeout(total=_ANSWER_SECONDS)
        async with world.session.post(contract.webhook_url, data=sent, headers=headers, timeout=timeout) as answer:
            return answer.status
    except (ClientError, TimeoutError, OSError):
        return 0


def sign_razorpay(raw: bytes, secret: str, _stamp: str) -> Mapping[str, str]:
    """Sign as this vendor does: hexadecimal HMAC-SHA256 of the body."""
    return {"X-Razorpay-Signature": hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()}


def sign_cashfree(raw: bytes, secret: str, stamp: str) -> Mapping[str, str]:
    """Sign as this vendor does: base64 HMAC-SHA256 of time and body."""
    digest = hmac.new(secret.encode(), stamp.encode() + raw, hashlib.sha256).digest()
    return {
        "X-Webhook-Signature": b64encode(digest).decode(),
        "X-Webhook-Timestamp": stamp,
        "X-Webhook-Version": "2024-01-01",
    }


SIGNATURES: dict[str, Sign] = {"razorpay": sign_razorpay, "cashfree": sign_cashfree}
