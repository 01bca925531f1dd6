"""The gateways' tills: what people pay, get back, dispute and what is settled, with a book that sums to zero."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.simulators.process import Simulators, running

RAZORPAY = ("rzp_test_kist", "kist-demo-secret")


@pytest.fixture(scope="module")
def world() -> Iterator[Simulators]:
    with running() as simulators:
        simulators.set("scenario", latency_median=0, settle_seconds=0)
        yield simulators


def link(world: Simulators, reference: str, paise: int = 1_000_00) -> dict[str, Any]:
    body = {"amount": paise, "currency": "INR", "reference_id": reference, "description": "Loan", "expire_by": 0}
    answer = httpx.post(f"{world.address}/razorpay/v1/payment_links", json=body, auth=RAZORPAY)
    found: dict[str, Any] = answer.json()
    return found


def balances(world: Simulators, name: str) -> int:
    entries = world.log("entry")
    return sum(row["paise"] * ((row["debit"] == name) - (row["credit"] == name)) for row in entries)


def test_person_pays_on_the_page_in_indian_digits(world: Simulators) -> None:
    opened = link(world, "page", 12_34_567_89)

    page = httpx.get(opened["short_url"])
    failed = httpx.post(opened["short_url"], data={"method": "card", "outcome": "failure"})
    paid = httpx.post(opened["short_url"], data={"method": "upi", "outcome": "success"}, follow_redirects=True)
    late = httpx.post(opened["short_url"], data={"method": "upi", "outcome": "success"}, follow_redirects=True)

    assert "₹12,34,567.89" in page.text
    assert ("The payment failed" in failed.text, "Thank you" in paid.text, "Thank you" in late.text) == (True,) * 3
    entity = httpx.get(f"{world.address}/razorpay/v1/payment_links/{opened['id']}", auth=RAZORPAY).json()
    assert (entity["status"], entity["amount_paid"]) == ("paid", 12_34_567_89)
    assert [row["status"] for row in entity["payments"]] == ["failed", "captured"]


def test_reference_opens_one_link(world: Simulators) -> None:
    first, second = link(world, "once"), link(world, "once")

    assert (first["status"], second["error"]["reason"]) == ("created", "reference_id_duplicate")


def test_stranger_is_refused(world: Simulators) -> None:
    answer = httpx.get(f"{world.address}/razorpay/v1/settlements", auth=("somebody", "else"))

    assert answer.status_code == 401


def test_refund_with_one_key_moves_money_once(world: Simulators) -> None:
    opened = link(world, "refund")
    payment = world.set("pay", ask=opened["id"], method="netbanking")
    path = f"{world.address}/razorpay/v1/payments/{payment['id']}/refund"
    body, headers = {"amount": 400_00, "receipt": "ours"}, {"X-Refund-Idempotency": "key-1"}

    refunds = [httpx.post(path, json=body, headers=headers, auth=RAZORPAY).json()["id"] for _ in range(3)]
    above = httpx.post(path, json={"amount": 600_01, "receipt": "more"}, auth=RAZORPAY)

    assert (len(set(refunds)), above.status_code) == (1, 400)


def test_settlement_is_gross_less_fees_and_the_rows_explain_it(world: Simulators) -> None:
    world.set("reset")
    world.set("scenario", latency_median=0, settle_seconds=0)
    for number, method in enumerate(("upi", "card", "netbanking")):
        world.set("pay", ask=link(world, f"settle {number}")["id"], method=method)

    settled = world.set("settle", vendor="razorpay")

    recon = httpx.get(f"{world.address}/razorpay/v1/settlements/recon/combined", auth=RAZORPAY).json()["items"]
    assert sum(row["credit"] - row["debit"] for row in recon) == settled["paise"] == 3_000_00 - settled["fee"]
    assert {row["settlement_utr"] for row in recon} == {settled["utr"]}
    assert (balances(world, "gateway:razorpay"), balances(world, "bank:kist")) == (0, settled["paise"])
    assert world.set("settle", vendor="razorpay") is None


def test_dispute_holds_the_money_until_it_is_decided(world: Simulators) -> None:
    world.set("reset")
    won = world.set("pay", ask=link(world, "won")["id"], method="card")
    lost = world.set("pay", ask=link(world, "lost")["id"], method="card")
    disputes = [world.set("dispute", payment=payment["id"]) for payment in (won, lost)]
    assert (balances(world, "gateway:razorpay"), balances(world, "disputed:razorpay")) == (0, 2_000_00)

    world.set("dispute_end", dispute=disputes[0]["id"], is_won=True)
    world.set("dispute_end", dispute=disputes[1]["id"], is_won=False)

    assert (balances(world, "gateway:razorpay"), balances(world, "disputed:razorpay")) == (1_000_00, 0)
    assert balances(world, "payers") == -1_000_00


@pytest.mark.parametrize("fate", ["deemed", "fails", "reversed_late"])
def test_control_page_decides_what_becomes_of_the_next_payout(world: Simulators, fate: str) -> None:
    world.set("reset")

    page = httpx.get(world.address)
    pressed = httpx.post(f"{world.address}/_do/fault", data={"vendor": "razorpay", "fault": fate})

    assert f"<option>{fate}</option>" in page.text
    assert pressed.status_code in (200, 302, 303)


def test_control_page_shows_what_happened_and_its_buttons_work(world: Simulators) -> None:
    world.set("reset")
    world.set("pay", ask=link(world, "control")["id"], method="card")

    page = httpx.get(world.address)
    pressed = [
        httpx.post(f"{world.address}/_do/{act}", data=form, follow_redirects=True).status_code
        for act, form in (
            ("fault", {"vendor": "razorpay", "fault": "busy"}),
            ("down", {"vendor": "cashfree"}),
            ("settle", {"vendor": "razorpay"}),
            ("slow", {}),
            ("calm", {}),
            ("day", {}),
        )
    ]

    assert ("control" in page.text, "₹1,000.00" in page.text, "Dispute" in page.text) == (True, True, True)
    assert pressed == [200] * 6
    assert httpx.post(f"{world.address}/_do/nothing").status_code == 404
    answer = httpx.get(f"{world.address}/razorpay/v1/settlements", auth=RAZORPAY)
    assert answer.status_code == 429
