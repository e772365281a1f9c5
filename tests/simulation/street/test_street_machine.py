"""What goes wrong with the machine itself: power, screen, boards, clock, card."""

import asyncio
from pathlib import Path

import pytest

from cloud.web.console_view import clock_quality, happenings
from contract.events import AgentStarted, AlarmRaised, DoorOpened, ParcelPickedUp, ReleaseFailed, ReleaseIndeterminate
from contract.state import TimeQuality
from edge.drivers.errors import WiringError
from edge.drivers.wiring import parse_wiring
from edge.locker_controller.inputs import Answer
from edge.locker_controller.screens import (
    Idle,
    NotOpened,
    OutOfOrder,
    PickedUp,
    PutParcel,
    TakeParcel,
)
from edge.store.errors import StoreFact
from tests.simulation.street.rig import Street
from tests.simulation.street.scenario import scenario

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("street")]  # played once a worker, told again on the page

YEAR_MS = 365 * 86_400_000
HOUR_S = 3_600

ONE_PIN = """
[board]
kind = "gpio"
pin_factory = "lgpio"
active_high = true

[[compartment]]
label = "A01"
size = "S"
lock_pin = 17
door_pin = 22
door_closed_level = 0

[[compartment]]
label = "A02"
size = "S"
lock_pin = 17
door_pin = 23
door_closed_level = 0
"""


@scenario(
    "Power loss in the middle of a pulse",
    "The locker never pulses again by itself; the same code opens once more within three minutes.",
    about="Power loss mid-pulse",
)
async def test_the_power_goes_in_the_middle_of_a_pulse(street: Street) -> None:
    thing, label = await street.delivered()
    await street.type_code(thing)
    await street.until_current(label)
    street.site.power_off()
    assert not street.site.is_open(label)
    await street.wait(20)
    street.power_on()

    await street.reads(OutOfOrder, "One moment, please")

    await street.sees("alarm.open_not_detected", ReleaseIndeterminate, label)
    await street.idle()
    pulses = street.site.cabinet.pulses_given(label)
    await street.wait(60)
    assert street.site.cabinet.pulses_given(label) == pulses
    await street.type_code(thing)
    await street.reads(TakeParcel, "Take your parcel")
    street.take(thing, label)
    await street.close(label)
    await street.shows(PickedUp)


@scenario(
    "Power loss while the door stands open",
    "The code is burnt, the parcel is in its recipient's hands: it is booked out once, when the door is found shut.",
    about="Power loss mid-pulse",
)
async def test_the_power_goes_while_the_door_stands_open(street: Street) -> None:
    thing, label = await street.delivered()
    await street.type_code(thing)
    await street.shows(TakeParcel)
    street.site.power_off()
    street.take(thing, label)
    await street.close(label)
    await street.wait(20)
    street.power_on()

    await street.reads(OutOfOrder, "One moment, please")

    await street.reads(PickedUp, "All done")
    await street.sees("parcel.picked_up", ParcelPickedUp)


@scenario(
    "Locker without power while the dwell clock runs",
    "The clock stood still: the deadline moves by the measured time, the history says why, the code opens as before.",
    about="Locker down while the dwell clock runs",
)
async def test_the_locker_is_down_while_the_dwell_clock_runs(street: Street) -> None:
    thing, label = await street.delivered(dwell_h=1)
    deadline = street.parcel(thing).deadline
    street.site.power_off()
    await street.finds("alarm.locker_silent", within_s=900)
    await street.wait(2 * HOUR_S)
    assert street.parcel(thing).state == "ready_for_pickup"
    street.power_on()

    await street.reads(OutOfOrder, "One moment, please")

    seen = await street.sees("parcel.dwell_stopped", AgentStarted)
    assert "could not be opened for 1" in seen.detail
    moved = street.parcel(thing).deadline
    assert deadline is not None
    assert moved is not None
    assert (moved - deadline).total_seconds() > 2 * HOUR_S
    await street.type_code(thing)
    await street.reads(TakeParcel, "Take your parcel")
    street.take(thing, label)
    await street.close(label)
    await street.shows(PickedUp)
    picked_up = await street.sees("parcel.picked_up", ParcelPickedUp)
    assert "after the deadline" not in picked_up.detail


@scenario(
    "A short restart while parcels wait",
    "Deadlines move by the seconds it took; the parcels' histories stay free of it.",
    about="Locker down while the dwell clock runs",
)
async def test_a_short_restart_is_no_part_of_a_parcels_story(street: Street) -> None:
    thing, label = await street.delivered()
    before = street.parcel(thing).deadline
    street.site.power_off()
    await street.until(lambda: not street.is_online(), 120)
    street.power_on()

    await street.reads(OutOfOrder, "One moment, please")

    await street.sees("event.AgentStarted", AgentStarted)
    await street.back()
    after = street.parcel(thing).deadline
    assert before is not None
    assert after is not None
    assert 0 < (after - before).total_seconds() < 120
    assert not any(street.desk.of("parcel.dwell_stopped", None, 0))
    await street.fetched(thing, label)


@scenario(
    "The screen is frozen while doors work",
    "The QR code opens under the scanner without any screen; the alarm ends by itself when the page paints again.",
    about="Screen frozen while doors work",
)
async def test_the_screen_is_frozen_while_doors_work(street: Street) -> None:
    thing, label = await street.delivered()
    await street.paints(for_s=60)
    await street.reads(Idle, "Hello. What brings you here?")  # and there it stays

    await street.wait(130)

    await street.sees("alarm.screen_silent", AlarmRaised)
    assert thing.qr is not None
    await street.site.scan(thing.qr)
    await street.until(lambda: street.site.is_open(label))
    await street.sees("event.DoorOpened", DoorOpened, label)
    await asyncio.sleep(1)
    street.take(thing, label)
    await street.close(label)
    await street.shows(PickedUp)
    await street.paints(for_s=30)
    assert street.desk.standing("screen_silent") == []


@scenario(
    "Two locks with one address (wired to one pin)",
    "The wiring file is refused with line and remedy; an unclaimed coil is an alarm, couriers get the next door.",
    about="Two boards with one address",
)
async def test_two_locks_have_one_address(street: Street) -> None:
    with pytest.raises(WiringError, match="GPIO 17, which is already lock_pin of A01"):
        parse_wiring(ONE_PIN.encode(), Path("wiring.toml"))
    label = street.label("A04")
    street.coil_is_dead(label)
    street.site.power_off()
    await street.wait(5)
    await street.back()
    await street.sees("alarm.hardware_fault", AlarmRaised)
    thing = street.announce()
    await street.sign_in()
    await street.scan(thing)

    placed = await street.reads(PutParcel, "Put the parcel in", within_s=15)

    assert placed.label != label
    await street.sees("alarm.open_not_detected", ReleaseFailed, label)
    await street.stow(thing)
    await street.tap(Answer.SIGN_OUT)


@scenario(
    "A dead board: no lock of it answers",
    "Nobody's code is burnt; the parcels are safe, and the same codes open once the board is changed.",
    about="One dead board",
)
async def test_a_board_is_dead(street: Street) -> None:
    thing, label = await street.delivered()
    street.board_is_dead(dead=True)
    await street.type_code(thing)

    await street.reads(NotOpened, "The door did not open")

    await street.sees("alarm.open_not_detected", ReleaseFailed, label)
    await street.tap(Answer.CANCEL)
    await street.idle()
    street.board_is_dead(dead=False)
    await street.fetched(thing, label)


@scenario(
    "The clock is a year ahead",
    "Recipients are served: rights are judged by what surely is. The events say that the clock is not to be trusted.",
    about="Clock wrong by a year",
)
async def test_the_clock_is_a_year_ahead(street: Street) -> None:
    await a_clock_is_off(street, YEAR_MS)


@scenario(
    "The clock is a year behind",
    "Recipients are served; time never runs below what was signed or seen before.",
    about="Clock wrong by a year",
)
async def test_the_clock_is_a_year_behind(street: Street) -> None:
    await a_clock_is_off(street, -YEAR_MS)


async def a_clock_is_off(street: Street, off_ms: int) -> None:
    """Restart with a wrong clock and no time source, and let a recipient come."""
    thing, label = await street.delivered()
    street.site.power_off()
    street.site.clock.off_ms, street.site.clock.synced = off_ms, False
    await street.wait(5)
    await street.back()
    await street.idle()
    await street.type_code(thing)

    await street.reads(TakeParcel, "Take your parcel")

    street.take(thing, label)
    await street.close(label)
    await street.shows(PickedUp)
    seen = await street.sees("parcel.picked_up", ParcelPickedUp)
    assert "after the deadline" not in seen.detail
    story = happenings(street.office.do(lambda uow: uow.log.timeline(locker=street.site.id)))
    assert clock_quality(story) == TimeQuality.UNTRUSTED
    street.site.clock.off_ms, street.site.clock.synced = 0, True


@scenario(
    "The SD card is stolen",
    "It holds no code, name or address; nobody is served without it. Its keys are revoked, the locker enrolled anew.",
    about="Stolen SD card",
)
async def test_the_card_is_stolen(street: Street) -> None:
    thing, label = await street.delivered()
    image = street.card_image()
    street.site.card.sick = StoreFact.IO_FAILED
    await street.type_code(thing)

    await street.reads(OutOfOrder, "This locker is out of order", reason="io_failed")

    assert not street.site.open_doors()
    parcel = street.parcel(thing)
    assert thing.code is not None
    for secret in (thing.code, thing.code.replace(" ", ""), parcel.recipient_name, str(parcel.recipient_email)):
        assert secret.encode() not in image
    street.site.power_off()
    await street.finds("alarm.locker_silent", within_s=900)
    street.site.card.sick = None
    await street.back()
    await street.fetched(thing, label)
