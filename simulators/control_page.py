"""The page on which a person sees what the outside world did, and makes things go wrong."""

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any, Protocol

from aiohttp import web

from simulators.faults import CALL_FAULTS, FATE_FAULTS, WEBHOOK_FAULTS
from simulators.pay_page import rupees
from simulators.till import Thing, Till
from simulators.world import World

_STYLE = """
*{box-sizing:border-box}body{margin:0;font:14px/1.45 system-ui,sans-serif;background:#f3f4f6;color:#111827}
header{background:#1e3a5f;color:#fff;padding:1rem 1.5rem}h1{margin:0;font-size:1.25rem}main{padding:1rem 1.5rem}
h2{font-size:1rem;margin:1.5rem 0 .5rem}.row{display:flex;flex-wrap:wrap;gap:.4rem;align-items:center}
.cards{display:flex;flex-wrap:wrap;gap:.75rem}.card{background:#fff;border-radius:10px}
.card{padding:.75rem 1rem;min-width:11rem}
.card b{display:block;font-size:1.15rem}table{border-collapse:collapse;width:100%;background:#fff;border-radius:10px}
th,td{text-align:left;padding:.35rem .6rem;border-bottom:1px solid #e5e7eb;white-space:nowrap}
td.n{text-align:right;font-variant-numeric:tabular-nums}div.wide{overflow-x:auto}form{display:inline}
button{border:1px solid #9ca3af;border-radius:7px;background:#fff;padding:.25rem .6rem;font:inherit;cursor:pointer}
.bad{color:#b91c1c;font-weight:600}.empty{color:#6b7280}input,select{font:inherit;padding:.2rem .4rem}
"""
_PAYER = ("50100011112222", "HDFC0000123")
_VENDORS = ("razorpay", "cashfree")


class Reverses(Protocol):
    """A vendor that can send a paid payout back at once."""

    async def reverse_now(self, thing_id: str) -> bool:
        """Send it back."""


class ControlPage:
    """The page at / and what its buttons do; the same acts under /_sim for tests."""

    def __init__(self, world: World, *, tills: tuple[Till, ...], payouts: tuple[Reverses, ...]) -> None:
        self.world = world
        self.tills = {till.vendor: till for till in tills}
        self.payouts = payouts

    def routes(self) -> list[web.RouteDef]:
        """Return the addresses."""
        return [
            web.get("/", self.show),
            web.post("/_do/{act}", self.press),
            web.post("/_sim/pay", self.pay),
            web.post("/_sim/credit", self.credit),
            web.post("/_sim/settle", self.settle),
            web.post("/_sim/dispute", self.dispute),
            web.post("/_sim/dispute_end", self.dispute_end),
            web.post("/_sim/reverse", self.reverse),
        ]

    async def pay(self, request: web.Request) -> web.Response:
        """Pay an ask: `{"ask": id or our reference, "method": "upi", "is_success": true, "paise": 0}`."""
        body = await request.json()
        for till in self.tills.values():
            ask = till.get(str(body["ask"])) or next(
                (found for kind in ("link", "order") if (found := till.asked(kind=kind, reference=str(body["ask"])))),
                None,
            )
            if ask is not None:
                payment = till.pay(
                    ask,
                    method=str(body.get("method", "upi")),
                    is_success=bool(body.get("is_success", True)),
                    paise=int(body.get("paise", 0)),
                )
                return web.json_response(payment)
        return _refusal("Nothing is asked for under this name.")

    async def credit(self, request: web.Request) -> web.Response:
        """Let money arrive: `{"account_number", "paise", "mode": "NEFT", "payer", "payer_account", "payer_ifsc"}`."""
        body = await request.json()
        for till in self.tills.values():
            payment = till.credit(
                str(body["account_number"]),
                paise=int(body["paise"]),
                mode=str(body.get("mode", "NEFT")),
                payer=str(body.get("payer", "Somebody")),
                account=str(body.get("payer_account", _PAYER[0])),
                ifsc=str(body.get("payer_ifsc", _PAYER[1])),
            )
            if payment is not None:
                return web.json_response(payment)
        return _refusal("There is no such account, or this payer may not pay into it: nothing is taken.")

    async def settle(self, request: web.Request) -> web.Response:
        """Settle with us: `{"vendor": "razorpay", "short_paise": 0 for what the report explains}`."""
        body = await request.json()
        till = self.tills[str(body.get("vendor", "razorpay"))]
        return web.json_response(till.settle(short_paise=int(body.get("short_paise", 0))))

    async def dispute(self, request: web.Request) -> web.Response:
        """Dispute a payment: `{"payment": id, "paise": 0 for all}`."""
        body = await request.json()
        for till in self.tills.values():
            payment = till.get(str(body["payment"]))
            if payment is not None:
                return web.json_response(till.dispute(payment, paise=int(body.get("paise") or payment["paise"])))
        return _refusal("There is no such payment.")

    async def dispute_end(self, request: web.Request) -> web.Response:
        """Decide a dispute: `{"dispute": id, "is_won": false}`."""
        body = await request.json()
        for till in self.tills.values():
            dispute = till.get(str(body["dispute"]))
            if dispute is not None and dispute["status"] == "open":
                till.dispute_end(dispute, is_won=bool(body.get("is_won")))
                return web.json_response(dispute)
        return _refusal("There is no such open dispute.")

    async def reverse(self, request: web.Request) -> web.Response:
        """Send a paid payout back: `{"payout": id}`."""
        body = await request.json()
        for vendor in self.payouts:
            if await vendor.reverse_now(str(body["payout"])):
                return web.json_response({"ok": True})
        return _refusal("There is no such paid payout.")

    async def press(self, request: web.Request) -> web.StreamResponse:
        """Do what a button says, and show the page again."""
        form = {name: str(value) for name, value in (await request.post()).items()}
        act = getattr(self, f"_press_{request.match_info['act']}", None)
        if act is None:
            raise web.HTTPNotFound(text="There is no such button.")
        await act(form)
        raise web.HTTPSeeOther("/")

    async def show(self, _request: web.Request) -> web.Response:
        """Show the page."""
        book = self.world.book
        names = [f"{start}:{vendor}" for start in ("float", "gateway", "disputed", "fees") for vendor in _VENDORS]
        balances = {name: book.balance(name) for name in (*names, "bank:kist")}
        twice, down = book.paid_more_than_once(), sorted(self.world.faults.down)
        cards = [
            ("Time here", self.world.clock.stamp(), False),
            ("Paid more than once", str(len(twice)), bool(twice)),
            ("Contracts broken", str(book.count("violation")), book.count("violation") > 0),
            ("Down", ", ".join(down) or "nobody", bool(down)),
            *((name, f"₹{rupees(paise)}", False) for name, paise in balances.items()),
        ]
        parts = [
            f'<div class="cards">{"".join(_card(*card) for card in cards)}</div>',
            _buttons(down),
            _table("Payouts", self._payouts()),
            _table("Links, orders, virtual accounts", self._asks()),
            _table("Payments", self._payments()),
            _table("Disputes", self._disputes()),
            _table("Latest webhooks", book.latest("delivery", 15)),
            _table("Latest requests", book.latest("request", 15)),
            _table("Contracts broken", book.latest("violation", 10)),
        ]
        page = (
            '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>The outside world</title>'
            f"<style>{_STYLE}</style></head><body><header><h1>The outside world: simulated banks and gateways</h1>"
            f"</header><main>{''.join(parts)}</main></body></html>"
        )
        return web.Response(text=page, content_type="text/html")

    def _things(self, kind: str) -> list[Thing]:
        rows = [thing for vendor in _VENDORS for thing in self.world.book.things(vendor=vendor, kind=kind)]
        return rows[-15:][::-1]

    def _payouts(self) -> Iterable[Mapping[str, Any]]:
        for row in self._things("payout"):
            thing_id = row.get("_id") or row["id"]
            paid = row["status"] in ("processed", "SUCCESS")
            yield {
                "reference": row.get("reference_id") or row.get("transfer_id"),
                "₹": rupees(row["amount"] if "amount" in row else row["_paise"]),
                "status": row["status"],
                "UTR": row.get("utr") or row.get("transfer_utr") or "",
                "": _button("reverse", "Send back now", payout=thing_id) if paid else "",
            }

    def _asks(self) -> Iterable[Mapping[str, Any]]:
        for row in [*self._things("link"), *self._things("order"), *self._things("virtual_account")]:
            act = f'<a href="/pay/{escape(row["id"])}">Pay page</a>' if row["kind"] != "virtual_account" else ""
            yield {
                "vendor": row["vendor"],
                "what": row["kind"].replace("_", " "),
                "reference": row["reference"],
                "₹": rupees(row["paise"]),
                "paid ₹": rupees(row["paid"]),
                "status": row["status"],
                "": Html(act or _credit_form(row["number"])),
            }

    def _payments(self) -> Iterable[Mapping[str, Any]]:
        for row in self._things("payment"):
            can_dispute = row["status"] == "captured"
            yield {
                "vendor": row["vendor"],
                "id": row["id"],
                "₹": rupees(row["paise"]),
                "method": row["method"],
                "status": row["status"],
                "refunded ₹": rupees(row["refunded"]),
                "settled": row["settled"],
                "": _button("dispute", "Dispute", payment=row["id"]) if can_dispute else "",
            }

    def _disputes(self) -> Iterable[Mapping[str, Any]]:
        for row in self._things("dispute"):
            acts = _button("won", "Won", dispute=row["id"]) + _button("lost", "Lost", dispute=row["id"])
            yield {
                "id": row["id"],
                "payment": row["payment"],
                "₹": rupees(row["paise"]),
                "status": row["status"],
                "": Html(acts) if row["status"] == "open" else "",
            }

    async def _press_fault(self, form: Mapping[str, str]) -> None:
        if form.get("fault") in (*CALL_FAULTS, *WEBHOOK_FAULTS, *FATE_FAULTS):
            self.world.faults.inject(vendor=form.get("vendor", "*"), fault=form["fault"])

    async def _press_down(self, form: Mapping[str, str]) -> None:
        down = self.world.faults.down
        (down.discard if form.get("vendor") in down else down.add)(form.get("vendor", ""))

    async def _press_slow(self, _form: Mapping[str, str]) -> None:
        self.world.faults.profile_set({"latency_median": 20 * max(self.world.faults.profile.latency_median, 0.05)})

    async def _press_calm(self, _form: Mapping[str, str]) -> None:
        self.world.faults.down.clear()
        self.world.faults.profile_set({"latency_median": 0.05})

    async def _press_day(self, _form: Mapping[str, str]) -> None:
        self.world.clock.step(86_400)

    async def _press_settle(self, form: Mapping[str, str]) -> None:
        self.tills[form["vendor"]].settle(short_paise=int(form.get("short", 0)))

    async def _press_reverse(self, form: Mapping[str, str]) -> None:
        for vendor in self.payouts:
            await vendor.reverse_now(form["payout"])

    async def _press_credit(self, form: Mapping[str, str]) -> None:
        for till in self.tills.values():
            paise = int(form["rupees"]) * 100
            till.credit(form["account"], paise=paise, mode="NEFT", payer="A payer", account=_PAYER[0], ifsc=_PAYER[1])

    async def _press_dispute(self, form: Mapping[str, str]) -> None:
        for till in self.tills.values():
            if payment := till.get(form["payment"]):
                till.dispute(payment, paise=payment["paise"])

    async def _press_won(self, form: Mapping[str, str]) -> None:
        self._end(form, is_won=True)

    async def _press_lost(self, form: Mapping[str, str]) -> None:
        self._end(form, is_won=False)

    def _end(self, form: Mapping[str, str], *, is_won: bool) -> None:
        for till in self.tills.values():
            dispute = till.get(form["dispute"])
            if dispute is not None and dispute["status"] == "open":
                till.dispute_end(dispute, is_won=is_won)


class Html(str):
    """Text that is written as it is."""

    __slots__ = ()


def _card(name: str, value: str, is_bad: bool) -> str:
    return f'<div class="card">{escape(name)}<b class="{"bad" if is_bad else ""}">{escape(value)}</b></div>'


def _button(act: str, label: str, **fields: str) -> Html:
    hidden = "".join(f'<input type="hidden" name="{name}" value="{escape(value)}">' for name, value in fields.items())
    return Html(f'<form method="post" action="/_do/{act}">{hidden}<button>{escape(label)}</button></form>')


def _buttons(down: list[str]) -> str:
    vendors = "".join(f"<option>{vendor}</option>" for vendor in (*_VENDORS, "lookup"))
    faults = "".join(f"<option>{fault}</option>" for fault in (*CALL_FAULTS, *WEBHOOK_FAULTS, *FATE_FAULTS))
    inject = (
        '<form method="post" action="/_do/fault" class="row">The next one at '
        f'<select name="vendor" aria-label="Vendor">{vendors}</select> meets '
        f'<select name="fault" aria-label="Fault">{faults}</select> <button>Inject</button></form>'
    )
    others = [
        *(
            _button("down", f"{name}: {'bring back' if name in down else 'take down'}", vendor=name)
            for name in _VENDORS
        ),
        _button("slow", "Everything 20 times slower"),
        _button("calm", "All well again"),
        _button("day", "A day passes"),
        *(_button("settle", f"{name} settles", vendor=name) for name in _VENDORS),
        *(_button("settle", f"{name} settles ₹1 short", vendor=name, short="100") for name in _VENDORS),
    ]
    return f'<h2>Make things happen</h2>{inject}<div class="row" style="margin-top:.5rem">{"".join(others)}</div>'


def _credit_form(account: str) -> str:
    return (
        f'<form method="post" action="/_do/credit">{escape(account)} <input type="hidden" name="account" '
        f'value="{escape(account)}"><input name="rupees" type="number" min="1" value="1000" aria-label="Rupees"> '
        "<button>Credit</button></form>"
    )


def _table(title: str, rows: Iterable[Mapping[str, Any]]) -> str:
    rows = list(rows)
    if not rows:
        return f'<h2>{escape(title)}</h2><p class="empty">Nothing yet.</p>'
    head = "".join(f"<th>{escape(name)}</th>" for name in rows[0])
    lines = []
    for row in rows:
        cells = [
            f'<td class="{"n" if "₹" in name else ""}">{value if isinstance(value, Html) else escape(str(value))}</td>'
            for name, value in row.items()
        ]
        lines.append(f"<tr>{''.join(cells)}</tr>")
    return f'<h2>{escape(title)}</h2><div class="wide"><table><tr>{head}</tr>{"".join(lines)}</table></div>'


def _refusal(message: str) -> web.Response:
    return web.json_response({"error": message}, status=400)
