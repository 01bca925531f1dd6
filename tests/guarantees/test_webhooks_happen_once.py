"""G3: every event of the gateway has its effect once, however many tell it at once; what is not genuine has none."""

import hashlib
import hmac
import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from tests.guarantees.installation import Installation
from tests.guarantees.served import Call, Site, serving
from tests.project_process import ROOT
from tests.tallying import Tally, Times

pytestmark = [pytest.mark.broker, pytest.mark.processes, pytest.mark.mariadb, pytest.mark.guarantee("G3")]
SECRET, BEFORE = "kist-demo-webhook", "kist-demo-webhook-before"
EVENTS: dict[str, Any] = json.loads((ROOT / "tests" / "data" / "razorpay_events.json").read_text())
# A payout that has left, of which the vendor is about to tell; and a link that is about to be paid.
EXPECTED = """
import json
from payments.models import Vendor
from payments.services.links import LinkRequest, link_request
from tests.factories.lms import make_loan, make_sanctioned_loan
from tests.factories.payments import make_account, make_proof, run_sagas
from tests.payments.test_webhooks import sent_payout
vendor = Vendor.objects.get(code="razorpay")
vendor.previous_webhook_secret = "kist-demo-webhook-before"
vendor.save()
loan = make_sanctioned_loan()
account = make_account(customer=loan.customer)
make_proof(account=account)
payout, attempt = sent_payout(loan, account, vendor)
link = link_request(request=LinkRequest(loan_id=make_loan().pk, amount_paise=5_000_00, idempotency_key="link"))
run_sagas(rounds=1)
link.refresh_from_db()
print(json.dumps({
    "payout": attempt.our_reference, "payout_paise": payout.amount_paise,
    "order": link.order_reference, "link_paise": link.amount_paise,
}))
"""
STORED = """
import json
from collections import Counter
from core.models import InboxMessage
from lms.models import LoanFact
from payments.models import IncomingPayment, ProviderAttempt
print(json.dumps({
    "messages": Counter(InboxMessage.objects.exclude(state="REFUSED").values_list("kind", flat=True)),
    "states": Counter(InboxMessage.objects.values_list("state", flat=True)),
    "facts": Counter(LoanFact.objects.values_list("kind", flat=True)),
    "payments": Counter(IncomingPayment.objects.values_list("state", flat=True)),
    "attempts": Counter(ProviderAttempt.objects.values_list("state", flat=True)),
}))
"""
APPLY = """
from core.inbox.models import InboxMessage
from core.workers import LANES, lane_drain
from django.utils import timezone
from tests.factories.payments import run_sagas
lane_drain(lane=LANES["inbox"], rounds=3)
run_sagas()
"""
A_MONTH_LATER = """
from datetime import timedelta
from core.inbox.models import InboxMessage
from django.db.models import F
print(InboxMessage.objects.update(received_at=F("received_at") - timedelta(days=30)))
"""


@pytest.fixture(scope="module")
def site(installation: Installation) -> Iterator[Site]:
    with serving(installation) as site:
        yield site


@pytest.fixture(scope="module")
def events(installation: Installation) -> dict[str, Any]:
    """Return the events of the gateway; two of them speak of money of ours."""
    known = json.loads(installation.python(EXPECTED))
    payout = {
        "id": "pout_KistTest000001",
        "amount": known["payout_paise"],
        "status": "processed",
        "utr": "404223241811",
        "reference_id": known["payout"],
        "status_details": {},
    }
    payment = {
        "id": "pay_KistTest000001",
        "amount": known["link_paise"],
        "status": "captured",
        "order_id": known["order"],
        "method": "upi",
        "fee": 0,
        "tax": 0,
        "acquirer_data": {"rrn": "404223241812"},
        "created_at": 1772300000,
    }
    ours = {
        "payout.processed": {"event": "payout.processed", "payload": {"payout": {"entity": payout}}},
        "payment.captured": {"event": "payment.captured", "payload": {"payment": {"entity": payment}}},
    }
    return {**EVENTS, **ours}


def told(name: str, body: dict[str, Any], *, secret: str = SECRET, alter: bytes = b"") -> Call:
    """Return a webhook as the gateway sends it, signed before a byte of it was altered."""
    raw = json.dumps(body).encode()
    headers = {
        "X-Razorpay-Signature": hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest(),
        "X-Razorpay-Event-Id": f"evt_{name}",
    }
    return Call("/webhooks/razorpay/", alter + raw, headers)


def test_each_of_ninety_two_events_told_by_many_at_once_has_one_effect(
    installation: Installation, site: Site, events: dict[str, Any], tally: Tally, times: Times
) -> None:
    each = times(short=2, long=100)
    before = json.loads(installation.python(STORED))["facts"]

    for name, body in events.items():
        calls = [told(name, body, secret=SECRET if number % 2 else BEFORE) for number in range(each)]
        statuses = Counter(reply.status for reply in site.at_once(calls))
        tally.expect(statuses == {200: each}, f"{name}: {statuses}")
        tally.ran(each - 1)
    installation.python(APPLY)

    stored = json.loads(installation.python(STORED))
    assert (len(stored["messages"]), set(stored["messages"].values())) == (92, {1})
    assert "POISON" not in stored["states"]
    assert stored["attempts"] == {"PROCESSED": 1}
    assert stored["payments"] == {"APPLIED": 1}
    assert stored["facts"] == {**before, "DISBURSE": before["DISBURSE"] + 1, "RECEIVE": 1}


def test_what_is_not_genuine_is_refused_and_a_repeat_after_a_month_changes_nothing(
    installation: Installation, site: Site, events: dict[str, Any], tally: Tally
) -> None:
    assert int(installation.python(A_MONTH_LATER)) >= 92
    before = json.loads(installation.python(STORED))
    wrong = [told(f"{name}_forged", body, secret="somebody else's") for name, body in events.items()]
    wrong += [told(f"{name}_altered", body, alter=b" ") for name, body in events.items()]

    refused = Counter(reply.status for reply in site.at_once(wrong))
    repeated = Counter(reply.status for reply in site.at_once([told(*each) for each in events.items()]))
    installation.python(APPLY)

    tally.expect(refused == {401: len(wrong)}, f"forged or altered: {refused}")
    tally.expect(repeated == {200: len(events)}, f"after a month: {repeated}")
    tally.ran(len(wrong) + len(events) - 2)
    after = json.loads(installation.python(STORED))
    assert after.pop("states").pop("REFUSED") >= 1
    before.pop("states")
    assert after == before
