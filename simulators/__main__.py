"""Start the outside world: python -m simulators --port 8700."""

import argparse
import ipaddress
from pathlib import Path

from aiohttp import web

from simulators.app import app_make


def main() -> None:
    """Serve until stopped."""
    parser = argparse.ArgumentParser(prog="simulators", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8700)
    parser.add_argument("--db", type=Path, help="file of the bank's book; in memory without one")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    if not ipaddress.ip_address(options.host).is_loopback:
        parser.error("the simulators listen on this machine alone")
    app = app_make(path=options.db, seed=options.seed, address=f"http://{options.host}:{options.port}")
    web.run_app(app, host=options.host, port=options.port, print=None, access_log=None, handler_cancellation=False)


if __name__ == "__main__":
    main()
