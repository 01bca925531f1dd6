"""The page on which a person pays: a way, and whether it works."""

from html import escape
from string import Template

from aiohttp import web

from simulators.till import Thing, Till

_STYLE = """
*{box-sizing:border-box}body{margin:0;font:16px/1.5 system-ui,sans-serif;background:#f3f4f6;color:#111827}
main{max-width:26rem;margin:6vh auto;background:#fff;border-radius:14px;box-shadow:0 8px 30px #0001;overflow:hidden}
header{background:#1e3a5f;color:#fff;padding:1.5rem}header p{margin:0;opacity:.85}h1{margin:.25rem 0 0;font-size:2rem}
form,section{padding:1.5rem}fieldset{border:1px solid #d1d5db;border-radius:10px;margin:0 0 1.25rem;padding:.75rem 1rem}
legend{padding:0 .4rem;color:#4b5563}label{display:block;padding:.4rem 0;cursor:pointer}
button{width:100%;padding:.8rem;border:0;border-radius:10px;font:inherit;font-weight:600;cursor:pointer;margin:.3rem 0}
.pay{background:#15803d;color:#fff}.fail{background:#fee2e2;color:#991b1b}small{color:#6b7280}
.paid{color:#15803d}.failed{color:#b91c1c}
"""
_PAGE = Template("""<!doctype html><html lang="en"><head><meta charset="utf-8"><title>$title</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>$style</style></head><body><main>
<header><p>$description</p><h1>₹$amount</h1></header>$content</main></body></html>""")
_FORM = """<form method="post"><fieldset><legend>How do you pay?</legend>
<label><input type="radio" name="method" value="upi" checked> UPI</label>
<label><input type="radio" name="method" value="netbanking"> Net banking</label>
<label><input type="radio" name="method" value="card"> Card</label></fieldset>
<button class="pay" name="outcome" value="success">Pay</button>
<button class="fail" name="outcome" value="failure">Let the payment fail</button>
<small>Simulated gateway: no money moves.</small></form>"""
METHODS = ("upi", "netbanking", "card")


class PayPage:
    """The hosted page of both gateways."""

    def __init__(self, *tills: Till) -> None:
        self.tills = tills

    def routes(self) -> list[web.RouteDef]:
        """Return the addresses."""
        return [web.get("/pay/{id}", self.show), web.post("/pay/{id}", self.pay)]

    async def show(self, request: web.Request) -> web.StreamResponse:
        """Show what is asked for."""
        _, ask = self._find(request)
        return _page(ask)

    async def pay(self, request: web.Request) -> web.StreamResponse:
        """Pay, or fail to."""
        till, ask = self._find(request)
        form = await request.post()
        method, is_success = str(form.get("method")), form.get("outcome") == "success"
        if method not in METHODS:
            raise web.HTTPBadRequest(text="There is no such way to pay.")
        if ask["status"] != "open":
            return _page(ask)
        till.pay(ask, method=method, is_success=is_success)
        if is_success:
            raise web.HTTPSeeOther(request.path)
        return _page(ask, has_failed=True)

    def _find(self, request: web.Request) -> tuple[Till, Thing]:
        for till in self.tills:
            ask = till.get(request.match_info["id"])
            if ask is not None and ask["kind"] in ("link", "order"):
                return till, ask
        raise web.HTTPNotFound(text="There is no such payment page.")


def rupees(paise: int) -> str:
    """Write an amount with digits grouped as in India."""
    sign, whole = ("-" if paise < 0 else ""), str(abs(paise) // 100)
    head, tail = whole[:-3], whole[-3:]
    groups: list[str] = []
    while head:
        groups.insert(0, head[-2:])
        head = head[:-2]
    return f"{sign}{','.join([*groups, tail])}.{abs(paise) % 100:02d}"


def _page(ask: Thing, *, has_failed: bool = False) -> web.Response:
    done = {
        "paid": '<section><h2 class="paid">Paid</h2><p>Thank you. You may close this page.</p></section>',
        "expired": "<section><h2>Expired</h2><p>Ask for a new link.</p></section>",
        "cancelled": "<section><h2>Cancelled</h2><p>This link takes no payment any more.</p></section>",
    }
    failed = '<section><h2 class="failed">The payment failed</h2><p>Nothing was taken. Try again.</p></section>'
    content = done.get(ask["status"], _FORM)
    html = _PAGE.substitute(
        title="Pay",
        style=_STYLE,
        description=escape(ask.get("description") or "Payment"),
        amount=rupees(ask["paise"]),
        content=(failed if has_failed else "") + content,
    )
    return web.Response(text=html, content_type="text/html")
