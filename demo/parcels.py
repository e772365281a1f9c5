"""A carrier's day as a CSV file, from a seed: made-up people at made-up doors of real streets.

Sizes and places are drawn as in ``firmware_sim.city_day``. Run it to make a file for trying the import::

    python -m demo.parcels --lockers demo/warsaw.geojson --count 1000 --day 2026-11-23 > parcels.csv
"""

import argparse
import csv
import io
import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from cloud.intake.lockers_geojson import LockerRow, read_lockers
from cloud.intake.parcels_csv import OPTIONAL, REQUIRED
from cloud.routing.problem import Place
from firmware_sim.city_day import SCATTER_M, WINDOWS, WITH_WINDOW, make_sides, make_weight_g, scatter

OPTED_IN, ALLOWED = 0.25, 0.8

_FIRST = ("Ewa", "Jan", "Maria", "Piotr", "Zofia", "Adam", "Lena", "Tomasz", "Anna", "Michał", "Julia", "Paweł")
_LAST = ("Nowak", "Kowalska", "Wiśniewski", "Wójcik", "Lewandowska", "Zieliński", "Kamińska", "Schmidt", "Brown")
_STREETS = (
    "Marszałkowska",
    "Puławska",
    "Grójecka",
    "Targowa",
    "Żelazna",
    "Chmielna",
    "Wolska",
    "Hoża",
    "Wilcza",
    "Solec",
)
_ASCII = str.maketrans("ąćęłńóśźż", "acelnoszz")


@dataclass(frozen=True, slots=True)
class Order:
    """How many parcels, for which day (promised windows lie in it), from which seed."""

    count: int
    day: date
    seed: int


def make_parcels(lockers: Sequence[LockerRow], order: Order) -> str:
    """Return the CSV text; the same order gives the same text."""
    chance = random.Random(order.seed)
    out = io.StringIO()
    writer = csv.DictWriter(out, [*REQUIRED, *OPTIONAL], lineterminator="\n")
    writer.writeheader()
    for number in range(order.count):
        writer.writerow(_parcel(number, chance, lockers, order))
    return out.getvalue()


def _parcel(number: int, chance: random.Random, lockers: Sequence[LockerRow], order: Order) -> dict[str, object]:
    near = chance.choice(lockers)
    lon, lat = scatter(chance, Place(near.lon, near.lat), SCATTER_M)
    first, last = chance.choice(_FIRST), chance.choice(_LAST)
    length, width, height = make_sides(chance)
    opted_in = chance.random() < OPTED_IN
    begins, ends = chance.choice(WINDOWS) if chance.random() < WITH_WINDOW else (None, None)
    return {
        "barcode": f"LM{order.day:%y%m%d}{order.seed % 100:02d}{number:05d}",
        "recipient_name": f"{first} {last}",
        "recipient_email": f"{first}.{last}.{number}@people.example".lower().translate(_ASCII),
        "recipient_phone": "",
        "language": chance.choices(("pl", "en", "de"), (8, 1, 1))[0],
        "address": f"{chance.choice(_STREETS)} {chance.randrange(1, 140)}, Warszawa",
        "longitude": f"{lon:.6f}",
        "latitude": f"{lat:.6f}",
        "length_mm": length,
        "width_mm": width,
        "height_mm": height,
        "weight_g": make_weight_g(chance, (length, width, height)),
        "window_from": f"{order.day}T{begins:02}:00" if begins else "",
        "window_to": f"{order.day}T{ends:02}:00" if ends else "",
        "locker_allowed": "yes" if opted_in or chance.random() < ALLOWED else "no",
        "preferred_locker": near.id if opted_in else "",
        "low_door": "yes" if chance.random() < 0.03 else "no",  # noqa: PLR2004 - about the share of wheelchair users
        "perishable": "no",
        "temperature_controlled": "no",
    }


def main() -> None:
    """Write a CSV to standard output."""
    parser = argparse.ArgumentParser(prog="python -m demo.parcels", description="Make a carrier's CSV.")
    parser.add_argument("--lockers", type=Path, default=Path(__file__).with_name("warsaw.geojson"))
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--day", type=date.fromisoformat, required=True)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    lockers = [one for one in read_lockers(asked.lockers.read_bytes()) if isinstance(one, LockerRow)]
    sys.stdout.write(make_parcels(lockers, Order(asked.count, asked.day, asked.seed)))


if __name__ == "__main__":
    main()
