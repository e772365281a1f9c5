import asyncio

import pytest

from contract.codes import show_code
from contract.events import (
    AgentStarted,
    AlarmRaised,
    GrantsAccepted,
    MessageRefused,
    ParcelDroppedOff,
    ParcelPickedUp,
    ReleaseFailed,
    ReleaseIntended,
)
from contract.ids import BootId, MessageId
from contract.state import DoorLevel
from edge.locker_controller.arrivals import NotBelieved
from edge.locker_controller.inputs import Answer
from edge.locker_controller.screens import (
    ConfirmDropOff,
    CourierHome,
    DroppedOff,
    Idle,
    LockedOut,
    OutOfOrder,
    PickedUp,
    PutParcel,
    Refused,
    TakeParcel,
    Why,
)
from edge.store.chain import Mark
from edge.store.errors import StoreFact
from tests.unit.edge.controller.builders import (
    A01,
    BARCODE,
    CODE,
    START_S,
    WRONG_CODE,
    Locker,
    bundle,
    courier_qr,
)


async def _drop_off(locker: Locker) -> None:
    """Sign in by phone, scan the parcel, put it in, confirm, leave."""
    await locker.shows(Idle)
    await locker.controller.scan(courier_qr())
    await locker.shows(CourierHome)
    await locker.controller.scan(BARCODE)
    await locker.shows(PutParcel)
    locker.shut(A01)
    await locker.shows(ConfirmDropOff)
    await locker.controller.answer(Answer.DONE, A01)
    await locker.shows(DroppedOff)
    locker.clock.advance(10)
    await locker.shows(CourierHome)
    await locker.controller.answer(Answer.SIGN_OUT, None)
    await locker.shows(Idle)


async def test_a_locker_that_never_had_a_link_takes_a_parcel_and_hands_it_out_by_code() -> None:
    async with Locker().running() as locker:
        await _drop_off(locker)
        assert await locker.controller.enter_code(show_code(CODE)) == "accepted"
        await locker.shows(TakeParcel)
        locker.shut(A01)
        await locker.shows(PickedUp)
        kinds = await locker.kinds()
    assert locker.board.released == [A01, A01]
    assert kinds.index("CodeBurnt") < kinds.index("ParcelPickedUp")


async def test_every_release_was_intended_on_disk_before() -> None:
    async with Locker().running() as locker:
        await _drop_off(locker)
        kinds = await locker.kinds()
    assert kinds.index("ReleaseIntended") < kinds.index("LockReleased") < kinds.index("ParcelDroppedOff")


async def test_a_restart_in_between_loses_nothing() -> None:
    locker = Locker()
    async with locker.running():
        await _drop_off(locker)
    async with locker.running():
        await locker.shows(Idle)
        await locker.controller.enter_code(CODE)
        await locker.shows(TakeParcel)
    async with locker.running():
        await locker.shows(TakeParcel)  # the door stands open, and the next boot knows for whom
        kinds = await locker.kinds()
    assert kinds.count("AgentStarted") == 3
    assert kinds.count("CodeBurnt") == 1


async def test_a_burnt_code_opens_nothing_after_a_restart() -> None:
    locker = Locker()
    async with locker.running():
        await _drop_off(locker)
        await locker.controller.enter_code(CODE)
        await locker.shows(TakeParcel)
        locker.shut(A01)
        await locker.journalled(ParcelPickedUp)
    async with locker.running():
        await locker.shows(Idle)
        await locker.controller.enter_code(CODE)
        assert await locker.shows(Refused) == Refused(Why.SPENT)
    assert locker.board.released == [A01, A01]


async def test_an_intent_that_could_not_be_stored_moves_no_lock() -> None:
    async with Locker().running() as locker:
        await _drop_off(locker)
        locker.database.fact = StoreFact.DISK_FULL
        await locker.controller.enter_code(CODE)
        shown = await locker.shows(OutOfOrder)
        assert shown == OutOfOrder("disk_full")
        assert locker.board.released == [A01]  # the drop-off's alone


async def test_a_store_that_comes_back_serves_again_and_says_what_was_wrong() -> None:
    async with Locker().running() as locker:
        await _drop_off(locker)
        locker.database.fact = StoreFact.READ_ONLY
        await locker.controller.enter_code(CODE)
        await locker.shows(OutOfOrder)
        assert await locker.controller.enter_code(CODE) == "locked"
        locker.database.fact = None
        locker.clock.advance(5)
        await locker.shows(Idle)
        alarm = await locker.journalled(AlarmRaised)
        assert isinstance(alarm.event, AlarmRaised)
        assert (alarm.event.alarm, alarm.event.detail) == ("store_failed", "read_only for 5 s")
        await locker.controller.enter_code(CODE)
        await locker.shows(TakeParcel)
        assert locker.controller.store_failures >= 1


async def test_a_disk_that_fails_at_start_is_waited_for() -> None:
    locker = Locker()
    async with locker.running():
        await locker.journalled(AgentStarted)
    locker.database.fact = StoreFact.IO_FAILED
    async with locker.running():
        await locker.shows(OutOfOrder)
        locker.database.fact = None
        locker.clock.advance(2)
        await locker.shows(Idle)
        assert (await locker.kinds()).count("AgentStarted") == 2


async def test_a_message_of_the_cloud_is_done_only_once_it_is_committed() -> None:
    async with Locker().running() as locker:
        await locker.shows(Idle)
        locker.database.fact = StoreFact.DISK_FULL
        received = asyncio.create_task(locker.controller.receive(bundle()))
        await locker.shows(OutOfOrder)
        assert not received.done()
        locker.database.fact = None
        locker.clock.advance(2)
        await received
        assert (await locker.kinds()).count("GrantsAccepted") == 1


async def test_a_message_that_was_not_believed_is_journalled() -> None:
    async with Locker().running() as locker:
        await locker.shows(Idle)
        await locker.controller.refuse(NotBelieved("bad_signature", None))
        entry = await locker.journalled(MessageRefused)
    assert entry.event == MessageRefused(None, "bad_signature")


async def test_the_cause_of_an_entry_is_the_message_that_led_to_it() -> None:
    async with Locker().running() as locker:
        await locker.shows(Idle)
        await locker.controller.receive(bundle(7))
        entry = await locker.journalled(GrantsAccepted)
    assert entry.cause == MessageId((7).to_bytes(16))


async def test_a_slip_costs_nothing_and_wrong_codes_lock_without_another_argon2() -> None:
    async with Locker().running() as locker:
        await locker.shows(Idle)
        await locker.controller.receive(bundle())  # on a card that nobody has written to no code is wrong
        assert await locker.controller.enter_code("123 456 789") == "slip"
        for _ in range(6):
            assert await locker.controller.enter_code(WRONG_CODE) == "accepted"
        await locker.shows(LockedOut)
        assert await locker.controller.enter_code(WRONG_CODE) == "locked"
        assert (await locker.kinds()).count("CodeRefused") == 6


async def test_a_forged_qr_is_refused_on_the_screen() -> None:
    async with Locker().running() as locker:
        await locker.shows(Idle)
        await locker.controller.scan(courier_qr()[:-6] + "000000")
        assert isinstance(await locker.shows(Refused), Refused)
        assert locker.board.released == []


async def test_a_broken_coil_is_said_and_a_resting_one_waited_for() -> None:
    async with Locker().running() as locker:
        await locker.shows(Idle)
        locker.board.broken = {A01}
        await locker.controller.scan(courier_qr())
        await locker.shows(CourierHome)
        await locker.controller.scan(BARCODE)
        failed = (await locker.journalled(ReleaseFailed)).event
        assert isinstance(failed, ReleaseFailed)
        assert failed.reason == "no answer from the board"
    other = Locker()
    other.board.resting = {A01: 1}
    async with other.running():
        await _drop_off(other)
    assert other.board.released == [A01]


async def test_doors_that_cannot_be_read_are_unknown_and_the_loop_goes_on() -> None:
    async with Locker().running() as locker:
        await locker.shows(Idle)
        locker.board.sensors_dead = True
        await _ticks(locker)
        assert locker.controller.is_alive()
        assert {one.door for one in locker.controller.snapshot().compartments} == {DoorLevel.UNKNOWN}
        locker.board.sensors_dead = False
        await _ticks(locker)
        assert {one.door for one in locker.controller.snapshot().compartments} == {DoorLevel.CLOSED}


async def _ticks(locker: Locker) -> None:
    for _ in range(50):
        locker.clock.advance(0.01)
        await asyncio.sleep(0.0005)


async def test_a_loop_that_does_not_turn_is_not_alive() -> None:
    async with Locker().running() as locker:
        await locker.shows(Idle)
    locker.clock.advance(60)
    assert not locker.controller.is_alive()


async def test_the_time_floor_rises_with_a_signature_and_survives_the_power() -> None:
    locker = Locker()
    locker.synced = False
    locker.clock.wall_ms = 0  # a Pi without a battery: 1970
    async with locker.running():
        await locker.shows(Idle)
        await locker.controller.receive(bundle())
        assert locker.controller.presence().at_ms >= (START_S - 60) * 1000
        assert locker.controller.presence().quality == "untrusted"
    async with locker.running():
        await locker.shows(Idle)
        assert locker.controller.presence().at_ms >= (START_S - 60) * 1000


async def test_who_watches_the_screen_sees_each_change() -> None:
    async with Locker().running() as locker:
        seen: list[str] = []

        async def watch() -> None:
            async for screen in locker.controller.watch():
                seen.append(type(screen).__name__)  # noqa: PERF401 - it never ends; each one must be there at once

        watching = asyncio.create_task(watch())
        await _drop_off(locker)
        watching.cancel()
    wanted = ["CourierHome", "PutParcel", "ConfirmDropOff", "DroppedOff"]
    assert [name for name in seen if name in wanted][:4] == wanted


async def test_the_snapshot_is_of_the_committed_state() -> None:
    async with Locker().running() as locker:
        await _drop_off(locker)
        picture = locker.controller.snapshot()
        dropped = (await locker.journalled(ParcelDroppedOff)).event
        assert isinstance(dropped, ParcelDroppedOff)
    assert {one.label: one.parcel for one in picture.compartments}[A01] == dropped.parcel
    assert picture.through_sequence == locker.store.head.sequence


async def test_a_full_queue_drops_touches_but_no_fact() -> None:
    async with Locker().running() as locker:
        await locker.shows(Idle)
        for _ in range(1_000):
            await locker.controller.answer(Answer.PROBLEM, None)
        await locker.controller.raise_alarm("test", "got through")
        assert isinstance((await locker.journalled(AlarmRaised)).event, AlarmRaised)


@pytest.mark.parametrize("fact", list(StoreFact))
async def test_no_fact_of_the_store_lets_a_lock_move(fact: StoreFact) -> None:
    async with Locker().running() as locker:
        await locker.shows(Idle)
        await locker.controller.scan(courier_qr())
        await locker.shows(CourierHome)
        locker.database.fact = fact
        await locker.controller.scan(BARCODE)
        await locker.shows(OutOfOrder)
        assert locker.board.released == []
        assert all(not isinstance(entry.event, ReleaseIntended) for entry in await locker.entries())


async def test_a_power_cut_before_a_moved_journal_was_taken_in_does_not_make_its_memory_good() -> None:
    locker = Locker()
    async with locker.running():
        await _drop_off(locker)
        await locker.store.rebase(Mark(900, bytes(32)), BootId(bytes(16)), "journal_ahead")
    for _ in range(2):
        async with locker.running():
            await locker.shows(Idle)
            assert all(record.withdrawn for record in locker.controller.state.compartments.values())
            alarms = [one.event for one in await locker.entries() if isinstance(one.event, AlarmRaised)]
            assert [one.alarm for one in alarms] == ["journal_ahead"]
