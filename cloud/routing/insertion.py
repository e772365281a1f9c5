"""Where one more stop could go into a route: positions by the driving they add, the hopeless ones left out at once.

Only a filter: what it lets through is still scheduled and checked exactly. The slack of a position is how much later
everything behind it may begin (forward time slack: M. Savelsbergh, ORSA Journal on Computing 4, 1992); waiting on the
way absorbs delay.
"""

from collections.abc import Sequence

from cloud.routing.plan import Route, StepKind
from cloud.routing.problem import Break, Courier, Place, Stop, Travel
from cloud.routing.schedule import Visit


def slacks_s(courier: Courier, order: Sequence[Visit], route: Route) -> list[int]:
    """Return for each position 0..len(order) how many seconds the route from there on can be pushed back.

    ``route`` is the earliest one over ``order``. Windows count by their last end, so the slack is never too small.
    """
    visited = [step for step in route.steps if step.kind in {StepKind.STOP, StepKind.BREAK, StepKind.RELOAD}]
    slack_s = courier.shift.end_s - route.end_s
    slacks = [slack_s]
    for visit, step in zip(reversed(order), reversed(visited), strict=True):
        own_s = visit.windows[-1].end_s - step.begin_s if visit.windows else slack_s
        slack_s = step.wait_s + min(slack_s, own_s)
        slacks.append(slack_s)
    return slacks[::-1]


def positions_by_detour(
    courier: Courier, order: Sequence[Visit], new: Stop, slacks: Sequence[int], travel: Travel
) -> list[int]:
    """Return the positions behind the locked prefix whose slack takes the new stop, least added driving first."""
    return [position for _, position in detours(courier, order, new, slacks, travel)]


def detours(
    courier: Courier, order: Sequence[Visit], new: Stop, slacks: Sequence[int], travel: Travel
) -> list[tuple[int, int]]:
    """Return (seconds of driving added, position) for the same positions in the same order."""
    before, after = _neighbours(courier, order)
    found = []
    for position in range(_first_free(courier, order), len(order) + 1):
        added_s = _added_s(before[position], new.place, after[position], travel)
        if added_s + new.service_s <= slacks[position]:
            found.append((added_s, position))
    return sorted(found)


def _first_free(courier: Courier, order: Sequence[Visit]) -> int:
    stops = [number for number, visit in enumerate(order) if isinstance(visit, Stop)]
    return stops[len(courier.locked) - 1] + 1 if courier.locked else 0


def _neighbours(courier: Courier, order: Sequence[Visit]) -> tuple[list[Place | None], list[Place | None]]:
    """Return for each position the place driven from and the one driven to; breaks are at neither."""
    before, after = [courier.start], [courier.end]
    for visit in order:
        before.append(before[-1] if isinstance(visit, Break) else visit.place)
    for visit in reversed(order):
        after.append(after[-1] if isinstance(visit, Break) else visit.place)
    return before, after[::-1]


def _added_s(before: Place | None, place: Place, after: Place | None, travel: Travel) -> int:
    there_s = travel.duration_s(before, place) if before else 0
    onward_s = travel.duration_s(place, after) if after else 0
    return there_s + onward_s - (travel.duration_s(before, after) if before and after else 0)
