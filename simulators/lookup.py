"""The free look-up of a beneficiary's name."""

from base64 import b64decode

from aiohttp import web

from simulators.world import INVALID_ACCOUNTS, Answer, World

VENDOR = "lookup"


class Lookup:
    """Handlers of this vendor; it knows the names that were set, and no others."""

    def __init__(self, world: World) -> None:
        self.world = world

    def routes(self) -> list[web.RouteDef]:
        """Return the vendor's addresses."""
        return [web.post("/lookup/v1/beneficiary-name", self.name), web.get("/lookup/v1/health", self.health)]

    async def name(self, request: web.Request) -> web.StreamResponse:
        """Tell the holder's name, if it is known here."""
        contract = self.world.contracts[VENDOR]
        given = request.headers.get("Authorization", "").removeprefix("Basic ")
        if b64decode(given or b"").decode(errors="replace") != f"{contract.key_id}:{contract.secret}":
            return web.json_response({"message": "unauthorised"}, status=401)
        body = await request.json()
        number, ifsc = str(body.get("account_number", "")), str(body.get("ifsc", ""))

        def find() -> Answer:
            known = self.world.names.get((number, ifsc))
            if known is None or number in INVALID_ACCOUNTS:
                return 404, {"message": "no name"}
            return 200, {"reference": self.world.faults.digits(10), "name": known}

        reference = str(body.get("reference", ""))
        return await self.world.call(request, vendor=VENDOR, what="name look-up", reference=reference, effect=find)

    async def health(self, request: web.Request) -> web.StreamResponse:
        """Answer, if the vendor is up."""
        return await self.world.call(
            request, vendor=VENDOR, what="health", reference="", effect=lambda: (200, {"up": True})
        )
