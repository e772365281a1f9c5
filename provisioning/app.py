"""``latchmile-broker``: a broker with everything it needs, in one directory, by one command."""

import argparse
import asyncio
import contextlib
import logging
import random
import signal
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from provisioning.broker import Broker, BrokerError, running
from provisioning.setup import LOOPBACK, Setup, SetupWish, set_up

REFRESH = timedelta(hours=24)  # the revocation list lives 30 days; a day keeps it far from its end
LOOK_S = 5.0  # the cloud adds to the list when somebody revokes a locker; five seconds are soon enough for a theft


def main(arguments: list[str] | None = None) -> int:
    """Run the broker until Ctrl-C. Exit code 0 after an orderly stop, 1 when the broker cannot run."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.DEBUG if options.verbose else logging.INFO)
    wish = SetupWish(
        directory=options.dir,
        port=options.port,
        domain=options.domain,
        host=options.host,
        names=tuple(options.name or LOOPBACK),
        services=tuple(options.service or ("cloud",)),
        saves_every_change=options.save == "change",
    )
    try:
        setup = set_up(wish, datetime.now(UTC))
        asyncio.run(_serve(setup))
    except (BrokerError, OSError, ValueError) as error:
        sys.stderr.write(f"latchmile-broker: {error}\n")
        return 1
    return 0


async def _serve(setup: Setup) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with running(Broker(setup.place, random.SystemRandom())) as broker:
        sys.stdout.write(f"broker ready on {setup.place.host}:{setup.place.port}; files: {setup.place.config.parent}\n")
        sys.stdout.flush()
        await _keep_list(setup, broker, stop)


async def _keep_list(setup: Setup, broker: Broker, stop: asyncio.Event, look_s: float = LOOK_S) -> None:
    """Have the broker read the revocation list whenever it has changed, and sign it anew once a day."""
    loop = asyncio.get_running_loop()
    read, fresh_s = setup.revoked.version(), loop.time()
    while not stop.is_set():
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(look_s):
                await stop.wait()
        if loop.time() - fresh_s >= REFRESH.total_seconds():
            setup.revoked.refresh(datetime.now(UTC))
            fresh_s = loop.time()
        if (found := setup.revoked.version()) != read:
            read = found
            broker.reload()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="latchmile-broker", description="Run mosquitto with mutual TLS for lockers.")
    parser.add_argument("--dir", type=Path, required=True, help="where authority, certificates and database live")
    parser.add_argument("--port", type=int, required=True, help="port to listen on")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--domain", default="latchmile.internal", help="in every certificate (default: %(default)s)")
    parser.add_argument("--name", action="append", help="a name lockers reach it by; several times")
    parser.add_argument("--service", action="append", help="a cloud client's name (default: cloud); several times")
    parser.add_argument(
        "--save",
        choices=("change", "second"),
        default="second",
        help="save the database at every change, which is slow, or every second (default: %(default)s)",
    )
    parser.add_argument("--verbose", action="store_true", help="show what mosquitto says")
    return parser


if __name__ == "__main__":
    sys.exit(main())
