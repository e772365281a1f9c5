"""What every link does whatever carries it: try, be born, live, lose, wait, try again, and know when to stop."""

import asyncio
import logging
import random
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable

from contract.link import Incoming, Link, LinkError, LinkStatus, LinkTakenOverError
from contract.link_settings import LinkSettings, TakeoverGuard

BIRTH_S_MAX = 30.0  # the birth publishes one small message or two

_log = logging.getLogger(__name__)


class Backlog(asyncio.Queue[Incoming]):
    """What has arrived and nobody has taken yet, weighed."""

    held_bytes = 0

    def _put(self, item: Incoming) -> None:
        self.held_bytes += len(item.payload)
        super()._put(item)

    def _get(self) -> Incoming:
        item: Incoming = super()._get()
        self.held_bytes -= len(item.payload)
        return item


class HealingLink(ABC):
    """The part of ``contract.link.Link`` that is the same over a broker and in memory."""

    def __init__(self, settings: LinkSettings, chance: random.Random) -> None:
        """Draw reconnect delays from ``chance``; nothing happens before ``run``."""
        self.settings = settings
        self.last_failure = ""
        self._chance = chance
        self._inbox = Backlog()
        self._takeovers = TakeoverGuard()
        self._status = LinkStatus.CONNECTING
        self._observers: list[Callable[[LinkStatus], None]] = []

    @property
    def status(self) -> LinkStatus:
        return self._status

    def on_status(self, observer: Callable[[LinkStatus], None]) -> None:
        self._observers.append(observer)

    async def messages(self) -> AsyncIterator[Incoming]:
        while True:
            yield await self._inbox.get()

    async def run(self) -> None:
        """Keep the link up until cancelled; raises ``LinkTakenOverError`` when it gave up."""
        loop, failures, reconnect = asyncio.get_running_loop(), 0, self.settings.reconnect
        while True:
            began_s = loop.time()
            await self._attempt()
            if self._takeovers.is_enough(loop.time()):
                self._become(LinkStatus.TAKEN_OVER)
                raise LinkTakenOverError(f"another client keeps connecting as {self.settings.client_id!r}")
            failures = 1 if loop.time() - began_s >= reconnect.stable_s else failures + 1
            await asyncio.sleep(reconnect.delay_s(failures, self._chance.random))

    @abstractmethod
    async def _live_once(self) -> str:
        """Connect, call ``_be_born``, stay to the end. Return why it ended, or raise ``LinkError`` or ``OSError``."""

    async def _be_born(self, link: Link) -> None:
        if self.settings.birth:
            async with asyncio.timeout(BIRTH_S_MAX):
                await self.settings.birth(link)
        self._become(LinkStatus.CONNECTED)

    async def _attempt(self) -> None:
        try:
            self._lose(await self._live_once())
        except asyncio.CancelledError:
            self._lose("stopped" if self._status is LinkStatus.CONNECTED else self.last_failure)
            raise
        except (OSError, LinkError) as error:  # TimeoutError is an OSError
            self._lose(f"{type(error).__name__}: {error}")
        except Exception:  # noqa: BLE001 - the edge of the link's loop: a broken birth or will must not end it
            _log.exception("link_attempt_failed", extra={"client_id": self.settings.client_id})
            self._lose("a hook failed")

    def _lose(self, why: str) -> None:
        if self._status is LinkStatus.CONNECTED or not self.last_failure:
            _log.warning("link_lost", extra={"client_id": self.settings.client_id, "why": why})
        self.last_failure = why
        while not self._inbox.empty():
            self._inbox.get_nowait()  # unacknowledged, so the broker sends them again; twice in the queue helps nobody
        if self._status is LinkStatus.CONNECTED:
            self._become(LinkStatus.LOST)

    def _become(self, status: LinkStatus) -> None:
        self._status = status
        if status is LinkStatus.CONNECTED:
            _log.info("link_up", extra={"client_id": self.settings.client_id})
        for observer in self._observers:
            try:
                observer(status)
            except Exception:  # noqa: BLE001 - an observer's fault is not the link's
                _log.exception("link_observer_failed", extra={"client_id": self.settings.client_id})
