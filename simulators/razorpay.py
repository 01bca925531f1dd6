"""The gateway that counts in paise: payouts and account validations, with the paths and shapes of its documentation."""

import hashlib
import json
from base64 import b64decode
from typing import Any

from aiohttp import web

from simulators.webhooks import webhook_send
from simulators.world import INVALID_ACCOUNTS, Answer, World

VENDOR = "razorpay"
_MODES = {"IMPS": (100, 5_00_000_00), "NEFT": (100, 10**13), "RTGS": (2_00_000_00, 10**13), "UPI": (100, 1_00_000_00)}
_FINAL = ("processed", "failed", "reversed", "rejected", "cancelled")


class Razorpay:
    """Handlers of this vendor."""

    def __init__(self, world: World) -> None:
        self.world = world

    def routes(self) -> list[web.RouteDef]:
        """Return the vendor's addresses."""
        return [
            web.post("/razorpay/v1/payouts", self.payout_create),
            web.get("/razorpay/v1/payouts", self.payouts_find),
            web.get("/razorpay/v1/payouts/{id}", self.payout_read),
            web.post("/razorpay/v1/fund_accounts/validations", self.validation_create),
            web.get("/razorpay/v1/fund_accounts/validations", self.validation_find),
            web.get("/razorpay/v1/fund_accounts/validations/{id}", self.validation_read),
            web.get("/razorpay/v1/balance", self.balance),
        ]

    async def payout_create(self, request: web.Request) -> web.StreamResponse:
        """Make a payout; the same key with the same body is the same payout."""
        if refused := self.refused(request):
            return refused
        raw = await request.read()
        body = json.loads(raw)
        key = request.headers.get("X-Payout-Idempotency", "")
        digest = hashlib.sha256(raw).hexdigest()
        return await self.world.call(
            request,
            vendor=VENDOR,
            what="payout",
            reference=str(body.get("reference_id", "")),
            key=key,
            effect=lambda: self._payout_create(body, key, digest),
        )

    async def payouts_find(self, request: web.Request) -> web.StreamResponse:
        """Find payouts by our reference."""
        if refused := self.refused(request):
            return refused
        reference = request.query.get("reference_id", "")

        def find() -> Answer:
            items = self.world.book.things(
                vendor=VENDOR, kind="payout", reference=reference, now=self.world.clock.now()
            )
            return 200, {"entity": "collection", "count": len(items), "items": [_public(item) for item in items]}

        return await self.world.call(request, vendor=VENDOR, what="payout look-up", reference=reference, effect=find)

    async def payout_read(self, request: web.Request) -> web.StreamResponse:
        """Read one payout."""
        if refused := self.refused(request):
            return refused
        thing = self.world.book.thing(request.match_info["id"])
        return await self.world.call(
            request,
            vendor=VENDOR,
            what="payout look-up",
            reference=str((thing or {}).get("reference_id", "")),
            effect=lambda: (200, _public(thing)) if thing else _error(404, "The id provided does not exist"),
        )

    async def validation_create(self, request: web.Request) -> web.StreamResponse:
        """Validate an account by a credit of a rupee."""
        if refused := self.refused(request):
            return refused
        body = await request.json()
        return await self.world.call(
            request,
            vendor=VENDOR,
            what="validation",
            reference=str(body.get("reference_id", "")),
            effect=lambda: self._validation_create(body),
        )

    async def validation_find(self, request: web.Request) -> web.StreamResponse:
        """Find validations by our reference."""
        if refused := self.refused(request):
            return refused
        reference = request.query.get("reference_id", "")

        def find() -> Answer:
            now = self.world.clock.now()
            items = self.world.book.things(vendor=VENDOR, kind="validation", reference=reference, now=now)
            return 200, {"entity": "collection", "count": len(items), "items": [_public(item) for item in items]}

        return await self.world.call(
            request, vendor=VENDOR, what="validation look-up", reference=reference, effect=find
        )

    async def validation_read(self, request: web.Request) -> web.StreamResponse:
        """Read one validation."""
        if refused := self.refused(request):
            return refused
        thing = self.world.book.thing(request.match_info["id"])
        return await self.world.call(
            request,
            vendor=VENDOR,
            what="validation look-up",
            reference=str((thing or {}).get("reference_id", "")),
            effect=lambda: (200, _public(thing)) if thing else _error(404, "The id provided does not exist"),
        )

    async def balance(self, request: web.Request) -> web.StreamResponse:
        """Tell the balance of the payout account."""
        if refused := self.refused(request):
            return refused

        def tell() -> Answer:
            return 200, {"entity": "balance", "balance": self.world.book.balance("float:razorpay"), "currency": "INR"}

        return await self.world.call(request, vendor=VENDOR, what="balance", reference="", effect=tell)

    def refused(self, request: web.Request) -> web.Response | None:
        """Refuse who does not know the secret."""
        contract = self.world.contracts[VENDOR]
        given = request.headers.get("Authorization", "").removeprefix("Basic ")
        try:
            is_known = b64decode(given).decode() == f"{contract.key_id}:{contract.secret}"
        except ValueError:
            is_known = False
        return None if is_known else web.json_response(_error(401, "Authentication failed")[1], status=401)

    def _payout_create(self, body: dict[str, Any], key: str, digest: str) -> Answer:
        world = self.world
        if not 4 <= len(key) <= 36:
            return _error(400, "The X-Payout-Idempotency header is required")
        now = world.clock.now()
        for earlier in world.book.things(vendor=VENDOR, kind="payout", key=key):
            if now - earlier["_at"] < world.contracts[VENDOR].idempotency_seconds:
                if earlier["_digest"] != digest:
                    return _error(400, "Different request body sent for the same Idempotency Header")
                return 200, _public(earlier)
        mode, amount, account = str(body.get("mode", "")), body.get("amount"), _account(body["fund_account"])
        is_payable = mode in _MODES and (mode == "UPI") == (account["ifsc"] == "UPI")
        if not is_payable or not isinstance(amount, int):
            return _error(400, "The mode or the amount is not valid for the fund account")
        least, most = _MODES[mode]
        if not least <= amount <= most:
            return _error(400, f"The amount is outside the limits of {mode}", reason="amount_limit_exhausted")
        reference = str(body["reference_id"])
        payout = {
            "id": f"pout_{world.faults.letters(14)}",
            "entity": "payout",
            "fund_account_id": f"fa_{world.faults.letters(14)}",
            "amount": amount,
            "currency": "INR",
            "fees": 590,
            "tax": 90,
            "status": "processing",
            "utr": None,
            "mode": mode,
            "purpose": body.get("purpose"),
            "reference_id": reference,
            "narration": body.get("narration"),
            "status_details": {"description": None, "source": None, "reason": None},
            "created_at": int(now),
            "_at": now,
            "_digest": digest,
            "_account": account["account_number"],
        }
        hidden = world.faults.profile.hidden_seconds
        world.book.thing_add(
            thing_id=str(payout["id"]),
            vendor=VENDOR,
            kind="payout",
            reference=reference,
            key=key,
            at=now,
            visible_at=now + hidden,
            body=payout,
        )
        self._to(payout, "processing", event="payout.initiated")
        self._live(payout, fate=world.fate_of(vendor=VENDOR, account=account["account_number"], paise=amount))
        return 200, _public(payout)

    def _live(self, payout: dict[str, Any], *, fate: str) -> None:
        """Let a payout go through what becomes of it."""
        profile = self.world.faults.profile
        if fate == "pending":
            return
        wait = profile.deemed_seconds if fate == "deemed" else profile.settle_seconds * (5 if "late" in fate else 1)
        if fate in ("fails", "late_failure"):
            self.world.later(wait, lambda: self._fail(payout))
            return
        self.world.later(profile.settle_seconds if fate == "reversed_late" else wait, lambda: self._pay(payout))
        if fate == "reversed_late":
            self.world.later(profile.settle_seconds + profile.reversed_seconds, lambda: self._send_back(payout))

    async def _pay(self, payout: dict[str, Any]) -> None:
        payout["utr"] = self.world.utr(payout["mode"])
        self._money(payout, "PAYOUT", debit=f"account:{payout['_account']}", credit="float:razorpay")
        self._to(payout, "processed", event="payout.processed")

    async def _fail(self, payout: dict[str, Any]) -> None:
        payout["status_details"] = {
            "description": "The beneficiary's bank could not credit the account",
            "source": "beneficiary_bank",
            "reason": "bank_account_invalid",
        }
        self._to(payout, "failed", event="payout.failed")

    async def _send_back(self, payout: dict[str, Any]) -> None:
        if payout["status"] != "processed":
            return
        payout["status_details"] = {
            "description": "The beneficiary's bank returned the credit",
            "source": "beneficiary_bank",
            "reason": "bank_account_frozen",
        }
        self._money(payout, "PAYOUT_REVERSED", debit="float:razorpay", credit=f"account:{payout['_account']}")
        self._to(payout, "reversed", event="payout.reversed")

    async def reverse_now(self, thing_id: str) -> bool:
        """Send a paid payout back at once, because a person wants to see it."""
        payout = self.world.book.thing(thing_id)
        if payout is None or payout.get("status") != "processed":
            return False
        await self._send_back(payout)
        return True

    def _money(self, payout: dict[str, Any], what: str, *, debit: str, credit: str) -> None:
        self.world.book.move(
            at=self.world.clock.stamp(),
            reference=payout["reference_id"],
            what=what,
            debit=debit,
            credit=credit,
            paise=payout["amount"],
            utr=payout["utr"] or "",
        )

    def _to(self, payout: dict[str, Any], status: str, *, event: str) -> None:
        payout["status"] = status
        self.world.book.thing_change(payout["id"], payout, at=self.world.clock.stamp(), state=status)
        webhook_send(
            self.world,
            vendor=VENDOR,
            event=event,
            event_id=f"evt_{self.world.faults.letters(14)}",
            body={
                "entity": "event",
                "account_id": "acc_KistDemo000001",
                "event": event,
                "contains": ["payout"],
                "payload": {"payout": {"entity": _public(payout)}},
                "created_at": int(self.world.clock.now()),
            },
        )

    def _validation_create(self, body: dict[str, Any]) -> Answer:
        world = self.world
        account = _account(body["fund_account"])
        number, ifsc = account["account_number"], account["ifsc"]
        is_upi = ifsc == "UPI"
        holder = world.holder_of(account=number, ifsc=ifsc, given=account["name"])
        code = INVALID_ACCOUNTS.get(number)
        if is_upi:
            holder = world.holder_of_address(number)
            code = None if holder else "invalid_vpa"
        is_pending = number == "007711000031"
        validation = {
            "id": f"fav_{world.faults.letters(14)}",
            "entity": "fund_account.validation",
            "status": "created" if is_pending else "completed",
            "amount": 100,
            "currency": "INR",
            "reference_id": body.get("reference_id"),
            "results": {
                "account_status": None if is_pending else ("invalid" if code else "active"),
                "registered_name": None if code or is_pending else holder,
                "details": code,
            },
            "utr": None if code or is_pending or is_upi else world.utr("IMPS"),
            "created_at": int(world.clock.now()),
        }
        now = world.clock.now()
        world.book.thing_add(
            thing_id=str(validation["id"]),
            vendor=VENDOR,
            kind="validation",
            reference=str(body.get("reference_id", "")),
            key="",
            at=now,
            visible_at=now,
            body=validation,
        )
        # A UPI address is looked up without a credit.
        if not code and not is_pending and not is_upi:
            world.book.move(
                at=world.clock.stamp(),
                reference=str(body.get("reference_id", "")),
                what="PENNY_DROP",
                debit=f"account:{number}",
                credit="float:razorpay",
                paise=100,
                utr=str(validation["utr"]),
            )
        return 200, validation


def _account(fund_account: dict[str, Any]) -> dict[str, Any]:
    """Return the account of a request; a UPI address stands as its number."""
    if fund_account.get("account_type") == "vpa":
        return {"account_number": str(fund_account["vpa"]["address"]), "ifsc": "UPI", "name": ""}
    found: dict[str, Any] = fund_account["bank_account"]
    return found


def _public(thing: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in thing.items() if not name.startswith("_")}


def _error(status: int, description: str, *, reason: str = "input_validation_failed") -> Answer:
    error = {"code": "BAD_REQUEST_ERROR", "description": description, "source": "business", "reason": reason}
    return status, {"error": error}
