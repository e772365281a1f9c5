"""The locker's side of the link, put together: what the loop commits goes up, what the cloud signs comes down.

None of it is needed to serve a person. Whatever happens here, doors and kiosk go on.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from contract.codec import Downward
from contract.envelope import Signer
from contract.ids import BootId
from contract.link import Link, LinkStatus, LinkTakenOverError
from contract.link_settings import LinkSettings
from contract.state import Acknowledgement, LockerState, Snapshot, Telemetry
from contract.topics import device_filters
from edge.locker_controller.arrivals import NotBelieved
from edge.store.store import Store
from edge.uplink.inbox import Inbox, Trust
from edge.uplink.outbox import Outbox
from edge.uplink.presence import Presence
from edge.uplink.reports import Reports

BIRTH_AGAIN_FIRST_S, BIRTH_AGAIN_MAX_S = 60.0, 240.0  # a cloud that is there agrees with us within five minutes
TAKEN_OVER_REST_S = 600.0  # somebody must look; meanwhile a try every ten minutes does not fight

_log = logging.getLogger(__name__)


class Locker(Protocol):
    """The loop as the uplink meets it; the last three return once the decision is committed."""

    def presence(self) -> LockerState: ...

    def snapshot(self) -> Snapshot: ...

    async def receive(self, message: Downward) -> None: ...

    async def refuse(self, refused: NotBelieved) -> None: ...

    async def raise_alarm(self, name: str, detail: str) -> None: ...

    async def link_changed(self, *, online: bool) -> None: ...


@dataclass(frozen=True, slots=True)
class Standing:
    """Who speaks here, in which boot, and whom to believe."""

    trust: Trust
    signer: Signer
    boot: BootId


def link_settings(presence: Presence) -> LinkSettings:
    """Return how a locker's link is set up, wherever the broker is."""
    locker = presence.state().locker
    filters = tuple((topic, 1) for topic in device_filters(locker))
    return LinkSettings(client_id=locker, subscriptions=filters, will=presence.will, birth=presence.birth)


class Uplink:
    """Runs one link. Is the loop's observer."""

    def __init__(
        self,
        locker: Locker,
        store: Store,
        standing: Standing,
        make_link: Callable[[Presence], Link],
        monotonic_ms: Callable[[], int],
    ) -> None:
        """Make the link with ``make_link`` from the presence that speaks at its birth and in its will."""
        self._locker = locker
        self.presence = Presence(standing.signer, locker.presence)
        self.link = make_link(self.presence)
        self.outbox = Outbox(store, self.link, standing.signer, standing.boot)
        self.outbox.on_alarm(locker.raise_alarm)
        self.inbox = Inbox(self.link, standing.trust, locker, self._acknowledged, monotonic_ms)
        self.reports = Reports(self.link, standing.signer, locker.snapshot, self.telemetry)
        self._moved, self._renewal, self._born = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._online = False
        self._tasks: asyncio.TaskGroup | None = None
        self._holding: asyncio.Task[None] | None = None
        self.extra_metrics: Callable[[], dict[str, float]] = dict
        self.link.on_status(self._on_status)

    async def run(self) -> None:
        """Keep the link, and everything that uses it, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            self._tasks, self._holding = tasks, tasks.create_task(self._hold_link())
            tasks.create_task(self._tell_status())
            tasks.create_task(self._renew_presence())
            tasks.create_task(self._repeat_birth())
            tasks.create_task(self.inbox.run())
            tasks.create_task(self.outbox.run())
            tasks.create_task(self.reports.run())

    def reconnect(self) -> None:
        """Leave the broker and come back, with whatever certificate is the newest by now."""
        if self._tasks is not None and self._holding is not None:
            self._holding = self._tasks.create_task(self._hold_anew(self._holding))

    def _on_status(self, status: LinkStatus) -> None:
        self._moved.set()
        if status is LinkStatus.CONNECTED:
            self._born.set()

    def journal_grew(self) -> None:
        """Let the outbox look."""
        self.outbox.poke()

    def state_changed(self) -> None:
        """Let the presence document be said again."""
        self._renewal.set()

    def picture_changed(self) -> None:
        """Let a snapshot go out."""
        self.reports.poke()

    def telemetry(self) -> Telemetry:
        """Return a few numbers; nothing is decided by them."""
        presence = self._locker.presence()
        metrics = {
            "outbox_entries": float(self.outbox.waiting),
            "messages_received": float(self.inbox.received),
            "messages_refused": float(self.inbox.refused),
            "messages_dropped": float(self.inbox.dropped),
            "sessions": float(self.presence.session),
            **self.extra_metrics(),
        }
        return Telemetry(presence.locker, presence.at_ms, metrics)

    async def _hold_link(self) -> None:
        while True:
            try:
                await self.link.run()
            except LinkTakenOverError as error:
                _log.error("link_taken_over", extra={"error": str(error)})
                await self._locker.raise_alarm("link_taken_over", "another device connects with this identity")
            await asyncio.sleep(TAKEN_OVER_REST_S)

    async def _hold_anew(self, before: asyncio.Task[None]) -> None:
        before.cancel()
        await asyncio.wait({before})
        await self._hold_link()

    async def _tell_status(self) -> None:
        while True:
            await self._moved.wait()
            self._moved.clear()
            online = self.link.status is LinkStatus.CONNECTED
            if online != self._online:
                self._online = online
                await self._locker.link_changed(online=online)

    async def _acknowledged(self, acknowledgement: Acknowledgement) -> None:
        if acknowledgement.boot is not None:
            self.presence.answered(acknowledgement.boot, acknowledgement.session)
        if acknowledgement.picture is not None:
            self.reports.answered(acknowledgement.picture)
        await self.outbox.acknowledge(acknowledgement)

    async def _repeat_birth(self) -> None:
        """Say that we are here until the cloud has heard it: a broker may have swallowed it, or forgotten it."""
        while True:
            await self._born.wait()
            self._born.clear()
            rest_s = BIRTH_AGAIN_FIRST_S
            while self._is_unheard():
                await asyncio.sleep(rest_s)
                if self._is_unheard():
                    await self.presence.renew(self.link)
                    self.reports.poke()
                rest_s = min(rest_s * 2, BIRTH_AGAIN_MAX_S)

    def _is_unheard(self) -> bool:
        return self.link.status is LinkStatus.CONNECTED and not self.presence.is_answered

    async def _renew_presence(self) -> None:
        while True:
            await self._renewal.wait()
            self._renewal.clear()
            await self.presence.renew(self.link)
