"""What changes a solution: put an option into a route, take customers out, copy a route; times kept true throughout.

A visit is a run of options at one place: its preparation is done once and its window is kept by its first option.
"""

from cloud.routing.joint.compiled import compiled, inlined
from cloud.routing.joint.instance import HOUR, NO_LIMIT
from cloud.routing.joint.layout import (
    C_DEMAND,
    C_PENALTY,
    C_SIZE,
    CHAINED,
    DEMANDS,
    KINDS_MAX,
    L_ABSENT,
    L_DIRTY,
    LOOSE,
    O_CUSTOMER,
    O_DUE,
    O_EXTRA,
    O_LOCATION,
    O_PREPARE,
    O_RANK,
    O_READY,
    O_ROOM,
    O_SERVICE,
    R_COST,
    R_DIRTY,
    R_KIND,
    R_LENGTH,
    R_LOAD,
    R_METRES,
    R_WAITS,
    ROUTE_COLUMNS,
    S_AHEAD,
    S_LATEST,
    S_LEAVE,
    S_OPTION,
    S_PLACE,
    SEQ_COLUMNS,
    T_ABSENT,
    T_COST,
    T_DIRTY,
    T_ROUTES,
    V_BREAK,
    V_BREAKS,
    V_CLASS,
    V_EARLY,
    V_END,
    V_FIXED,
    V_HEAD,
    V_HOUR,
    V_LATE,
    V_LEG,
    V_LOOSE,
    V_METRES,
    V_PARCEL,
    V_REACH,
    V_START,
    V_TIME,
    V_UNDER_WAY,
    W_OPTION,
    W_POSITION,
    W_ROUTE,
    Data,
    State,
)


@inlined
def brings(data: Data, o: int, v: int) -> int:
    """Return what option ``o`` costs besides the way there when vehicle ``v`` takes it."""
    parcel, hour = data.vehicle[v, V_PARCEL], data.vehicle[v, V_HOUR]
    cost = data.option[o, O_EXTRA]
    if parcel:
        cost += parcel * data.customer[data.option[o, O_CUSTOMER], C_DEMAND]
    if hour:
        cost += data.option[o, O_SERVICE] * hour // HOUR
    return int(cost)


@compiled
def own_time(data: Data, v: int, moment: int) -> int:
    """Return a moment by the van's own clock, which stands still during its breaks (see instance.own_time)."""
    rested = 0
    for number in range(data.vehicle[v, V_BREAKS]):
        begin, length = data.vehicle[v, V_BREAK + 2 * number], data.vehicle[v, V_BREAK + 2 * number + 1]
        rested += min(length, max(0, moment - begin))
    return int(moment - rested)


@compiled
def own_ready(data: Data, v: int, ready: int) -> int:
    """Return from when the van may begin by its own clock (see instance.own_ready)."""
    late = 0
    for number in range(data.vehicle[v, V_BREAKS]):
        begin, length = data.vehicle[v, V_BREAK + 2 * number], data.vehicle[v, V_BREAK + 2 * number + 1]
        late += begin < ready <= begin + length
    return int(own_time(data, v, ready) + late)


@inlined
def own_window(data: Data, v: int, o: int) -> tuple[int, int]:
    """Return from when to when option ``o`` may begin, by the van's own clock."""
    ready, due = data.option[o, O_READY], data.option[o, O_DUE]
    if data.vehicle[v, V_BREAKS]:
        return own_ready(data, v, ready), own_time(data, v, due)
    return ready, due


@inlined
def refresh_forward(data: Data, state: State, v: int, first: int) -> None:
    """Recompute earliest departures and positions from ``first`` on (1 or more)."""
    length = state.route[v, R_LENGTH]
    leave = state.seq[v, first - 1, S_LEAVE]
    time, rests = data.vehicle[v, V_TIME], data.vehicle[v, V_BREAKS] > 0
    for p in range(first, length + 1):
        o = state.seq[v, p, S_OPTION]
        place = state.seq[v, p, S_PLACE]
        before = state.seq[v, p - 1, S_PLACE]
        if p > 1 and before == place:
            leave += data.option[o, O_SERVICE]
        else:
            ready = data.option[o, O_READY]
            if rests:
                ready = own_ready(data, v, ready)
            begin = max(leave + data.matrix[time, before, place], ready)
            leave = begin + data.option[o, O_PREPARE] + data.option[o, O_SERVICE]
        state.seq[v, p, S_LEAVE] = leave
        state.where[data.option[o, O_CUSTOMER], W_POSITION] = p


@inlined
def refresh_backward(data: Data, state: State, v: int, last: int) -> None:
    """Recompute latest beginnings from ``last`` down to the start."""
    latest = state.seq[v, last + 1, S_LATEST]
    time, rests = data.vehicle[v, V_TIME], data.vehicle[v, V_BREAKS] > 0
    for p in range(last, 0, -1):
        o = state.seq[v, p, S_OPTION]
        place = state.seq[v, p, S_PLACE]
        after = state.seq[v, p + 1, S_PLACE]
        latest -= data.option[o, O_SERVICE]
        if p == state.route[v, R_LENGTH] or after != place:
            latest -= data.matrix[time, place, after]
        if p == 1 or state.seq[v, p - 1, S_PLACE] != place:
            due = data.option[o, O_DUE]
            if rests:
                due = own_time(data, v, due)
            latest = min(latest - data.option[o, O_PREPARE], due)
        state.seq[v, p, S_LATEST] = latest


@compiled
def open_route(data: Data, state: State, v: int) -> None:
    """Make route ``v`` an empty one between its two ends."""
    for column in range(ROUTE_COLUMNS):
        state.route[v, column] = 0
    if data.vehicle[v, V_LOOSE]:
        state.route[v, R_KIND] = LOOSE
    elif data.vehicle[v, V_HEAD] >= 0:
        state.route[v, R_KIND] = CHAINED
    else:
        state.route[v, R_KIND] = data.vehicle[v, V_CLASS] % KINDS_MAX
    state.seq[v, 0, S_PLACE] = data.vehicle[v, V_START]
    state.seq[v, 1, S_PLACE] = data.vehicle[v, V_END]
    state.seq[v, 0, S_LEAVE] = own_time(data, v, data.vehicle[v, V_EARLY])
    state.seq[v, 1, S_LATEST] = own_time(data, v, data.vehicle[v, V_LATE])
    state.seq[v, 0, S_AHEAD] = 0


@inlined
def take_room(data: Data, state: State, o: int, sign: int) -> None:
    """Count (or, with -1, forget) an option in its locker's room and in the service budget."""
    room = data.option[o, O_ROOM]
    if room >= 0:
        for size in range(data.customer[data.option[o, O_CUSTOMER], C_SIZE] + 1):
            state.used[room, size] += sign
    rows, ranks = state.used.shape
    for rank in range(min(data.option[o, O_RANK], ranks)):
        state.used[rows - 1, rank] += sign


@inlined
def _mark(state: State, v: int) -> None:
    if not state.route[v, R_DIRTY]:
        state.route[v, R_DIRTY] = 1
        state.lists[L_DIRTY, state.total[T_DIRTY]] = v
        state.total[T_DIRTY] += 1


@compiled
def insert(data: Data, state: State, o: int, spot: tuple[int, int]) -> None:
    """Put option ``o`` behind position ``spot[1]`` of route ``spot[0]``; its customer must not be in a route."""
    v, after = spot
    length = state.route[v, R_LENGTH]
    leg = data.vehicle[v, V_LEG]
    for p in range(length + 1, after, -1):
        for column in range(SEQ_COLUMNS):
            state.seq[v, p + 1, column] = state.seq[v, p, column]
    here = data.option[o, O_LOCATION]
    state.seq[v, after + 1, S_OPTION] = o
    state.seq[v, after + 1, S_PLACE] = here
    state.route[v, R_LENGTH] = length + 1
    added = brings(data, o, v)
    if not data.vehicle[v, V_LOOSE]:
        old = state.seq[v, after, S_AHEAD]
        state.seq[v, after, S_AHEAD] = data.matrix[leg, state.seq[v, after, S_PLACE], here]
        state.seq[v, after + 1, S_AHEAD] = data.matrix[leg, here, state.seq[v, after + 2, S_PLACE]]
        added += state.seq[v, after, S_AHEAD] + state.seq[v, after + 1, S_AHEAD] - old
        if length == 0:
            added += data.vehicle[v, V_FIXED]
            state.total[T_ROUTES] += 1
    state.route[v, R_COST] += added
    state.total[T_COST] += added
    c = data.option[o, O_CUSTOMER]
    for d in range(DEMANDS):
        state.route[v, R_LOAD + d] += data.customer[c, C_DEMAND + d]
    state.where[c, W_OPTION] = o
    state.where[c, W_ROUTE] = v
    take_room(data, state, o, 1)
    _mark(state, v)
    refresh_forward(data, state, v, after + 1)
    if not data.vehicle[v, V_LOOSE]:
        refresh_backward(data, state, v, after + 1)
        if data.vehicle[v, V_REACH] < NO_LIMIT:
            _measure(data, state, v)
        if data.vehicle[v, V_HOUR]:
            pay_waiting(data, state, v)


@compiled
def remove_run(data: Data, state: State, v: int, run: tuple[int, int, int, int]) -> None:
    """Take positions ``run[0]`` to ``run[1]`` of a route out, but for ``run[3]`` of them from ``run[2]`` on.

    What is kept in the middle makes it a split string. Those taken out become absent.
    """
    first, last, keep_from, keep_count = run
    length = state.route[v, R_LENGTH]
    to = first
    for p in range(first, length + 2):
        if p <= last and not (keep_from <= p < keep_from + keep_count):
            _make_absent(data, state, v, state.seq[v, p, S_OPTION])
        else:
            state.seq[v, to, S_OPTION] = state.seq[v, p, S_OPTION]
            state.seq[v, to, S_PLACE] = state.seq[v, p, S_PLACE]
            state.seq[v, to, S_LATEST] = state.seq[v, p, S_LATEST]
            to += 1
    state.route[v, R_LENGTH] = to - 2
    _mark(state, v)
    _recost(data, state, v)
    refresh_forward(data, state, v, first)
    if not data.vehicle[v, V_LOOSE]:
        refresh_backward(data, state, v, min(last, to - 2))
        if data.vehicle[v, V_REACH] < NO_LIMIT:
            _measure(data, state, v)
        if data.vehicle[v, V_HOUR]:
            pay_waiting(data, state, v)


@compiled
def _measure(data: Data, state: State, v: int) -> None:
    """Recompute how far a route goes whose reach is limited: they are short, so from the start."""
    if data.vehicle[v, V_REACH] < NO_LIMIT:
        metres = 0
        if state.route[v, R_LENGTH]:
            for p in range(state.route[v, R_LENGTH] + 1):
                metres += data.matrix[data.vehicle[v, V_METRES], state.seq[v, p, S_PLACE], state.seq[v, p + 1, S_PLACE]]
        state.route[v, R_METRES] = metres


@compiled
def pay_waiting(data: Data, state: State, v: int) -> None:
    """Put what waiting costs into the route's cost, after its times were refreshed."""
    hour = data.vehicle[v, V_HOUR]
    if hour:
        cost = waited(data, state, v) * hour // HOUR
        state.total[T_COST] += cost - state.route[v, R_WAITS]
        state.route[v, R_COST] += cost - state.route[v, R_WAITS]
        state.route[v, R_WAITS] = cost


@compiled
def waited(data: Data, state: State, v: int) -> int:
    """Return how long is waited on the way, when the van leaves as late as that makes its end no later.

    Leaving later takes up waiting until a window closes (forward time slack: M. Savelsbergh, ORSA Journal on Computing
    4, 1992). Who is under way leaves when they leave.
    """
    waits, later = 0, NO_LIMIT
    for p in range(1, state.route[v, R_LENGTH] + 1):
        o = state.seq[v, p, S_OPTION]
        before, place = state.seq[v, p - 1, S_PLACE], state.seq[v, p, S_PLACE]
        if p > 1 and before == place:
            continue
        ready = own_ready(data, v, data.option[o, O_READY])
        if ready > state.seq[v, p - 1, S_LEAVE]:
            arrival = state.seq[v, p - 1, S_LEAVE] + data.matrix[data.vehicle[v, V_TIME], before, place]
            waits += max(0, ready - arrival)
        begin = state.seq[v, p, S_LEAVE] - data.option[o, O_SERVICE] - data.option[o, O_PREPARE]
        later = min(later, waits + own_time(data, v, data.option[o, O_DUE]) - begin)
    return int(waits if data.vehicle[v, V_UNDER_WAY] else waits - min(waits, later))


@inlined
def _make_absent(data: Data, state: State, v: int, o: int) -> None:
    c = data.option[o, O_CUSTOMER]
    for d in range(DEMANDS):
        state.route[v, R_LOAD + d] -= data.customer[c, C_DEMAND + d]
    take_room(data, state, o, -1)
    state.where[c, W_OPTION] = -1
    state.lists[L_ABSENT, state.total[T_ABSENT]] = c
    state.total[T_ABSENT] += 1
    state.total[T_COST] += data.customer[c, C_PENALTY]


@inlined
def _recost(data: Data, state: State, v: int) -> None:
    length = state.route[v, R_LENGTH]
    cost = 0
    for p in range(1, length + 1):
        cost += brings(data, state.seq[v, p, S_OPTION], v)
    if data.vehicle[v, V_LOOSE]:
        pass
    elif length:
        cost += data.vehicle[v, V_FIXED]
        leg = data.vehicle[v, V_LEG]
        for p in range(length + 1):
            state.seq[v, p, S_AHEAD] = data.matrix[leg, state.seq[v, p, S_PLACE], state.seq[v, p + 1, S_PLACE]]
            cost += state.seq[v, p, S_AHEAD]
    else:
        state.seq[v, 0, S_AHEAD] = 0
        state.total[T_ROUTES] -= 1
    state.total[T_COST] += cost - state.route[v, R_COST]
    state.route[v, R_COST] = cost
    state.route[v, R_WAITS] = 0


@compiled
def copy_route(data: Data, target: State, source: State, v: int) -> None:
    """Make route ``v`` of ``target`` equal to the source's; call ``copy_rest`` after the last one."""
    length = source.route[v, R_LENGTH]
    for p in range(length + 2):
        for column in range(SEQ_COLUMNS):
            target.seq[v, p, column] = source.seq[v, p, column]
    for column in range(ROUTE_COLUMNS):
        if column != R_DIRTY:
            target.route[v, column] = source.route[v, column]
    for p in range(1, length + 1):
        o = source.seq[v, p, S_OPTION]
        c = data.option[o, O_CUSTOMER]
        target.where[c, W_OPTION] = o
        target.where[c, W_ROUTE] = v
        target.where[c, W_POSITION] = p


@compiled
def copy_rest(target: State, source: State) -> None:
    """Copy what belongs to no route: who is absent, what is used up, the sums."""
    absent = source.total[T_ABSENT]
    for number in range(absent):
        c = source.lists[L_ABSENT, number]
        target.lists[L_ABSENT, number] = c
        target.where[c, W_OPTION] = -1
    rows, columns = source.used.shape
    for row in range(rows):
        for column in range(columns):
            target.used[row, column] = source.used[row, column]
    target.total[T_COST] = source.total[T_COST]
    target.total[T_ABSENT] = absent
    target.total[T_ROUTES] = source.total[T_ROUTES]


@compiled
def copy_dirty(data: Data, target: State, source: State, marks: State) -> None:
    """Make ``target`` equal to ``source`` where they differ: in the routes ``marks`` (one of the two) has as dirty."""
    for number in range(marks.total[T_DIRTY]):
        copy_route(data, target, source, marks.lists[L_DIRTY, number])
    copy_rest(target, source)


@compiled
def clean(state: State) -> None:
    """Forget which routes are dirty."""
    for number in range(state.total[T_DIRTY]):
        state.route[state.lists[L_DIRTY, number], R_DIRTY] = 0
    state.total[T_DIRTY] = 0


@compiled
def add_marks(target: State, source: State) -> None:
    """Mark as dirty in ``target`` what is so in ``source``."""
    for number in range(source.total[T_DIRTY]):
        _mark(target, source.lists[L_DIRTY, number])
