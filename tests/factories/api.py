"""Tools of staff: clients of the API with a role, and bodies that the acts take."""

from typing import Any

from django.urls import reverse
from rest_framework.test import APIClient

from core.models import ApprovalRequest
from tests.factories.approvals import last_request
from tests.factories.lms import next_key
from tests.factories.staff import make_staff

V1 = "/api/v1"

# What each act takes beyond its reason, on the loan of `make_loan` with the books on 10 March 2026.
BODIES: dict[str, dict[str, Any]] = {
    "disburse": {"amount_paise": 1_000_00, "value_date": "2026-03-10", "reference": "OUT-1"},
    "receipt": {"amount_paise": 5_000_00, "value_date": "2026-03-10", "reference": "UTR-R"},
    "prepay": {"amount_paise": 50_000_00, "value_date": "2026-03-10", "reference": "UTR-P"},
    "foreclose": {"amount_paise": 2_00_000_00, "value_date": "2026-03-10", "reference": "UTR-F"},
    "charge": {"code": "STATEMENT", "value_date": "2026-03-10"},
    "penal": {"amount_paise": 500_00, "value_date": "2026-03-10"},
    "bounce": {"value_date": "2026-03-10", "reference": "NACH-1"},
    "waive": {"component": "INTEREST", "amount_paise": 100_00, "value_date": "2026-03-10"},
    "rate": {"annual_rate_pct": "18", "value_date": "2026-03-10"},
    "reschedule": {"value_date": "2026-03-10", "extra_instalments": 2},
    "moratorium": {"value_date": "2026-03-10", "end_date": "2026-05-09"},
    "pause": {"value_date": "2026-03-10", "end_date": "2026-03-20"},
    "settle": {"amount_paise": 80_000_00, "value_date": "2026-03-10", "reference": "UTR-S"},
    "write-off": {"value_date": "2026-03-10"},
    "recover": {"amount_paise": 1_000_00, "value_date": "2026-03-10", "reference": "UTR-W"},
    "refund": {"amount_paise": 1_00, "value_date": "2026-03-10", "reference": "OUT-2"},
    "transfer": {"amount_paise": 1_00, "value_date": "2026-03-10", "to_loan_id": 1},
    "reverse": {"sequence": 2},
    "settle-plan": {
        "value_date": "2026-03-10",
        "parts": [
            {"due_date": "2026-03-20", "amount_paise": 40_000_00},
            {"due_date": "2026-04-20", "amount_paise": 40_000_00},
        ],
    },
    "settle-plan-cancel": {},
    "settle-plan-restore": {},
    "quote": {},
    "quote-pay": {"amount_paise": 2_00_000_00, "value_date": "2026-03-10", "reference": "UTR-Q", "quote_id": 1},
    "freeze": {"effects": ["CONTACT"]},
    "unfreeze": {"freeze_id": 1},
}


def tool_of(role: str) -> APIClient:
    """Return a tool that is logged in with a role; "" is nobody."""
    client = APIClient()
    if role:
        client.force_login(make_staff(role))
    return client


def body_of(slug: str, **changes: Any) -> dict[str, Any]:
    """Return what an act takes, with a reason and its code."""
    return {**BODIES[slug], "reason": "Asked for by letter", "reason_code": "BORROWER_ASKED", **changes}


def send(client: APIClient, path: str, body: Any, *, key: str | None = None) -> Any:
    """Send a request that writes, under a key: a new one when none is given."""
    return client.post(f"{V1}{path}", body, format="json", headers={"Idempotency-Key": key or next_key("api")})


def read(client: APIClient, path: str, **query: Any) -> Any:
    """Ask a question."""
    return client.get(f"{V1}{path}", query)


def path_of(name: str, **keys: Any) -> str:
    """Return an address without what `send` puts before it."""
    return reverse(name, kwargs=keys).removeprefix(V1)


def done(answer: Any) -> dict[str, Any]:
    """Return what was done."""
    assert answer.status_code == 201, answer.json()
    found: dict[str, Any] = answer.json()
    return found


def waiting(answer: Any) -> ApprovalRequest:
    """Return the request that waits."""
    assert answer.status_code == 202, answer.json()
    return last_request()
