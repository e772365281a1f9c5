"""What may be set from outside: folders, files and ports. Everything about the locker itself stands in its bundle."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from contract.link_settings import Reconnect
from provisioning.kernel_time import BUILT_AT_S

__all__ = ["AGENT_VERSION", "BUILT_AT_S", "Settings", "parse"]

AGENT_VERSION = "0.1.0"
KIOSK_PORT = 8080
PORT_MAX = 0xFFFF


@dataclass(frozen=True, slots=True)
class Settings:
    """``broker`` replaces the bundle's (host, port), for a broker behind another name; ``offline`` never connects.

    ``reconnect`` is for simulations whose day is shorter than an honest fleet's patience.
    """

    bundle: Path
    wiring: Path
    data: Path
    kiosk_port: int = KIOSK_PORT
    broker: tuple[str, int] | None = None
    offline: bool = False
    log_level: str = "INFO"
    reconnect: Reconnect = field(default_factory=Reconnect)


def parse(arguments: Sequence[str]) -> Settings:
    """Read the command line; exits with a message for whatever cannot be meant."""
    parser = argparse.ArgumentParser(prog="latchmile-edge", description="The agent inside a parcel locker.")
    parser.add_argument("--bundle", type=Path, required=True, help="folder that latchmile-enrol filled")
    parser.add_argument("--wiring", type=Path, required=True, help="TOML file that says which pin is which door")
    parser.add_argument("--data", type=Path, required=True, help="folder for the journal, on its own partition at best")
    parser.add_argument("--kiosk-port", type=_port, default=KIOSK_PORT, help="loopback port of the page (0: any free)")
    parser.add_argument("--link", type=_link, default="bundle", help="'bundle', 'none', or the broker as HOST:PORT")
    parser.add_argument("--log-level", choices=("DEBUG", "INFO", "WARNING", "ERROR"), default="INFO")
    parser.add_argument("--version", action="version", version=AGENT_VERSION)
    given = parser.parse_args(arguments)
    broker = given.link if isinstance(given.link, tuple) else None
    return Settings(
        bundle=given.bundle,
        wiring=given.wiring,
        data=given.data,
        kiosk_port=given.kiosk_port,
        broker=broker,
        offline=given.link == "none",
        log_level=given.log_level,
    )


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 <= int(text) <= PORT_MAX:
        raise argparse.ArgumentTypeError(f"{text!r} is no port; use 0 to 65535")
    return int(text)


def _link(text: str) -> str | tuple[str, int]:
    if text in ("bundle", "none"):
        return text
    host, _, port = text.rpartition(":")
    if not host:
        raise argparse.ArgumentTypeError(f"{text!r} is no broker; use HOST:PORT, 'bundle' or 'none'")
    return host, _port(port)
