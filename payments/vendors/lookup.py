"""The free look-up of a holder's name for NEFT and RTGS: it proves a name, and an account only where there is one."""

from collections.abc import Mapping
from typing import Any, Final

from payments.models import CheckState, Operation, Vendor
from payments.vendors.answers import ProofCall, ProofNews, ProofOrder
from payments.vendors.http import VendorHttp

PROBE: Final = "/v1/health"


class LookupClient:
    """One contract with this service."""

    def __init__(self, vendor: Vendor) -> None:
        self.http = VendorHttp(
            code=vendor.code,
            base_url=vendor.base_url,
            calls_per_second=vendor.calls_per_second,
            answer_seconds=vendor.answer_seconds,
            auth=(vendor.key_id, vendor.key_secret),
        )

    def probe(self, *, operation: Operation) -> None:
        """Make a call that moves nothing.

        Raises:
            VendorError: the vendor is away.
        """
        self.http.call("GET", PROBE, operation=operation, kind="read")


def proof_ask(order: ProofOrder) -> ProofCall:
    """Look the holder of an account up; to ask again costs nothing and is how its fate is found."""
    body = {"account_number": order.account_number, "ifsc": order.ifsc, "reference": order.our_reference}
    return ProofCall("POST", "/v1/beneficiary-name", json=body)


def proof_news(entity: Mapping[str, Any]) -> ProofNews:
    """Read an answer; without a name it says nothing about the account."""
    name = str(entity.get("name") or "")
    return ProofNews(
        state=CheckState.VALID if name.strip() else CheckState.UNPROVEN,
        holder_name=name,
        vendor_reference=str(entity.get("reference") or ""),
    )
