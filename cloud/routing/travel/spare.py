"""A provider that may fail, with one behind it that always answers; whoever asks can see which of them did."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from cloud.routing.matrices import TravelTimes
from cloud.routing.problem import Place
from cloud.routing.travel.errors import TravelServerError
from cloud.routing.travel_times import VAN, SpeedProfile, TravelTimesProvider, great_circle

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class GreatCircleAside:
    """``GreatCircle`` in a thread: a city's matrix takes seconds, and nobody else should wait for it."""

    profile: SpeedProfile = VAN

    async def matrix(self, places: Sequence[Place], depart_at: datetime) -> TravelTimes:
        return await asyncio.to_thread(great_circle, places, self.profile, depart_at.hour)


@dataclass(slots=True)
class WithSpare:
    """``first`` while it answers, else ``spare``, whose times then say why in ``degraded``."""

    first: TravelTimesProvider
    spare: TravelTimesProvider
    is_lost: bool = False

    async def matrix(self, places: Sequence[Place], depart_at: datetime) -> TravelTimes:
        try:
            times = await self.first.matrix(places, depart_at)
        except TravelServerError as error:
            if not self.is_lost:
                _log.warning("travel_times.lost", extra={"error": str(error)})
            self.is_lost = True
            return replace(await self.spare.matrix(places, depart_at), degraded=str(error))
        if self.is_lost:
            _log.warning("travel_times.back")
        self.is_lost = False
        return times
