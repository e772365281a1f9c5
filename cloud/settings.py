"""How this cloud is to run: flags first, ``LATCHMILE_*`` variables second, defaults that work on one machine last."""

import argparse
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel.numbers import is_currency

from cloud.domain.dwell import DwellPolicies, DwellPolicy
from cloud.domain.rules import STANDARD, Rules
from cloud.mail_relay import WAYS, RelayError, relay_of
from cloud.notify.mail import SmtpSettings
from cloud.rim import Locality
from cloud.routing.travel.choice import FORMS, TravelChoice, travel_choice
from cloud.routing.worker_wire import EXPLORATION_MAX

PREFIX = "LATCHMILE_"
PORT_MAX = 65_535
DWELL_MAX = timedelta(days=30)  # a month; longer is storage, not delivery
PACE_MAX = 1_000  # every job once a second
PLAN_S_MAX = 3_600  # an hour: a plan older than that has been overtaken by the day
DETOUR_CENTS_MAX = 100_000  # dearer than bringing the parcel by taxi
TRIP_DETOUR_KM_MAX = STANDARD.trip_detour_m_max // 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """``tls_dir`` is the directory of ``latchmile-broker``: its authority issues, its ``cloud.crt`` connects."""

    data: Path
    host: str
    port: int
    broker_host: str
    broker_port: int
    broker_public_host: str
    tls_dir: Path
    smtp: SmtpSettings | None
    locality: Locality
    rules: Rules
    exploration: int
    travel_times: TravelChoice
    init_only: bool
    verbose: bool


def read_settings(arguments: Sequence[str] | None, environment: Mapping[str, str] | None = None) -> Settings:
    """Return the settings; ends the program with a usage message (exit code 2) when one cannot be right."""
    surroundings = os.environ if environment is None else environment
    parser = _parser(surroundings)
    found = parser.parse_args(arguments)
    missing = [name for name in ("data", "tls_dir") if getattr(found, name) is None]
    if missing:
        flags = ", ".join(f"--{name.replace('_', '-')} (or {PREFIX}{name.upper()})" for name in missing)
        parser.error(f"needed: {flags}")
    try:
        smtp = relay_of(found, surroundings, PREFIX)
    except RelayError as error:
        parser.error(str(error))
    base_url = found.base_url or f"http://{found.host}:{found.port}"
    return Settings(
        data=found.data,
        host=found.host,
        port=found.port,
        broker_host=found.broker_host,
        broker_port=found.broker_port,
        broker_public_host=found.broker_public_host or found.broker_host,
        tls_dir=found.tls_dir,
        smtp=smtp,
        locality=Locality(
            zone=found.zone,
            region=found.region,
            currency=found.currency,
            base_url=base_url.rstrip("/"),
            plan_deadline=timedelta(seconds=found.plan_seconds),
            pace=found.pace,
            is_demo=found.demo,
        ),
        rules=Rules(
            dwell=DwellPolicies(
                default=DwellPolicy(dwell=found.dwell),
                by_carrier={carrier: DwellPolicy(dwell=dwell) for carrier, dwell in found.carrier_dwell},
            ),
            detour_cents_max=found.detour_cents_max,
            trip_detour_m_max=found.trip_detour_km_max * 1_000,
        ),
        exploration=found.plan_exploration,
        travel_times=found.travel_times,
        init_only=found.command == "init",
        verbose=found.verbose,
    )


def _parser(environment: Mapping[str, str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="latchmile-cloud",
        description="The cloud service: API, pages, ingest, planning and jobs in one process.",
        epilog=f"Every flag can be a variable instead: --broker-port is {PREFIX}BROKER_PORT.",
    )
    parser.add_argument("command", nargs="?", choices=("serve", "init"), default="serve", help="init: first start only")

    def flag(name: str, read: Callable[[str], object], default: object, meaning: str) -> None:
        given = environment.get(PREFIX + name.upper().replace("-", "_"), default)
        shown = "" if default is None else " (default: %(default)s)"
        parser.add_argument(f"--{name}", type=read, default=given, help=meaning + shown)

    flag("data", Path, None, "directory for database and keys; made if missing")
    flag("tls-dir", Path, None, "directory that latchmile-broker --dir made: authority and certificates")
    flag("host", str, "127.0.0.1", "address to listen on")
    flag("port", _port, "8000", "port to listen on")
    flag("broker-host", str, "localhost", "where the broker is")
    flag("broker-port", _port, "8883", "its port")
    flag("broker-public-host", str, None, "under which name lockers reach the broker; else the same")
    flag("base-url", _url, None, "address that people and lockers use, for links")
    flag("smtp-host", str, None, "mail relay; without one, messages to people wait")
    flag("smtp-port", _port, "25", "its port")
    flag("smtp-sender", str, "Latchmile <lockers@localhost>", "sender of mails")
    flag("smtp-user", str, None, f"name at the relay; its password from a file, or from {PREFIX}SMTP_PASSWORD")
    flag("smtp-password-file", Path, None, "file with the relay's password in one line")
    flag("smtp-tls", _way, "auto", f"{', '.join(WAYS)}; auto: tls on port 465, else STARTTLS, a must with a password")
    flag("zone", _zone, "Europe/Warsaw", "time zone of the depot")
    flag("region", _region, "PL", "country of telephone numbers without prefix")
    flag("currency", _currency, "EUR", "currency of every cost and price: hundredths of it are counted (ISO 4217)")
    flag("dwell", _duration, "48h", "how long a parcel may stay in a compartment: 48h, 30m, 90s")
    parser.add_argument(
        "--carrier-dwell",
        type=_carrier_dwell,
        action="append",
        default=[],
        metavar="CARRIER=DURATION",
        help="another dwell for the parcels of one carrier; several times for several",
    )
    _planning_flags(flag)
    parser.add_argument(
        "--demo",
        action="store_true",
        default=environment.get(f"{PREFIX}DEMO") == "1",
        help="webhooks may go to this machine, unencrypted; never where real parcels are",
    )
    parser.add_argument("--verbose", action="store_true", help="log more")
    return parser


def _planning_flags(flag: Callable[[str, Callable[[str], object], object, str], None]) -> None:
    flag("plan-seconds", _between(1, PLAN_S_MAX), "60", "how long planning a day may take")
    flag("plan-exploration", _between(0, EXPLORATION_MAX), "1", "how hard VROOM looks for a better plan; 0 is quickest")
    flag("travel-times", _travel_times, "great-circle", f"where travel times come from: {FORMS}")
    flag("pace", _between(1, PACE_MAX), "1", "how many times oftener jobs run than they need to")
    flag(
        "detour-cents-max",
        _between(0, DETOUR_CENTS_MAX),
        str(STANDARD.detour_cents_max),
        "what a courier's detour to a locker may cost after a failed attempt; dearer ones wait for tomorrow",
    )
    flag(
        "trip-detour-km-max",
        _between(1, TRIP_DETOUR_KM_MAX),
        str(TRIP_DETOUR_KM_MAX),
        "how much farther a crowd courier may offer to drive",
    )


def _port(given: str) -> int:
    return _between(1, PORT_MAX)(given)


def _carrier_dwell(given: str) -> tuple[str, timedelta]:
    carrier, equals, duration = given.rpartition("=")
    if not equals or not carrier:
        raise argparse.ArgumentTypeError(f"{given!r} is not CARRIER=DURATION, such as express=24h")
    return carrier, _duration(duration)


def _way(given: str) -> str:
    if given not in WAYS:
        raise argparse.ArgumentTypeError(f"{given!r} is none of {', '.join(WAYS)}")
    return given


def _between(low: int, high: int) -> Callable[[str], int]:
    def read(given: str) -> int:
        if not given.strip().isascii() or not given.strip().isdigit() or not low <= int(given) <= high:
            raise argparse.ArgumentTypeError(f"{given!r} is not a whole number from {low} to {high}")
        return int(given)

    return read


def _duration(given: str) -> timedelta:
    units = {"h": timedelta(hours=1), "m": timedelta(minutes=1), "s": timedelta(seconds=1)}
    number, unit = given[:-1], units.get(given[-1:])
    is_number = number.isascii() and number.isdigit() and len(number) < 8  # noqa: PLR2004 - a month in seconds has 7
    if unit is None or not is_number or not timedelta(0) < int(number) * unit <= DWELL_MAX:
        raise argparse.ArgumentTypeError(f"{given!r} is no time up to {DWELL_MAX.days} days, such as 48h, 30m or 90s")
    return int(number) * unit


def _travel_times(given: str) -> TravelChoice:
    try:
        return travel_choice(given)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _zone(given: str) -> ZoneInfo:
    try:
        return ZoneInfo(given)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise argparse.ArgumentTypeError(f"{given!r} is no time zone, such as Europe/Warsaw") from error


def _region(given: str) -> str:
    if len(given) != 2 or not given.isalpha() or not given.isascii():  # noqa: PLR2004 - ISO 3166 alpha-2
        raise argparse.ArgumentTypeError(f"{given!r} is no country code, such as PL")
    return given.upper()


def _currency(given: str) -> str:
    code = given.upper()
    if not is_currency(code):
        raise argparse.ArgumentTypeError(f"{given!r} is no currency's code, such as EUR")
    return code


def _url(given: str) -> str:
    parts = urlsplit(given)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise argparse.ArgumentTypeError(f"{given!r} is no address, such as https://lockers.example")
    return given
