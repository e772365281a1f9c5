"""Messages to people, from queued to delivered: claimed, enriched with what may be said, sent by ``notify``.

The code and the QR are read from their seal at this moment only, and only for the templates that need them.
"""

import json
from dataclasses import dataclass, replace
from datetime import timedelta

from cloud.domain.locker import Locker
from cloud.domain.parcel import Parcel
from cloud.services.attention import case
from cloud.services.capability import capability_qr
from cloud.services.ports import Act, Keys, UnitOfWork, UpTo
from cloud.services.promise import about_code
from cloud.services.records import NotificationState, SealedCode
from cloud.services.records_ops import Notification
from cloud.services.tracking_token import PURPOSE, token_for
from cloud.services.withdrawal import live_pick_up
from contract.codes import PickUpCode, show_code

WITH_CODE = frozenset({"said_inside", "ready_for_pickup", "code_reissued", "reminder"})
CLAIM_LIFE = timedelta(minutes=2)  # a mail relay may take a minute; after this its process is dead
TRIES_MAX = 8  # with doubling pauses that is two hours; then a person must look
FIRST_PAUSE = timedelta(seconds=30)
_ERROR_CHARACTERS_MAX = 500  # what a relay says, not its whole conversation


@dataclass(frozen=True, slots=True)
class DueNotification:
    """One message to send now; ``code`` is grouped for reading, both secrets are None where they do not belong."""

    notification: Notification
    code: str | None
    capability_qr: str | None
    tracking_token: str


def claim_notifications(uow: UnitOfWork, act: Act, keys: Keys, limit: int) -> list[DueNotification]:
    """Return messages that are ours to send now, oldest first."""
    lost = {"state": NotificationState.CLAIMED, "claimed_until": UpTo(act.now)}
    uow.change(Notification, lost, state=NotificationState.QUEUED, claimed_until=None)
    due = uow.find(
        Notification,
        order="not_before created_at id",
        limit=limit,
        state=NotificationState.QUEUED,
        not_before=UpTo(act.now),
    )
    claimed = []
    for one in due:
        where = {"id": one.id, "state": NotificationState.QUEUED}
        values = {"state": NotificationState.CLAIMED, "claimed_until": act.now + CLAIM_LIFE}
        if uow.change(Notification, where, **values):
            claimed.append(_enriched(uow, act, keys, one))
    return claimed


def mark_delivered(uow: UnitOfWork, act: Act, notification_id: str) -> None:
    where = {"id": notification_id, "state": NotificationState.CLAIMED}
    uow.change(Notification, where, state=NotificationState.SENT, sent_at=act.now, claimed_until=None)


def mark_failed(uow: UnitOfWork, act: Act, notification_id: str, error: str) -> None:
    """Try again after a doubling pause; in the end open a case, because somebody waits for a code."""
    one = uow.need(Notification, notification_id)
    tries = one.tries + 1
    dead = tries >= TRIES_MAX
    uow.change(
        Notification,
        {"id": one.id, "state": NotificationState.CLAIMED},
        state=NotificationState.DEAD if dead else NotificationState.QUEUED,
        tries=tries,
        not_before=act.now + FIRST_PAUSE * 2 ** (tries - 1),
        claimed_until=None,
        error=error[:_ERROR_CHARACTERS_MAX],
    )
    if dead:
        detail = f"{one.template} by {one.channel} failed {tries} times"
        uow.add(case(act, "message_not_delivered", one.parcel_id, (None, None), detail))


def _enriched(uow: UnitOfWork, act: Act, keys: Keys, one: Notification) -> DueNotification:
    parcel = uow.get(Parcel, one.parcel_id) if one.parcel_id else None
    if parcel is None:
        return DueNotification(one, None, None, "")
    context = {**_facts(uow, parcel), **json.loads(one.context)}
    filled = replace(one, context=json.dumps(context, ensure_ascii=False, sort_keys=True))
    code, qr = _secrets(uow, act, keys, one, parcel)
    return DueNotification(filled, code, qr, token_for(parcel.id, keys.box.derive(PURPOSE)))


def _facts(uow: UnitOfWork, parcel: Parcel) -> dict[str, str]:
    facts = {"barcode": parcel.barcode, "carrier": parcel.carrier, "recipient_name": parcel.recipient_name}
    if parcel.deadline is not None:
        facts["deadline"] = parcel.deadline.isoformat()
    locker = uow.get(Locker, parcel.locker_id) if parcel.locker_id else None
    if locker is not None:
        facts |= {
            "locker_id": locker.id,
            "locker_name": locker.name,
            "locker_address": locker.address,
            "opening_hours": locker.opening_hours,
            "time_zone": locker.time_zone,
            "point_kind": locker.kind,
        }
    return facts


def _secrets(uow: UnitOfWork, act: Act, keys: Keys, one: Notification, parcel: Parcel) -> tuple[str | None, str | None]:
    grant = live_pick_up(uow, parcel.id) if one.template in WITH_CODE else None
    sealed = uow.get(SealedCode, grant.group_id) if grant else None
    if grant is None or sealed is None:
        return None, None
    code = PickUpCode(keys.box.unseal(sealed.code_sealed, about_code(sealed.group_id)).decode())
    return show_code(code), capability_qr(uow, act, keys, parcel.id)
