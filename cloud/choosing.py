"""Which locker for a failed attempt: the question is read, thought about in a thread, and answered to the service.

Ranking tries many orders of a route, some ten milliseconds; inside the one writer every other change would wait for it.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace

from cloud.domain.locker import Locker, is_counter
from cloud.domain.opening_hours import ALWAYS
from cloud.domain.rules import STANDARD, Rules
from cloud.replanning import travel_now
from cloud.rim import Doing, Rim
from cloud.routing.locker_choice import Candidate, Compartments, Ranked, Remaining, Tariff, Wish, choose_locker
from cloud.routing.problem import Place, Stop, StopKind, Travel
from cloud.routing.stops import Item
from cloud.services.locker_question import ChooseLocker, LockerQuestion, Suggestion
from cloud.services.locker_trouble import (
    Elsewhere,
    TakesNothing,
    ask_elsewhere,
    end_collections,
    send_elsewhere,
    waiting_at,
)
from cloud.services.ports import Act, UnitOfWork
from cloud.services.report_failed_attempt import FailedAttempt, ask_first
from cloud.services.rest_of_day import Rest, hours, new_order, read_rest, volume_cm3

PRICED_MAX = 6  # lockers scheduled exactly: the answer waits for each, and two may fill up before it arrives
DETOUR_CENTS_MAX = STANDARD.detour_cents_max
TARIFF = Tariff(priced_max=PRICED_MAX, detour_cents_max=DETOUR_CENTS_MAX)
WALK_ANY_M = 1_000_000  # how far a recipient walks was judged before


async def ranked_for(rim: Rim, act: Act, failed: FailedAttempt) -> ChooseLocker:
    """Return the answer to give to ``report_failed_attempt``; what filled up meanwhile it leaves out itself."""
    return await _ranked(rim, lambda uow: ask_first(uow, act, failed), act)


async def sent_elsewhere(
    rim: Rim, act: Act, trouble: TakesNothing, do: Doing[tuple[Elsewhere, ...]] | None = None
) -> tuple[Elsewhere, ...]:
    """Send everything that a locker does not take elsewhere; each parcel is asked about after the one before it."""
    waiting = await rim.look(lambda uow: waiting_at(uow, act, trouble))
    found = tuple([await _one_elsewhere(rim, act, trouble, parcel_id) for parcel_id in waiting])

    def last(uow: UnitOfWork) -> tuple[Elsewhere, ...]:
        end_collections(uow, act, trouble)
        return found

    return await (do or rim.do)(last)


async def _one_elsewhere(rim: Rim, act: Act, trouble: TakesNothing, parcel_id: str) -> Elsewhere:
    ranked = await _ranked(rim, lambda uow: ask_elsewhere(uow, act, trouble, parcel_id), act)
    return await rim.do(lambda uow: send_elsewhere(uow, act, rim.keys, (trouble, parcel_id), ranked))


async def _ranked(rim: Rim, ask: Callable[[UnitOfWork], LockerQuestion | None], act: Act) -> ChooseLocker:
    def unit(uow: UnitOfWork) -> tuple[LockerQuestion | None, Rest | None]:
        question = ask(uow)
        if question is None or question.route is None:
            return question, None
        return question, read_rest(uow, act, question.route, question.here, question.parcel.id)

    question, rest = await rim.look(unit)
    if question is None:
        return lambda _: ()
    travel = await travel_now(rim, places_of(question, rest)) if rest else None
    ranked = await asyncio.get_running_loop().run_in_executor(
        rim.readers, rank, question, (rest, travel), tariff_of(act.rules)
    )
    if rest is not None:
        rim.replans.ask(rest.left.route.id)
    return lambda _: ranked


def places_of(question: LockerQuestion, rest: Rest | None) -> tuple[Place, ...]:
    """Return every place the ranking asks about."""
    known = [Place(one.lon, one.lat) for one in question.candidates]
    if rest is not None:
        known += [stop.place for stop in rest.stops]
        known += [place for place in (rest.courier.start, rest.courier.end) if place is not None]
    return tuple(sorted(set(known)))


def tariff_of(rules: Rules) -> Tariff:
    """Return what lockers are ranked by, with the limit that the operator has set."""
    return replace(TARIFF, detour_cents_max=rules.detour_cents_max)


def rank(
    question: LockerQuestion, way: tuple[Rest | None, Travel | None], tariff: Tariff = TARIFF
) -> tuple[Suggestion, ...]:
    """Return lockers, cheapest for this courier's rest of the day first; nearest first when nobody drives."""
    rest, travel = way
    if rest is None or travel is None:
        return tuple(Suggestion(locker.id) for locker in question.candidates)
    remaining = Remaining(rest.courier, rest.stops)
    candidates = [_candidate(question, locker) for locker in question.candidates]
    choice = choose_locker(_wish(question), candidates, remaining, travel, tariff)
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
        kind=StopKind.PARTNER if is_counter(locker) else StopKind.LOCKER,
        is_open=locker.opening_hours == ALWAYS or open_at is not None,
    )


def _wish(question: LockerQuestion) -> Wish:
    """Consent, distance and size were judged by the service; the locker itself picks a low compartment."""
    parcel = question.parcel
    item = Item(parcel.id, parcel.weight_g, volume_cm3(parcel))
    return Wish(item, question.size, Place(parcel.lon, parcel.lat), consent=True, walk_m_max=WALK_ANY_M)
