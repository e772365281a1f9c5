"""Which locker for a failed attempt: the question is read, thought about in a thread, and answered to the service.

Ranking tries many orders of a route, some ten milliseconds; inside the one writer every other change would wait for it.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from cloud.domain.locker import Locker
from cloud.domain.opening_hours import ALWAYS, open_spans
from cloud.domain.parcel import Parcel
from cloud.domain.windows import Window
from cloud.rim import Rim
from cloud.routing.locker_choice import Candidate, Compartments, Remaining, Wish, choose_locker
from cloud.routing.problem import Amounts, Costs, Courier, Place, RouteCourierId, Stop, StopId, StopKind, TimeWindow
from cloud.routing.stops import Item, site_stop_id
from cloud.routing.travel_times import VAN, great_circle
from cloud.services import reroute
from cloud.services.gather_day import STANDARD_COSTS
from cloud.services.locker_question import ChooseLocker, LockerQuestion, RouteLeft
from cloud.services.ports import Act, UnitOfWork
from cloud.services.report_failed_attempt import FailedAttempt, ask_first

OVERTIME = timedelta(hours=2)  # a courier may come home this much later than planned to bring a parcel to a locker
NO_LIMIT = Amounts(100_000, 100_000_000, 1_000_000_000)  # what is in the van already fits it
MM3_PER_CM3 = 1_000

Windows = Mapping[str, tuple[TimeWindow, ...]]


async def ranked_for(rim: Rim, act: Act, failed: FailedAttempt) -> ChooseLocker:
    """Return the answer to give to ``report_failed_attempt``; what filled up meanwhile it leaves out itself."""

    def unit(uow: UnitOfWork) -> tuple[LockerQuestion | None, Windows]:
        question = ask_first(uow, act, failed)
        return question, _promises(uow, question) if question else {}

    question, windows = await rim.look(unit)
    if question is None:
        return lambda _: ()
    ranked = await asyncio.get_running_loop().run_in_executor(rim.readers, rank, question, windows)
    return lambda _: ranked


def rank(question: LockerQuestion, windows: Windows) -> Sequence[str]:
    """Return locker ids, cheapest for this courier's rest of the day first; nearest first when nobody drives."""
    left = question.route
    if left is None:
        return tuple(locker.id for locker in question.candidates)
    remaining = Remaining(_courier(question, left), tuple(_stops(question, left, windows)))
    places = {remaining.courier.start, *(stop.place for stop in remaining.order if isinstance(stop, Stop))}
    places |= {Place(one.lon, one.lat) for one in question.candidates}
    known = tuple(sorted(place for place in places if place is not None))
    travel = great_circle(known, VAN, question.now.hour)
    candidates = [_candidate(question, locker) for locker in question.candidates]
    choice = choose_locker(_wish(question), candidates, remaining, travel)
    return tuple(one.site_id for one in choice.ranked)


def _promises(uow: UnitOfWork, question: LockerQuestion) -> Windows:
    """Return the promised windows of the stops still ahead, in seconds from now."""
    if question.route is None:
        return {}
    found: dict[str, tuple[TimeWindow, ...]] = {}
    for stop in question.route.stops:
        refs = tuple(task.parcel_id for task in question.route.tasks.get(stop.id, ()))
        promised = [one for one in uow.find(Parcel, id=refs) if one.window_from and one.window_to] if refs else []
        if stop.locker_id is None and promised:
            ends = [_window(question.now, one.window_from, one.window_to) for one in promised]
            found[stop.id] = tuple(window for window in ends if window is not None)
    return found


def _window(now: datetime, begins: datetime | None, ends: datetime | None) -> TimeWindow | None:
    if begins is None or ends is None:
        return None
    return TimeWindow(_seconds(now, begins), _seconds(now, ends))


def _seconds(now: datetime, at: datetime) -> int:
    return max(0, int((at - now).total_seconds()))


def _courier(question: LockerQuestion, left: RouteLeft) -> Courier:
    """Return the courier from here on; the day ends at the last stop: the way home hardly differs by choice."""
    until = _seconds(question.now, max(left.route.ends_at, question.now) + OVERTIME)
    costs = Costs(per_hour_cents=STANDARD_COSTS.per_hour_cents, per_km_cents=STANDARD_COSTS.per_km_cents)
    return Courier(
        RouteCourierId(left.route.courier_id),
        Place(*question.here),
        None,
        TimeWindow(0, until),
        NO_LIMIT,
        costs=costs,
        under_way=True,
    )


def _stops(question: LockerQuestion, left: RouteLeft, windows: Windows) -> Sequence[Stop]:
    """Return the stops still ahead, but for the one at which nobody was at home."""
    ahead = []
    for stop in left.stops:
        tasks = [one for one in left.tasks.get(stop.id, ()) if one.parcel_id != question.parcel.id]
        if tasks and reroute.is_open(left, stop):
            kind = StopKind.LOCKER if stop.locker_id else StopKind.HOME
            name = site_stop_id(kind, stop.locker_id) if stop.locker_id else StopId(stop.id)
            ahead.append(
                Stop(
                    name,
                    Place(stop.lon, stop.lat),
                    windows.get(stop.id, ()),
                    stop.service_s,
                    Amounts(len(tasks)),
                    kind=kind,
                    parcels=tuple(one.parcel_id for one in tasks),
                )
            )
    return ahead


def _candidate(question: LockerQuestion, locker: Locker) -> Candidate:
    offered = question.left.get(locker.id, {})
    return Candidate(
        locker.id,
        Place(locker.lon, locker.lat),
        tuple(Compartments(size, free) for size, free in offered.items()),
        _hours(question, locker),
        is_open=locker.opening_hours == ALWAYS or bool(_hours(question, locker)),
    )


def _hours(question: LockerQuestion, locker: Locker) -> tuple[TimeWindow, ...]:
    if locker.opening_hours == ALWAYS:
        return ()
    day = Window(question.now, question.now + timedelta(hours=16))  # a shift with overtime
    spans = open_spans(locker.opening_hours, locker.time_zone, day)
    return tuple(TimeWindow(_seconds(question.now, one.begins), _seconds(question.now, one.ends)) for one in spans)


def _wish(question: LockerQuestion) -> Wish:
    """Consent, distance and size were judged by the service; the locker itself picks a low compartment."""
    parcel = question.parcel
    volume = parcel.length_mm * parcel.width_mm * parcel.height_mm // MM3_PER_CM3
    item = Item(parcel.id, parcel.weight_g, volume)
    return Wish(item, question.size, Place(parcel.lon, parcel.lat), consent=True, walk_m_max=1_000_000)
