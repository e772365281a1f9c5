"""The one loop: an input, a decision, its commit, and only then anything that somebody could see or feel.

Whatever happens to a locker becomes an input in one bounded queue. A decision is stored in one transaction with its
events before it counts; when the store fails, the old state goes on counting, no lock moves, and the screen says so.
"""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Literal, assert_never

from contract.codec import Downward
from contract.codes import CodeError, PickUpCode, StretchedCode, parse_code, stretch
from contract.events import AlarmRaised, Event
from contract.ids import CompartmentLabel, MessageId
from contract.state import DoorLevel, LockerState, Snapshot
from edge.drivers.errors import DriverError
from edge.drivers.patience import release
from edge.locker_controller import picture
from edge.locker_controller.arrivals import NotBelieved, scanned
from edge.locker_controller.beat import Beat
from edge.locker_controller.decide import decide
from edge.locker_controller.effects import Buzz, Decision, Effect, PublishReport, PublishState, ReleaseLock
from edge.locker_controller.identity import Hardware, Identity, World
from edge.locker_controller.inputs import (
    Answer,
    Answered,
    CodeEntered,
    DoorSensed,
    Input,
    LinkChanged,
    LockPulsed,
    MessageReceived,
    MessageRejected,
    Moment,
    ScreenBack,
    Started,
    Tick,
)
from edge.locker_controller.lockout import locked_s
from edge.locker_controller.observer import Nobody, Observer
from edge.locker_controller.persist import changes
from edge.locker_controller.salvage import alarmed, salvage
from edge.locker_controller.screen import screen
from edge.locker_controller.screens import Idle, OutOfOrder, Screen, Why
from edge.locker_controller.state import LockerRecord
from edge.locker_controller.timekeeper import Timekeeper
from edge.locker_controller.timekeeping import TimeReading
from edge.store.chain import ALARM_DAMAGED
from edge.store.errors import StoreError
from edge.store.opening import KeptTime
from edge.store.store import Draft, Store

INPUTS_MAX = 256  # 400 doors cannot all move at once; a fuller queue means that somebody plays with the screen
STORE_RETRY_MS = 1_000  # a card that is full for a minute is tried sixty times, not two hundred and forty
SETTLE_LOOKS, SETTLE_LOOK_S = 25, 0.02  # half a second is ten debounce times; a cut cable must not keep us longer
PULSES_MAX = 4  # ``decide`` asks for one at a time; a fifth waiting is a broken invariant and must crash
STUCK_MS = 10_000  # a pulse takes a second at most, a commit on a dying card a few

STORE_FAILED, STOPPING = "store_failed", "stopping"

Entry = Literal["accepted", "slip", "locked"]
_log = logging.getLogger(__name__)


async def stretch_in_thread(code: PickUpCode, salt_locker: bytes) -> StretchedCode:
    """Run Argon2id beside the loop: 50 ms here, most of a second on a small Pi, and doors must be watched meanwhile."""
    return await asyncio.to_thread(stretch, code, salt_locker)


@dataclass(slots=True)
class _Work:
    """One thing to decide, or an alarm of the rim's own, which needs no decision.

    ``kept`` work is done even if the store fails meanwhile; other work is then dropped.
    """

    what: Input | AlarmRaised
    kept: bool
    done: asyncio.Future[None] | None = None


class Controller:
    """Owns the state, the order of things and the way to the locks. Serves the kiosk as its ``KioskPort``."""

    def __init__(self, identity: Identity, store: Store, hardware: Hardware, world: World, state: LockerRecord) -> None:
        """Nothing happens before ``run``; use ``load`` to begin from what the store holds."""
        self._identity, self._store, self._hardware, self._world = identity, store, hardware, world
        self._state = state
        self._time = Timekeeper(world.clock, world.synced, store.time, identity.build_ms)
        self._queue: asyncio.Queue[_Work] = asyncio.Queue(INPUTS_MAX)
        self._kept: deque[_Work] = deque()
        self._alarms_at_start: list[_Work] = []
        self._pulses: asyncio.Queue[ReleaseLock] = asyncio.Queue(PULSES_MAX)
        self._pulse_since_ms: int | None = None
        self._beat = Beat()
        self._tick_pending = self._sensors_lost = self._stopping = False
        self._ticked_ms = world.clock.monotonic_ms()
        self._fault: StoreError | None = None
        self._fault_since_ms = self._tried_ms = self.store_failures = 0
        self._stretching = asyncio.Lock()
        self._changed = asyncio.Event()
        self._shown: Screen = OutOfOrder(Why.STARTING)
        self._drawn: Screen = self._shown
        self._drawn_of: tuple[LockerRecord | None, TimeReading | None] = (None, None)
        self.observer: Observer = Nobody()

    @classmethod
    async def load(cls, identity: Identity, store: Store, hardware: Hardware, world: World) -> "Controller":
        """Begin from what the store holds; raises ``StoreError`` or ``RecordError`` when that is no state at all."""
        state, lost = salvage(identity.setup, await store.records(), store.broken)
        controller = cls(identity, store, hardware, world, state)
        for first in store.damages[:1]:
            controller.start_with(ALARM_DAMAGED, f"{len(store.damages)} places, first {first.kind} {first.sequence}")
        if store.doubted:
            controller.start_with(store.doubted, "the power went before this was taken in")
        if lost:
            controller.start_with("record_damaged", f"{len(lost)} records, first: {lost[0]}")
        return controller

    def start_with(self, name: str, detail: str) -> None:
        self._alarms_at_start.append(_Work(AlarmRaised(name, detail), kept=True))

    async def run(self) -> None:
        """Serve until cancelled."""
        self._hardware.doors.on_change(self._door_moved)
        await self._settle()
        self._kept.append(_Work(Started(self._identity.boot, self._identity.agent_version, self._levels()), kept=True))
        self._kept.extend(self._alarms_at_start)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._turn())
            tasks.create_task(self._tick())
            tasks.create_task(self._pulse())

    async def _turn(self) -> None:
        await self._catch_up()
        while True:
            work = await self._queue.get()
            if isinstance(work.what, Tick):
                await self._ticked()
            elif self._fault is None:
                await self._do(work)
            else:
                self._put_off(work)
            self._show()

    async def _tick(self) -> None:
        while True:
            await (self._world.rest or asyncio.sleep)(self._world.tick_ms / 1000)
            if not self._tick_pending and not self._queue.full():
                self._tick_pending = True
                self._queue.put_nowait(_Work(Tick({}), kept=False))

    async def _ticked(self) -> None:
        self._tick_pending = False
        self._ticked_ms = self._world.clock.monotonic_ms()
        self._time.carry_on()
        if self._hardware.buzzer is not None:
            quiet = self._world.is_quiet(self._state.configuration, self._time.now)
            self._hardware.buzzer.sound(on=self._beat.tick(quiet=quiet))
        if self._fault is None:
            await self._do(_Work(Tick(self._levels()), kept=False))
        elif self._ticked_ms - self._tried_ms >= STORE_RETRY_MS:
            await self._try_store()

    async def _do(self, work: _Work) -> None:
        """Decide, commit, then let it count. A commit that fails leaves everything as it was."""
        moment = Moment(self._time.now(), MessageId(self._world.fresh(16)))
        decision = self._decide(work.what, moment)
        drafts = [self._draft(event, moment.now, decision.cause) for event in decision.events]
        try:
            await self._store.save(changes(self._state, decision.state), drafts, KeptTime(*self._time.kept()))
        except StoreError as error:
            self._lost_store(error)
            self._put_off(work)
            return
        self._state = decision.state
        if drafts:
            self.observer.journal_grew()
        for effect in decision.effects:
            self._perform(effect)
        _finish(work)

    def _decide(self, what: Input | AlarmRaised, moment: Moment) -> Decision:
        return alarmed(self._state, what) if isinstance(what, AlarmRaised) else decide(self._state, what, moment)

    def _draft(self, event: Event, now: TimeReading, cause: bytes | None) -> Draft:
        return Draft(now.now_ms, now.quality, self._identity.boot, event, cause)

    def _perform(self, effect: Effect) -> None:
        match effect:
            case ReleaseLock():
                self._pulses.put_nowait(effect)
            case Buzz():
                self._beat.take(effect)
            case PublishState():
                self.observer.state_changed()
            case PublishReport():
                self.observer.picture_changed()
            case _ as never:
                assert_never(never)

    # ------------------------------------------------------------------ a store that fails

    def _lost_store(self, error: StoreError) -> None:
        self.store_failures += 1
        self._tried_ms = self._world.clock.monotonic_ms()
        if self._fault is None:
            self._fault_since_ms = self._tried_ms
            _log.error("store_failed", extra={"fact": str(error.fact), "detail": error.detail})
        self._fault = error

    def _put_off(self, work: _Work) -> None:
        # What a door did meanwhile is kept too: one that was opened and shut again would look as if it had not moved.
        if work.kept or (isinstance(work.what, DoorSensed) and len(self._kept) < INPUTS_MAX):
            self._kept.append(work)
        else:
            _finish(work)  # the person sees that the locker is out of order and need not wait for an answer

    async def _try_store(self) -> None:
        try:
            await self._store.probe()
        except StoreError as error:
            self._lost_store(error)
            return
        fault, self._fault = self._fault, None
        lost_s = (self._world.clock.monotonic_ms() - self._fault_since_ms) // 1000
        _log.warning("store_back", extra={"after_s": lost_s})
        told = any(isinstance(work.what, AlarmRaised) and work.what.alarm == STORE_FAILED for work in self._kept)
        if fault is not None and not told:
            self._kept.append(_Work(AlarmRaised(STORE_FAILED, f"{fault.fact} for {lost_s} s"), kept=True))
        if not any(isinstance(work.what, ScreenBack) for work in self._kept):
            self._kept.appendleft(_Work(ScreenBack(), kept=True))
        await self._catch_up()

    async def _catch_up(self) -> None:
        """Do what could not be stored before, in its order, for as long as the store takes it."""
        for _ in range(len(self._kept)):
            work = self._kept.popleft()
            await self._do(work)
            if self._fault is not None:
                self._kept.rotate(1)  # it was put off again: back to its place at the front
                break
        self._show()

    # ------------------------------------------------------------------ doors and locks

    def _levels(self) -> Mapping[CompartmentLabel, DoorLevel]:
        try:
            levels = self._hardware.doors.levels()
        except DriverError as error:
            if not self._sensors_lost:
                _log.error("doors_unreadable", extra={"error": str(error)})
            self._sensors_lost = True
            return {plan.label: DoorLevel.UNKNOWN for plan in self._identity.setup.layout.compartments}
        self._sensors_lost = False
        return levels

    async def _settle(self) -> None:
        """Let the contacts be read once before the first decision: what was left half done depends on the doors."""
        for _ in range(SETTLE_LOOKS):
            if DoorLevel.UNKNOWN not in self._levels().values():
                break
            await asyncio.sleep(SETTLE_LOOK_S)

    def _door_moved(self, label: CompartmentLabel, level: DoorLevel) -> None:
        self._offer(DoorSensed(label, level))  # one that finds no room is seen by the next tick

    async def _pulse(self) -> None:
        while True:
            effect = await self._pulses.get()
            self._pulse_since_ms = self._world.clock.monotonic_ms()
            failure = STOPPING if self._stopping else await release(self._hardware.locks, effect.label)
            self._pulse_since_ms = None
            await self._queue.put(_Work(LockPulsed(effect.intent, failure), kept=True))
            self._pulses.task_done()

    async def stop(self) -> None:
        """Drop every coil, move no lock any more, and return once all that has happened is stored."""
        self._stopping = True
        self._hardware.locks.all_off()
        await self._pulses.join()
        await self.link_changed(online=False)

    # ------------------------------------------------------------------ the cloud (``uplink.inbox.Sink``)

    async def receive(self, message: Downward) -> None:
        """Decide on a verified message; returns once that is committed, however long the store takes."""
        self._time.saw_signature(message.issued_at)
        await self._through(MessageReceived(message))

    async def refuse(self, refused: NotBelieved) -> None:
        """Note a message that was not believed; returns once that is committed."""
        await self._through(MessageRejected(refused.reason, refused.id))

    async def raise_alarm(self, name: str, detail: str) -> None:
        """Journal an alarm of the rim's own; returns once that is committed."""
        await self._through(AlarmRaised(name, detail))

    async def link_changed(self, *, online: bool) -> None:
        """Learn whether the cloud can be reached."""
        await self._through(LinkChanged(online))

    async def _through(self, what: Input | AlarmRaised) -> None:
        done = asyncio.get_running_loop().create_future()
        await self._queue.put(_Work(what, kept=True, done=done))
        await done

    def snapshot(self) -> Snapshot:
        """Return the picture of all compartments as of the last committed entry."""
        return picture.snapshot(self._state, self._identity.boot, self._time.now(), self._store.head.sequence)

    def presence(self) -> LockerState:
        """Return the presence document; the uplink counts its sessions."""
        return picture.presence(self._state, self._identity.boot, self._time.now(), self._identity.agent_version)

    # ------------------------------------------------------------------ people (``kiosk.port.KioskPort``)

    async def enter_code(self, typed: str) -> Entry:
        """Try a pick-up code. While nobody is listened to, no Argon2id is spent on guesses either."""
        try:
            code = parse_code(typed)
        except CodeError:
            return "slip"
        if self._is_deaf():
            return "locked"
        async with self._stretching:
            stretched = await (self._world.stretch or stretch_in_thread)(code, self._identity.salt_locker)
        done = asyncio.get_running_loop().create_future()
        if not self._offer(CodeEntered(stretched), done):
            return "locked"
        await done
        return "accepted"

    async def scan(self, text: str) -> None:
        """Take what the scanner read."""
        what, issued_at = scanned(text, self._identity.keys, self._identity.setup.locker)
        if issued_at is not None:
            self._time.saw_signature(issued_at)
        self._offer(what)

    async def answer(self, answer: Answer, label: CompartmentLabel | None) -> None:
        """Take a touch on the screen."""
        self._offer(Answered(answer, label))

    def screen(self) -> Screen:
        """Say what the screen shows now."""
        if self._fault is not None:
            return OutOfOrder(self._fault.fact)
        if self._drawn_of[0] is self._state and type(self._drawn) is Idle:
            return self._drawn  # time ends what is shown and begins nothing
        now = self._time.now()
        if self._drawn_of[0] is not self._state or self._drawn_of[1] is not now:
            self._drawn_of, self._drawn = (self._state, now), screen(self._state, now)
        return self._drawn

    async def watch(self) -> AsyncIterator[Screen]:
        """Yield the screen now and after every change; whoever is slow skips to the newest."""
        shown: Screen | None = None
        while True:
            changed, now = self._changed, self.screen()
            if now != shown:
                shown = now
                yield now
            await changed.wait()

    @property
    def state(self) -> LockerRecord:
        """What has been committed."""
        return self._state

    def is_alive(self) -> bool:
        """Whether loop, store and locks have moved lately; the watchdog asks."""
        now_ms = self._world.clock.monotonic_ms()
        stuck = self._pulse_since_ms is not None and now_ms - self._pulse_since_ms > STUCK_MS
        return not stuck and now_ms - self._ticked_ms <= STUCK_MS

    def _is_deaf(self) -> bool:
        locked = locked_s(self._state.lockout, self._world.clock.monotonic_ms()) > 0
        return self._fault is not None or locked or self._stretching.locked()

    def _offer(self, what: Input, done: asyncio.Future[None] | None = None) -> bool:
        if self._queue.full():
            return False
        self._queue.put_nowait(_Work(what, kept=False, done=done))
        return True

    def _show(self) -> None:
        now = self.screen()
        if now != self._shown:
            self._shown = now
            self._changed.set()
            self._changed = asyncio.Event()


def _finish(work: _Work) -> None:
    if work.done is not None and not work.done.done():
        work.done.set_result(None)
