"""Where on a route breaks cost least: where the van would wait anyway, or where everything behind them stays in time.

``schedule.with_breaks`` puts breaks as late as they may begin, which is right where nobody waits. A van that waits for
a window and rests only afterwards has lost the time twice.
"""

from collections.abc import Iterator, Sequence

from cloud.routing.checker import check_route
from cloud.routing.plan import StepKind
from cloud.routing.problem import Break, Courier, Stop, StopId, Travel
from cloud.routing.schedule import Halt, Visit, earliest_route, with_breaks

WAIT_S_MIN = 60  # less waiting than this is not worth looking for a better place
TRIES_MAX = 30  # positions for one break; a break's window of two hours sees a dozen stops


def rested(courier: Courier, order: Sequence[Halt], stops: dict[StopId, Stop], travel: Travel) -> list[Visit]:
    """Return the order with the courier's breaks where the route keeps its rules and is over soonest."""
    best = with_breaks(courier, order, travel)
    if not courier.breaks:
        return best
    worth = _worth(courier, best, stops, travel)
    route = earliest_route(courier, best, travel)
    waits = sum(step.wait_s for step in route.steps if step.kind is StepKind.STOP)
    if not worth[0] and waits < WAIT_S_MIN:
        return best
    for pause in courier.breaks:
        for tried in _elsewhere(courier, best, pause, travel):
            found = _worth(courier, tried, stops, travel)
            if found < worth:
                best, worth = tried, found
    return best


def _worth(courier: Courier, order: Sequence[Visit], stops: dict[StopId, Stop], travel: Travel) -> tuple[int, int]:
    """Return how many rules are broken and when the route ends, leaving early."""
    route = earliest_route(courier, order, travel)
    return len(check_route(stops, travel, courier, route)), route.end_s


def _elsewhere(courier: Courier, order: Sequence[Visit], pause: Break, travel: Travel) -> Iterator[list[Visit]]:
    """Yield the order with one break at every other place that its windows and the breaks beside it may allow."""
    if pause not in order:
        return
    rest = [visit for visit in order if visit is not pause]
    begins = [step.begin_s for step in earliest_route(courier, rest, travel).steps if _is_visit(step.kind)]
    opens, closes = pause.windows[0].start_s, pause.windows[-1].end_s
    tried = 0
    for position, visit in enumerate(rest):
        if isinstance(visit, Break) or tried >= TRIES_MAX or position >= len(begins):
            continue
        if opens <= begins[position] and (position == 0 or begins[position - 1] <= closes):
            tried += 1
            yield [*rest[:position], pause, *rest[position:]]


def _is_visit(kind: StepKind) -> bool:
    return kind in {StepKind.STOP, StepKind.BREAK, StepKind.RELOAD}
