"""Day after day: what was given and what was left is planned by the product's engine, driven, and carried over."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from cloud.routing.joint.day import JointDay, JointPlan, Warm
from cloud.routing.planner import Planner
from cloud.routing.problem import Stop, StopId
from cloud.routing.stops import Collection, DayInput, Site, build_stops
from cloud.routing.travel_times import VAN, great_circle
from firmware_sim.city_day import HOUR_S, SHIFTS, City, CityParcel, joint_day, make_parcels
from firmware_sim.policy_week.driving import Day, drive
from firmware_sim.policy_week.evening import PLANNED_FOR_H, PlanDay, with_room
from firmware_sim.policy_week.fates import DAY_S, Fates
from firmware_sim.policy_week.policies import Policy
from firmware_sim.policy_week.tally import DayTally
from firmware_sim.policy_week.walls import Walls

PLANNED_AT_S = 6 * HOUR_S  # of the day: after the night's sorting, before the first van
EMPTY_ROADS_H = 12  # an hour whose factor is 1
ATTEMPTS_MAX = 3  # at a door; then the parcel waits at the carrier's counter


@dataclass(frozen=True, slots=True)
class Plan:
    """A week to live through; ``evening`` are the plans that its days' plans go on from, one a day.

    ``second`` is the product's planner for what was changed on the way (VROOM); without it nothing is thought again.
    """

    city: City
    policy: Policy
    fates: Fates
    parcels: int
    evening: tuple[Warm, ...]
    second: Planner | None = None


@dataclass(slots=True)
class Week:
    """What came of it. ``waiting`` are parcels still at the depot, ``returned`` those at the counter."""

    days: list[DayTally] = field(default_factory=list)
    brought: list[CityParcel] = field(default_factory=list)
    waiting: list[CityParcel] = field(default_factory=list)
    returned: list[CityParcel] = field(default_factory=list)


Tell = Callable[[DayTally], None]


async def live(plan: Plan, plan_day: PlanDay, walls: Walls, tell: Tell) -> Week:
    """Live through the week; ``walls`` are empty lockers and hold the journal of their compartments afterwards."""
    week = Week()
    for number, evening in enumerate(plan.evening):
        given = make_parcels(plan.city, plan.parcels, number, plan.fates.seed)
        due = {one.ref: one for one in (*week.waiting, *given)}
        walls.advance(number * DAY_S + PLANNED_AT_S)
        joint = _asked(plan, walls, tuple(due.values()), number)
        places = joint.places()
        rooms = {site.id: site.free or {} for site in joint.sites}
        planned = await plan_day(joint, great_circle(places, VAN, PLANNED_FOR_H), with_room(evening, due, rooms))
        day = Day(number, plan.policy, plan.fates, walls, great_circle(places, VAN, EMPTY_ROADS_H), due)
        await drive(day, planned, plan.second)
        tally = _reckoned(week, day, planned)
        tally.given = len(given)
        tally.late = len({one.ref for one in day.brought} - {one.ref for one in given})
        week.days.append(tally)
        tell(tally)
    return week


def _reckoned(week: Week, day: Day, planned: JointPlan) -> DayTally:
    """Count the day into the week: every parcel that was due is brought, waits for tomorrow, or is given up."""
    left = [day.due[ref] for one in planned.plan.unplanned for ref in one.parcels if ref in day.due]
    given_up = [one for one in day.back if one.failed >= ATTEMPTS_MAX]
    week.brought += day.brought
    week.returned += given_up
    week.waiting = [*left, *(one for one in day.back if one.failed < ATTEMPTS_MAX)]
    tally = day.tally
    tally.unplanned, tally.returned, tally.carried_over = len(left), len(given_up), len(week.waiting)
    return tally


def _asked(plan: Plan, walls: Walls, parcels: Sequence[CityParcel], number: int) -> JointDay:
    """Return the day for the planner: parcels, room in the lockers when the first van comes, what is to be collected.

    By the depot's policy whoever agreed to a locker only if absent is tried at the door again.
    """
    now_s = number * DAY_S + PLANNED_AT_S
    ahead_s = min(shift.start_s for shift in SHIFTS) - PLANNED_AT_S
    stubborn = plan.policy is Policy.DEPOT
    seen = tuple(replace(one, failed=0) if stubborn else one for one in parcels)
    day = joint_day(plan.city, seen, walls.rooms(now_s, ahead_s))
    return replace(day, stops=(*day.stops, *_collections(walls, now_s)))


def _collections(walls: Walls, now_s: int) -> tuple[Stop, ...]:
    due = [Collection(parcel.item, locker_id) for locker_id, parcel in walls.overdue(now_s)]
    sites = tuple(Site(one.id, one.place) for one in walls.lockers)
    stops = build_stops(DayInput(sites=sites, collections=tuple(due))).stops
    return tuple(replace(stop, id=StopId(f"collect:{stop.id}")) for stop in stops)
