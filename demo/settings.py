"""What a demo may be told: by flags, or by the variables that ``make demo`` hands on."""

import argparse
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

DAY_S = 10 * 3600  # the couriers' shift, 08:00 to 18:00
SPEED_ALONE = 90.0  # without DURATION a day takes under seven minutes: time to look around
DRIVEN_SHARE = 0.6  # of DURATION; the rest is for people who come later, and for an end in order
PARCELS, COURIERS = 300, 6
PARCELS_MAX, COURIERS_MAX = 5_000, 60  # VROOM alone takes minutes for more; the kiosks of more share two cores badly
VAN_PARCELS = 56  # small vans, so that everybody drives: one large one would bring half of the city its parcels
SPARE_ROOM = 1.12  # what vans hold together beyond the day's parcels
LOCKERS_FILE = Path(__file__).with_name("warsaw.geojson")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """``duration_s`` 0: until Ctrl-C. ``speed``: seconds of the day for each real one. ``port_base`` 0: free ports.

    ``lockers`` is an operator's GeoJSON file; people live around its lockers.
    """

    duration_s: int
    speed: float
    state: Path
    port_base: int
    parcels: int = PARCELS
    couriers: int = COURIERS
    processes: int = 1
    lockers: Path = LOCKERS_FILE

    @property
    def van_parcels(self) -> int:
        """How many parcels one van holds."""
        return max(VAN_PARCELS, math.ceil(SPARE_ROOM * self.parcels / self.couriers))


def read_settings(arguments: Sequence[str], environment: Mapping[str, str] = os.environ) -> Settings:
    """Return the settings; exits with a usage message for what cannot be meant."""
    parser = argparse.ArgumentParser(
        prog="python -m demo",
        description="Live a day of a city's lockers: broker, cloud, twelve lockers, six couriers and their recipients, "
        "all on this machine. Every flag can be a variable: DURATION=60 python -m demo.",
    )

    def flag(name: str, default: str, meaning: str) -> None:
        given = environment.get(name.upper().replace("-", "_"), "") or default
        parser.add_argument(f"--{name}", default=given, help=f"{meaning} (default: {default or 'see text'})")

    flag("duration", "0", "end by itself so many seconds after the couriers have set off; 0: until Ctrl-C")
    flag("speed", "", "seconds of the day for each real second; else so that the day fits into the duration")
    flag("state-dir", ".demo", "folder that keeps everything; start again with it and the demo goes on")
    flag("port-base", "", "first of some twenty ports; else free ones are found and kept")
    flag("processes", "1", "over how many processes the simulated lockers are spread")
    flag("lockers", str(LOCKERS_FILE), "GeoJSON file of lockers")
    flag("parcels", str(PARCELS), "how many parcels a day")
    flag("couriers", str(COURIERS), "how many couriers")
    given = parser.parse_args(arguments)
    try:
        duration_s = _whole(given.duration, 0, 7 * 24 * 3600)
        return Settings(
            duration_s=duration_s,
            speed=_speed(given.speed, duration_s),
            state=Path(given.state_dir).resolve(),
            port_base=_whole(given.port_base or "0", 0, 65_000),
            processes=_whole(given.processes, 1, 12),
            parcels=_whole(given.parcels, 10, PARCELS_MAX),
            couriers=_whole(given.couriers, 1, COURIERS_MAX),
            lockers=_file(given.lockers),
        )
    except ValueError as error:
        parser.error(str(error))


def _whole(text: str, low: int, high: int) -> int:
    if not text.strip().isdecimal() or not low <= int(text) <= high:
        raise ValueError(f"{text!r} is not a whole number from {low} to {high}")
    return int(text)


def _file(text: str) -> Path:
    path = Path(text).resolve()
    if not path.is_file():
        raise ValueError(f"there is no file {text}")
    return path


def _speed(text: str, duration_s: int) -> float:
    if not text:
        return DAY_S / (duration_s * DRIVEN_SHARE) if duration_s else SPEED_ALONE
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 1 <= speed <= DAY_S:
        raise ValueError(f"SPEED is {text!r}; use 1 (as in life) to {DAY_S} (a day in a second)")
    return speed
