"""What chance holds for a week, the same whatever is decided: who is away, how traffic flows, when people come.

Every fate hangs on a name (a parcel and its attempt, a leg and its day), not on an order of events, so that policies
are compared on the same week. All numbers are our assumptions; ``docs/what-lockers-cost.md`` lists them.
"""

import math
import random
from dataclasses import dataclass

from cloud.routing.problem import Place
from cloud.routing.travel_times import VAN
from firmware_sim.city_day import HOUR_S, CityParcel

DAY_S = 24 * HOUR_S
FAIL_SHARE = 0.08  # of attempts at a door; the same at a second attempt unless asked for otherwise
DAY_SPREAD = 0.06  # of a whole day's traffic (standard deviation of the logarithm)
LEG_SPREAD = 0.2  # of one leg's time around it: lights, parking, a lorry in the way
SERVICE_SPREAD = 0.3  # of the time at a stop
DWELL_H, DWELL_SPREAD = 10.0, 0.8  # half fetch within ten hours; one in forty would come later than two days
AWAKE_FROM_H, AWAKE_TO_H = 6, 23  # nobody fetches at night; they come in the first two hours of the morning instead
MORNING_H = 2.0


@dataclass(frozen=True, slots=True)
class Fates:
    """``fail_again_share`` is of attempts that follow a failed one."""

    seed: int
    fail_share: float = FAIL_SHARE
    fail_again_share: float = FAIL_SHARE

    def is_absent(self, parcel: CityParcel) -> bool:
        """Whether nobody opens at this attempt, the parcel's ``failed`` ones behind it."""
        share = self.fail_again_share if parcel.failed else self.fail_share
        return self._chance("absent", parcel.ref, parcel.failed).random() < share

    def drive_s(self, day: int, leave_s: int, way: tuple[Place, Place], free_s: int) -> int:
        """Return the seconds a leg really takes that takes ``free_s`` on empty roads."""
        origin, destination = way
        hour = leave_s // HOUR_S % 24
        today = self._spread(DAY_SPREAD, "day", day)
        leg = self._spread(LEG_SPREAD, "leg", day, *origin, *destination)
        return math.ceil(free_s * VAN.hour_factors[hour] * today * leg)

    def service_s(self, day: int, name: str, planned_s: int) -> int:
        """Return the seconds a stop really takes."""
        return math.ceil(planned_s * self._spread(SERVICE_SPREAD, "service", day, name))

    def fetched_at_s(self, parcel: CityParcel, dropped_off_s: int) -> int:
        """Return when the recipient comes for it, in seconds of the week."""
        chance = self._chance("fetch", parcel.ref)
        at_s = dropped_off_s + round(HOUR_S * DWELL_H * math.exp(chance.gauss(0, DWELL_SPREAD)))
        hour, later_s = at_s % DAY_S / HOUR_S, round(HOUR_S * MORNING_H * chance.random())
        if hour >= AWAKE_TO_H:
            return (at_s // DAY_S + 1) * DAY_S + AWAKE_FROM_H * HOUR_S + later_s
        return at_s // DAY_S * DAY_S + AWAKE_FROM_H * HOUR_S + later_s if hour < AWAKE_FROM_H else at_s

    def _spread(self, sigma: float, *name: object) -> float:
        """Return a factor whose mean is 1."""
        return math.exp(self._chance(*name).gauss(-sigma * sigma / 2, sigma))

    def _chance(self, *name: object) -> random.Random:
        return random.Random(f"{self.seed} {name}")
