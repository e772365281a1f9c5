"""Small parts of the agent: the front, the salvage of a damaged card, the buzzer's beat, patience with coils."""

import asyncio

import pytest

from contract.codec import encode, to_qr
from contract.codes import CODE_DIGITS
from contract.grants import Capability, Presence
from contract.ids import CompartmentLabel, GroupId, LockerId, MessageId, ParcelRef, label_digest
from contract.state import DoorLevel
from edge.drivers.memory import MemoryBoard
from edge.drivers.patience import WAIT_MS_MAX, release
from edge.kiosk.front import Front
from edge.locker_controller.arrivals import scanned
from edge.locker_controller.beat import Beat
from edge.locker_controller.effects import Buzz, Pattern
from edge.locker_controller.inputs import Answer, BarcodeScanned, CapabilityShown, OperatorShown, PresentationRefused
from edge.locker_controller.persist import RecordError
from edge.locker_controller.salvage import RECORDS_LOST_MAX, salvage
from edge.locker_controller.screens import Idle, OutOfOrder, Screen, Why
from tests.unit.edge.controller.builders import A01, LAYOUT, Locker, identity
from tests.unit.edge.uplink.builders import BOOT, CLOUD, CLOUD_KEYS, LOCKER

SETUP = identity(BOOT).setup


async def test_a_front_with_nobody_behind_it_is_out_of_order_and_takes_nothing() -> None:
    front = Front()
    assert front.screen() == OutOfOrder(Why.STARTING)
    front.closed("disk_full")
    assert front.screen() == OutOfOrder("disk_full")
    assert await front.enter_code("1" * CODE_DIGITS) == "locked"
    await front.scan("x")
    await front.answer(Answer.DONE, None)


async def test_a_page_opened_early_sees_the_reason_and_then_the_locker() -> None:
    front, seen = Front(), asyncio.Queue[Screen]()

    async def watch() -> None:
        async for screen in front.watch():
            await seen.put(screen)

    watching = asyncio.create_task(watch())
    assert await seen.get() == OutOfOrder(Why.STARTING)
    front.closed("io_failed")
    assert await seen.get() == OutOfOrder("io_failed")
    async with Locker().running() as locker:
        front.open(locker.controller)
        while not isinstance(await seen.get(), Idle):
            pass
        watching.cancel()
        assert isinstance(front.screen(), Idle)


def test_a_lost_compartment_takes_no_parcels_and_the_others_are_as_they_were() -> None:
    state, lost = salvage(SETUP, [("compartment", "A01", b"\xc1"), ("lockout", "", b"\xc1")])
    assert [(error.kind, error.key) for error in lost] == [("compartment", "A01"), ("lockout", "")]
    assert [state.compartments[plan.label].withdrawn for plan in LAYOUT.compartments] == ["unclear", ""]


def test_a_card_without_any_state_is_not_served_from() -> None:
    with pytest.raises(RecordError):
        salvage(SETUP, [("grant", number.to_bytes(16), b"\xc1") for number in range(RECORDS_LOST_MAX + 1)])


def test_the_buzzer_beats_by_its_most_urgent_pattern() -> None:
    beat = Beat()
    silent = [beat.tick() for _ in range(4)]
    beat.take(Buzz(A01, Pattern.LEFT_OPEN))
    reminder = [beat.tick() for _ in range(8)]
    beat.take(Buzz(None, Pattern.ALARM))
    alarm = [beat.tick() for _ in range(8)]
    beat.take(Buzz(None, Pattern.OFF))
    beat.take(Buzz(A01, Pattern.OFF))
    assert (sum(silent), sum(reminder), sum(alarm), beat.tick()) == (0, 2, 4, False)


async def test_a_resting_coil_is_waited_for_and_the_pulse_given() -> None:
    board = MemoryBoard([A01])
    board.resting = {A01: 1}
    assert await release(board, A01) is None
    assert board.levels()[A01] is DoorLevel.OPEN


@pytest.mark.parametrize(
    ("label", "wait_ms", "failure"),
    [(A01, WAIT_MS_MAX + 1, "too_soon"), (CompartmentLabel("Z99"), 1, "unknown_label")],
)
async def test_what_waiting_does_not_help_is_said_at_once(label: CompartmentLabel, wait_ms: int, failure: str) -> None:
    board = MemoryBoard([A01])
    board.resting = {A01: wait_ms}
    assert await release(board, label) == failure
    assert board.released == []


async def test_a_board_that_fails_is_never_tried_again() -> None:
    board = MemoryBoard([A01])
    board.broken = {A01}
    assert await release(board, A01) == "no answer from the board"


def test_what_is_no_document_is_a_barcode() -> None:
    assert scanned("5901234", CLOUD_KEYS, LOCKER) == (BarcodeScanned(label_digest("5901234")), None)


def test_a_capability_says_when_it_was_signed() -> None:
    shown = _capability(LOCKER)
    text = to_qr(CLOUD.sign(encode(shown)))
    assert scanned(text, CLOUD_KEYS, LOCKER) == (CapabilityShown(shown), 1_700_000_000)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("LM1:not base45 at all", "malformed"),
        (to_qr(b"garbage"), "malformed"),
        (to_qr(CLOUD.sign(b"\x92\xa5later\x01")), "unknown_kind"),
        (to_qr(CLOUD.sign(b"\xc1")), "malformed"),
    ],
)
def test_a_damaged_or_unknown_document_is_refused(text: str, reason: str) -> None:
    assert scanned(text, CLOUD_KEYS, LOCKER) == (PresentationRefused(reason), None)


def test_a_document_for_another_locker_is_refused() -> None:
    text = to_qr(CLOUD.sign(encode(_capability(LockerId("WAW-02")))))
    assert scanned(text, CLOUD_KEYS, LOCKER) == (PresentationRefused("wrong_locker"), None)


def test_a_technicians_pass_is_no_couriers_pass() -> None:
    presence = Presence(LOCKER, MessageId(b"m" * 16), 1_700_000_000, 1_800_000_000, b"person")
    found, _ = scanned(to_qr(CLOUD.sign(encode(presence))), CLOUD_KEYS, LOCKER)
    assert found == OperatorShown(presence)


def _capability(aud: LockerId) -> Capability:
    group, parcel = GroupId(b"g" * 16), ParcelRef(b"p" * 16)
    return Capability(aud, MessageId(b"m" * 16), 1_700_000_000, 1_800_000_000, group, parcel)
