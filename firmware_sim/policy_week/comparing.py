"""Weeks beside each other: totals, and how sure the differences are, days paired."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import t as student

from cloud.services.day_choices import WALK_CENTS_PER_KM
from firmware_sim.policy_week.tally import DayTally, kpi_of, summed

SURE = 0.95


@dataclass(frozen=True, slots=True)
class Span:
    """A mean with the half width of its 95 % interval, None from a single day."""

    mean: float
    half: float | None

    @property
    def is_clear(self) -> bool:
        """Whether the interval leaves out zero."""
        return self.half is not None and abs(self.mean) > self.half


@dataclass(frozen=True, slots=True)
class Row:
    """One policy's week; ``beside`` is its cost per parcel less that of the first policy on the same days."""

    name: str
    days: tuple[DayTally, ...]
    whole: DayTally
    cents: float
    beside: Span | None = None

    def figures(self) -> dict[str, float]:
        """Return what the table shows, by column."""
        whole, kpi = self.whole, self.whole.kpi
        shares = kpi_of(whole)
        brought = max(1, kpi.parcels)
        failed = max(1, kpi.failed)
        return {
            "cents_per_parcel": round(self.cents, 1),
            "km_per_100": round(kpi.metres / brought / 10, 1),
            "van_hours_per_100": round(kpi.seconds / brought / 36, 2),
            "co2_g_per_parcel": round(shares.co2_g / brought, 0),
            "first_attempt": round(shares.first_attempt or 0.0, 4),
            "on_time": round(shares.on_time or 0.0, 4),
            "same_day": round(1 - whole.late / brought, 4),
            "to_lockers": round(shares.locker_share or 0.0, 4),
            "walk_m": round(shares.walk_m or 0.0),
            "walk_cents_per_parcel": round(kpi.walk_m * WALK_CENTS_PER_KM / 1_000 / brought, 1),
            "failed": kpi.failed,
            "rerouted_of_failed": round(whole.rerouted / failed, 3),
            "vans_a_day": round(whole.vans / max(1, len(self.days)), 1),
            "parcels": kpi.parcels,
            "late": whole.late,
            "unplanned": whole.unplanned,
            "refused": whole.refused,
            "returned": whole.returned,
            "collected": whole.collected,
            "waiting": whole.carried_over,
            "reordered": whole.reordered,
            "unanswered": whole.unanswered,
        }


def compare(weeks: Sequence[tuple[str, Sequence[DayTally]]]) -> tuple[Row, ...]:
    """Return a row a week, each beside the first; all weeks have the same days."""
    rows: list[Row] = []
    for name, days in weeks:
        whole = summed(days)
        row = Row(name, tuple(days), whole, whole.cents_per_parcel)
        rows.append(replace(row, beside=beside(row, rows[0])) if rows else row)
    return tuple(rows)


def beside(row: Row, other: Row) -> Span:
    """Return by how many cents a parcel one week's days differ from the other's same days."""
    pairs = zip(row.days, other.days, strict=True)
    return span([mine.cents_per_parcel - theirs.cents_per_parcel for mine, theirs in pairs])


def span(values: Sequence[float]) -> Span:
    """Return the mean of days with Student's interval (W. S. Gosset, Biometrika 6, 1908)."""
    mean = float(np.mean(values))
    if len(values) <= 1:
        return Span(mean, None)
    error = float(np.std(values, ddof=1)) / math.sqrt(len(values))
    return Span(mean, error * float(student.ppf((1 + SURE) / 2, len(values) - 1)))
