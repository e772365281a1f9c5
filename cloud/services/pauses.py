"""Where on a route its courier's break is: what is thought about on the way must not forget it.

Only the planner's worker knows breaks as such; a stored route shows its break as a gap. Verbs that change a running
route count it to the stop before the gap, so that everything behind still comes that much later.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

from cloud.routing.problem import SERVICE_S_MAX
from cloud.services.records import Shift, Stop


class Called(NamedTuple):
    """A stop as it is stored: when it begins and how long it takes."""

    stop_id: str
    eta: datetime
    service_s: int

    @property
    def left_at(self) -> datetime:
        return self.eta + timedelta(seconds=self.service_s)


def break_after(shift: Shift | None, ahead: Iterable[Called]) -> str:
    """Return the stop behind which the break is still to come, "" for none."""
    if shift is None or shift.break_from is None or shift.break_to is None:
        return ""
    lasts, first, last = timedelta(seconds=shift.break_s), shift.break_from, shift.break_to
    for before, behind in pairwise(ahead):
        if behind.eta - before.left_at >= lasts and before.left_at <= last and behind.eta >= first + lasts:
            return before.stop_id
    return ""


def pauses(shift: Shift | None, stops: Sequence[Stop]) -> Mapping[str, int]:
    """Return the stop of a route on the way to which its courier's break is, with its seconds."""
    before = break_after(shift, (Called(stop.id, stop.eta, stop.service_s) for stop in stops))
    behind = [two.id for one, two in pairwise(stops) if one.id == before]
    return dict.fromkeys(behind, shift.break_s) if shift is not None else {}


def with_break(service_s: int, shift: Shift | None) -> int:
    """Return how long the stop before the break takes with it."""
    return min(SERVICE_S_MAX, service_s + (shift.break_s if shift else 0))
