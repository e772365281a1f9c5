"""The outbox's life: claimed, given to the broker, confirmed by the locker's own event, sent again until then.

1. ``claim_messages`` takes what is due by conditional update; a claim that was never finished falls back.
2. ``mark_sent`` notes that the broker has it, which proves nothing.
3. ``resend_unconfirmed`` and a locker's return put it back into the queue; ``record_events`` ends it.
"""

from collections.abc import Sequence
from datetime import timedelta

from cloud.domain.locker import Locker
from cloud.services.ports import Act, Before, Change, From, UnitOfWork, UpTo
from cloud.services.records import UNDER_WAY, CommandState, MessageState
from cloud.services.records_ops import CommandSent, OutboxMessage
from contract.topics import Branch

CLAIM_LIFE = timedelta(seconds=30)  # a publish takes milliseconds; after this its process is dead
RESEND_AFTER = timedelta(seconds=60)  # a locker answers within a second when the wire works
RESENT_MAX = 1_000  # in one unit; the job comes every minute
KEEP = timedelta(days=30)  # finished messages, for whoever asks what was sent


def claim_messages(uow: UnitOfWork, act: Act, limit: int) -> list[OutboxMessage]:
    """Return messages that are ours to publish now, oldest first."""
    lost = {"state": MessageState.CLAIMED, "claimed_until": UpTo(act.now)}
    uow.change(OutboxMessage, lost, state=MessageState.QUEUED, claimed_until=None)
    due = uow.find(
        OutboxMessage,
        order="not_before created_at id",
        limit=limit,
        state=MessageState.QUEUED,
        not_before=UpTo(act.now),
        expires_at=From(act.now),
    )
    values = {"state": MessageState.CLAIMED, "claimed_until": act.now + CLAIM_LIFE}
    return [one for one in due if uow.change(OutboxMessage, {"id": one.id, "state": MessageState.QUEUED}, **values)]


def mark_sent(uow: UnitOfWork, act: Act, ids: Sequence[str]) -> None:
    """Note that the broker took these messages; commands among them show it in their timeline."""
    if not ids:
        return
    messages = uow.find(OutboxMessage, id=tuple(ids))
    values = {"state": MessageState.SENT, "sent_at": act.now, "claimed_until": None}
    uow.change_many(
        OutboxMessage,
        [Change({"id": one.id, "state": MessageState.CLAIMED}, {**values, "tries": one.tries + 1}) for one in messages],
    )
    commands = tuple(one.about for one in messages if one.branch == Branch.COMMAND and one.about)
    if commands:
        where = {"id": commands, "state": CommandState.QUEUED}
        uow.change(CommandSent, where, state=CommandState.SENT, sent_at=act.now)


def resend_unconfirmed(uow: UnitOfWork, act: Act) -> int:
    """Queue again what lockers that are online have not confirmed, and return how many messages."""
    silent_for = UpTo(act.now - RESEND_AFTER)
    found = uow.find(OutboxMessage, order="sent_at id", limit=RESENT_MAX, state=MessageState.SENT, sent_at=silent_for)
    online = {locker.id for locker in uow.find(Locker, online=True)} if found else set()
    again = [one.id for one in found if one.locker_id in online and one.expires_at > act.now]
    return _requeue(uow, act, {"id": tuple(again), "state": MessageState.SENT}) if again else 0


def resend_all(uow: UnitOfWork, act: Act, locker_id: str) -> int:
    """Queue again everything one locker has not confirmed: it is back, and its broker may have forgotten."""
    return _requeue(uow, act, {"locker_id": locker_id, "state": MessageState.SENT, "expires_at": From(act.now)})


def expire_messages(uow: UnitOfWork, act: Act) -> int:
    """End messages whose own expiry has passed, forget those long finished, and return how many expired."""
    ended = uow.change(OutboxMessage, {"state": UNDER_WAY, "expires_at": Before(act.now)}, state=MessageState.EXPIRED)
    finished = (MessageState.CONFIRMED, MessageState.EXPIRED, MessageState.DEAD)
    uow.remove(OutboxMessage, state=finished, created_at=Before(act.now - KEEP))
    return ended


def _requeue(uow: UnitOfWork, act: Act, where: dict[str, object]) -> int:
    return uow.change(OutboxMessage, where, state=MessageState.QUEUED, not_before=act.now)
