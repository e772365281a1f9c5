"""A shorter story of the same violation: fewer hours, fewer lockers, fewer kinds of fault, as far as that is cheap.

Every reduction is a whole run of the smaller world; one that still breaks the same invariant is kept.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from firmware_sim.world.chronicle import Violation
from firmware_sim.world.faults import KINDS
from firmware_sim.world.maintaining import VISIT_H
from firmware_sim.world.world import Plan, Result, run_world

AFTERWARDS_H = 0.02  # hours kept after the violation, so that it still happens

Run = Callable[[Plan], Result]


@dataclass(frozen=True, slots=True)
class Shrunk:
    """The smallest world found, what it violates first, and how many worlds were tried."""

    plan: Plan
    violation: Violation
    tried: int


def shrink(plan: Plan, run: Run = run_world) -> Shrunk | None:
    """Return a smaller plan that violates the same invariant; nothing if ``plan`` violates none."""
    smallest = replace(plan, stop_at_first=True, begin_h=plan.begin_s / 3600)
    found = _first(run(smallest))
    if found is None:
        return None
    tried = 1
    for smaller in _smaller(smallest):
        candidate = smaller(smallest, found)
        if candidate == smallest:
            continue
        again = _first(run(candidate))
        tried += 1
        if again is not None and again.invariant == found.invariant:
            smallest, found = candidate, again
    return Shrunk(smallest, found, tried)


def _smaller(plan: Plan) -> Iterator[Callable[[Plan, Violation], Plan]]:
    """Yield reductions, those that save most first."""
    yield _shorter
    for lockers in range(1, plan.lockers):
        yield lambda now, _, lockers=lockers: replace(now, lockers=min(lockers, now.lockers))  # type: ignore[misc]  # mypy cannot infer a default
    for kind in KINDS:
        yield lambda now, _, kind=kind: replace(now, without=(*now.without, kind))  # type: ignore[misc]  # as above
    yield _shorter


def _shorter(plan: Plan, found: Violation) -> Plan:
    hours = round((found.at_s - plan.begin_s) / 3600 + AFTERWARDS_H, 2)
    return replace(plan, hours=min(plan.hours, hours))


def _first(result: Result) -> Violation | None:
    return result.violations[0] if result.violations else None


def command(plan: Plan) -> str:
    """Return what to type to see a plan's story."""
    more = [f"--begin {plan.begin_h:g}"] if plan.begin_h is not None else []
    more += [f"--without {','.join(plan.without)}"] if plan.without else []
    more += [f"--visit-h {plan.visit_h:g}"] if plan.visit_h != VISIT_H else []
    more += [word for word, wanted in (("--calm", not plan.trouble), ("--genuine", plan.genuine)) if wanted]
    args = f' ARGS="{" ".join(more)}"' if more else ""
    return f"make sim SEED={plan.seed} LOCKERS={plan.lockers} HOURS={plan.hours:g}{args}"
