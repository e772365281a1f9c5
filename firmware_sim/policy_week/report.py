"""What a week came to, in words: a table for the terminal and the page docs/what-lockers-cost.md."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from textwrap import wrap

from rich.table import Table

from cloud.choosing import DETOUR_CENTS_MAX
from cloud.domain.dwell import STANDARD_DWELL
from cloud.routing.stops import STANDARD_COSTS
from cloud.services.day_choices import FAILED_CENTS, WALK_CENTS_PER_KM
from cloud.services.kpis import CO2_G_PER_KM
from firmware_sim.city_day import IF_ABSENT, MODEL, NEARBY, SHIFTS, WITH_WINDOW
from firmware_sim.policy_week.comparing import Row, beside
from firmware_sim.policy_week.fates import (
    DAY_SPREAD,
    DWELL_H,
    DWELL_SPREAD,
    LEG_SPREAD,
    SERVICE_SPREAD,
)
from firmware_sim.policy_week.week import ATTEMPTS_MAX

HOUR_S = 3_600
WIDTH = 118
NOBODY_ABSENT = "nobody absent"  # the week every other one is beside

LIVE_JOINT = (
    "**live joint**: the product decides (`cloud/routing/locker_choice.py`, as `report_failed_attempt` asks it): the "
    "locker whose detour and walk cost least on the rest of this route, put where in it that costs least; then VROOM "
    "thinks again about the rest (`cloud/routing/reorder.py`), as the service does beside everything else."
)


@dataclass(frozen=True, slots=True)
class Told:
    """How the week was made: for the page and the last line. ``load`` is the machine's before and after."""

    command: str
    parcels: int
    days: int
    lockers: int
    vans: int
    seed: int
    search: str
    cores: int
    fail_share: float
    fail_again_share: float
    load: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Column:
    key: str
    name: str
    form: str


COLUMNS = (
    Column("cents_per_parcel", "cents a parcel", "{:.1f}"),
    Column("km_per_100", "km per 100", "{:.1f}"),
    Column("van_hours_per_100", "van hours per 100", "{:.2f}"),
    Column("co2_g_per_parcel", "g CO2 a parcel", "{:.0f}"),
    Column("first_attempt", "at the first attempt", "{:.1%}"),
    Column("on_time", "in the promised window", "{:.1%}"),
    Column("late", "a day late", "{:.0f}"),
    Column("to_lockers", "to lockers", "{:.1%}"),
    Column("walk_m", "metres to the locker", "{:.0f}"),
    Column("walk_cents_per_parcel", "walks, cents a parcel", "{:.1f}"),
)


def table(rows: Sequence[Row]) -> Table:
    """Return the week for a terminal."""
    found = Table(title="a week by what becomes of a failed attempt", title_justify="left")
    found.add_column("policy")
    for column in (COLUMNS[0].name, "beside the first", *(one.name for one in COLUMNS[1:])):
        found.add_column(column, justify="right")
    for row in rows:
        found.add_row(row.name, *_cells(row))
    return found


def page(rows: Sequence[Row], told: Told, picture: str) -> str:
    """Return the whole page as Markdown."""
    plot = [f"![{_alt(rows)}]({picture})", ""]
    return "\n".join([*_head(told), *_findings(rows), *plot, *_table(rows), *_foot(told)])


def _paragraph(said: str) -> Iterator[str]:
    yield from wrap(said, WIDTH, break_long_words=False, break_on_hyphens=False)
    yield ""


def _items(said: Iterable[str]) -> Iterator[str]:
    for one in said:
        yield from wrap(f"- {one}", WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
    yield ""


def _cells(row: Row) -> list[str]:
    figures = row.figures()
    cells = [one.form.format(figures[one.key]).replace("%", " %") for one in COLUMNS]
    return [cells[0], _beside(row), *cells[1:]]


def _beside(row: Row) -> str:
    if row.beside is None:
        return ""
    half = "" if row.beside.half is None else f" ± {row.beside.half:.1f}"
    return f"{row.beside.mean:+.1f}{half}"


def _head(told: Told) -> Iterator[str]:
    yield from ("# What lockers cost, and save", "")
    yield from _paragraph(
        f"Written by `{told.command}`: {told.days} days of {told.parcels:,} parcels in a made-up city of "
        f"{told.lockers} lockers, lived through once for each policy on the same parcels, the same closed doors and "
        f"the same traffic (seed {told.seed}). Every day is planned by the product's joint engine in its worker "
        f"({told.search}), every plan has passed the checker, and is then *driven*: what counts is what was driven, "
        "not what was planned."
    )
    yield from _paragraph("When nobody is at home and the recipient agreed to a locker, then by policy")
    yield from _items(
        (
            "**depot**: the parcel goes back to the depot and to the same door the next day;",
            "**nearest locker**: the courier drives to the nearest one with room at once, then on as planned;",
            LIVE_JOINT,
        )
    )
    yield from _paragraph(
        "*Nobody absent* is the same week with every door opened: what failed attempts cost is the distance to it."
    )


def _findings(rows: Sequence[Row]) -> Iterator[str]:
    base, always = rows[0], next((row for row in rows if row.name == NOBODY_ABSENT), None)
    yield from ("## What came out", "")
    real = [row for row in rows if row is not always]
    pairs = [(row, base) for row in real[1:]] + [(later, earlier) for earlier, later in pairwise(real[1:])]
    yield from _items(_finding(row, other) for row, other in pairs)
    if always is not None:
        yield from _items(
            f"A failed attempt costs {_extra_cents(row, always):.0f} cents under **{row.name}**, beside the week "
            "without any."
            for row in real
        )


def _extra_cents(row: Row, always: Row) -> float:
    return (row.cents - always.cents) * row.whole.kpi.parcels / max(1, row.whole.kpi.failed)


def _finding(row: Row, other: Row) -> str:
    """Say what one policy costs beside another one on the same days."""
    found = beside(row, other)
    mean, half = found.mean, found.half
    way = "more" if mean > 0 else "less"
    sure = (
        "one day says nothing about chance"
        if half is None
        else f"95 % interval {mean - half:+.1f} to {mean + half:+.1f} cents"
        + ("" if found.is_clear else ", so it may be chance")
    )
    late = f"{row.whole.late} parcels a day late instead of {other.whole.late}"
    share = f"{abs(mean) / other.cents:.1%}".replace("%", " %")
    return f"**{row.name}** costs {abs(mean):.1f} cents a parcel ({share}) {way} than {other.name} ({sure}), {late}."


def _table(rows: Sequence[Row]) -> Iterator[str]:
    names = [COLUMNS[0].name, "beside depot", *(one.name for one in COLUMNS[1:])]
    yield f"| policy | {' | '.join(names)} |"
    yield f"|---|{'---:|' * len(names)}"
    for row in rows:
        yield f"| {row.name} | {' | '.join(_cells(row))} |"
    yield ""
    yield "What became of everything:"
    yield ""
    names = ["parcels", "failed", "rerouted", "refused", "unplanned", "returned", "collected", "waiting"]
    yield f"| policy | {' | '.join(COUNTED[name] for name in names)} |"
    yield f"|---|{'---:|' * len(names)}"
    for row in rows:
        figures = row.figures() | {"rerouted": row.whole.rerouted}
        yield f"| {row.name} | {' | '.join(f'{figures[name]:.0f}' for name in names)} |"
    yield ""


COUNTED = {
    "parcels": "brought",
    "failed": "attempts failed",
    "rerouted": "to a locker the same day",
    "refused": "locker full on arrival",
    "unplanned": "no van had time",
    "returned": "given up after three",
    "collected": "not fetched, taken out",
    "waiting": "still at the depot",
}


def _foot(told: Told) -> Iterator[str]:
    yield from ("## What it assumes", "")
    yield from _items(_assumptions(told))
    yield from _paragraph(
        "Intervals are Student's over days, days paired. Days are not quite independent (what failed is brought the "
        "next day, and the first day has none of yesterday's), so read them as a measure and not as a proof. The costs "
        "are of this city; another one has others."
    )
    ended = (
        "the search is counted in rounds, so the load changes how long it takes and not what comes out"
        if "rounds" in told.search
        else "the search was ended by the clock, so another machine finds other plans"
    )
    yield from _paragraph(
        f"{told.cores} plans at a time, load {told.load[0]:.1f} before and {told.load[1]:.1f} after; {ended}."
    )


def _assumptions(told: Told) -> Iterator[str]:
    costs, dwell_h = STANDARD_COSTS, STANDARD_DWELL.default.dwell.total_seconds() / HOUR_S
    shifts = " and ".join(f"{one.start_s / HOUR_S:g} to {one.end_s / HOUR_S:g} h" for one in SHIFTS)
    yield (
        f"{_percent(told.fail_share)} of first attempts at a door fail, {_percent(told.fail_again_share)} of those "
        f"after a failed one. After {ATTEMPTS_MAX} attempts a parcel waits at the carrier's counter, which costs "
        "nothing here."
    )
    yield (
        f"{_percent(NEARBY)} of recipients leave us the choice of a locker nearby; of the others {_percent(IF_ABSENT)} "
        "take one if nobody is at home. Whoever wants the door only gets another attempt under every policy."
    )
    yield (
        f"{_percent(WITH_WINDOW)} have been promised four hours. A window is kept when the courier stands there in it "
        "and somebody opens."
    )
    yield (
        f"{told.lockers} lockers of our model {MODEL}; a parcel may stay {dwell_h:.0f} hours, and half are fetched "
        f"within {DWELL_H:.0f} (log-normal, sigma {DWELL_SPREAD}), nobody at night. Plans count on the product's own "
        "forecast of what will be fetched; what nobody fetched is collected on the next day's routes."
    )
    yield (
        f"Vans cost {costs.fixed_cents / 100:.2f} a day, {costs.per_hour_cents / 100:.2f} an hour and "
        f"{costs.per_km_cents / 100:.2f} a km (the product's standard) and make {CO2_G_PER_KM} g CO2 a km; shifts "
        f"{shifts}, no breaks. Using a locker costs no fee."
    )
    yield (
        f"The planner weighs a door's risk with {FAILED_CENTS} cents a failed attempt and a walk with "
        f"{WALK_CENTS_PER_KM} cents a km; the walk is not in the cost per parcel but beside it."
    )
    yield (
        f"*Live joint* takes no detour dearer than {DETOUR_CENTS_MAX} cents; the parcel then goes back instead. That "
        "limit was set after a first look at the week of seed 7, so another seed is the fairer judge of it."
    )
    yield (
        f"Traffic differs from the plan by the hour, by the day (sigma {DAY_SPREAD}) and by the leg ({LEG_SPREAD}), "
        f"time at stops by {SERVICE_SPREAD} (standard deviations of logarithms). Ways are great circles by the "
        "standard profile."
    )
    yield (
        "Each morning's plan goes on from the same evening plan under every policy, so that policies are compared and "
        "not the luck of two searches."
    )


def _percent(share: float) -> str:
    return f"{share:.0%}".replace("%", " %")


def _alt(rows: Sequence[Row]) -> str:
    return "Cents per parcel by policy: " + ", ".join(f"{row.name} {row.cents:.1f}" for row in rows)
