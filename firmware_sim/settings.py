"""What ``latchmile-sim`` may be told on its command line."""

import argparse
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from firmware_sim.enrolling import Joining

PORT = 8090
PORT_MAX = 0xFFFF
PROCESSES_MAX = 64  # more than one a core only costs memory


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """``only`` restricts the run to some lockers; ``joining`` says which may be enrolled first."""

    bundles: Path
    port: int
    kiosk_base: int
    processes: int
    joining: Joining
    only: tuple[str, ...]
    url_file: Path | None
    reconnect_s_max: float
    broker: tuple[str, int] | None
    log_level: str


def parse(arguments: Sequence[str]) -> Settings:
    """Read the command line; exits with a message for whatever cannot be meant."""
    given = _parser().parse_args(arguments)
    return Settings(
        bundles=given.bundles,
        port=given.port,
        kiosk_base=given.kiosk_base,
        processes=given.processes,
        joining=Joining(
            bundles=given.bundles, cloud=given.cloud, claims=given.enrol, key=given.key, only=tuple(given.only)
        ),
        only=tuple(given.only),
        url_file=given.url_file,
        reconnect_s_max=given.reconnect_max,
        broker=given.broker,
        log_level=given.log_level,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="latchmile-sim",
        description="Run simulated lockers: each is the real agent with its real kiosk, journal and link, on doors "
        "that do not exist. A page on this machine draws them all; there you pull and shut doors, put parcels in, "
        "take them out, cut a locker's link to the broker or its power.",
        epilog="Every folder in --bundles that holds a locker's bundle becomes a locker. To make some: pass --cloud "
        "and an operator's --key, and every locker that the cloud knows is enrolled first; or write one-time claims as "
        '{"LOCKER-ID": "claim", ...} into a file and pass it with --enrol. '
        "Exit codes: 0 ended by Ctrl-C or SIGTERM, 1 nothing could be started, 2 bad usage.",
    )
    add = parser.add_argument
    add("--bundles", type=Path, required=True, help="folder with one folder for each locker")
    add("--enrol", type=Path, metavar="FILE", help="JSON file of claims; lockers without a bundle are enrolled first")
    add("--key", default=os.environ.get("LATCHMILE_KEY", ""), help="operator's API key (or LATCHMILE_KEY)")
    add("--cloud", default="http://127.0.0.1:8000", help="where to enrol (default: %(default)s)")
    add("--port", type=_port, default=PORT, help="port of the page and its JSON (0: any free; default: %(default)s)")
    add(
        "--kiosk-base",
        type=_port,
        default=0,
        help="port of the first kiosk, the next has the next (0: free ones)",
    )
    add("--processes", type=_processes, default=1, help="spread the lockers over this many processes (default: 1)")
    add(
        "--only",
        action="append",
        default=[],
        metavar="LOCKER",
        help="enrol and run only this one; several times for several",
    )
    add("--url-file", type=Path, help="write the page's address there once every locker serves")
    add(
        "--reconnect-max",
        type=float,
        default=120.0,
        metavar="S",
        help="longest wait between two connections (default: %(default)s)",
    )
    add("--broker", type=_place, metavar="HOST:PORT", help="where the broker is now, if it has moved since enrolment")
    add("--log-level", choices=("DEBUG", "INFO", "WARNING", "ERROR"), default="WARNING")
    return parser


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 <= int(text) <= PORT_MAX:
        raise argparse.ArgumentTypeError(f"{text!r} is no port; use 0 to {PORT_MAX}")
    return int(text)


def _place(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host:
        raise argparse.ArgumentTypeError(f"{text!r} is no broker; use HOST:PORT")
    return host, _port(port)


def _processes(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= PROCESSES_MAX:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of processes; use 1 to {PROCESSES_MAX}")
    return int(text)
