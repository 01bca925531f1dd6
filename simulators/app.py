"""Put the world together and serve it."""

from collections.abc import AsyncIterator
from pathlib import Path

from aiohttp import ClientSession, web

from simulators.cashfree import Cashfree
from simulators.cashfree_till import CashfreeTill
from simulators.control import Control
from simulators.control_page import ControlPage
from simulators.lookup import Lookup
from simulators.pay_page import PayPage
from simulators.razorpay import Razorpay
from simulators.razorpay_till import RazorpayTill
from simulators.world import World, world_make

WORLD = web.AppKey("world", World)


def app_make(*, path: Path | None, seed: int, address: str = "") -> web.Application:
    """Return the application with every vendor."""
    world = world_make(path=path, seed=seed)
    app = web.Application(client_max_size=12 * 1024 * 1024)
    app[WORLD] = world
    world.address = address
    razorpay, cashfree = Razorpay(world), Cashfree(world)
    takes_paise, takes_rupees = RazorpayTill(world, razorpay), CashfreeTill(world, cashfree)
    tills = (takes_paise.till, takes_rupees.till)
    page = ControlPage(world, tills=tills, payouts=(razorpay, cashfree))
    parts = (razorpay, cashfree, takes_paise, takes_rupees, Lookup(world), PayPage(*tills), page)
    for part in (*parts, Control(world, seed=seed)):
        app.add_routes(part.routes())
    app.cleanup_ctx.append(_session)
    return app


async def _session(app: web.Application) -> AsyncIterator[None]:
    world = app[WORLD]
    world.session = ClientSession()
    yield
    for task in list(world.tasks):
        task.cancel()
    await world.session.close()
