"""``latchmile-sim``: a street full of lockers on one machine, and a page to walk along it."""

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from contract.link_settings import Reconnect
from edge import logs
from firmware_sim.control import serving
from firmware_sim.deeds import Lockers
from firmware_sim.enrolling import JoinError, join
from firmware_sim.fleet import Fleet
from firmware_sim.locker import LockerPlace, LockerStartError
from firmware_sim.processes import ManyProcesses, Share, shared_out
from firmware_sim.settings import Settings, parse
from provisioning.bundle import has_bundle
from provisioning.files import make_directory, write_atomically

LOOPBACK = "127.0.0.1"
DATA = "data"  # beside the keys of each locker
PARTS = ".sim"  # where the processes of a spread run leave their addresses


class SimError(Exception):
    """The simulator cannot run as it was told to; the message says why."""


def chosen(settings: Settings) -> list[str]:
    """Return the names of the folders that hold a bundle, in order; raises ``SimError`` when there is none."""
    if not settings.bundles.is_dir():
        raise SimError(f"there is no folder {settings.bundles}")
    found = sorted(path.name for path in settings.bundles.iterdir() if path.is_dir() and has_bundle(path))
    missing = sorted(set(settings.only) - set(found))
    if missing:
        raise SimError(f"no bundle of {', '.join(missing)} in {settings.bundles}")
    names = [name for name in found if not settings.only or name in settings.only]
    if not names:
        raise SimError(f"{settings.bundles} holds no locker's bundle; enrol some with --enrol or --key, see --help")
    return names


async def run(settings: Settings) -> None:
    """Run until SIGINT or SIGTERM."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    enrolled = 0
    if settings.joining.claims is not None or settings.joining.key:
        enrolled = await join(settings.joining)
    names = chosen(settings)
    async with AsyncExitStack() as stack:
        lockers = await _start(settings, names, stack)
        port = await stack.enter_async_context(serving(lockers, settings.port))
        _tell(settings, f"http://{LOOPBACK}:{port}/", len(await lockers.pictures()), enrolled)
        await stop.wait()


async def _start(settings: Settings, names: Sequence[str], stack: AsyncExitStack) -> Lockers:
    if settings.processes == 1:
        places = [_place(settings, name, nth) for nth, name in enumerate(names)]
        return await stack.enter_async_context(Fleet(places))
    return await stack.enter_async_context(ManyProcesses(_shares(settings, names)))


def _shares(settings: Settings, names: Sequence[str]) -> list[Share]:
    parts = make_directory(settings.bundles / PARTS)
    options = ["--reconnect-max", str(settings.reconnect_s_max), "--log-level", settings.log_level]
    if settings.broker is not None:
        options += ["--broker", f"{settings.broker[0]}:{settings.broker[1]}"]
    shares, first = [], 0
    for nth, hand in enumerate(shared_out(names, settings.processes)):
        base = ["--kiosk-base", str(settings.kiosk_base + first if settings.kiosk_base else 0)]
        url_file = parts / f"{os.getpid()}-{nth}.url"
        shares.append(Share(folder=settings.bundles, lockers=hand, options=[*options, *base], url_file=url_file))
        first += len(hand)
    return shares


def _place(settings: Settings, name: str, nth: int) -> LockerPlace:
    bundle: Path = settings.bundles / name
    longest_s = settings.reconnect_s_max
    return LockerPlace(
        bundle=bundle,
        data=bundle / DATA,
        kiosk_port=settings.kiosk_base + nth if settings.kiosk_base else 0,
        broker=settings.broker,
        reconnect=Reconnect(min_s=min(1.0, longest_s / 4), first_s=min(8.0, longest_s), max_s=longest_s),
    )


def _tell(settings: Settings, url: str, count: int, enrolled: int) -> None:
    """Say that everything serves; whoever started us may be waiting for the file."""
    joined = f", {enrolled} of them newly enrolled" if enrolled else ""
    print(f"{count} lockers serve{joined}: {url}", flush=True)
    if settings.url_file is not None:
        write_atomically(settings.url_file, url.encode())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run ``latchmile-sim``."""
    settings = parse(sys.argv[1:] if arguments is None else arguments)
    logs.set_up(settings.log_level)
    os.umask(0o077)
    try:
        asyncio.run(run(settings))
    except (SimError, JoinError, LockerStartError, OSError) as error:
        print(f"latchmile-sim: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
