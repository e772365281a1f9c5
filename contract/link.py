"""The wire as both ends see it: a Protocol small enough that a broker, a fake and a man in the middle can all speak it.

The link promises little on purpose. It may lose, double, delay and reorder; whoever needs more keeps a journal and
re-sends until the *other end*, not the broker, says that it has committed.
"""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

PAYLOAD_BYTES_MAX = 256 * 1024  # a full event batch (200 entries of about 1 kB) fits; nothing honest is larger
RECEIVE_MAXIMUM = 20  # paho gets slower, not faster, with more in flight (12,200/s at 20, 6,700/s at 1,000)
SESSION_EXPIRY_S = 7 * 24 * 3600  # a locker may be cut off for a week and still find its session


class LinkError(Exception):
    """Something the wire refused or could not do."""


class LinkDownError(LinkError):
    """A publish was asked for while not connected; nothing was queued, the caller's outbox sends again later."""


class LinkTakenOverError(LinkError):
    """Another client keeps connecting with our identity; the link has stopped and somebody must look."""


class PayloadTooLargeError(LinkError):
    """A payload exceeds ``PAYLOAD_BYTES_MAX``; it was not sent."""


class LinkStatus(StrEnum):
    CONNECTING = "connecting"
    CONNECTED = "connected"
    LOST = "lost"
    TAKEN_OVER = "taken_over"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message to publish. ``expiry_s`` mirrors, never replaces, the expiry inside the signed bytes."""

    topic: str
    payload: bytes
    qos: int = 1
    retain: bool = False
    expiry_s: int | None = None


@dataclass(frozen=True, slots=True)
class Incoming:
    """One message received. ``token`` is the link's own; hand the message back to ``acknowledge`` after the commit."""

    topic: str
    payload: bytes
    retained: bool = False
    token: int = 0


class Link(Protocol):
    """A connection that heals itself.

    ``run`` connects and reconnects (full jitter, 1 to 120 s) until cancelled, and raises ``LinkTakenOverError`` when it
    gave up. ``publish`` returns once the broker took the message and raises ``LinkDownError`` while not connected.
    ``messages`` yields in arrival order; at most ``RECEIVE_MAXIMUM`` are unacknowledged at once; those come
    again after a reconnect. ``on_status`` is called in the loop's own thread with every change.
    """

    @property
    def status(self) -> LinkStatus: ...

    async def run(self) -> None: ...

    async def publish(self, message: Outgoing) -> None: ...

    def messages(self) -> AsyncIterator[Incoming]: ...

    def acknowledge(self, message: Incoming) -> None: ...

    def on_status(self, observer: Callable[[LinkStatus], None]) -> None: ...
