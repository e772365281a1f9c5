"""What a tiny week is judged by, written without the code that lives it."""

from collections import Counter
from collections.abc import Iterable, Mapping

from cloud.routing.checker import check
from cloud.routing.joint.day import JointDay, JointPlan, Warm
from cloud.routing.joint.planner import JointPlanner
from cloud.routing.matrices import TravelTimes
from contract.sizes import SizeClass
from firmware_sim.city_day import City
from firmware_sim.policy_week.walls import Move

PATIENCE_S = 120.0


class Judged:
    """The real planner, each of whose plans is checked again: routes, promises and room in the lockers."""

    def __init__(self, planner: JointPlanner) -> None:
        self._planner = planner
        self.plans = 0

    async def plan_day(self, day: JointDay, travel: TravelTimes, warm: Warm) -> JointPlan:
        joint = await self._planner.plan_day(day, travel, PATIENCE_S, warm=warm)
        assert check(joint.problem, travel, joint.plan) == ()
        for site in day.sites:
            sizes = [choice.size for choice in day.choices if joint.decided.get(choice.item.ref) == site.id]
            assert has_room(site.free or {}, sizes), f"{site.id}: {sizes} do not fit {site.free}"
        self.plans += 1
        return joint


def has_room(free: Mapping[SizeClass, int], sizes: Iterable[SizeClass]) -> bool:
    """Whether parcels fit together: the largest first, each into the largest compartment that is left."""
    rooms = sorted((size.rank for size, count in free.items() for _ in range(count)), reverse=True)
    wanted = sorted((size.rank for size in sizes), reverse=True)
    return len(wanted) <= len(rooms) and all(have >= want for want, have in zip(wanted, rooms, strict=False))


def overfull(city: City, moves: Iterable[Move]) -> list[Move]:
    """Return moves after which a locker holds more parcels of a size than it has compartments, or fewer than none."""
    doors = {(locker.id, size): count for locker in city.lockers for size, count in locker.doors.items()}
    inside: Counter[tuple[str, SizeClass]] = Counter()
    wrong = []
    for move in sorted(moves, key=lambda one: (one.at_s, one.is_in)):  # who leaves makes room for who comes
        where = move.locker_id, move.size
        inside[where] += 1 if move.is_in else -1
        if not 0 <= inside[where] <= doors.get(where, 0):
            wrong.append(move)
    return wrong


def given(days: int, parcels: int) -> set[str]:
    """Return the names of everything handed over."""
    return {f"P{day}-{number:05}" for day in range(days) for number in range(parcels)}
