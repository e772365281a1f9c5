"""What programs are told: queued in the transaction of what happened, signed and sent afterwards, each at least once.

Partners hear of offers made to them; carriers hear every line of their parcels' history, read from it in order.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from cloud.domain.actors import Role, require
from cloud.domain.errors import ConflictError, ForbiddenError, InvalidError
from cloud.domain.parcel import Parcel
from cloud.services import audit
from cloud.services.attention import alarm
from cloud.services.many import by_id
from cloud.services.ports import Act, Before, From, Keys, UnitOfWork, UpTo
from cloud.services.records import HistoryEntry, MessageState
from cloud.services.records_outside import WebhookEndpoint, WebhookMessage
from cloud.services.standard_webhooks import SECRET_BYTES

ROTATION = timedelta(days=1)  # two keys count, so that whoever receives may change theirs in working hours
CLAIM_LIFE = timedelta(minutes=2)  # a request takes ten seconds at most; after this its process is dead
TRIES_MAX = 12  # with doubling pauses that is about a day: longer than a night's outage
FIRST_PAUSE = timedelta(seconds=10)
PAUSE_MAX = timedelta(hours=6)
JITTER = 5  # a pause is up to a fifth longer, so that a server that comes back is not met by all at once
FEED_LINES_MAX = 500  # of history looked at in one unit of the writer
URL_MAX = 500
KEEP = timedelta(days=30)  # of what was taken: time to ask for it again after somebody noticed a loss
ERROR_MAX = 300
CARRIER, PARTNER = "carrier", "partner"


@dataclass(frozen=True, slots=True)
class DueWebhook:
    """One message to send now; ``secrets`` are those in force, the newest first."""

    message: WebhookMessage
    url: str
    secrets: tuple[bytes, ...]


def set_endpoint(uow: UnitOfWork, act: Act, keys: Keys, owner: str, url: str) -> tuple[WebhookEndpoint, bytes]:
    """Say where ``owner`` is told, with a fresh secret that is shown once; the one before counts for a day more."""
    _check_owner(act, owner)
    _check_url(url)
    secret = act.ids.bytes(SECRET_BYTES)
    known = uow.get(WebhookEndpoint, owner)
    endpoint = WebhookEndpoint(
        owner=owner,
        url=url,
        secret_sealed=keys.box.seal(secret, _about(owner)),
        previous_sealed=known.secret_sealed if known else None,
        previous_until=act.now + ROTATION if known else None,
        active=True,
        created_at=known.created_at if known else act.now,
        through=known.through if known else _last_line(uow),
    )
    if known is None:
        uow.add(endpoint)
    else:
        rest = {name: getattr(endpoint, name) for name in endpoint.__slots__ if name != "owner"}
        uow.change(WebhookEndpoint, {"owner": owner}, **rest)
    audit.note(uow, act, "set_webhook", owner, detail=urlsplit(url).hostname or "")
    return endpoint, secret


def end_endpoint(uow: UnitOfWork, act: Act, owner: str) -> None:
    """Tell ``owner`` nothing more; what waits is kept and sent if there is an address again."""
    _check_owner(act, owner)
    uow.change(WebhookEndpoint, {"owner": uow.need(WebhookEndpoint, owner).owner}, active=False)
    audit.note(uow, act, "end_webhook", owner)


def tell(uow: UnitOfWork, act: Act, owner: str, kind: str, data: Mapping[str, object]) -> None:
    """Queue one event for ``owner``; nothing happens for those who asked for none."""
    endpoint = uow.get(WebhookEndpoint, owner)
    if endpoint is not None and endpoint.active:
        uow.add(_message(act, (owner, kind), act.now, data))


def feed_carriers(uow: UnitOfWork, act: Act) -> int:
    """Queue for carriers what their parcels' history says since the last time (a job); return the lines read."""
    ends = [one for one in uow.find(WebhookEndpoint, order="owner", active=True) if one.owner.startswith(CARRIER)]
    return sum(_feed(uow, act, one) for one in ends)


def claim_webhooks(uow: UnitOfWork, act: Act, keys: Keys, limit: int) -> list[DueWebhook]:
    """Return messages that are ours to send now, oldest first."""
    lost = {"state": MessageState.CLAIMED, "claimed_until": UpTo(act.now)}
    uow.change(WebhookMessage, lost, state=MessageState.QUEUED, claimed_until=None)
    ends = {one.owner: one for one in uow.find(WebhookEndpoint, active=True)}
    due = uow.find(
        WebhookMessage,
        order="not_before created_at id",
        limit=limit,
        state=MessageState.QUEUED,
        not_before=UpTo(act.now),
        owner=tuple(ends),
    )
    claimed = []
    for one in due:
        where = {"id": one.id, "state": MessageState.QUEUED}
        if uow.change(WebhookMessage, where, state=MessageState.CLAIMED, claimed_until=act.now + CLAIM_LIFE):
            claimed.append(DueWebhook(one, ends[one.owner].url, secrets_of(act, keys, ends[one.owner])))
    return claimed


def mark_taken(uow: UnitOfWork, act: Act, message_id: str) -> None:
    where = {"id": message_id, "state": MessageState.CLAIMED}
    uow.change(WebhookMessage, where, state=MessageState.CONFIRMED, sent_at=act.now, claimed_until=None, error=None)


def mark_refused(uow: UnitOfWork, act: Act, message_id: str, error: str) -> None:
    """Try again later; in the end it is dead, and a person may send it again."""
    one = uow.need(WebhookMessage, message_id)
    tries = one.tries + 1
    dead = tries >= TRIES_MAX
    pause = min(PAUSE_MAX, FIRST_PAUSE * 2 ** (tries - 1))
    pause += timedelta(milliseconds=act.ids.below(pause // timedelta(milliseconds=1) // JITTER))
    uow.change(
        WebhookMessage,
        {"id": one.id, "state": MessageState.CLAIMED},
        state=MessageState.DEAD if dead else MessageState.QUEUED,
        tries=tries,
        not_before=act.now + pause,
        claimed_until=None,
        error=error[:ERROR_MAX],
    )
    if dead:
        said = f"{one.owner} did not take {one.kind} {one.id} in {tries} tries: {error[:ERROR_MAX]}"
        uow.add(alarm(act, (None, None), ("webhook_dead", "warning"), said))


def replay(uow: UnitOfWork, act: Act, message_id: str) -> WebhookMessage:
    """Send a message again under its own id, dead or taken; whoever receives knows it by that."""
    one = uow.need(WebhookMessage, message_id)
    _check_owner(act, one.owner)
    where = {"id": one.id, "state": (MessageState.DEAD, MessageState.CONFIRMED)}
    if not uow.change(WebhookMessage, where, state=MessageState.QUEUED, tries=0, not_before=act.now, error=None):
        raise ConflictError("this message is on its way already")
    return uow.need(WebhookMessage, message_id)


def forget_old(uow: UnitOfWork, act: Act) -> int:
    """Drop messages that were taken long ago (a job), and return how many."""
    return uow.remove(WebhookMessage, state=MessageState.CONFIRMED, created_at=Before(act.now - KEEP))


def messages_of(uow: UnitOfWork, act: Act, owner: str, limit: int) -> list[WebhookMessage]:
    """Return the newest messages first."""
    _check_owner(act, owner)
    return uow.find(WebhookMessage, order="-created_at -id", limit=limit, owner=owner)


def secrets_of(act: Act, keys: Keys, endpoint: WebhookEndpoint) -> tuple[bytes, ...]:
    """Return the secrets in force, the newest first."""
    newest = keys.box.unseal(endpoint.secret_sealed, _about(endpoint.owner))
    if endpoint.previous_sealed is None or endpoint.previous_until is None or endpoint.previous_until <= act.now:
        return (newest,)
    return newest, keys.box.unseal(endpoint.previous_sealed, _about(endpoint.owner))


def _feed(uow: UnitOfWork, act: Act, endpoint: WebhookEndpoint) -> int:
    first = endpoint.through + 1
    lines = uow.find(HistoryEntry, order="number", limit=FEED_LINES_MAX, number=From(first))
    if not lines:
        return 0
    parcels = by_id(uow, Parcel, (one.parcel_id for one in lines))
    carrier = endpoint.owner.partition(":")[2]
    theirs = [one for one in lines if parcels[one.parcel_id].carrier == carrier]
    uow.add(*(_line(act, endpoint.owner, one, parcels[one.parcel_id]) for one in theirs))
    uow.change(WebhookEndpoint, {"owner": endpoint.owner}, through=lines[-1].number)
    return len(lines)


def _line(act: Act, owner: str, line: HistoryEntry, parcel: Parcel) -> WebhookMessage:
    data = {
        "parcel_id": parcel.id,
        "barcode": parcel.barcode,
        "state": line.state,
        "custodian": line.custodian.partition(":")[0],
        "locker_id": line.locker_id,
        "detail": line.detail,
    }
    return _message(act, (owner, f"parcel.{line.happened}"), line.at, data)


def _message(act: Act, what: tuple[str, str], at: datetime, data: Mapping[str, object]) -> WebhookMessage:
    owner, kind = what
    body = {"type": kind, "timestamp": at.astimezone(UTC).isoformat(), "data": dict(data)}
    return WebhookMessage(
        id=act.ids.new(),
        owner=owner,
        kind=kind,
        body=json.dumps(body, ensure_ascii=False, sort_keys=True, default=_text),
        state=MessageState.QUEUED,
        created_at=act.now,
        not_before=act.now,
        tries=0,
        claimed_until=None,
        sent_at=None,
        error=None,
    )


def _text(value: object) -> str:
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else str(value)


def _last_line(uow: UnitOfWork) -> int:
    last = uow.first(HistoryEntry, order="-number")
    return last.number if last else 0


def _about(owner: str) -> str:
    return f"webhook:{owner}"


def _check_owner(act: Act, owner: str) -> None:
    require(act.actor, Role.OPERATOR, Role.PARTNER, Role.CARRIER)
    kind, _, name = owner.partition(":")
    if kind not in (CARRIER, PARTNER) or not name:
        raise InvalidError("owner", "is carrier:NAME or partner:NAME")
    if act.actor.may_be(Role.OPERATOR, Role.SYSTEM):
        return
    if not act.actor.may_be(Role(kind)) or act.actor.name != name:
        raise ForbiddenError("this is somebody else's webhook")


def _check_url(url: str) -> None:
    parts = urlsplit(url)
    if len(url) > URL_MAX or parts.scheme not in ("https", "http") or not parts.hostname or parts.username:
        raise InvalidError("url", f"is an http or https address without a name in it, up to {URL_MAX} characters")
