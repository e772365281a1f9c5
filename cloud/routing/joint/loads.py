"""Several loads of one van: its routes are a chain, each begins where and when the one before let the van load again.

A load is a route of its own, so that what fits is counted for each. What links them is time: when one changes, the ones
behind it begin later or earlier, and the ones before it must be back sooner or may take longer. Vans of one load are in
no chain and pay nothing for this.
"""

from cloud.routing.joint.compiled import compiled, inlined
from cloud.routing.joint.instance import NO_LIMIT
from cloud.routing.joint.layout import (
    L_DIRTY,
    R_DIRTY,
    R_LENGTH,
    R_METRES,
    R_OPENING,
    S_LATEST,
    S_LEAVE,
    S_PLACE,
    T_COST,
    T_DIRTY,
    V_AGAIN,
    V_EARLY,
    V_END,
    V_FIRST,
    V_HEAD,
    V_HOUR,
    V_LATE,
    V_NEXT,
    V_OPEN,
    V_PREVIOUS,
    V_REACH,
    V_RELOAD,
    V_SHUT,
    V_START,
    V_TIME,
    Data,
    State,
)
from cloud.routing.joint.moves import own_ready, own_time, pay_waiting, refresh_backward, refresh_forward

TAKEN, TIMED = 1, 2  # of R_DIRTY: its stops have changed, only its times have


@inlined
def linked(data: Data, state: State, v: int) -> None:
    """Keep the chain of route ``v`` true after its stops changed; nothing for a van of one load."""
    if data.vehicle[v, V_HEAD] >= 0:
        relink(data, state, v)


@compiled
def relink(data: Data, state: State, v: int) -> None:
    """Recompute times along the chain of ``v``, and what its loads cost besides their ways."""
    last = _forward(data, state, data.vehicle[v, V_HEAD])
    _backward(data, state, last)
    w, driven = data.vehicle[v, V_HEAD], 0
    while w >= 0:
        if state.route[w, R_LENGTH]:
            driven += 1
            if data.vehicle[w, V_HOUR]:
                pay_waiting(data, state, w)
        w = data.vehicle[w, V_NEXT]
    head = data.vehicle[v, V_HEAD]
    due = 0 if driven == 0 else data.vehicle[head, V_FIRST] + (driven - 1) * data.vehicle[head, V_AGAIN]
    if due != state.route[head, R_OPENING]:
        state.total[T_COST] += due - state.route[head, R_OPENING]
        state.route[head, R_OPENING] = due
        _touch(state, head)


@compiled
def _forward(data: Data, state: State, head: int) -> int:
    """Let every load begin when the van is back and loaded; return the chain's last route."""
    w, before, last = head, -1, head
    while w >= 0:
        start = _start(data, state, w, before)
        if start != state.seq[w, 0, S_LEAVE]:
            state.seq[w, 0, S_LEAVE] = start
            refresh_forward(data, state, w, 1)
            _touch(state, w)
        if state.route[w, R_LENGTH]:
            before = w
        last = w
        w = data.vehicle[w, V_NEXT]
    return last


@compiled
def _backward(data: Data, state: State, last: int) -> None:
    """Let every load end in time for the ones behind it."""
    w, after = last, -1
    while w >= 0:
        length = state.route[w, R_LENGTH]
        late = _late(data, state, w, after)
        if late != state.seq[w, length + 1, S_LATEST]:
            state.seq[w, length + 1, S_LATEST] = late
            refresh_backward(data, state, w, length)
            _touch(state, w)
        if length:
            after = w
        w = data.vehicle[w, V_PREVIOUS]


@compiled
def _start(data: Data, state: State, w: int, before: int) -> int:
    """Return when load ``w`` may leave if ``before`` (-1 for none) was driven last; never if the depot has shut."""
    if before < 0:
        return own_time(data, w, data.vehicle[w, V_EARLY])
    length = state.route[before, R_LENGTH]
    place = state.seq[before, length, S_PLACE]
    home = data.matrix[data.vehicle[before, V_TIME], place, data.vehicle[before, V_END]]
    begin = max(state.seq[before, length, S_LEAVE] + home, own_ready(data, w, data.vehicle[w, V_OPEN]))
    if state.route[w, R_LENGTH] == 0 and begin > own_time(data, w, data.vehicle[w, V_SHUT]):
        return NO_LIMIT
    return int(begin + data.vehicle[w, V_RELOAD])


@compiled
def _late(data: Data, state: State, w: int, after: int) -> int:
    """Return when the van must be back from ``w`` if ``after`` (-1 for none) is next; never if it cannot be loaded."""
    if after < 0:
        return own_time(data, w, data.vehicle[w, V_LATE])
    out = data.matrix[data.vehicle[after, V_TIME], data.vehicle[after, V_START], state.seq[after, 1, S_PLACE]]
    leaves = state.seq[after, 1, S_LATEST] - out
    loaded = own_ready(data, w, data.vehicle[after, V_OPEN]) + data.vehicle[after, V_RELOAD]
    if state.route[w, R_LENGTH] == 0 and loaded > leaves:
        return -NO_LIMIT
    return min(int(leaves - data.vehicle[after, V_RELOAD]), own_time(data, w, data.vehicle[after, V_SHUT]))


@compiled
def _touch(state: State, w: int) -> None:
    if not state.route[w, R_DIRTY]:
        state.route[w, R_DIRTY] = TIMED
        state.lists[L_DIRTY, state.total[T_DIRTY]] = w
        state.total[T_DIRTY] += 1


@compiled
def opening(data: Data, state: State, v: int) -> int:
    """Return what beginning the empty load ``v`` costs, -1 if the one before it is empty, too: that one comes first."""
    before = data.vehicle[v, V_PREVIOUS]
    if before >= 0 and state.route[before, R_LENGTH] == 0:
        return -1
    customers, _ = used(data, state, v)
    return int(data.vehicle[v, V_AGAIN] if customers else data.vehicle[v, V_FIRST])


@compiled
def used(data: Data, state: State, v: int) -> tuple[int, int]:
    """Return how many customers the other loads of this van have, and how many metres they are."""
    w, customers, metres = data.vehicle[v, V_HEAD], 0, 0
    while w >= 0:
        if w != v:
            customers += state.route[w, R_LENGTH]
            metres += state.route[w, R_METRES]
        w = data.vehicle[w, V_NEXT]
    return customers, metres


@compiled
def spare_metres(data: Data, state: State, v: int) -> int:
    """Return how many metres more a van of limited reach may drive."""
    spare = data.vehicle[v, V_REACH] - state.route[v, R_METRES]
    if data.vehicle[v, V_HEAD] >= 0:
        spare -= used(data, state, v)[1]
    return int(spare)
