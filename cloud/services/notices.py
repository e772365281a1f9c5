"""Which message goes to which recipient: queued in the same transaction as its reason, sent later by ``notify``."""

import json
from collections.abc import Mapping

from cloud.domain.parcel import Parcel
from cloud.services.ports import Act
from cloud.services.records import NotificationState
from cloud.services.records_ops import Notification


def notice(
    act: Act, parcel: Parcel, template: str, occasion: str, context: Mapping[str, str] | None = None
) -> Notification | None:
    """Return a message about ``parcel``; None when there is no way to reach the recipient.

    ``occasion`` makes it unique: the same occasion never sends the same template twice.
    """
    address = parcel.recipient_email or parcel.recipient_phone
    if address is None:
        return None
    return Notification(
        id=act.ids.new(),
        dedupe=f"{template}:{parcel.id}:{occasion}",
        parcel_id=parcel.id,
        channel="email" if parcel.recipient_email else "sms",
        address=address,
        language=parcel.language,
        template=template,
        context=json.dumps(dict(context or {}), ensure_ascii=False, sort_keys=True),
        state=NotificationState.QUEUED,
        created_at=act.now,
        not_before=act.now,
        tries=0,
        claimed_until=None,
        sent_at=None,
        error=None,
    )
