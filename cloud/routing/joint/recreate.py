"""Puts the absent back, one by one, each by its cheapest option and place; now and then it overlooks one on purpose.

Greedy insertion with blinks after J. Christiaens and G. Vanden Berghe, "Slack Induction by String Removals for Vehicle
Routing Problems", Transportation Science 54, 2020; the choice among options, rooms and budgets is ours.
"""

import math

from cloud.routing.joint.chance import Dice, below, uniform
from cloud.routing.joint.compiled import compiled, inlined
from cloud.routing.joint.instance import NO_LIMIT
from cloud.routing.joint.layout import (
    C_COUNT,
    C_DEMAND,
    C_FIRST,
    C_PENALTY,
    C_SIZE,
    C_SKILLS,
    CHAINED,
    DEMANDS,
    L_ABSENT,
    LOOSE,
    O_BY,
    O_LOCATION,
    O_PREPARE,
    O_RANK,
    O_ROOM,
    O_SERVICE,
    O_SKILLS,
    ORDERS,
    R_KIND,
    R_LENGTH,
    R_LOAD,
    S_AHEAD,
    S_LATEST,
    S_LEAVE,
    S_PLACE,
    T_ABSENT,
    T_COST,
    T_ROUTES,
    T_ROUTES_MAX,
    T_SKIP,
    T_STEPS,
    V_CAPACITY,
    V_END,
    V_FIXED,
    V_HEAD,
    V_LEG,
    V_LEG_BACK,
    V_METRES,
    V_REACH,
    V_SKILLS,
    V_STOPS,
    V_TIME,
    V_TIME_BACK,
    W_ABSENCES,
    Data,
    State,
)
from cloud.routing.joint.loads import linked, opening, spare_metres, used
from cloud.routing.joint.moves import brings, insert, own_window

NOWHERE = 4_000_000_000_000_000_000  # costs more than any place there is
ORDER_WEIGHTS = (4, 4, 2, 1, 2, 2, 2)  # chance, demand, far, close, window's width, begin, end
WEIGHTS_SUM = 17
LEAVE_BLINK = 0.1  # of chances to leave a customer to somebody else: where all are left, none would open a route


@inlined
def has_room(data: Data, state: State, c: int, o: int) -> bool:
    """Whether the locker and the service budget still take this option."""
    rows, ranks = data.limit.shape
    for rank in range(min(data.option[o, O_RANK], ranks)):
        if state.used[rows - 1, rank] >= data.limit[rows - 1, rank]:
            return False
    room = data.option[o, O_ROOM]
    if room >= 0:
        for size in range(data.customer[c, C_SIZE] + 1):
            if state.used[room, size] >= data.limit[room, size]:
                return False
    return True


@inlined
def van_takes(data: Data, state: State, c: int, o: int, v: int) -> bool:
    """Whether van ``v`` has the skills and the space for the customer and may stop once more."""
    skills = data.customer[c, C_SKILLS] | data.option[o, O_SKILLS]
    if skills & ~data.vehicle[v, V_SKILLS] or state.route[v, R_LENGTH] >= data.vehicle[v, V_STOPS]:
        return False
    for d in range(DEMANDS):
        if state.route[v, R_LOAD + d] + data.customer[c, C_DEMAND + d] > data.vehicle[v, V_CAPACITY + d]:
            return False
    if data.vehicle[v, V_HEAD] >= 0 and data.vehicle[v, V_STOPS] < NO_LIMIT:
        return bool(used(data, state, v)[0] + state.route[v, R_LENGTH] < data.vehicle[v, V_STOPS])
    return True


@inlined
def next_blink(dice: Dice, chance: float) -> int:
    """Return after how many places the next one is overlooked (geometric distribution, drawn by inversion)."""
    if chance <= 0.0:
        return NOWHERE
    return 1 + int(math.log(1.0 - uniform(dice)) / math.log(1.0 - chance))


@inlined
def scan_route(data: Data, state: State, o: int, v: int, best: int) -> tuple[int, int]:
    """Return the cheapest added cost below ``best`` and the position it goes behind, -1 for none.

    Whoever already stops at the place joins that visit, behind its other options; a visit is never cut in two.
    """
    here = data.option[o, O_LOCATION]
    ready, due = own_window(data, v, o)
    stay = data.option[o, O_SERVICE]
    service = data.option[o, O_PREPARE] + stay
    matrix, seq = data.matrix, state.seq  # no rows of them: each would be counted as one more holder of the array
    leg, leg_back = data.vehicle[v, V_LEG], data.vehicle[v, V_LEG_BACK]
    time, time_back = data.vehicle[v, V_TIME], data.vehicle[v, V_TIME_BACK]
    is_bound = data.vehicle[v, V_REACH] < NO_LIMIT
    spare = spare_metres(data, state, v) if is_bound else 0
    length = state.route[v, R_LENGTH]
    found = -1
    for p in range(length + 1):
        leave = seq[v, p, S_LEAVE]
        if leave > due:
            break
        latest = seq[v, p + 1, S_LATEST]
        if latest < ready:
            continue
        before, after = seq[v, p, S_PLACE], seq[v, p + 1, S_PLACE]
        if before == here and p > 0:
            joins = best > 0 and (p == length or after != here)
            if joins and leave + stay + matrix[time, here, after] <= latest:
                best, found = 0, p
            continue
        added = matrix[leg_back, here, before] + matrix[leg, here, after] - seq[v, p, S_AHEAD]
        if added >= best or (p < length and (after == here or (p > 0 and before == after))):
            continue
        begin = max(leave + matrix[time_back, here, before], ready)
        if begin <= due and begin + service + matrix[time, here, after] <= latest:
            if is_bound and farther(data, v, (before, here, after if length else -1)) > spare:
                continue
            state.total[T_SKIP] -= 1
            if state.total[T_SKIP] != 0:  # at 0 this one is overlooked
                best, found = added, p
    return best, found


@compiled
def farther(data: Data, v: int, way: tuple[int, int, int]) -> int:
    """Return the metres that going by ``way[1]`` adds between its neighbours, all of them in an empty van (-1)."""
    before, here, after = way
    metres = data.matrix[data.vehicle[v, V_METRES]]
    if after < 0:
        return int(metres[before, here] + metres[here, data.vehicle[v, V_END]])
    return int(metres[before, here] + metres[here, after] - metres[before, after])


@inlined
def best_van(data: Data, state: State, dice: Dice, blink: float, about: tuple[int, int, int]) -> tuple[int, int, int]:
    """Return (cost, vehicle, position) of the cheapest drive to option ``about[1]`` of customer ``about[0]``.

    It costs less than ``about[2]``; vehicle -1 if there is none.
    """
    c, o, best = about
    van, position = -1, -1
    tried = 0  # bits of kinds of empty vans
    for v in range(len(data.vehicle)):
        kind = state.route[v, R_KIND]  # beside the length: of many vans most are empty, and their rows stay untouched
        if kind == LOOSE:
            continue
        fixed = 0
        if state.route[v, R_LENGTH] == 0 and kind == CHAINED:
            fixed = opening(data, state, v)
            if fixed < 0:
                continue
        elif state.route[v, R_LENGTH] == 0:
            bit = 1 << kind
            if tried & bit or state.total[T_ROUTES] >= state.total[T_ROUTES_MAX]:
                continue
            tried |= bit
            fixed = data.vehicle[v, V_FIXED]
        if not van_takes(data, state, c, o, v):
            continue
        fixed += brings(data, o, v)
        state.total[T_STEPS] += state.route[v, R_LENGTH] + 1
        added, p = scan_route(data, state, o, v, best - fixed)
        if p >= 0:
            best, van, position = added + fixed, v, p
        if state.total[T_SKIP] <= 0:
            state.total[T_SKIP] = next_blink(dice, blink)
    return best, van, position


@compiled
def best_place(data: Data, state: State, c: int, dice: Dice, chances: tuple[float, float]) -> tuple[int, int, int]:
    """Return (option, vehicle, position) of the cheapest place for the customer, option -1 if there is none."""
    best, where = NOWHERE, (-1, -1, -1)
    first, count = data.customer[c, C_FIRST], data.customer[c, C_COUNT]
    for o in range(first, first + count):
        if not has_room(data, state, c, o) or (count > 1 and uniform(dice) < chances[1]):
            continue
        by = data.option[o, O_BY]
        if by < 0:
            cost, v, p = best_van(data, state, dice, chances[0], (c, o, best))
            if v >= 0:
                best, where = cost, (o, v, p)
        elif brings(data, o, by) < best and van_takes(data, state, c, o, by) and uniform(dice) >= LEAVE_BLINK:
            best, where = brings(data, o, by), (o, by, state.route[by, R_LENGTH])
    return where


@compiled
def shuffle_and_sort(data: Data, state: State, dice: Dice) -> None:
    """Put the absent into the order in which they are served: by chance or by one of the keys."""
    absent, count = state.lists[L_ABSENT], state.total[T_ABSENT]
    for number in range(count - 1, 0, -1):
        other = below(dice, number + 1)
        absent[number], absent[other] = absent[other], absent[number]
    drawn = below(dice, WEIGHTS_SUM)
    key = -1
    for weight in ORDER_WEIGHTS:
        drawn -= weight
        if drawn < 0:
            break
        key += 1
    if 0 <= key < ORDERS:
        for number in range(1, count):  # by insertion: about ten are absent
            c = absent[number]
            to = number
            while to > 0 and data.order[absent[to - 1], key] > data.order[c, key]:
                absent[to] = absent[to - 1]
                to -= 1
            absent[to] = c


@compiled
def recreate(data: Data, state: State, dice: Dice, chances: tuple[float, float]) -> None:
    """Serve as many of the absent as fit. ``chances``: to overlook a place, to overlook a whole option."""
    shuffle_and_sort(data, state, dice)
    if state.total[T_SKIP] <= 0:
        state.total[T_SKIP] = next_blink(dice, chances[0])
    kept = 0
    for number in range(state.total[T_ABSENT]):
        c = state.lists[L_ABSENT, number]
        o, v, p = best_place(data, state, c, dice, chances)
        if o >= 0:
            insert(data, state, o, (v, p))
            linked(data, state, v)
            state.total[T_COST] -= data.customer[c, C_PENALTY]
        else:
            state.where[c, W_ABSENCES] += 1
            state.lists[L_ABSENT, kept] = c
            kept += 1
    state.total[T_ABSENT] = kept
