"""Tells people: committed notifications are claimed, rendered, sent and ticked off, each at least once.

Codes are unsealed for the moment of sending and live in this process's memory only; nothing here logs a recipient.
"""

import asyncio
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from cloud.clock import Clock
from cloud.domain.actors import SYSTEM
from cloud.domain.locker import PointKind
from cloud.notify.mail import Sender, SendError
from cloud.notify.rendering import Facts, Secrets, UnknownTemplateError, render
from cloud.services.notifications import DueNotification, claim_notifications, mark_delivered, mark_failed
from cloud.services.ports import Act, Ids, Keys
from cloud.services.records_ops import Notification
from cloud.store.writer import Writer

CLAIM_MAX = 50  # claimed together; at ten mails a second the claim is worked off well within its minute
TOGETHER_MAX = 8  # connections to the mail relay at once; relays commonly allow ten for one client
IDLE_S = 5.0  # also finds what is due later: reminders, repeated tries

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PostOffice:
    """What the notifier works with; ``senders`` by channel, ``base_url`` for links to tracking pages."""

    writer: Writer
    clock: Clock
    ids: Ids
    keys: Keys
    senders: Mapping[str, Sender]
    base_url: str


class Notifier:
    """Run ``run`` as one task."""

    def __init__(self, office: PostOffice) -> None:
        """Work with ``office``."""
        self._office = office
        self._wake = asyncio.Event()
        self._places = asyncio.Semaphore(TOGETHER_MAX)
        self.sent = 0

    async def run(self) -> None:
        """Send until cancelled; woken by every commit that touched a notification."""
        loop = asyncio.get_running_loop()
        self._office.writer.on_commit(lambda kinds: self._woken(loop, kinds))
        while True:
            self._wake.clear()
            while await self.send_some():
                pass
            try:
                async with asyncio.timeout(IDLE_S):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def send_some(self) -> bool:
        """Claim and send what is due; false when nothing was."""
        act = self._act()
        due = await self._office.writer.run(
            lambda uow: claim_notifications(uow, act, self._office.keys, CLAIM_MAX),
        )
        await asyncio.gather(*(self._send(one) for one in due))
        return bool(due)

    async def _send(self, due: DueNotification) -> None:
        notification = due.notification
        async with self._places:
            try:
                await self._deliver(due)
            except (SendError, UnknownTemplateError) as error:
                reason = f"{type(error).__name__}: {error}"
                act = self._act()
                await self._office.writer.run(lambda uow: mark_failed(uow, act, notification.id, reason))
                _log.warning("notify.not_sent", extra={"notification": notification.id, "error": reason})
                return
        act = self._act()
        await self._office.writer.run(lambda uow: mark_delivered(uow, act, notification.id))
        self.sent += 1

    async def _deliver(self, due: DueNotification) -> None:
        notification = due.notification
        sender = self._office.senders.get(notification.channel)
        if sender is None:
            raise SendError(f"no {notification.channel} channel is set up")
        message = render(
            notification.template,
            notification.language,
            facts_of(notification, self._link(due)),
            Secrets(due.code, due.capability_qr),
        )
        await sender.send(notification.address, message, notification.id)

    def _link(self, due: DueNotification) -> str:
        """Return a recipient's own page, or the page of ours that a courier is sent to."""
        if due.tracking_token:
            return f"{self._office.base_url}/t/{due.tracking_token}"
        path = json.loads(due.notification.context or "{}").get("path")
        return f"{self._office.base_url}{path}" if path else ""

    def _act(self) -> Act:
        return Act(SYSTEM, self._office.clock.now(), self._office.ids)

    def _woken(self, loop: asyncio.AbstractEventLoop, kinds: frozenset[str]) -> None:
        if Notification.__name__ in kinds and not loop.is_closed():
            loop.call_soon_threadsafe(self._wake.set)


def facts_of(notification: Notification, link: str) -> Facts:
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
        at_counter=context.get("point_kind") == PointKind.COUNTER,
    )


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
