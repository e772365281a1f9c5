"""Which locker for a failed attempt: the question is read, thought about in a thread, and answered to the service.

Ranking tries many orders of a route, some ten milliseconds; inside the one writer every other change would wait for it.
"""

import asyncio
from collections.abc import Sequence

from cloud.domain.locker import Locker
from cloud.domain.opening_hours import ALWAYS
from cloud.rim import Rim
from cloud.routing.locker_choice import Candidate, Compartments, Ranked, Remaining, Wish, choose_locker
from cloud.routing.problem import Place, Stop, Travel
from cloud.routing.stops import Item
from cloud.routing.travel_times import VAN, great_circle
from cloud.services.locker_question import ChooseLocker, LockerQuestion, Suggestion
from cloud.services.ports import Act, UnitOfWork
from cloud.services.report_failed_attempt import FailedAttempt, ask_first
from cloud.services.rest_of_day import Rest, hours, new_order, read_rest, volume_cm3

TRAVEL_S_MAX = 0.12  # of the 300 ms a courier waits at the door; a slower provider is answered for by the great circle
WALK_ANY_M = 1_000_000  # how far a recipient walks was judged before


async def ranked_for(rim: Rim, act: Act, failed: FailedAttempt) -> ChooseLocker:
    """Return the answer to give to ``report_failed_attempt``; what filled up meanwhile it leaves out itself."""

    def unit(uow: UnitOfWork) -> tuple[LockerQuestion | None, Rest | None]:
        question = ask_first(uow, act, failed)
        if question is None or question.route is None:
            return question, None
        return question, read_rest(uow, act, question.route, question.here, failed.parcel_id)

    question, rest = await rim.look(unit)
    if question is None:
        return lambda _: ()
    travel = await travel_soon(rim, places_of(question, rest)) if rest else None
    ranked = await asyncio.get_running_loop().run_in_executor(rim.readers, rank, question, rest, travel)
    return lambda _: ranked


async def travel_soon(rim: Rim, places: Sequence[Place]) -> Travel:
    """Return travel times from now on, those of the great circle when the provider takes too long or fails."""
    now = rim.clock.now().astimezone(rim.locality.zone)
    try:
        async with asyncio.timeout(TRAVEL_S_MAX):
            return await rim.travel.matrix(places, now)
    except (TimeoutError, ValueError, OSError):
        return great_circle(places, VAN, now.hour)


def places_of(question: LockerQuestion, rest: Rest | None) -> tuple[Place, ...]:
    """Return every place the ranking asks about."""
    known = [Place(one.lon, one.lat) for one in question.candidates]
    if rest is not None:
        known += [stop.place for stop in rest.stops]
        known += [place for place in (rest.courier.start, rest.courier.end) if place is not None]
    return tuple(sorted(set(known)))


def rank(question: LockerQuestion, rest: Rest | None, travel: Travel | None) -> tuple[Suggestion, ...]:
    """Return lockers, cheapest for this courier's rest of the day first; nearest first when nobody drives."""
    if rest is None or travel is None:
        return tuple(Suggestion(locker.id) for locker in question.candidates)
    remaining = Remaining(rest.courier, rest.stops)
    candidates = [_candidate(question, locker) for locker in question.candidates]
    choice = choose_locker(_wish(question), candidates, remaining, travel)
    return tuple(_suggestion(rest, one) for one in choice.ranked)


def _suggestion(rest: Rest, one: Ranked) -> Suggestion:
    known = {stop.id for stop in rest.stops}
    new = next((visit.id for visit in one.order if isinstance(visit, Stop) and visit.id not in known), None)
    return Suggestion(one.site_id, new_order(rest, one.route, one.detour_m, new))


def _candidate(question: LockerQuestion, locker: Locker) -> Candidate:
    open_at = hours(locker, question.now)
    return Candidate(
        locker.id,
        Place(locker.lon, locker.lat),
        tuple(Compartments(size, free) for size, free in question.left.get(locker.id, {}).items()),
        open_at or (),
        is_open=locker.opening_hours == ALWAYS or open_at is not None,
    )


def _wish(question: LockerQuestion) -> Wish:
    """Consent, distance and size were judged by the service; the locker itself picks a low compartment."""
    parcel = question.parcel
    item = Item(parcel.id, parcel.weight_g, volume_cm3(parcel))
    return Wish(item, question.size, Place(parcel.lon, parcel.lat), consent=True, walk_m_max=WALK_ANY_M)
