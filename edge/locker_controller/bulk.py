"""Many doors by one order: signed by two operators, in maintenance mode, one door at a time.

A taken-over cloud can send all it likes and cannot make this happen: it has neither the operators' keys nor anybody at
the site. What it could do with an order it was honestly given, it can do once, for ten minutes, while somebody stands
there. Doors are not opened all at once either: each waits until the one before is shut, and a tap stops the rest.
"""

from msgspec.structs import replace

from contract.bulk import (
    BULK_DOORS_MAX,
    BULK_SIGNATURES,
    BulkError,
    BulkOrder,
    OpenMany,
    find_key,
    read_order,
    signed_by,
)
from contract.commands import REMOTE_OPEN_GAP_S, RefusalReason
from contract.events import BulkEnded, CommandAccepted, CommandRefused
from contract.ids import CompartmentLabel
from edge.locker_controller import operators
from edge.locker_controller.draft import Draft
from edge.locker_controller.effects import PublishState
from edge.locker_controller.limits import BULK_AHEAD_S_MAX, BULK_ORDERS_PER_DAY_MAX, DAY_S
from edge.locker_controller.refusing import refuse_with
from edge.locker_controller.release import begin
from edge.locker_controller.remote import a_door_is_open, is_busy
from edge.locker_controller.state import BulkHistory, BulkRun, RemoteAim


def open_many(draft: Draft, command: OpenMany) -> None:
    """Begin to carry out an order, or say why not. The caller has checked addressee, expiry and repetition."""
    try:
        order = read_order(command.order)
    except BulkError:
        refuse_with(draft, CommandRefused(command.id, RefusalReason.MALFORMED.value))
        return
    objection = _forged(draft, command, order) or _badly_signed(draft, command) or _in_the_way(draft, order)
    if objection is not None:
        refuse_with(draft, CommandRefused(command.id, objection.value))
        if objection is RefusalReason.WRONG_BOOT:
            draft.ask(PublishState())  # somebody has played the cloud an old state, or kept it this one
        return
    labels = tuple(CompartmentLabel(label) for label in order.compartments)
    recent = _within_the_day(draft.state.bulk, draft.ms)
    draft.put(bulk=BulkHistory(order.counter, (*recent, draft.ms), BulkRun(command.id, labels)))
    draft.journal(CommandAccepted(command.id))
    go_on(draft)


def go_on(draft: Draft) -> None:
    """Open the next door, once the one before is shut again and a moment has passed."""
    run = draft.state.bulk.run
    if run is None or draft.state.task is not None or draft.state.pulse is not None:
        return
    if draft.ms < run.next_ms or a_door_is_open(draft.state):
        return
    if not run.left:
        stop(draft, "done")
        return
    label, *left = run.left
    after = BulkRun(run.command, tuple(left), run.begun + 1, draft.ms + REMOTE_OPEN_GAP_S * 1000)
    draft.put(bulk=replace(draft.state.bulk, run=after))
    draft.cause = run.command
    begin(draft, label, RemoteAim(run.command, bulk=True))


def stop(draft: Draft, reason: str) -> None:
    """End the order under way, if there is one; a door that is open stays so until somebody shuts it."""
    run = draft.state.bulk.run
    if run is not None:
        draft.journal(BulkEnded(run.command, run.begun, run.left, reason))
        draft.put(bulk=replace(draft.state.bulk, run=None))


def start(draft: Draft) -> None:
    """After a stop: never go on by oneself, and count the last boot's orders as made just now, like remote opens."""
    stop(draft, "restarted")
    history = draft.state.bulk
    if history.orders_ms:
        draft.put(bulk=replace(history, orders_ms=(draft.ms,) * len(history.orders_ms)))


def forget(draft: Draft) -> None:
    """Forget orders that no limit counts any more, so that a restart does not make them new."""
    history = draft.state.bulk
    recent = _within_the_day(history, draft.ms)
    if len(recent) < len(history.orders_ms):
        draft.put(bulk=replace(history, orders_ms=recent))


def _within_the_day(history: BulkHistory, ms: int) -> tuple[int, ...]:
    return tuple(at_ms for at_ms in history.orders_ms if ms - at_ms < DAY_S * 1000)


def _forged(draft: Draft, command: OpenMany, order: BulkOrder) -> RefusalReason | None:
    """Say what makes an order one of another place or time.

    Every order ends on the clock that nobody can set, and soon: the other one may be years late.
    """
    state, ahead_ms = draft.state, order.until_uptime_ms - draft.ms
    is_late = draft.now_s > order.expires_at or ahead_ms < 0
    objections = (
        (order.order != command.id.hex(), RefusalReason.MALFORMED),
        (order.locker != state.setup.locker, RefusalReason.WRONG_LOCKER),
        (state.boot is None or order.boot != state.boot.hex(), RefusalReason.WRONG_BOOT),
        (is_late, RefusalReason.EXPIRED),
        (ahead_ms > BULK_AHEAD_S_MAX * 1000, RefusalReason.LIMIT_REACHED),
        (order.counter <= state.bulk.counter, RefusalReason.COUNTER_TOO_LOW),
    )
    return next((reason for stands, reason in objections if stands), None)


def _badly_signed(draft: Draft, command: OpenMany) -> RefusalReason | None:
    """Say what is missing of the signatures of two different operators over exactly these bytes."""
    if len(command.signatures) != BULK_SIGNATURES:
        return RefusalReason.UNDERSIGNED
    pinned = operators.in_force(draft.state, draft.now_s)
    keys = [find_key(pinned, one.key_id) for one in command.signatures]
    if None in keys:
        return RefusalReason.UNKNOWN_OPERATOR
    if len({key.person for key in keys if key is not None}) < BULK_SIGNATURES:
        return RefusalReason.SAME_OPERATOR
    holds = [
        signed_by(key.public_key, command.order, one.signature)
        for key, one in zip(keys, command.signatures, strict=True)
        if key is not None
    ]
    return None if all(holds) else RefusalReason.BAD_SIGNATURE


def _in_the_way(draft: Draft, order: BulkOrder) -> RefusalReason | None:
    """Say what of the machine stands against it: the site, the limits, the doors."""
    state, labels = draft.state, order.compartments
    objections = (
        (not state.in_maintenance, RefusalReason.NOT_IN_MAINTENANCE),
        (not 0 < len(labels) <= BULK_DOORS_MAX or len(set(labels)) < len(labels), RefusalReason.LIMIT_REACHED),
        (any(label not in state.compartments for label in labels), RefusalReason.UNKNOWN_COMPARTMENT),
        (len(_within_the_day(state.bulk, draft.ms)) >= BULK_ORDERS_PER_DAY_MAX, RefusalReason.TOO_MANY),
        (is_busy(state), RefusalReason.BUSY),
        (a_door_is_open(state), RefusalReason.DOOR_OPEN),
    )
    return next((reason for stands, reason in objections if stands), None)
