"""Takes neighbouring strings of customers out of neighbouring routes, so that there is slack to put them back better.

The idea (adjacent strings, whole or split) is that of J. Christiaens and G. Vanden Berghe, "Slack Induction by String
Removals for Vehicle Routing Problems", Transportation Science 54, 2020. Ours: nearness is that of any option, so that
people who *could* go to a locker nearby are taken out together; a string may end only where a place ends, because
whoever leaves two of a locker's twelve parcels behind has saved no way; and now and then strings are as long as routes,
which strings of ten never empty.
"""

from cloud.routing.joint.chance import Dice, below, uniform
from cloud.routing.joint.compiled import compiled, inlined
from cloud.routing.joint.layout import (
    C_COUNT,
    C_FIRST,
    O_CUSTOMER,
    O_LOCATION,
    R_DIRTY,
    R_LENGTH,
    S_OPTION,
    T_ROUTES,
    V_LOOSE,
    W_OPTION,
    W_POSITION,
    W_ROUTE,
    Data,
    State,
)
from cloud.routing.joint.loads import TAKEN, TIMED, linked
from cloud.routing.joint.moves import remove_run

STRING_MAX = 10  # longest string; the authors' value
SPLIT_CHANCE = 0.5  # of leaving a part of the string in place; the authors' value
SPLIT_GROW = 0.01  # chance that the part left in place grows by one more; the authors' value
PLACE_CHANCE = 0.3  # of taking out everybody at the places where a string ends; 0.6 was no better on vrpdo and vrppl
ROUTE_CHANCE = 0.01  # of strings as long as routes: 0.02 found fleets that nothing else did, at a cost a round
ROUTE_STRING_MAX = 40  # longest of those, and
ROUTE_STRINGS = 3  # so many at most: recreating more takes as long as a hundred ordinary rounds


@compiled
def ruin(data: Data, state: State, dice: Dice, wish: tuple[float, float]) -> None:
    """Take out about ``wish[0]`` customers around a seed; ``state.dirty`` must be clean and lists the routes after.

    ``wish[1]`` is the chance of going by any option of the neighbours, not only by the one in use.
    """
    customers = len(data.customer)
    longest, strings = _strings(data, state, dice, wish[0])
    by_any = uniform(dice) < wish[1]
    seed = below(dice, customers)
    o = state.where[seed, W_OPTION]
    if o < 0 or by_any:
        o = data.customer[seed, C_FIRST] + below(dice, data.customer[seed, C_COUNT])
    taken, fetched = 0, 0  # strings, and how many single ones were fetched from loose routes
    if state.where[seed, W_OPTION] >= 0:
        if data.vehicle[state.where[seed, W_ROUTE], V_LOOSE]:
            _fetch(data, state, seed)
        else:
            _take_string(data, state, dice, seed, longest)
            taken += 1
    for near in data.near[o]:
        if taken >= strings:
            break
        c = data.option[near, O_CUSTOMER]
        used = state.where[c, W_OPTION]
        if used < 0 or (used != near and not by_any):
            continue
        v = state.where[c, W_ROUTE]
        if data.vehicle[v, V_LOOSE]:
            if fetched < longest:
                _fetch(data, state, c)
                fetched += 1
        elif state.route[v, R_DIRTY] in (0, TIMED):
            _take_string(data, state, dice, c, longest)
            taken += 1


@inlined
def _strings(data: Data, state: State, dice: Dice, take: float) -> tuple[float, int]:
    """Return how long a string may be, and how many are taken."""
    if uniform(dice) < ROUTE_CHANCE:
        return float(ROUTE_STRING_MAX), 1 + below(dice, ROUTE_STRINGS)
    longest = min(float(STRING_MAX), max(1.0, len(data.customer) / max(1, state.total[T_ROUTES])))
    return longest, 1 + int(uniform(dice) * max(4.0 * take / (1.0 + longest) - 1.0, 0.0))


@compiled
def _fetch(data: Data, state: State, c: int) -> None:
    """Take a customer back from a loose vehicle, where order means nothing."""
    v, at = state.where[c, W_ROUTE], state.where[c, W_POSITION]
    remove_run(data, state, v, (at, at, 0, 0))


@inlined
def _same_place(data: Data, state: State, v: int, at: int) -> bool:
    """Return whether the stop at a position and the one behind it are at one place."""
    here, behind = state.seq[v, at, S_OPTION], state.seq[v, at + 1, S_OPTION]
    return bool(data.option[here, O_LOCATION] == data.option[behind, O_LOCATION])


@compiled
def _take_string(data: Data, state: State, dice: Dice, c: int, longest: float) -> None:
    """Take a string of at most ``longest`` customers out of the route of ``c``, around it."""
    v = state.where[c, W_ROUTE]
    length = state.route[v, R_LENGTH]
    take = 1 + int(uniform(dice) * min(float(length), longest))
    keep = 0
    if 1 < take < length and uniform(dice) < SPLIT_CHANCE:
        keep = 1
        while take + keep < length and uniform(dice) < SPLIT_GROW:
            keep += 1
    span = take + keep
    at = state.where[c, W_POSITION]
    lowest, highest = max(1, at - span + 1), min(at, length - span + 1)
    first = lowest + below(dice, highest - lowest + 1)
    last = first + span - 1
    keep_from = first + 1 + below(dice, take)
    if uniform(dice) < PLACE_CHANCE:
        while first > 1 and _same_place(data, state, v, first - 1):
            first -= 1
        while last < length and _same_place(data, state, v, last):
            last += 1
    remove_run(data, state, v, (first, last, keep_from, keep))
    state.route[v, R_DIRTY] = TAKEN
    linked(data, state, v)
