"""Ingest: everything lockers say, recorded in groups, acknowledged only after the commit.

1. Take every message that has arrived, at most ``GROUP_MAX``; order is restored by sequence, not by arrival.
2. Look up keys of lockers not seen before, verify and decode.
3. One unit of work records all event batches; each state and report is a unit of its own. The writer commits them.
4. Acknowledge to the broker, then tell each locker ``through_sequence``. A crash before this point costs a repetition.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from cloud.clock import Clock
from cloud.domain.actors import SYSTEM
from cloud.domain.errors import DomainError, OverloadedError
from cloud.domain.rules import STANDARD, Rules
from cloud.downlink.sifting import Refused, locker_of, sift
from cloud.services.device_keys import signing_keys
from cloud.services.ports import Act, Ids, UnitOfWork
from cloud.services.record_events import Recorded, record_events
from cloud.services.record_report import record_report
from cloud.services.record_state import record_state
from cloud.services.report_forgery import report_forgery
from cloud.services.send_again import send_again
from cloud.store.reader import Reader
from cloud.store.writer import Unit, Writer
from contract import codec, topics
from contract.codec import Unknown, Upward
from contract.envelope import Signer
from contract.events import EventBatch, genesis_hash
from contract.ids import LockerId, MessageId
from contract.link import Incoming, Link, LinkError, Outgoing
from contract.state import Acknowledgement, LockerState, Snapshot, Telemetry
from contract.topics import Branch

GROUP_MAX = 256  # messages recorded together; beyond it the flush is spread thin enough and answers only get later
OVERLOADED_WAIT_S = 0.2  # the writer empties a tenth of its queue in this time
ACCUSED_AGAIN = timedelta(hours=1)  # a flood of forgeries costs one look at the alarms an hour
KEYS_MAX = 200_000  # cached device keys, 32 bytes each plus overhead: some 60 MB for a network twice InPost's

_log = logging.getLogger(__name__)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Desk:
    """What ingest works with: where it reads and writes, whose clock and chance, and the key it signs answers with.

    ``public_key`` makes a locker's verifying key of its 32 bytes.
    """

    reader: Reader
    writer: Writer
    clock: Clock
    ids: Ids
    signer: Signer
    rules: Rules = STANDARD
    public_key: Callable[[bytes], Ed25519PublicKey] = Ed25519PublicKey.from_public_bytes

    def act(self) -> Act:
        """Return an act of the system, now."""
        return Act(SYSTEM, self.clock.now(), self.ids, self.rules)


class Ingest:
    """Run ``run`` as a task for every link that carries lockers' messages."""

    def __init__(self, link: Link, desk: Desk, on_telemetry: Callable[[Telemetry], None] | None = None) -> None:
        """Take messages from ``link``; metrics, which are never recorded, go to ``on_telemetry``."""
        self._link, self._desk, self._on_telemetry = link, desk, on_telemetry
        self._keys: dict[LockerId, Ed25519PublicKey] = {}
        self._arrived: asyncio.Queue[Incoming] = asyncio.Queue(GROUP_MAX)
        self.refused: Counter[str] = Counter()
        self._accused: dict[LockerId, datetime] = {}
        self.recorded = 0

    def forget_keys(self) -> None:
        """Have keys looked up again: a locker was enrolled anew or revoked."""
        self._keys.clear()

    async def run(self) -> None:
        """Take and record until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._take(), name="ingest take")
            tasks.create_task(self._record(), name="ingest record")

    async def _take(self) -> None:
        async for message in self._link.messages():
            await self._arrived.put(message)

    async def _record(self) -> None:
        while True:
            group = [await self._arrived.get()]
            while len(group) < GROUP_MAX and not self._arrived.empty():
                group.append(self._arrived.get_nowait())
            await self.record(group)

    async def record(self, group: Sequence[Incoming]) -> None:
        """Record one group and answer it; messages that could not be written stay unacknowledged and come again."""
        await self._learn_keys(group)
        sifted = [(message, sift(message, self._keys)) for message in group]
        batches = [(message, one) for message, one in sifted if isinstance(one, EventBatch)]
        others = [(message, one) for message, one in sifted if not isinstance(one, EventBatch)]
        work = [self._attempt([message], self._record_other(message, one)) for message, one in others]
        await _together([*work, *([self._record_group(batches)] if batches else [])])

    async def _record_group(self, batches: Sequence[tuple[Incoming, EventBatch]]) -> None:
        """Record all together; where one breaks us, each alone."""
        together = await self._attempt([message for message, _ in batches], self._record_batches(batches))
        if not together and len(batches) > 1:
            for one in batches:
                await self._record_group([one])

    async def _attempt(self, messages: Sequence[Incoming], work: Awaitable[None]) -> bool:
        """Await ``work``; when it breaks over a single message, set that message aside loudly.

        The broker is told that we have it, the locker is not: it keeps the entries and sends them again, so nothing is
        lost and a mended cloud takes them. Unacknowledged it would come back at once and break us for ever.
        """
        try:
            await work
        except Exception as error:  # noqa: BLE001 - the loop's edge: one message must not stop every other locker
            if len(messages) == 1:
                locker = locker_of(messages[0])
                _log.error("ingest.set_aside", extra={"locker": locker, "topic": messages[0].topic}, exc_info=error)
                self._count_refused(Refused(locker, f"cannot be recorded: {type(error).__name__}"))
                self._link.acknowledge(messages[0])
            return False
        return True

    async def _record_batches(self, batches: Sequence[tuple[Incoming, EventBatch]]) -> None:
        said = [batch for _, batch in batches]
        recorded = await self._write(lambda uow: self._recorded(uow, said))
        for message, _ in batches:
            self._link.acknowledge(message)
        for one in recorded:
            self.recorded += one.added
            if one.refused:
                self._count_refused(Refused(LockerId(one.locker_id), one.refused))
        # One answer a locker and group, all at once: a locker needs the last word only.
        await _together([self._answer(one) for one in {one.locker_id: one for one in recorded}.values()])

    def _recorded(self, uow: UnitOfWork, said: Sequence[EventBatch]) -> list[Recorded]:
        """Record, and tell a locker that says it has lost its memory again what holds, in the same transaction."""
        act = self._desk.act()
        recorded = record_events(uow, act, said)
        for name in sorted({one.locker_id for one in recorded if one.forgot}):
            send_again(uow, act, self._desk, name)
        return recorded

    async def _answer(self, recorded: Recorded, heard: LockerState | Snapshot | None = None) -> None:
        """Say what is committed, and that a birth or a picture was ``heard``."""
        locker = LockerId(recorded.locker_id)
        body = Acknowledgement(
            aud=locker,
            id=MessageId(self._desk.ids.bytes(16)),
            issued_at=int(self._desk.clock.now().timestamp()),
            through_sequence=recorded.through_sequence,
            head=recorded.head,
            boot=heard.boot if isinstance(heard, LockerState) else None,
            session=heard.session if isinstance(heard, LockerState) else 0,
            picture=heard.digest if isinstance(heard, Snapshot) else None,
        )
        payload = self._desk.signer.sign(codec.encode(body))
        try:
            await self._link.publish(Outgoing(topics.build(locker, Branch.ACK), payload))
        except LinkError as error:  # the locker sends again and is answered then
            _log.info("ingest.answer_lost", extra={"locker": locker, "error": str(error)})

    async def _record_other(self, message: Incoming, said: "Upward | Refused | Unknown") -> None:
        act = self._desk.act()
        try:
            match said:
                case LockerState() | Snapshot():
                    standing = await self._write(lambda uow: _spoken(uow, act, said))
                    if standing is not None:
                        await self._answer(standing, said)
                case Telemetry():
                    if self._on_telemetry:
                        self._on_telemetry(said)
                case Refused():
                    self._count_refused(said)
                    await self._raise_alarm(act, said)
                case _:
                    self.refused["unknown kind"] += 1
        except DomainError as error:
            self._count_refused(Refused(locker_of(message), str(error)))
        self._link.acknowledge(message)

    async def _raise_alarm(self, act: Act, refused: Refused) -> None:
        """Tell the operators of a forgery in an enrolled locker's name, at most once an hour and locker."""
        locker = refused.locker
        if locker is None or locker not in self._keys:
            return
        told = self._accused.get(locker)
        if told is None or act.now - told >= ACCUSED_AGAIN:
            self._accused[locker] = act.now
            await self._write(lambda uow: report_forgery(uow, act, locker, refused.reason))

    async def _write(self, unit: Unit[T]) -> T:
        """Write, waiting while the writer's queue is full: the broker holds back more than twenty messages anyway."""
        while True:
            try:
                return await self._desk.writer.run(unit)
            except OverloadedError:
                await asyncio.sleep(OVERLOADED_WAIT_S)

    async def _learn_keys(self, group: Sequence[Incoming]) -> None:
        named = {locker for message in group if (locker := locker_of(message))}
        missing = sorted(named - self._keys.keys())
        if not missing:
            return
        if len(self._keys) > KEYS_MAX:
            self._keys.clear()
        found = await asyncio.to_thread(self._desk.reader.read, lambda uow: signing_keys(uow, missing))
        for name, raw in found.items():
            self._keys[LockerId(name)] = self._desk.public_key(raw)

    def _count_refused(self, refused: Refused) -> None:
        """Log the first refusal of a kind, count the rest: a flood must not fill the disk."""
        key = f"{refused.locker}: {refused.reason}"
        if key not in self.refused and len(self.refused) < GROUP_MAX:
            _log.warning("ingest.refused", extra={"locker": refused.locker, "reason": refused.reason})
        self.refused[key if len(self.refused) < GROUP_MAX else "others"] += 1


def _spoken(uow: UnitOfWork, act: Act, said: LockerState | Snapshot) -> Recorded | None:
    """Take what is to be answered with where the locker's journal stands here, or nothing for what is not."""
    if isinstance(said, LockerState):
        record_state(uow, act, said)
        answered = said.online
    else:
        answered = record_report(uow, act, said)
    if not answered:
        return None
    through, head = uow.log.heads((said.locker,)).get(said.locker, (0, genesis_hash(said.locker)))
    return Recorded(said.locker, through, head, 0)


async def _together(work: Sequence[Awaitable[object]]) -> None:
    """Await all at once; most groups are one message, which needs no task of its own."""
    if len(work) == 1:
        await work[0]
    else:
        await asyncio.gather(*work)
