"""The agent on a real machine: files become fittings, signals become an orderly end. ``latchmile-edge`` starts here."""

import asyncio
import fcntl
import gc
import logging
import os
import random
import secrets
import signal
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING

from contract.bulk import BulkError, read_statement
from contract.envelope import Envelope, Signer
from contract.ids import BootId, KeyId
from contract.link import Link, LinkStatus
from contract.mqtt_settings import MqttSettings
from contract.state import TimeQuality
from edge import logs
from edge.agent import Agent, Fittings
from edge.clock import SystemClock, clock_synchronised, local_minute
from edge.drivers.board import Board, open_board
from edge.drivers.errors import BoardSetupError, DriverError
from edge.drivers.mains import LOOK_S as MAINS_LOOK_S
from edge.drivers.mains import mains_lost
from edge.drivers.ports import MainsSignal, Scanner
from edge.drivers.scanner import SerialScanner
from edge.drivers.wiring import load_wiring
from edge.drivers.wiring_records import Wiring
from edge.locker_controller.identity import Hardware, Identity, World
from edge.locker_controller.state import Setup
from edge.renewal import Means, Renewal
from edge.settings import AGENT_VERSION, BUILT_AT_S, Settings, parse
from edge.store.sqlite_aio import AioDatabase
from edge.uplink.presence import Presence
from edge.uplink.uplink import link_settings
from provisioning.bundle import Bundle, BundleError, load_bundle
from provisioning.cloud_place import kept_place
from provisioning.papers import Lifetime, Turns, pairs
from provisioning.signing_key import DeviceKeyError, load_signing_key

if TYPE_CHECKING:
    from provisioning.renewing import Outcome

DATABASE = "locker.db"
PARTS = ("", "-wal", "-shm")  # what a SQLite database consists of
DAMAGED_KEPT = 3  # a few megabytes each; more would fill the card that is failing anyway
LOCK = "agent.lock"
KIOSK_PORT_FILE = "kiosk.port"  # written once the page is served, so that port 0 can be found by whoever asked for it
EXIT_SETUP = 3  # the machine is not set up; restarting does not help, a person must look

_log = logging.getLogger(__name__)


class SetupError(Exception):
    """Bundle, wiring and this machine do not fit together."""


def identity_of(bundle: Bundle, boot: BootId) -> Identity:
    """Return who this locker is in this boot, from its bundle."""
    return Identity(
        setup=Setup(bundle.locker_id, bundle.layout, bundle.k_locker, bundle.root_of_trust, operators_of(bundle)),
        keys=bundle.key_ring(),
        salt_locker=bundle.salt_locker,
        boot=boot,
        agent_version=AGENT_VERSION,
        build_ms=BUILT_AT_S * 1000,
    )


def operators_of(bundle: Bundle) -> Envelope | None:
    """Return the list of operators that came with the bundle; one that cannot be read is none, and is told later."""
    try:
        return read_statement(bundle.operators) if bundle.operators else None
    except BulkError:
        _log.exception("operators_unreadable")
        return None


def signer_of(bundle: Bundle, folder: Path) -> Signer:
    """Return the device's signing key under the name the cloud knows it by: the locker's own."""
    return Signer(KeyId(bundle.locker_id), load_signing_key(folder))


def mqtt_link(settings: Settings, bundle: Bundle) -> Callable[[Presence], Link]:
    """Return what makes the link to the bundle's broker, over mutual TLS."""
    host, port = settings.broker or (bundle.broker_host, bundle.broker_port)
    turns = Turns(settings.bundle, bundle)

    def make(presence: Presence) -> Link:
        from contract.mqtt import MqttLink  # noqa: PLC0415 - a locker without a link does without paho

        common = link_settings(presence)
        mqtt = MqttSettings(
            client_id=common.client_id,
            subscriptions=common.subscriptions,
            will=common.will,
            birth=common.birth,
            host=host,
            port=port,
            tls=turns,
            sure_s=partial(sure_s, presence),
            reconnect=settings.reconnect,
        )
        link = MqttLink(mqtt, random.Random(secrets.randbits(64)))  # noqa: S311 - jitter, not a secret
        link.on_status(lambda status: turns.connected() if status is LinkStatus.CONNECTED else None)
        return link

    return make


def renewal_of(settings: Settings, bundle: Bundle) -> Renewal | None:
    """Return what renews the certificate; None where nobody could be asked: cut off on purpose, or no address known."""
    if settings.offline or kept_place(settings.bundle) is None:
        return None

    def look() -> Lifetime | None:
        return pairs(settings.bundle, bundle)[0].life

    def ask() -> "Outcome":
        from provisioning.renewing import Outcome, Verdict, renew  # noqa: PLC0415 - 3 MB, needed once a fortnight

        place = kept_place(settings.bundle)
        return renew(settings.bundle, bundle, place) if place else Outcome(Verdict.FAILED, detail="no address is kept")

    return Renewal(bundle.locker_id, Means(look, ask, random.Random(secrets.randbits(64)).random))  # noqa: S311 - jitter


def sure_s(presence: Presence) -> int:
    """Return a Unix second that has surely passed, for judging the broker's certificate by.

    A clock that nobody vouches for may be ten years ahead, and would call every certificate expired.
    """
    told = presence.state()
    return BUILT_AT_S if told.quality == TimeQuality.UNTRUSTED else told.at_ms // 1000


def system_world() -> World:
    """Return time and chance of a real machine."""
    return World(SystemClock(), clock_synchronised, secrets.token_bytes, local_minute=local_minute)


def fit(settings: Settings, bundle: Bundle, board: Board, scanner: Scanner | None) -> Fittings:
    """Put a real machine's parts together."""
    return Fittings(
        identity=identity_of(bundle, BootId(secrets.token_bytes(16))),
        signer=signer_of(bundle, settings.bundle),
        hardware=Hardware(board.locks, board.doors, board.buzzer),
        world=system_world(),
        open_database=partial(AioDatabase.open, settings.data / DATABASE),
        make_link=None if settings.offline else mqtt_link(settings, bundle),
        scanner=scanner,
        kiosk_port=settings.kiosk_port,
        faults=board.faults,
        renewal=renewal_of(settings, bundle),
        set_aside=partial(set_aside, settings.data / DATABASE),
    )


def set_aside(database: Path) -> str:
    """Keep a damaged database for whoever looks at the card, the newest ``DAMAGED_KEPT`` of them; return its name."""
    names = [f"{database.name}.damaged-{number}" for number in range(1, DAMAGED_KEPT + 1)]
    for older, newer in zip(names[1:][::-1], names[:-1][::-1], strict=True):
        for part in PARTS:
            if database.with_name(newer + part).exists():
                database.with_name(newer + part).replace(database.with_name(older + part))
    for part in PARTS:
        if database.with_name(database.name + part).exists():
            database.with_name(database.name + part).replace(database.with_name(names[0] + part))
    return names[0]


async def run(settings: Settings) -> None:
    """Run the agent until it is told to stop; raises ``SetupError``, ``DriverError`` or ``BundleError`` at start."""
    bundle, wiring = load_bundle(settings.bundle), load_wiring(settings.wiring)
    _check_fit(bundle, wiring)
    board = open_board(wiring, SystemClock())
    scanner = _open_scanner(wiring)
    try:
        agent = Agent(fit(settings, bundle, board, scanner))
        await _until_stopped(agent, settings.data / KIOSK_PORT_FILE, board.mains)
    finally:
        board.close()
        if scanner is not None:
            scanner.close()


async def _until_stopped(
    agent: Agent, port_file: Path, mains: MainsSignal | None, mains_look_s: float = MAINS_LOOK_S
) -> None:
    """Run the agent until it ends, a signal tells it to or the mains is lost; then bring it to rest in order."""
    loop, told = asyncio.get_running_loop(), asyncio.Event()
    for end in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(end, told.set)
    running = asyncio.create_task(agent.run())
    told_to_stop, ready = asyncio.create_task(told.wait()), asyncio.create_task(agent.ready.wait())
    dark = asyncio.create_task(mains_lost(mains, mains_look_s))
    await asyncio.wait((running, told_to_stop, ready), return_when=asyncio.FIRST_COMPLETED)
    if ready.done():
        await asyncio.to_thread(port_file.write_text, f"{agent.kiosk_port}\n")
        gc.collect()
        gc.freeze()  # what is there now stays; collecting it again and again costs a Pi milliseconds
        _log.info("agent_ready", extra={"kiosk_port": agent.kiosk_port})
    await asyncio.wait((running, told_to_stop, dark), return_when=asyncio.FIRST_COMPLETED)
    if not running.done():
        await agent.stop("mains_lost" if dark.done() else None)
    for task in (told_to_stop, ready, dark, running):
        task.cancel()
    try:
        await running
    except asyncio.CancelledError:
        _log.info("agent_stopped", extra={"mains_lost": dark.done() and not dark.cancelled()})


def _check_fit(bundle: Bundle, wiring: Wiring) -> None:
    planned = {plan.label for plan in bundle.layout.compartments}
    wired = {one.label for one in wiring.compartments}
    if planned != wired:
        missing, extra = sorted(planned - wired), sorted(wired - planned)
        raise SetupError(f"wiring and bundle differ: not wired {missing}, wired but not in the layout {extra}")


def _open_scanner(wiring: Wiring) -> SerialScanner | None:
    """Open the scanner; a locker without one still hands out parcels by code."""
    if wiring.scanner is None:
        return None
    try:
        return SerialScanner(wiring.scanner, asyncio.get_running_loop())
    except BoardSetupError as error:
        _log.error("scanner_missing", extra={"error": str(error)})
        return None


def _only_one(data: Path) -> IO[str]:
    """Take the folder for this process; two agents on the same pins would fight over the doors."""
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    held = (data / LOCK).open("w")
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        held.close()
        raise SetupError(f"another agent already works in {data}") from error
    return held


def main(arguments: Sequence[str] | None = None) -> int:
    """Run ``latchmile-edge``."""
    settings = parse(sys.argv[1:] if arguments is None else arguments)
    logs.set_up(settings.log_level)
    os.umask(0o077)
    try:
        with _only_one(settings.data):
            asyncio.run(run(settings))
    except (SetupError, BundleError, DriverError, DeviceKeyError, OSError) as error:
        print(f"latchmile-edge: {error}", file=sys.stderr)  # noqa: T201 - told to the installer, once
        return EXIT_SETUP
    return 0


if __name__ == "__main__":
    sys.exit(main())
