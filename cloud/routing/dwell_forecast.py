"""How many compartments will be free when the courier comes: from when people actually fetch what waits for them.

People's hazard of fetching is counted by hours since the drop-off and by hour of the day, pooled over the fleet, and
multiplied by a factor of the locker for that part of the day. Both are shrunk: a rate to its prior, a factor to 1, as
the posterior mean of a Poisson rate under a Gamma prior worth ``PRIOR_H`` hours and ``PRIOR_EVENTS`` events (the
empirical Bayes estimate of a standardised ratio: D. Clayton, J. Kaldor, Biometrics 43, 1987).

How many of the parcels inside are fetched by then is a sum of independent trials with different chances (Poisson
binomial, by convolution). What is counted on is its lower quantile: more are fetched at least ``SURE`` of the time.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import exp

import numpy as np
from numpy.typing import NDArray

from contract.sizes import SizeClass

HOUR_S = 3_600
AGES_H = (1, 3, 6, 12, 24, 36, 48)  # upper ends of the classes of hours since the drop-off; the last is open
CLASSES = len(AGES_H) + 1
HOURS = 24
ROUNDS = 8  # of fitting in turn; the last changes the third digit
PARTS = 4  # of the day, each with a factor of its own for a locker: night, morning, afternoon, evening
PRIOR_H = 50.0  # parcel-hours a prior rate is worth: fifty parcels that wait outweigh it within two days
PRIOR_EVENTS = 12.0  # expected pick-ups a factor of 1 is worth: two days of a locker with six parcels
SURE = 0.95  # a count is relied on that holds in 19 of 20 cases
AHEAD_H_MAX = 72  # farther ahead nothing is forecast: the deadlines end sooner

# Our assumption until pick-ups are seen: half of all parcels within the first day, most of it after work.
_DAY_RATE = 0.03
_BY_HOUR = (*(0.1,) * 6, 0.5, 0.9, 1.0, 0.8, 0.8, 0.9, 1.0, 0.9, 0.9, 1.2, 1.8, 2.2, 2.2, 1.9, 1.5, 1.0, 0.6, 0.3)


@dataclass(frozen=True, slots=True)
class Dwell:
    """One parcel's stay: from its drop-off to its pick-up or to where we stopped looking, in hours of local time.

    ``begin_h`` counts from midnight of some day; ``fetched`` says that it ended with the recipient.
    """

    locker_id: str
    begin_h: float
    hours: float
    fetched: bool


@dataclass(frozen=True, slots=True)
class Waiting:
    """A parcel inside now: in which size of compartment, for how long already, when its dwell ends (hours from now)."""

    locker_id: str
    size: SizeClass
    age_h: float
    ends_h: float


@dataclass(frozen=True, slots=True)
class Survival:
    """The rates that were learned: pick-ups per parcel and hour."""

    rates: tuple[tuple[float, ...], ...]
    factors: Mapping[str, tuple[float, ...]] = field(default_factory=dict)

    def fetched_by(self, waiting: Waiting, now_h: float, ahead_h: float) -> float:
        """Return the chance that a parcel inside now is fetched within ``ahead_h`` hours of ``now_h`` (local)."""
        factors = self.factors.get(waiting.locker_id, (1.0,) * PARTS)
        hazard, at, end = 0.0, 0.0, min(ahead_h, AHEAD_H_MAX)
        while at < end:
            hour = int(now_h + at) % HOURS
            step = min(1.0 - (now_h + at) % 1.0, end - at)
            hazard += step * self.rates[age_class(waiting.age_h + at)][hour] * factors[part_of(hour)]
            at += max(step, 1e-6)
        return 1.0 - exp(-hazard)


def age_class(age_h: float) -> int:
    return sum(age_h >= upper for upper in AGES_H)


def part_of(hour: int) -> int:
    return hour * PARTS // HOURS


def prior_rate(hour: int) -> float:
    return _DAY_RATE * _BY_HOUR[hour]


def learn(dwells: Iterable[Dwell]) -> Survival:
    """Return the rates and factors that explain these stays, each shrunk towards what is assumed without them.

    The fleet's rates and the lockers' factors are fitted in turn: whoever still waits after a day mostly waits at a
    slow locker, which is that locker's doing and not the day's.
    """
    known = tuple(dwells)
    lockers = {name: number for number, name in enumerate(sorted({dwell.locker_id for dwell in known}))}
    seen = np.zeros((len(lockers), CLASSES, HOURS))
    waited = np.zeros_like(seen)
    for dwell in known:
        row = lockers[dwell.locker_id]
        for age, hour, spent in _pieces(dwell):
            waited[row, age, hour] += spent
        if dwell.fetched:
            seen[row, age_class(dwell.hours), int(dwell.begin_h + dwell.hours) % HOURS] += 1
    prior = PRIOR_H * np.array([prior_rate(hour) for hour in range(HOURS)])
    factors = np.ones((len(lockers), PARTS))
    rates = np.tile(prior / PRIOR_H, (CLASSES, 1))
    for _ in range(ROUNDS if known else 0):
        weighted = (waited * np.repeat(factors, HOURS // PARTS, axis=1)[:, None, :]).sum(axis=0)
        rates = (seen.sum(axis=0) + prior) / (weighted + PRIOR_H)
        factors = (_by_part(seen) + PRIOR_EVENTS) / (_by_part(waited * rates) + PRIOR_EVENTS)
    return Survival(
        tuple(tuple(map(float, row)) for row in rates),
        {name: tuple(map(float, factors[number])) for name, number in lockers.items()},
    )


def _by_part(cells: NDArray[np.float64]) -> NDArray[np.float64]:
    summed: NDArray[np.float64] = cells.sum(axis=1).reshape(-1, PARTS, HOURS // PARTS).sum(axis=2)
    return summed


def freed(learned: Survival, inside: Sequence[Waiting], now_h: float, ahead_h: float) -> dict[SizeClass, int]:
    """Return by size how many compartments can be counted on to have become free in ``ahead_h`` hours.

    Never more than are occupied now; a parcel whose dwell ends before that stays counted as fetched only by its
    recipient, because a courier takes it out only when one comes.
    """
    return {
        size: lower_quantile([learned.fetched_by(one, now_h, ahead_h) for one in inside if one.size is size])
        for size in SizeClass
    }


def lower_quantile(chances: Sequence[float], sure: float = SURE) -> int:
    """Return the largest number that at least so many of independent trials reach with probability ``sure``."""
    exactly = [1.0]
    for chance in chances:
        without = [*(one * (1.0 - chance) for one in exactly), 0.0]
        exactly = [a + b for a, b in zip(without, [0.0, *(one * chance for one in exactly)], strict=True)]
    at_least = 1.0
    for number, chance in enumerate(exactly):
        if at_least < sure:
            return number - 1
        at_least -= chance
    return len(chances)


def _pieces(dwell: Dwell) -> Iterable[tuple[int, int, float]]:
    """Cut a stay into pieces within one age class and one hour of the day: (class, hour, hours spent)."""
    at = 0.0
    while at < dwell.hours:
        clock = dwell.begin_h + at
        to_hour = 1.0 - clock % 1.0
        to_age = next((upper - at for upper in AGES_H if upper > at), dwell.hours)
        step = max(min(to_hour, to_age, dwell.hours - at), 1e-6)
        yield age_class(at), int(clock) % HOURS, step
        at += step
