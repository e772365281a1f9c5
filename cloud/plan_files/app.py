"""A day from files, or a published instance, becomes a plan: JSON, GeoJSON and a report to look at.

Exit codes: 0 planned, 1 planned and some rows of the files were refused, 2 no plan.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from enum import IntEnum
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from cloud.intake.couriers_csv import read_couriers
from cloud.intake.findings import FileRefusedError, Finding, Severity
from cloud.intake.lockers_geojson import read_lockers
from cloud.intake.others_csv import read_tariffs, read_trips
from cloud.intake.parcels_csv import Locale, read_parcels
from cloud.plan_files.arguments import a_day, a_place, seconds, whole
from cloud.plan_files.day import Assumptions, Files, NamedDay, day_of, to_doors, to_nearest, without_others
from cloud.plan_files.outcome import CO2_G_PER_KM, Outcome, compared, of_day, of_instance
from cloud.plan_files.report import NoLibrariesError, as_html, require_libraries
from cloud.plan_files.solving import Search, solve_instance
from cloud.plan_files.what_if import suggest, with_lockers, with_opt_in
from cloud.plan_files.writing import as_geojson, as_json, totals
from cloud.routing.joint.planner import JointOptions, JointPlanner
from cloud.routing.joint.readers import READERS, InstanceError, read
from cloud.routing.joint.wire import THREADS_MAX
from cloud.routing.matrices import MatrixError
from cloud.routing.planner import DEADLINE_S_MAX, PlannerError
from cloud.routing.planner import Progress as Heard
from cloud.routing.travel_times import VAN, great_circle
from cloud.services.models import STANDARD

FINDINGS_SHOWN = 20  # of each file; the first ones usually explain the rest
START_S_MAX = 120  # a worker on a slow, busy machine that must make its machine code first
SEARCH_S_MAX = (DEADLINE_S_MAX - START_S_MAX) // 1.2  # what is searched must fit into a plan's deadline, see ``_plan``
WALK_M_MAX = 20_000  # as far as a recipient may say by the API
SUGGESTED_MAX = 100  # places; a network that grows by more in one step is another network
SEED_MAX = 2**31 - 1
CO2_G_MAX = 10_000  # a heavy lorry emits a tenth of that
MORNING_HOUR = 9  # whose traffic the travel times are asked for
TOGETHER, NEAREST, DOORS = "lockers and routes together", "nearest locker, then routes", "everything to the door"
OWN, CROWD, PARTNERS = "our own couriers only", "our own and crowd couriers", "our own and partner fleets"

Item = TypeVar("Item")


class Exit(IntEnum):
    PLANNED = 0
    SOME_REFUSED = 1
    NO_PLAN = 2


class NoPlanError(PlannerError):
    """There is nothing to write; the message says why and what to do."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Plan and write."""
    parser = _parser()
    asked = parser.parse_args(arguments)
    console = Console(stderr=True)
    try:
        _require_outlets(asked)
        outcome, refused = _day(asked, console) if asked.what == "day" else (_instance(asked, console), 0)
        outcome = replace(outcome, co2_g_per_km=asked.co2_g_per_km)
        write(outcome, asked.out, report=not asked.no_report)
    except (
        NoPlanError,
        PlannerError,
        MatrixError,
        InstanceError,
        FileRefusedError,
        NoLibrariesError,
        OSError,
    ) as error:
        console.print(f"latchmile-plan: {error}", style="red", markup=False, soft_wrap=True)
        return Exit.NO_PLAN
    told = ", ".join(f"{name} {value:,}" for name, value in totals(outcome).items())
    console.print(f"{told}\nwrote {asked.out}/: plan.json plan.geojson {'' if asked.no_report else 'report.html'}")
    return Exit.SOME_REFUSED if refused else Exit.PLANNED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="latchmile-plan", description=(__doc__ or "").splitlines()[0])
    kinds = parser.add_subparsers(dest="what", required=True)
    day = kinds.add_parser("day", help="parcels, lockers and couriers from files")
    day.add_argument("--parcels", type=Path, required=True, help="CSV, as latchmile-import-parcels takes it")
    day.add_argument("--couriers", type=Path, required=True, help="CSV: courier, start_longitude, start_latitude, ...")
    day.add_argument("--lockers", type=Path, help="GeoJSON, as latchmile-import-lockers takes it; none: doors only")
    day.add_argument("--trips", type=Path, help="CSV of crowd couriers' trips: columns in docs/planning.md")
    day.add_argument("--tariffs", type=Path, help="CSV of partner fleets: columns in docs/planning.md")
    day.add_argument("--day", type=a_day, required=True, help="for example 2026-11-23")
    day.add_argument("--zone", default="Europe/Warsaw", help="of times without an offset (default %(default)s)")
    day.add_argument("--region", default="PL", help="of telephone numbers without a country (default %(default)s)")
    day.add_argument("--model", default="M20", help="of lockers of which the file names none (default %(default)s)")
    day.add_argument(
        "--walk-m", type=whole(0, WALK_M_MAX), default=800, help="how far recipients walk (default %(default)s m)"
    )
    day.add_argument("--compare", action="store_true", help="also plan it in the other ways it could be decided")
    day.add_argument("--opt-in", type=float, metavar="SHARE", help="what if so many took a locker, for example 0.3")
    day.add_argument("--new-locker", type=a_place, action="append", default=[], metavar="LON,LAT", help="what if")
    day.add_argument(
        "--suggest",
        type=whole(0, SUGGESTED_MAX),
        default=0,
        metavar="N",
        help="what if lockers stood at N suggested places",
    )
    instance = kinds.add_parser("instance", help="a published benchmark instance")
    instance.add_argument("file", type=Path)
    instance.add_argument("--set", choices=sorted(READERS), required=True, help="the file's format")
    for each in (day, instance):
        each.add_argument("--out", type=Path, required=True, help="folder for the plan and the report")
        each.add_argument("--seconds", type=seconds(SEARCH_S_MAX), default=20.0, help="to search (default %(default)s)")
        each.add_argument(
            "--seed", type=whole(0, SEED_MAX), default=1, help="of the search's chance (default %(default)s)"
        )
        each.add_argument(
            "--threads", type=whole(1, THREADS_MAX), default=2, help="to search with (default %(default)s)"
        )
        each.add_argument(
            "--co2-g-per-km", type=whole(0, CO2_G_MAX), default=CO2_G_PER_KM, help="of a van (default %(default)s)"
        )
        each.add_argument("--no-report", action="store_true", help="write no HTML")
    return parser


# ---------------------------------------------------------------------- a day from files


def _day(asked: argparse.Namespace, console: Console) -> tuple[Outcome, int]:
    try:
        zone = ZoneInfo(asked.zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise NoPlanError(f"there is no time zone {asked.zone!r}; write it as Europe/Warsaw") from error
    layouts = {layout.model: layout for layout in STANDARD}
    locale = Locale(zone, asked.region)
    parcels, bad_parcels = _good(console, asked.parcels, lambda raw: read_parcels(raw, locale))
    lockers, bad_lockers = _good(console, asked.lockers, read_lockers)
    couriers, bad_couriers = _good(console, asked.couriers, read_couriers)
    trips, bad_trips = _good(console, asked.trips, read_trips)
    tariffs, bad_tariffs = _good(console, asked.tariffs, read_tariffs)
    if not parcels or not couriers:
        raise NoPlanError(f"{asked.couriers if parcels else asked.parcels} has no row that can be used")
    unknown = sorted({asked.model, *(row.model or asked.model for row in lockers)} - layouts.keys())
    if unknown:
        raise NoPlanError(f"there is no model {unknown[0]}; known are {', '.join(layouts)}")
    assumed = Assumptions(zone, asked.walk_m, asked.model)
    files = Files(parcels, lockers, couriers, trips, tariffs)
    search = Search(time.monotonic, asked.seconds, asked.seed, asked.threads)
    title = f"{asked.day.isoformat()}: {len(parcels)} parcels, {len(lockers)} lockers, {len(couriers)} couriers"
    ways, notes = _ways(asked, files, lambda one: day_of(one, asked.day, layouts, assumed))
    outcomes = [asyncio.run(_plan(title, name, one, search)) for name, one in ways]
    rows = tuple(compared(name, one) for (name, _), one in zip(ways, outcomes, strict=True))
    refused = bad_parcels + bad_lockers + bad_couriers + bad_trips + bad_tariffs
    return replace(outcomes[0], compared=rows if len(rows) > 1 else (), notes=notes), refused


def _ways(
    asked: argparse.Namespace, files: Files, day_of_files: Callable[[Files], NamedDay]
) -> tuple[list[tuple[str, NamedDay]], tuple[str, ...]]:
    """Return the days to plan, the one the report draws first, and what is to be said about them."""
    given = day_of_files(files)
    changed, notes = _what_if(asked, files)
    ways = [(TOGETHER, given)]
    if changed is not files:
        ways = [(f"{TOGETHER}, what if", day_of_files(changed)), (f"{TOGETHER}, as it is", given)]
    if asked.compare:
        ways += [(NEAREST, to_nearest(given)), (DOORS, to_doors(given)), *_by_whom(files, given)]
    return ways, notes


def _by_whom(files: Files, given: NamedDay) -> list[tuple[str, NamedDay]]:
    """Return the day without the others who may help, and with one kind of them."""
    ways = [(OWN, without_others(given))] if files.trips or files.tariffs else []
    if files.trips and files.tariffs:
        ways += [(CROWD, without_others(given, crowd=True)), (PARTNERS, without_others(given, partners=True))]
    return ways


def _what_if(asked: argparse.Namespace, files: Files) -> tuple[Files, tuple[str, ...]]:
    """Return the files as somebody wonders they might be, the same ones if nobody does."""
    notes: list[str] = []
    if asked.opt_in is not None:
        if not 0 <= asked.opt_in <= 1:
            raise NoPlanError(f"--opt-in is a share between 0 and 1, not {asked.opt_in:g}")
        files = with_opt_in(files, asked.opt_in)
        notes.append(f"What if a locker were allowed for {100 * asked.opt_in:.0f} % of the parcels?")
    places = list(asked.new_locker)
    if asked.suggest:
        room = len(next(layout for layout in STANDARD if layout.model == asked.model).compartments)
        for one in suggest(files, asked.suggest, asked.walk_m, room):
            places.append((one.lon, one.lat))
            where = f"{one.lat:.5f}, {one.lon:.5f}"
            notes.append(
                f"Suggested: a locker at {where}, within a walk of parcels no other one reaches: {one.parcels}."
            )
        if not places:
            notes.append("No new place is suggested: lockers reach every parcel that may go to one.")
    if places:
        files = with_lockers(files, places, asked.model)
        notes.append(f"What if {len(places)} more lockers ({asked.model}) stood there?")
    return files, tuple(notes)


def _require_outlets(asked: argparse.Namespace) -> None:
    """Refuse before the search what would be refused after it."""
    if not asked.no_report:
        require_libraries()
    if asked.out.exists() and not asked.out.is_dir():
        raise NoPlanError(f"{asked.out} is no folder; --out needs one for the plan")


def _good(
    console: Console, file: Path | None, read_items: Callable[[bytes], Iterable[Item | Finding]]
) -> tuple[list[Item], int]:
    """Return a file's good rows (none without a file) and how many were refused; say of the first ones why."""
    good: list[Item] = []
    refused = 0
    if file is None:
        return good, refused
    try:
        for item in read_items(file.read_bytes()):
            if not isinstance(item, Finding):
                good.append(item)
            elif item.severity is Severity.REFUSED:
                refused += 1
                if refused <= FINDINGS_SHOWN:
                    console.print(f"{file.name} {item}", markup=False, soft_wrap=True)
    except FileRefusedError as error:
        raise NoPlanError(f"{file.name} {error}") from error
    if refused > FINDINGS_SHOWN:
        console.print(f"{file.name}: {refused - FINDINGS_SHOWN} more findings")
    return good, refused


async def _plan(title: str, name: str, day: NamedDay, search: Search) -> Outcome:
    """Decide a day, with a bar that moves and the best cost so far."""
    travel = great_circle(day.joint.places(), VAN, MORNING_HOUR)
    began = time.monotonic()
    with _bar() as bar:
        task = bar.add_task(name, total=search.seconds, best="")

        def tell(heard: Heard) -> None:
            best = "" if heard.cost_cents is None else f"best {heard.cost_cents / 100:,.2f}"
            bar.update(task, completed=min(search.seconds, time.monotonic() - began), best=f"{heard.phase} {best}")

        options = JointOptions(search.seed, search.threads, search_s=search.seconds)
        deadline_s = min(DEADLINE_S_MAX, START_S_MAX + 1.2 * search.seconds)
        async with JointPlanner(options) as planner:
            found = await planner.plan_day(day.joint, travel, deadline_s, tell)
        bar.update(task, completed=search.seconds)
    return of_day(title, day, found, round(time.monotonic() - began, 1))


def _bar() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), TextColumn("{task.fields[best]}"))
    return Progress(*columns, console=Console(stderr=True))


# ---------------------------------------------------------------------- an instance


def _instance(asked: argparse.Namespace, console: Console) -> Outcome:
    posed = read(asked.file, asked.set)
    console.print(f"{posed.name}: {len(posed.customers)} customers, {len(posed.options)} options", markup=False)
    search = Search(time.monotonic, asked.seconds, asked.seed, asked.threads)
    began = search.clock()
    with _bar() as bar:
        task = bar.add_task(posed.name, total=asked.seconds, best="")

        def tell(cost: int, vehicles: int) -> None:
            best = f"{vehicles} vehicles, {cost / posed.scale:,.1f}"
            bar.update(task, completed=min(asked.seconds, time.monotonic() - began), best=best)

        answer, faults = solve_instance(posed, search, tell)
        bar.update(task, completed=asked.seconds)
    if faults:
        raise NoPlanError(f"the checker refuses the answer: {faults[0]}")
    return of_instance(posed, answer, "joint", round(time.monotonic() - began, 1))


# ---------------------------------------------------------------------- the files


def write(outcome: Outcome, folder: Path, *, report: bool) -> None:
    """Write the plan; what cannot be made leaves nothing half written."""
    files = {"plan.json": as_json(outcome), "plan.geojson": as_geojson(outcome)}
    if report:
        files["report.html"] = as_html(outcome)
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
