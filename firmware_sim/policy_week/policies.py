"""What a failed attempt becomes: back to the depot, to the nearest locker at once, or where the product sends it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import assert_never

from cloud.choosing import TARIFF, WALK_ANY_M
from cloud.domain.capacity import choose_size
from cloud.domain.rules import STANDARD
from cloud.routing.locker_choice import Candidate, Compartments, Remaining, Wish, choose_locker
from cloud.routing.problem import Courier, Stop, StopId, StopKind, Travel
from cloud.routing.stops import ServiceTimes, site_stop_id
from contract.sizes import SizeClass
from firmware_sim.city_day import CityLocker, CityParcel

SERVICE = ServiceTimes()


class Policy(StrEnum):
    """What is done with a parcel nobody took at the door, if its recipient agreed to a locker."""

    DEPOT = "depot"  # back to the depot, tried again the next day
    NEAREST = "nearest locker"  # with room; the courier goes there now and then on as planned
    LIVE = "live joint"  # the product's own choice, and its order of the rest of the route


@dataclass(frozen=True, slots=True)
class Asked:
    """A courier stands at a door with a parcel. ``near`` are lockers within the walk, ``left`` what is left there."""

    parcel: CityParcel
    courier: Courier
    order: tuple[Stop, ...]
    travel: Travel
    near: Sequence[CityLocker]
    left: Mapping[str, Mapping[SizeClass, int]]


@dataclass(frozen=True, slots=True)
class Sent:
    """Where it goes, and the rest of the route with the drop-off in it."""

    locker_id: str
    order: tuple[Stop, ...]


def answer(policy: Policy, asked: Asked) -> Sent | None:
    """Return where the parcel goes now; None is the depot."""
    match policy:
        case Policy.DEPOT:
            return None
        case Policy.NEAREST:
            return _nearest(asked)
        case Policy.LIVE:
            return _live(asked)
        case _ as never:
            assert_never(never)


def _nearest(asked: Asked) -> Sent | None:
    for locker in asked.near:
        if choose_size(asked.parcel.size, asked.left[locker.id]) is not None:
            return Sent(locker.id, (_drop_off(asked.parcel, locker), *asked.order))
    return None


def _live(asked: Asked) -> Sent | None:
    """Ask what ``report_failed_attempt`` asks: the same candidates, tariff and limits."""
    parcel = asked.parcel
    candidates = [_candidate(one, asked.left[one.id]) for one in asked.near[: STANDARD.candidates_max]]
    wish = Wish(parcel.item, parcel.size, parcel.home, consent=True, walk_m_max=WALK_ANY_M)
    remaining = Remaining(asked.courier, asked.order)
    choice = choose_locker(wish, candidates, remaining, asked.travel, TARIFF)
    if not choice.ranked:
        return None
    best = choice.ranked[0]
    known = {stop.id: stop for stop in asked.order}
    order = (visit for visit in best.order if isinstance(visit, Stop))
    return Sent(best.site_id, tuple(_as_promised(stop, known.get(stop.id, stop)) for stop in order))


def _as_promised(stop: Stop, before: Stop) -> Stop:
    """Return a stop with the end it had: the choice puts a price in its place where that is past keeping."""
    return replace(stop, windows=before.windows, soft=before.soft)


def _candidate(locker: CityLocker, left: Mapping[SizeClass, int]) -> Candidate:
    rooms = tuple(Compartments(size, free) for size, free in left.items() if locker.doors.get(size))
    return Candidate(locker.id, locker.place, rooms)


def _drop_off(parcel: CityParcel, locker: CityLocker) -> Stop:
    return Stop(
        StopId(f"{site_stop_id(StopKind.LOCKER, locker.id)}:{parcel.ref}"),
        locker.place,
        (),
        SERVICE.locker_base_s + SERVICE.locker_per_drop_off_s,
        parcel.item.amounts,
        priority=parcel.item.priority,
        kind=StopKind.LOCKER,
        parcels=(parcel.ref,),
    )
