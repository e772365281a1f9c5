"""Which message goes to which recipient: queued in the same transaction as its reason, sent later by ``notify``."""

import json
from collections.abc import Mapping

from cloud.domain.locker import Locker
from cloud.domain.parcel import Parcel
from cloud.services.ports import Act, UnitOfWork
from cloud.services.records import Courier, NotificationState
from cloud.services.records_ops import Notification


def notice(
    act: Act, parcel: Parcel, template: str, occasion: str, context: Mapping[str, str] | None = None
) -> Notification | None:
    """Return a message about ``parcel``; None when there is no way to reach the recipient.

    ``occasion`` makes it unique: the same occasion never sends the same template twice.
    """
    to = (parcel.recipient_email, parcel.recipient_phone, parcel.language)
    return _notice(act, to, (template, f"{template}:{parcel.id}:{occasion}", parcel.id), context or {})


def to_courier(
    act: Act, courier: Courier, template: str, occasion: str, context: Mapping[str, str]
) -> Notification | None:
    """Return a message to a courier; None when there is no way to reach them."""
    to = (courier.email, courier.phone, courier.language)
    return _notice(act, to, (template, f"{template}:{courier.id}:{occasion}", None), context)


def local_zone(uow: UnitOfWork) -> str:
    """Return the time zone of a message about no locker: that of any of ours, for a network stands in one."""
    locker = uow.first(Locker, order="id")
    return locker.time_zone if locker else "UTC"


def _notice(
    act: Act, to: tuple[str | None, str | None, str], what: tuple[str, str, str | None], context: Mapping[str, str]
) -> Notification | None:
    """Return a message to (e-mail, telephone, language) by (template, dedupe, parcel)."""
    email, phone, language = to
    template, dedupe, parcel_id = what
    address = email or phone
    if address is None:
        return None
    return Notification(
        id=act.ids.new(),
        dedupe=dedupe,
        parcel_id=parcel_id,
        channel="email" if email else "sms",
        address=address,
        language=language,
        template=template,
        context=json.dumps(dict(context), ensure_ascii=False, sort_keys=True),
        state=NotificationState.QUEUED,
        created_at=act.now,
        not_before=act.now,
        tries=0,
        claimed_until=None,
        sent_at=None,
        error=None,
    )
