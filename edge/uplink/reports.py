"""The picture of the compartments for the cloud, and a few numbers about the machine.

A snapshot is no proof, the events are; it lets the cloud see a difference. It is sent again some seconds after it
changed, at every connect, every hour, and until the cloud has said that its picture is this one: it may have been lost,
or have come before the events it shows.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from contract.codec import encode
from contract.envelope import Signer
from contract.link import Link, LinkError, LinkStatus, Outgoing
from contract.state import Snapshot, Telemetry
from contract.topics import Branch, build

GATHER_S = 7.0  # one picture of what a hand does at once, and after its events: one before them counts for nothing
ANSWER_S = 3.0  # by then a cloud that is there has answered
HEARTBEAT_S = 3_600.0  # heals what a cloud lost that had answered; 4 kB each are 100 kB a day on a mobile contract
AGAIN_FIRST_S, AGAIN_MAX_S = 60.0, 240.0  # a cloud that is there agrees with us within five minutes
TELEMETRY_S = 300.0


@dataclass(slots=True)
class Reports:
    """Publishes what ``snapshot`` and ``telemetry`` give as of now, signed by the device."""

    link: Link
    signer: Signer
    snapshot: Callable[[], Snapshot]
    telemetry: Callable[[], Telemetry]
    telemetry_s: float = TELEMETRY_S
    sent: int = 0
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _connected: bool = False
    _unanswered: bytes | None = None

    def __post_init__(self) -> None:
        self.link.on_status(self._on_status)

    def poke(self) -> None:
        """Say that the picture has changed."""
        self._changed.set()

    def answered(self, digest: bytes) -> None:
        """Take the cloud's word that it has the picture with this digest."""
        if digest == self._unanswered:
            self._unanswered = None

    async def run(self) -> None:
        """Publish until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._run_snapshots())
            tasks.create_task(self._run_telemetry())

    def _on_status(self, status: LinkStatus) -> None:
        if status is LinkStatus.CONNECTED:
            self._connected = True
            self._changed.set()

    async def _run_snapshots(self) -> None:
        again_s = AGAIN_FIRST_S
        while True:
            try:
                async with asyncio.timeout(HEARTBEAT_S if self._unanswered is None else again_s):
                    await self._changed.wait()
                again_s = AGAIN_FIRST_S
            except TimeoutError:  # nothing has changed for long; say so, and the seldomer the longer nobody answers
                again_s = min(again_s * 2, AGAIN_MAX_S)
            if self._changed.is_set() and not self._connected:
                await asyncio.sleep(GATHER_S)
            self._changed.clear()
            self._connected = False
            picture = self.snapshot()
            self._unanswered = picture.digest
            if await self._published(Outgoing(build(picture.locker, Branch.REPORT), self._sign(picture))):
                self.sent += 1
            await asyncio.sleep(ANSWER_S)

    async def _run_telemetry(self) -> None:
        while True:
            await asyncio.sleep(self.telemetry_s)
            numbers = self.telemetry()
            await self._published(Outgoing(build(numbers.locker, Branch.TELEMETRY), self._sign(numbers), qos=0))

    def _sign(self, document: Snapshot | Telemetry) -> bytes:
        return self.signer.sign(encode(document))

    async def _published(self, message: Outgoing) -> bool:
        try:
            await self.link.publish(message)
        except LinkError:
            return False  # the next connect sends a new picture
        return True
