"""Small instances of routing with roaming delivery locations, made from a seed: ``bench.routing.roaming FOLDER``.

A customer's parcel goes into the boot of their car, wherever it stands at the time: at home in the morning, at one to
four places during the day, at home in the evening (Reyes, Savelsbergh, Toriello: Vehicle routing with roaming delivery
locations, Transportation Research Part C 80, 2017). Written as that paper's instances are; ours are smaller and for
trying out the whole way from file to table, not for comparing with anybody.
"""

import random
import sys
from dataclasses import dataclass
from math import ceil, hypot
from pathlib import Path

HORIZON = 720  # minutes of the day
CAPACITY = 750
SIDE = 60  # homes lie within so many minutes of the depot, east and north
ROAM = 30  # places of the day lie within so many minutes of home
COUNT, CUSTOMERS = 3, (15, 30, 60)

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Stay:
    """Where a car stands, and from when until when a parcel can be put into it."""

    at: Point
    ready: int
    due: int


def day_of(dice: random.Random) -> list[Stay]:
    """Return where one customer's car stands from morning to evening; between two places it is driven."""
    home = dice.uniform(-SIDE, SIDE), dice.uniform(-SIDE, SIDE)
    away = [
        (home[0] + dice.uniform(-ROAM, ROAM), home[1] + dice.uniform(-ROAM, ROAM)) for _ in range(dice.randint(0, 4))
    ]
    places = [home, *away, home] if away else [home]
    stays, now = [], 0
    for number, (at, after) in enumerate(zip(places, [*places[1:], None], strict=True)):
        rest = (HORIZON - now) // (len(places) - number)
        due = HORIZON if after is None else min(HORIZON, now + dice.randint(1, max(1, rest)))
        stays.append(Stay(at, now, due))
        if after is None or (now := due + minutes(at, after)) >= HORIZON:
            break
    return stays


def minutes(one: Point, other: Point) -> int:
    return ceil(hypot(one[0] - other[0], one[1] - other[1]))


def instance_text(customers: int, seed: int) -> str:
    """Return an instance in the paper's format: parameters, schedules, coordinates, travel times.

    Everybody can be served: the depot reaches each home in the morning's last minute or each car at some place.
    """
    dice = random.Random(seed)
    depot = Stay((0.0, 0.0), 0, HORIZON)
    days = [_servable(dice) for _ in range(customers)]
    stays = [depot, *(stay for day in days for stay in day), depot]
    lines = ["General parameters", "", f"{customers} {len(stays)} {HORIZON} {CAPACITY}", "", "Customer schedules", ""]
    place = 0
    for number, day in enumerate([[depot], *days, [depot]]):
        demand = dice.randint(10, 75) if 0 < number <= customers else 0
        where = "\t".join(f"{place + step} [{stay.ready},{stay.due}]" for step, stay in enumerate(day))
        lines.append(f"{number} {demand}\t{where}")
        place += len(day)
    lines += ["", "Location coordinates", ""]
    lines += [f"{number} \t {stay.at[0]:.4f} {stay.at[1]:.4f}" for number, stay in enumerate(stays)]
    lines += ["", "Travel time matrix", ""]
    for origin, here in enumerate(stays):
        lines += [f"({origin}, {target}) {minutes(here.at, there.at)}" for target, there in enumerate(stays)]
    return "\n".join([*lines, ""])


def _servable(dice: random.Random) -> list[Stay]:
    while True:
        day = day_of(dice)
        way = [(stay, minutes((0.0, 0.0), stay.at)) for stay in day]
        if any(there <= stay.due and max(there, stay.ready) + there <= HORIZON for stay, there in way):
            return day


def write_set(folder: Path) -> None:
    """Write the small set: always the same."""
    folder.mkdir(parents=True, exist_ok=True)
    for seed in range(COUNT):
        path = folder / f"roaming_{CUSTOMERS[seed]}.txt"
        path.write_text(instance_text(CUSTOMERS[seed], seed), encoding="ascii")


if __name__ == "__main__":
    write_set(Path(sys.argv[1]))
