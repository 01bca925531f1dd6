"""A line of a settlement report in another currency is refused by name, whichever gateway reports it."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from payments.errors import WebhookFieldWrong
from payments.vendors.heard import PartHeard
from payments.vendors.settlement_reports import cashfree_part, razorpay_part

RAZORPAY = {"type": "payment", "entity_id": "pay_1", "amount": 100_00, "credit": 98_00, "fee": 2_00, "tax": 31}
CASHFREE = {"event_type": "PAYMENT", "cf_payment_id": "1", "event_amount": 100, "event_settlement_amount": 98}
Read = Callable[[Mapping[str, Any]], PartHeard]


@pytest.mark.parametrize(
    ("read", "row", "field"),
    [(razorpay_part, RAZORPAY, "currency"), (cashfree_part, CASHFREE, "event_currency")],
    ids=["paise", "rupees"],
)
def test_line_in_another_currency_is_refused_by_the_name_of_its_field(
    read: Read, row: dict[str, Any], field: str
) -> None:
    with pytest.raises(WebhookFieldWrong) as refused:
        read({**row, field: "USD"})

    assert refused.value.code == "payments.webhook_field_wrong"
    assert f"{field} is not INR" in refused.value.message
    assert read({**row, field: "INR"}).net_paise == 98_00
