"""Tells people: committed notifications are claimed, rendered, sent and ticked off, each at least once.

Codes are unsealed for the moment of sending and live in this process's memory only; nothing here logs a recipient.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from cloud.clock import Clock
from cloud.domain.locker import PointKind
from cloud.notify.mail import Sender
from cloud.notify.outbox import Outbox, SendError
from cloud.notify.rendering import Facts, Secrets, UnknownTemplateError, render
from cloud.services.notifications import DueNotification, claim_notifications, mark_delivered, mark_failed
from cloud.services.ports import Act, Ids, Keys, UnitOfWork
from cloud.services.records_ops import Notification
from cloud.store.writer import Writer


@dataclass(frozen=True, slots=True)
class PostOffice:
    """What the notifier works with; ``senders`` by channel, ``base_url`` for links to tracking pages."""

    writer: Writer
    clock: Clock
    ids: Ids
    keys: Keys
    senders: Mapping[str, Sender]
    base_url: str
    currency: str = "EUR"


class Notifier(Outbox[DueNotification]):
    """Messages to people, by the channel they gave."""

    record = Notification

    def __init__(self, office: PostOffice) -> None:
        """Work with ``office``."""
        super().__init__(office.writer, office.clock, office.ids)
        self._office = office

    def claim(self, uow: UnitOfWork, act: Act, limit: int) -> list[DueNotification]:
        return claim_notifications(uow, act, self._office.keys, limit)

    async def deliver(self, due: DueNotification) -> None:
        notification = due.notification
        sender = self._office.senders.get(notification.channel)
        if sender is None:
            raise SendError(f"no {notification.channel} channel is set up")
        facts = facts_of(notification, self._link(due), self._office.currency)
        try:
            message = render(notification.template, notification.language, facts, Secrets(due.code, due.capability_qr))
        except UnknownTemplateError as error:
            raise SendError(f"nobody wrote a text for {error}") from error
        await sender.send(notification.address, message, notification.id)

    def tick_off(self, uow: UnitOfWork, act: Act, due: DueNotification) -> None:
        mark_delivered(uow, act, due.notification.id)

    def put_off(self, uow: UnitOfWork, act: Act, due: DueNotification, reason: str) -> None:
        mark_failed(uow, act, due.notification.id, reason)

    def _link(self, due: DueNotification) -> str:
        """Return a recipient's own page, or the page of ours that a courier is sent to."""
        if due.tracking_token:
            return f"{self._office.base_url}/t/{due.tracking_token}"
        path = json.loads(due.notification.context or "{}").get("path")
        return f"{self._office.base_url}{path}" if path else ""


def facts_of(notification: Notification, link: str, currency: str = "EUR") -> Facts:
    """Read a notification's context; what is missing stays empty rather than holding a code back."""
    context = json.loads(notification.context or "{}")
    moments = {name: _moment(context.get(name)) for name in ("deadline", "begins", "ends")}
    return Facts(
        barcode=context.get("barcode") or "",
        carrier=context.get("carrier") or "",
        locker=context.get("locker_name") or "",
        locker_id=context.get("locker_id") or "",
        address=context.get("locker_address") or "",
        hours=context.get("opening_hours") or "",
        **moments,
        zone=context.get("time_zone") or "UTC",
        link=link,
        price=context.get("price") or "",
        currency=currency,
        why=context.get("why") or "",
        at_counter=context.get("point_kind") == PointKind.COUNTER,
    )


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
