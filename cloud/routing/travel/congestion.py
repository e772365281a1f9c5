"""How much slower than free flow a city is at each hour of the week and in each area, learned from legs driven.

One leg says ``y = ln(actual / expected)``, where expected is free flow times the hour factors everybody begins with.
A multilevel model of y, ``fleet + hour of week + area + (area and hour)``, is fitted from sums kept for each cell; each
level is shrunk towards 0 by ``w = n tau^2 / (n tau^2 + sigma^2)``: the empirical Bayes estimate for normal means
(B. Efron, C. Morris, Journal of the American Statistical Association 70, 1975). ``tau^2`` is estimated by moments
(R. DerSimonian, N. Laird, Controlled Clinical Trials 7, 1986) and itself drawn towards a prior worth thirty buckets. So
no data is the prior, few data stay near it, and many data win.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from cloud.routing.problem import Place
from cloud.routing.travel_times import VAN

HOURS_OF_WEEK = 168
AREA_LON, AREA_LAT = 0.05, 0.03  # degrees of an area: 3.4 km each way in Warsaw, a few districts of a city
AREAS_MAX = 200  # learned apart: a metropolis; further ones drive by the hours of the whole fleet
RATIO_MAX = 4.0  # a leg four times slower (or faster) than expected had a lunch in it, or a lost link, and no traffic
HALF_LIFE_DAYS = 28.0  # after which a day counts half: roadworks end, seasons change
LEAST_WEIGHT = 0.05  # a cell with less is forgotten
SAME_HOUR = 0.2  # correlation of legs of one day, hour and area: their design effect is 1 + (n - 1) 0.2 (Kish 1965)
SIGMA_PRIOR, SIGMA_WORTH = 0.45, 20.0  # one leg's scatter of ln time, parking included, and how many legs that is worth
FLEET_PRIOR, HOUR_PRIOR, AREA_PRIOR, CELL_PRIOR = 0.10, 0.15, 0.10, 0.05  # how far each level strays, in ln time
TAU_WORTH = 30.0  # buckets those guesses are worth
ROUNDS = 6  # of fitting hour and area in turn; the fourth digit stands after four

Floats = NDArray[np.float64]


class Area(NamedTuple):
    """A cell of the grid over the Earth, counted from 0 degrees."""

    x: int
    y: int


class Leg(NamedTuple):
    """One leg driven: where, in which hour of the week (Monday 0:00 is 0), and ln(actual / expected)."""

    area: Area
    hour: int
    log_ratio: float


class Sums(NamedTuple):
    """What is kept of a cell's legs: their effective number, and the sums of y and of y squared."""

    weight: float
    total: float
    squares: float


class Observed(msgspec.Struct, frozen=True):
    """Everything learned so far, as it is stored; keys of ``cells`` are ``x:y``, then the hour of the week."""

    cells: dict[str, dict[int, Sums]] = {}


@dataclass(frozen=True, slots=True, eq=False)
class Traffic:
    """Factors on free flow: by hour of the week, and by area those that differ from the fleet's."""

    hours: Floats
    areas: Mapping[Area, Floats]

    def factor(self, area: Area, hour: int) -> float:
        return float(self.areas.get(area, self.hours)[hour])


def area_of(one: Place, two: Place) -> Area:
    """Return the area of a leg: where its middle lies."""
    return Area(math.floor((one.lon + two.lon) / 2 / AREA_LON), math.floor((one.lat + two.lat) / 2 / AREA_LAT))


def prior_factors() -> Floats:
    """Return the hour factors everybody begins with, for each hour of the week."""
    return np.tile(np.array(VAN.hour_factors), 7)


PRIOR = Traffic(prior_factors(), {})


def leg_of(area: Area, hour: int, actual_s: float, free_flow_s: float) -> Leg | None:
    """Return what a leg teaches; None for one that was no driving."""
    if actual_s <= 0 or free_flow_s <= 0:
        return None
    ratio = actual_s / (free_flow_s * float(PRIOR.hours[hour]))
    return Leg(area, hour, math.log(ratio)) if 1 / RATIO_MAX <= ratio <= RATIO_MAX else None


def forget(observed: Observed, days: int) -> Observed:
    """Let what is known grow older by so many days."""
    keep = 0.5 ** (days / HALF_LIFE_DAYS)
    aged = {
        area: {
            hour: Sums(*(keep * one for one in sums)) for hour, sums in hours.items() if keep * sums[0] > LEAST_WEIGHT
        }
        for area, hours in observed.cells.items()
    }
    return Observed({area: hours for area, hours in aged.items() if hours})


def learn(observed: Observed, legs: Iterable[Leg]) -> Observed:
    """Add one day's legs; many in one hour saw one and the same traffic, and count for less than their number."""
    today: dict[tuple[str, int], list[float]] = defaultdict(list)
    for leg in legs:
        today[f"{leg.area.x}:{leg.area.y}", leg.hour].append(leg.log_ratio)
    cells = {area: dict(hours) for area, hours in observed.cells.items()}
    for (area, hour), ratios in sorted(today.items()):
        if area in cells or len(cells) < AREAS_MAX:
            count = len(ratios)
            worth = 1 / (1 + (count - 1) * SAME_HOUR)
            old = cells.setdefault(area, {}).get(hour, Sums(0.0, 0.0, 0.0))
            new = (count, sum(ratios), sum(one * one for one in ratios))
            cells[area][hour] = Sums(*(before + worth * one for before, one in zip(old, new, strict=True)))
    return Observed(cells)


def fit(observed: Observed) -> Traffic:
    """Return the factors that what was observed teaches; nothing observed is the prior."""
    names = sorted(observed.cells)
    if not names:
        return PRIOR
    sums = np.zeros((3, len(names), HOURS_OF_WEEK))
    for row, name in enumerate(names):
        for hour, cell in observed.cells[name].items():
            sums[:, row, hour] = cell
    weight, total, squares = sums
    sigma2 = _scatter(weight, total, squares)
    fleet = total.sum() / (weight.sum() + sigma2 / FLEET_PRIOR**2)
    hours, areas = np.zeros(HOURS_OF_WEEK), np.zeros((len(names), 1))
    for _ in range(ROUNDS):
        hours = _shrunk(weight.sum(0), (total - weight * (fleet + areas)).sum(0), sigma2, HOUR_PRIOR)
        areas = _shrunk(weight.sum(1), (total - weight * (fleet + hours)).sum(1), sigma2, AREA_PRIOR)[:, None]
    cells = _shrunk(weight, total - weight * (fleet + hours + areas), sigma2, CELL_PRIOR)
    everywhere = PRIOR.hours * np.exp(fleet + hours)
    factors = everywhere * np.exp(areas + cells)
    return Traffic(everywhere, {_area(name): factors[row] for row, name in enumerate(names)})


def _scatter(weight: Floats, total: Floats, squares: Floats) -> float:
    """Return the variance of one leg within its cell, drawn towards the prior where few cells have two legs."""
    known = weight > 0
    within = float(squares.sum() - (total[known] ** 2 / weight[known]).sum())
    freedom = max(float(weight.sum()) - int(known.sum()), 0.0)
    return (SIGMA_WORTH * SIGMA_PRIOR**2 + max(within, 0.0)) / (SIGMA_WORTH + freedom)


def _shrunk(weight: Floats, total: Floats, sigma2: float, prior: float) -> Floats:
    """Return each bucket's mean drawn towards 0, the farther the less it is worth."""
    known = weight > 0
    mean = np.divide(total, weight, out=np.zeros_like(total), where=known)
    excess = float((weight * mean**2).sum()) / sigma2 - int(known.sum())
    moments = max(0.0, excess * sigma2 / float(weight.sum()))
    tau2 = (TAU_WORTH * prior**2 + int(known.sum()) * moments) / (TAU_WORTH + int(known.sum()))
    shrunk: Floats = mean * (weight * tau2) / (weight * tau2 + sigma2)
    return shrunk


def _area(name: str) -> Area:
    x, y = name.split(":")
    return Area(int(x), int(y))
