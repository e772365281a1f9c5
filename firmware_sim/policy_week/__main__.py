"""``make week DAYS=7 PARCELS=1000 SEED=7``: live through a week by each policy, end with a table and a line of JSON."""

import argparse
import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from cloud.routing.joint.day import JointDay, JointPlan, Warm
from cloud.routing.joint.planner import JointOptions, JointPlanner
from cloud.routing.matrices import TravelTimes
from cloud.routing.planner import DEADLINE_S_MAX
from cloud.routing.worker_client import VroomOptions, VroomPlanner
from firmware_sim.city_day import City, make_city
from firmware_sim.policy_week.comparing import Row, compare
from firmware_sim.policy_week.evening import PlanDay, evening_plans
from firmware_sim.policy_week.fates import FAIL_SHARE, Fates
from firmware_sim.policy_week.plot import svg
from firmware_sim.policy_week.policies import Policy
from firmware_sim.policy_week.report import NOBODY_ABSENT, Told, page, table
from firmware_sim.policy_week.tally import DayTally
from firmware_sim.policy_week.walls import Walls
from firmware_sim.policy_week.week import Plan, live

DOCS = Path("docs")
PAGE, PICTURE = "what-lockers-cost.md", "what-lockers-cost.svg"
ROUNDS_PER_PARCEL = 150  # of search in the evening: 150,000 for a day of 1,000 parcels
MORNING_SHARE = 0.1  # of the evening's search; longer ones differ by more than policies do
WORTH_WRITING = 7  # days; less is a try, and tries write no page unless asked to


@dataclass(frozen=True, slots=True)
class Asked:
    days: int
    parcels: int
    seed: int
    cores: int
    rounds: int
    seconds: float | None
    fail_share: float
    fail_again_share: float
    write: bool


class Pool:
    """Planners that take turns: so many plans at a time as there are cores to use."""

    def __init__(self, planners: Sequence[JointPlanner]) -> None:
        self._idle: asyncio.Queue[JointPlanner] = asyncio.Queue(len(planners))
        for planner in planners:
            self._idle.put_nowait(planner)

    async def plan_day(self, day: JointDay, travel: TravelTimes, warm: Warm) -> JointPlan:
        planner = await self._idle.get()
        try:
            return await planner.plan_day(day, travel, DEADLINE_S_MAX, warm=warm)
        finally:
            self._idle.put_nowait(planner)


def main() -> int:
    """Live the weeks, show and write what came of them."""
    asked = _arguments()
    console = Console(stderr=True)
    before = os.getloadavg()[0]
    city = make_city(asked.parcels, asked.seed)
    columns = (TextColumn("{task.description:>16}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, TextColumn("{task.fields[note]}"), console=console) as progress:
        rows = compare(asyncio.run(_weeks(asked, city, progress)))
    told = Told(
        _command(asked),
        asked.parcels,
        asked.days,
        len(city.lockers),
        len(city.couriers),
        asked.seed,
        _search(asked),
        asked.cores,
        asked.fail_share,
        asked.fail_again_share,
        (before, os.getloadavg()[0]),
    )
    Console(width=None if sys.stdout.isatty() else 200).print(table(rows))
    if asked.write:
        (DOCS / PICTURE).write_text(svg(rows), encoding="utf-8")
        (DOCS / PAGE).write_text(page(rows, told, PICTURE), encoding="utf-8")
        console.print(f"written: {DOCS / PAGE}, {DOCS / PICTURE}")
    print(json.dumps(_line(rows, told)))
    return 0


async def _weeks(asked: Asked, city: City, progress: Progress) -> list[tuple[str, list[DayTally]]]:
    """Return every policy's days, the depot's first: all others are shown beside it."""
    async with _planners(asked, 1.0) as plan_day:
        bar = progress.add_task("evening plans", total=asked.days, note="")

        async def counted(day: JointDay, travel: TravelTimes, warm: Warm) -> JointPlan:
            made = await plan_day(day, travel, warm)
            progress.advance(bar)
            if not progress.console.is_terminal:
                progress.console.print("an evening's plan is made", highlight=False)
            return made

        evening = await evening_plans(city, (asked.days, asked.parcels, asked.seed), counted)
    fates = Fates(asked.seed, asked.fail_share, asked.fail_again_share)
    second = VroomOptions(threads=1, workers_max=asked.cores)
    async with _planners(asked, MORNING_SHARE) as plan_day, VroomPlanner(second) as vroom:
        runs = [(str(policy), Plan(city, policy, fates, asked.parcels, evening, vroom)) for policy in Policy]
        runs.append((NOBODY_ABSENT, Plan(city, Policy.DEPOT, Fates(asked.seed, 0.0), asked.parcels, evening)))
        return await asyncio.gather(*(_week(name, plan, plan_day, progress) for name, plan in runs))


@asynccontextmanager
async def _planners(asked: Asked, share: float) -> AsyncIterator[PlanDay]:
    """Have planners that search this share of what was asked for, as many as cores."""
    options = JointOptions(
        seed=asked.seed,
        threads=1,
        rounds=None if asked.seconds else max(1, round(asked.rounds * share)),
        search_s=asked.seconds and asked.seconds * share,
    )
    async with AsyncExitStack() as stack:
        planners = [await stack.enter_async_context(JointPlanner(options)) for _ in range(asked.cores)]
        await planners[0].warm_up()
        yield Pool(planners).plan_day


async def _week(name: str, plan: Plan, plan_day: PlanDay, progress: Progress) -> tuple[str, list[DayTally]]:
    bar = progress.add_task(name, total=len(plan.evening), note="")

    def tell(day: DayTally) -> None:
        note = f"{day.cents_per_parcel:.1f} cents, {day.kpi.failed} failed"
        progress.update(bar, advance=1, note=note)
        if not progress.console.is_terminal:  # bars are drawn at the end only where nobody watches them
            progress.console.print(f"{name}, day {day.day + 1}: {note}", highlight=False)

    week = await live(plan, plan_day, Walls(plan.city.lockers), tell)
    return name, week.days


def _line(rows: Sequence[Row], told: Told) -> dict[str, object]:
    return {
        **asdict(told),
        "policies": {
            row.name: {
                **row.figures(),
                "beside": None if row.beside is None else [round(row.beside.mean, 2), row.beside.half],
                "daily_cents": [round(day.cents_per_parcel, 2) for day in row.days],
            }
            for row in rows
        },
    }


def _search(asked: Asked) -> str:
    """Say how long is searched for an evening's plan and for a morning's."""
    if asked.seconds:
        return f"{asked.seconds:g} s for an evening's plan, {asked.seconds * MORNING_SHARE:g} s for a morning's"
    morning = round(asked.rounds * MORNING_SHARE)
    return f"{asked.rounds:,} rounds for an evening's plan, {morning:,} for a morning's"


def _command(asked: Asked) -> str:
    search = f" SECONDS={asked.seconds:g}" if asked.seconds else ""
    if not asked.seconds and asked.rounds != ROUNDS_PER_PARCEL * asked.parcels:
        search = f" ROUNDS={asked.rounds}"
    if (asked.fail_share, asked.fail_again_share) != (FAIL_SHARE, FAIL_SHARE):
        search += f' ARGS="--fail-share {asked.fail_share:g} --fail-again-share {asked.fail_again_share:g}"'
    return f"make week DAYS={asked.days} PARCELS={asked.parcels} SEED={asked.seed}{search}"


def _arguments() -> Asked:
    parser = argparse.ArgumentParser(prog="make week", description=__doc__)
    parser.add_argument("--days", type=int, default=7)
    parser.add_argument("--parcels", type=int, default=1_000, help="handed over each day")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--cores", type=int, default=min(2, os.cpu_count() or 1), help="plans made at a time")
    parser.add_argument("--rounds", type=int, help=f"of search for each plan; else {ROUNDS_PER_PARCEL} a parcel")
    parser.add_argument("--seconds", type=float, help="of search for each plan instead: quick, and not repeatable")
    parser.add_argument("--fail-share", type=float, default=FAIL_SHARE, help="of first attempts at a door")
    parser.add_argument("--fail-again-share", type=float, default=FAIL_SHARE, help="of those after a failed one")
    parser.add_argument("--write", action="store_true", help=f"write docs after less than {WORTH_WRITING} days, too")
    found = parser.parse_args()
    return Asked(
        found.days,
        found.parcels,
        found.seed,
        found.cores,
        found.rounds or ROUNDS_PER_PARCEL * found.parcels,
        found.seconds,
        found.fail_share,
        found.fail_again_share,
        found.write or found.days >= WORTH_WRITING,
    )


if __name__ == "__main__":
    sys.exit(main())
