"""What both gateways do with payments: asks, payments, refunds, disputes and settlements, in a book of paise."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from simulators.world import World

Thing = dict[str, Any]
# Two rupees in a hundred for the gateway, and eighteen in a hundred of that for the state.
_FEE_BPS = {"upi": 0, "netbanking": 150, "card": 200, "bank_transfer": 100}
_TAX_PERCENT = 18


@dataclass(frozen=True, slots=True)
class Voice:
    """How one gateway tells what happened: a name of an event and its body, by the thing that it is about."""

    payment: Callable[[Thing, Thing | None, Thing | None], None]
    ask: Callable[[Thing], None]
    refund: Callable[[Thing, Thing], None]
    dispute: Callable[[Thing, Thing], None]
    settlement: Callable[[Thing], None]


class Till:
    """Asks for payments and what came of them; one for each gateway."""

    def __init__(self, world: World, *, vendor: str, prefixes: Mapping[str, str]) -> None:
        self.world = world
        self.vendor = vendor
        self.prefixes = prefixes
        self.voice: Voice | None = None

    def ask(self, *, kind: str, reference: str, paise: int, **more: Any) -> Thing:
        """Open a link, an order or a virtual account; the same reference is the same one."""
        now = self.world.clock.now()
        thing = {
            "id": more.pop("id", "") or self._id(kind),
            "kind": kind,
            "vendor": self.vendor,
            "reference": reference,
            "paise": paise,
            "paid": 0,
            "status": "open",
            "at": now,
            "payments": [],
            **more,
        }
        self._keep(thing, kind=kind, reference=reference)
        if expires := thing.get("expires"):
            self.world.later(max(0.0, float(expires) - now), lambda: self._expire(str(thing["id"])))
        return thing

    def asked(self, *, kind: str, reference: str) -> Thing | None:
        """Return what was asked for under a reference."""
        found = self.world.book.things(vendor=self.vendor, kind=kind, reference=reference, now=self.world.clock.now())
        return found[0] if found else None

    def get(self, thing_id: str) -> Thing | None:
        """Return anything by its id."""
        thing = self.world.book.thing(thing_id)
        return thing if thing and thing.get("vendor") == self.vendor else None

    def pay(self, ask: Thing, *, method: str, is_success: bool = True, paise: int = 0, **more: Any) -> Thing:
        """Let a person pay what was asked for, or fail to."""
        amount = paise or ask["paise"]
        fee = amount * _FEE_BPS.get(method, 100) // 10_000
        tax = fee * _TAX_PERCENT // 100
        payment = {
            "id": self._id("payment"),
            "kind": "payment",
            "vendor": self.vendor,
            "paise": amount,
            "status": "captured" if is_success else "failed",
            "method": method,
            "ask": ask["id"],
            "reference": ask["reference"],
            "utr": self.world.faults.digits(12) if is_success else "",
            "fee": fee + tax if is_success else 0,
            "tax": tax if is_success else 0,
            "refunded": 0,
            "settled": "",
            "at": self.world.clock.now(),
            **more,
        }
        self._keep(payment, kind="payment", reference=ask["reference"])
        if is_success:
            ask["paid"] += amount
            ask["status"] = "paid" if ask["kind"] != "virtual_account" else ask["status"]
            self._move(payment, "PAYMENT", debit=f"gateway:{self.vendor}", credit="payers", paise=amount)
        ask["payments"].append(payment["id"])
        self._change(ask)
        self._told().payment(payment, ask if ask["kind"] == "virtual_account" else None, ask)
        return payment

    def refund(self, payment: Thing, *, reference: str, paise: int, key: str = "") -> Thing:
        """Give a payment back, in part or whole; it takes a moment."""
        refund = {
            "id": self._id("refund"),
            "kind": "refund",
            "vendor": self.vendor,
            "payment": payment["id"],
            "reference": reference,
            "paise": paise,
            "status": "pending",
            "at": self.world.clock.now(),
        }
        payment["refunded"] += paise
        self._change(payment)
        self._keep(refund, kind="refund", reference=reference, key=key)
        self._told().refund(refund, payment)
        fate = self.world.faults.draw(vendor=self.vendor, among=("fails",))
        self.world.later(self.world.faults.profile.settle_seconds, lambda: self._refund_end(str(refund["id"]), fate))
        return refund

    def refunds_of(self, reference: str) -> list[Thing]:
        """Return refunds by our reference."""
        return self.world.book.things(
            vendor=self.vendor, kind="refund", reference=reference, now=self.world.clock.now()
        )

    def credit(
        self, account_number: str, *, paise: int, mode: str, payer: str, account: str, ifsc: str
    ) -> Thing | None:
        """Let money arrive on a virtual account, from an account of somebody's."""
        sender: dict[str, Any] = {"payer": payer, "payer_account": account, "payer_ifsc": ifsc}
        for own in self.world.book.things(vendor=self.vendor, kind="virtual_account"):
            if own["number"] == account_number and own["status"] == "open":
                if not _may_pay(own, account, ifsc):
                    self._send_back(own, paise=paise)
                    return None
                return self.pay(own, method="bank_transfer", paise=paise, mode=mode, **sender)
        return None

    def payers_set(self, account: Thing, payers: list[dict[str, Any]]) -> None:
        """Say who may pay into a virtual account."""
        account["payers"] = payers
        self._change(account)

    def _send_back(self, account: Thing, *, paise: int) -> None:
        """Give back at once what somebody has paid who may not: nobody is told, and nothing is settled."""
        gateway = f"gateway:{self.vendor}"
        self._move(account, "CREDIT", debit=gateway, credit="payers", paise=paise)
        self._move(account, "CREDIT_SENT_BACK", debit="payers", credit=gateway, paise=paise)

    def dispute(self, payment: Thing, *, paise: int) -> Thing:
        """Let a payer dispute a payment; the gateway takes the amount back until it is decided."""
        dispute = {
            "id": self._id("dispute"),
            "kind": "dispute",
            "vendor": self.vendor,
            "payment": payment["id"],
            "reference": payment["reference"],
            "paise": paise,
            "status": "open",
            "at": self.world.clock.now(),
        }
        self._keep(dispute, kind="dispute", reference=payment["reference"])
        self._move(dispute, "DISPUTE", debit=f"disputed:{self.vendor}", credit=f"gateway:{self.vendor}", paise=paise)
        self._told().dispute(dispute, payment)
        return dispute

    def dispute_end(self, dispute: Thing, *, is_won: bool) -> None:
        """Decide a dispute: the amount comes back to us, or goes to the payer."""
        dispute["status"] = "won" if is_won else "lost"
        self._change(dispute)
        to = f"gateway:{self.vendor}" if is_won else "payers"
        self._move(dispute, "DISPUTE_END", debit=to, credit=f"disputed:{self.vendor}", paise=dispute["paise"])
        payment = self.get(dispute["payment"])
        assert payment is not None  # noqa: S101  # a dispute is made for one
        self._told().dispute(dispute, payment)

    def settle(self, *, short_paise: int = 0) -> Thing | None:
        """Pay what was taken and not settled yet to the bank, less fees; None when there is nothing.

        What was given back or is disputed is no longer there to be paid. `short_paise` is kept back without a word:
        the report does not explain it.
        """
        rows, others = self.unsettled(), self._others()
        balance = self.world.book.balance(f"gateway:{self.vendor}")
        rest = balance - sum(row["paise"] for row in rows) - sum(other["net"] for other in others)
        if rest:
            others.append({"id": f"adj_{self.world.faults.letters(14)}", "type": "adjustment", "net": rest})
        fee, tax = sum(row["fee"] for row in rows), sum(row["tax"] for row in rows)
        amount = balance - fee - short_paise
        if not rows or amount <= 0:
            return None
        settlement = {
            "id": self._id("settlement"),
            "kind": "settlement",
            "vendor": self.vendor,
            "reference": "",
            "paise": amount,
            "fee": fee,
            "tax": tax,
            "utr": f"KISTCN{self.world.faults.digits(10)}",
            "payments": [row["id"] for row in rows],
            "others": others,
            "status": "processed",
            "at": self.world.clock.now(),
        }
        self._keep(settlement, kind="settlement", reference="")
        for row in rows:
            row["settled"] = settlement["id"]
            self._change(row)
        self._count(others)
        self._move(settlement, "SETTLEMENT", debit="bank:kist", credit=f"gateway:{self.vendor}", paise=amount)
        if fee:
            self._move(settlement, "FEE", debit=f"fees:{self.vendor}", credit=f"gateway:{self.vendor}", paise=fee)
        self._told().settlement(settlement)
        return settlement

    def unsettled(self) -> list[Thing]:
        """Return payments that were taken and not settled yet."""
        rows = self.world.book.things(vendor=self.vendor, kind="payment")
        return [row for row in rows if row["status"] == "captured" and not row["settled"]]

    def _others(self) -> list[dict[str, Any]]:
        """Return what refunds and disputes did to the balance since the last settlement, each with its sign."""
        found = []
        for refund in self.world.book.things(vendor=self.vendor, kind="refund"):
            if refund["status"] == "processed" and not refund.get("counted"):
                found.append({"id": refund["id"], "type": "refund", "net": -refund["paise"]})
        for dispute in self.world.book.things(vendor=self.vendor, kind="dispute"):
            stands = 0 if dispute["status"] == "won" else -dispute["paise"]
            if net := stands - dispute.get("counted", 0):
                found.append({"id": dispute["id"], "type": "dispute", "net": net})
        return found

    def _count(self, others: list[dict[str, Any]]) -> None:
        for other in others:
            if thing := self.get(other["id"]):
                thing["counted"] = thing.get("counted", 0) + other["net"]
                self._change(thing)

    def close(self, ask: Thing, status: str) -> None:
        """Cancel or expire what was asked for."""
        if ask["status"] == "open":
            ask["status"] = status
            self._change(ask)
            self._told().ask(ask)

    def _told(self) -> Voice:
        assert self.voice is not None  # noqa: S101  # the gateway sets it as it begins
        return self.voice

    async def _expire(self, thing_id: str) -> None:
        if thing := self.get(thing_id):
            self.close(thing, "expired")

    async def _refund_end(self, refund_id: str, fate: str) -> None:
        refund = self.get(refund_id)
        payment = self.get(refund["payment"]) if refund else None
        if refund is None or payment is None:
            return
        refund["status"] = "failed" if fate else "processed"
        self._change(refund)
        if fate:
            payment["refunded"] -= refund["paise"]
            self._change(payment)
        else:
            self._move(refund, "REFUND", debit="payers", credit=f"gateway:{self.vendor}", paise=refund["paise"])
        self._told().refund(refund, payment)

    def _id(self, kind: str) -> str:
        prefix = self.prefixes.get(kind, "")
        return f"{prefix}{self.world.faults.letters(14)}" if prefix else self.world.faults.digits(12)

    def _keep(self, thing: Thing, *, kind: str, reference: str, key: str = "") -> None:
        now = self.world.clock.now()
        self.world.book.thing_add(
            thing_id=str(thing["id"]),
            vendor=self.vendor,
            kind=kind,
            reference=reference,
            key=key,
            at=now,
            visible_at=now,
            body=thing,
        )

    def _change(self, thing: Thing) -> None:
        self.world.book.thing_change(str(thing["id"]), thing, at=self.world.clock.stamp(), state=str(thing["status"]))

    def _move(self, thing: Thing, what: str, *, debit: str, credit: str, paise: int) -> None:
        self.world.book.move(
            at=self.world.clock.stamp(),
            reference=str(thing["reference"] or thing["id"]),
            what=what,
            debit=debit,
            credit=credit,
            paise=paise,
            utr=str(thing.get("utr") or ""),
        )


def _may_pay(account: Thing, number: str, ifsc: str) -> bool:
    """Tell whether an account may pay: everybody while nobody is listed; a bank is known by four letters."""
    listed = [payer["bank_account"] for payer in account["payers"]]
    return not listed or any((row["account_number"], row["ifsc"][:4]) == (number, ifsc[:4]) for row in listed)
