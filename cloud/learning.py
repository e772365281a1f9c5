"""Learning from yesterday at the rim: read the routes, ask how far apart their stops are, keep what they teach.

It never stands in anybody's way: without travel times, or when somebody else learned meanwhile, tomorrow's run tries
again, and what is known stays.
"""

import asyncio
import logging
from concurrent.futures import Executor
from datetime import date, datetime, time, timedelta

from cloud.domain.actors import SYSTEM
from cloud.rim import Rim
from cloud.routing.matrices import MatrixError, TravelTimes
from cloud.routing.problem import Place
from cloud.routing.travel.arrivals import Driven
from cloud.routing.travel.congestion import Traffic
from cloud.routing.travel.errors import TravelServerError
from cloud.routing.travel.learned import FREE_FLOW_HOUR, LearnedTimes
from cloud.routing.travel_times import TravelTimesProvider
from cloud.services.driven import routes_driven
from cloud.services.learn_speeds import Lesson, days_to_learn, learned, places_of
from cloud.services.travel_knowledge import Knowledge, knowledge, store_knowledge, traffic
from cloud.store.reader import Reader

DAYS_MAX = 14  # caught up on after the cloud was down; what is older weighs little

_log = logging.getLogger(__name__)


async def learn_travel(rim: Rim) -> int:
    """Learn from every whole day that was not learned from yet; return how many."""
    today = rim.clock.now().astimezone(rim.locality.zone).date()
    known = await rim.look(knowledge)
    days = days_to_learn(known, today, DAYS_MAX)
    for number, day in enumerate(days):
        try:
            after = await _learned(rim, known, day)
        except (MatrixError, TravelServerError) as error:
            _log.warning("learning.postponed", extra={"day": day.isoformat(), "error": str(error)})
            return number
        if after is None or not await _store(rim, known, after):
            return number
        known = after
    return len(days)


def learned_times(base: TravelTimesProvider, reader: Reader, readers: Executor) -> LearnedTimes:
    """Return the provider in the traffic that is known whenever somebody asks."""

    async def known() -> Traffic:
        return await asyncio.get_running_loop().run_in_executor(readers, reader.read, traffic)

    return LearnedTimes(base, known)


async def _learned(rim: Rim, known: Knowledge, day: date) -> Knowledge | None:
    """Return what is known after ``day``; None when only estimates of travel times can be had now."""
    zone = rim.locality.zone
    begins = datetime.combine(day, time(), zone)
    routes = await rim.look(lambda uow: routes_driven(uow, begins, begins + timedelta(days=1)))
    free = [await _free_flow(rim, places_of(route), begins) for route in routes]
    if any(one.degraded for one in free):
        _log.warning("learning.postponed", extra={"day": day.isoformat(), "error": "travel times are estimates"})
        return None
    now = await rim.look(traffic)
    after = await asyncio.to_thread(learned, known, now, Lesson(day, zone, routes, free))
    _log.info("learning.done", extra={"day": day.isoformat(), "routes": len(routes), "stops": _stops(routes)})
    return after


async def _free_flow(rim: Rim, places: tuple[Place, ...], day: datetime) -> TravelTimes:
    if isinstance(rim.travel, LearnedTimes):
        return await rim.travel.free_flow(places, day)
    return await rim.travel.matrix(places, day.replace(hour=FREE_FLOW_HOUR))


async def _store(rim: Rim, before: Knowledge, after: Knowledge) -> bool:
    act = rim.act(SYSTEM)
    return await rim.do(lambda uow: store_knowledge(uow, act, before, after))


def _stops(routes: list[Driven]) -> int:
    return sum(len(route.visits) for route in routes)
