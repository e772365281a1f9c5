"""The loop of the search: ruin, recreate, accept by temperature, remember the best; a slice at a time.

A slice is a number of rounds between two temperatures. Whoever calls decides by the clock how many slices there are;
in here no clock is read, so a number of rounds and a seed determine the result.
"""

import math
from typing import NamedTuple

from cloud.routing.joint.chance import Dice, uniform
from cloud.routing.joint.compiled import compiled
from cloud.routing.joint.layout import (
    C_PENALTY,
    L_ABSENT,
    O_CUSTOMER,
    R_LENGTH,
    S_OPTION,
    T_ABSENT,
    T_COST,
    T_ROUTES,
    T_ROUTES_MAX,
    V_LOOSE,
    W_ABSENCES,
    Data,
    Int64s,
    State,
)
from cloud.routing.joint.loads import linked
from cloud.routing.joint.moves import (
    add_marks,
    clean,
    copy_dirty,
    copy_rest,
    copy_route,
    insert,
    open_route,
    remove_run,
)
from cloud.routing.joint.recreate import NOWHERE, recreate
from cloud.routing.joint.ruin import ruin


class Search(NamedTuple):
    """Three solutions: one being changed, the accepted one it came from, and the best so far."""

    trial: State
    current: State
    best: State
    dice: Dice


class Slice(NamedTuple):
    """``rounds`` rounds from temperature ``hot`` to ``cold``; how much to take out; the chances of overlooking."""

    rounds: int
    hot: float
    cold: float
    take: float
    any_option: float
    blink: float
    option_blink: float


@compiled
def begin(data: Data, search: Search) -> None:
    """Open every route empty."""
    for state in (search.trial, search.current, search.best):
        for v in range(len(data.vehicle)):
            open_route(data, state, v)


@compiled
def copy_all(data: Data, target: State, source: State) -> None:
    for v in range(len(data.vehicle)):
        copy_route(data, target, source, v)
    copy_rest(target, source)


@compiled
def settle(data: Data, search: Search) -> None:
    """Accept the trial and call it the best, whatever it is."""
    for target in (search.current, search.best):
        copy_all(data, target, search.trial)
    clean(search.trial)
    clean(search.best)


@compiled
def construct(data: Data, search: Search, blink: float) -> None:
    """Serve the absent of the trial greedily and settle."""
    recreate(data, search.trial, search.dice, (blink, 0.0))
    settle(data, search)


@compiled
def anneal(data: Data, search: Search, plan: Slice) -> int:
    """Run a slice and return its rounds."""
    trial, current, best, dice = search
    wish, chances = (plan.take, plan.any_option), (plan.blink, plan.option_blink)
    heat = plan.hot
    cooling = (plan.cold / plan.hot) ** (1.0 / plan.rounds)
    for _ in range(plan.rounds):
        ruin(data, trial, dice, wish)
        recreate(data, trial, dice, chances)
        if trial.total[T_COST] < current.total[T_COST] - heat * math.log(1.0 - uniform(dice)):
            copy_dirty(data, current, trial, trial)
            add_marks(best, trial)
            if trial.total[T_COST] < best.total[T_COST]:
                copy_dirty(data, best, trial, best)
                clean(best)
        else:
            copy_dirty(data, trial, current, trial)
        clean(trial)
        heat *= cooling
    return plan.rounds


@compiled
def absences(state: State) -> int:
    """Return how often those now absent could not be served so far: how hard they are."""
    result = 0
    for number in range(state.total[T_ABSENT]):
        result += state.where[state.lists[L_ABSENT, number], W_ABSENCES]
    return result


@compiled
def shrink(data: Data, search: Search, plan: Slice) -> int:
    """Look for a complete solution within ``T_ROUTES_MAX`` routes; return the rounds it took.

    On success it is current and best.
    Absence counters after Christiaens and Vanden Berghe (2020): what is left out for long weighs more.
    """
    trial, current, best, dice = search
    wish, chances = (plan.take, plan.any_option), (plan.blink, plan.option_blink)
    sum_current = NOWHERE
    for number in range(plan.rounds):
        ruin(data, trial, dice, wish)
        recreate(data, trial, dice, chances)
        add_marks(best, trial)
        sum_trial = absences(trial)
        if (
            trial.total[T_ABSENT] < current.total[T_ABSENT]
            or sum_trial < sum_current
            or trial.total[T_COST] < current.total[T_COST] - plan.cold * math.log(1.0 - uniform(dice))
        ):
            copy_dirty(data, current, trial, trial)
            sum_current = sum_trial
            if trial.total[T_ABSENT] == 0:
                copy_dirty(data, best, trial, best)
                clean(best)
                clean(trial)
                return number + 1
        else:
            copy_dirty(data, trial, current, trial)
        clean(trial)
    return plan.rounds


@compiled
def drop_route(data: Data, search: Search) -> None:
    """Take the route whose customers were easiest to serve so far out of the trial and allow one route less."""
    trial, current, best, _ = search
    easiest, least = -1, NOWHERE
    for v in range(len(data.vehicle)):
        if trial.route[v, R_LENGTH] and not data.vehicle[v, V_LOOSE]:
            weight = 0
            for p in range(1, trial.route[v, R_LENGTH] + 1):
                weight += trial.where[data.option[trial.seq[v, p, S_OPTION], O_CUSTOMER], W_ABSENCES]
            if weight < least:
                easiest, least = v, weight
    trial.total[T_ROUTES_MAX] = trial.total[T_ROUTES] - 1
    remove_run(data, trial, easiest, (1, trial.route[easiest, R_LENGTH], 0, 0))
    add_marks(best, trial)
    copy_dirty(data, current, trial, trial)
    clean(trial)


@compiled
def resume(data: Data, search: Search, source: State) -> None:
    """Go on from ``source``: it becomes trial, current and best."""
    trial, current, best, _ = search
    copy_all(data, trial, source)
    copy_all(data, current, source)
    copy_all(data, best, source)
    clean(trial)
    clean(best)


@compiled
def load_route(data: Data, state: State, v: int, options: Int64s) -> None:
    """Put options into an empty route in their order; the caller knows that they may."""
    for o in options:
        c = data.option[o, O_CUSTOMER]
        insert(data, state, o, (v, state.route[v, R_LENGTH]))
        linked(data, state, v)
        state.total[T_COST] -= data.customer[c, C_PENALTY]
        for number in range(state.total[T_ABSENT]):
            if state.lists[L_ABSENT, number] == c:
                state.total[T_ABSENT] -= 1
                state.lists[L_ABSENT, number] = state.lists[L_ABSENT, state.total[T_ABSENT]]
                break
