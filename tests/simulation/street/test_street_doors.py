"""What goes wrong with doors, locks and sensors, whoever stands there."""

import pytest

from contract.events import (
    AlarmRaised,
    CodeBurnt,
    DoorForced,
    DoorLeftOpen,
    DoorOpened,
    DropOffAbandoned,
    OpenNotDetected,
    ParcelDroppedOff,
    ParcelPickedUp,
    ProblemReported,
    ReleaseFailed,
    SensorSuspected,
)
from edge.locker_controller.inputs import Answer
from edge.locker_controller.screens import (
    CloseDoor,
    Idle,
    NotOpened,
    Opening,
    PickedUp,
    ProblemThanks,
    PutParcel,
    Refused,
    RemoteOpening,
    TakeParcel,
)
from firmware_sim.physics import SensorFault
from tests.simulation.street.rig import Street
from tests.simulation.street.scenario import scenario

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("street")]  # played once a worker, told again on the page


@scenario(
    "Door does not pop (its spring is broken)",
    "The locker pulses once more by itself; the person pulls the door meanwhile and is served.",
    about="Door does not pop",
)
async def test_the_door_does_not_pop(street: Street) -> None:
    thing, label = await street.delivered()
    street.break_(label, spring_broken=True)
    await street.type_code(thing)
    await street.reads(Opening, f"{label} is opening")

    await street.until(lambda: street.site.pull(label), 5)

    await street.reads(TakeParcel, "Take your parcel")
    await street.sees("event.DoorOpened", DoorOpened, label)
    street.take(thing, label)
    await street.close(label)
    await street.shows(PickedUp)


@scenario(
    "The lock sticks once",
    "The one re-pulse within the same intent opens it; nobody notices more than two seconds.",
    about="Door does not pop",
)
async def test_the_lock_sticks_once(street: Street) -> None:
    thing, label = await street.delivered()
    street.break_(label, jams=1)
    await street.type_code(thing)
    await street.reads(Opening, f"{label} is opening")

    await street.reads(TakeParcel, "Take your parcel", within_s=5)

    await street.sees("event.DoorOpened", DoorOpened, label)
    street.take(thing, label)
    await street.close(label)
    await street.shows(PickedUp)
    assert street.ledger.intents[label] == street.site.cabinet.pulses_given(label)


@scenario(
    "Pulsed, but the door did not open (jam)",
    "The code stays valid: it was not burnt. After the technician the same code opens the door.",
    about="Pulsed but not opened",
)
async def test_the_lock_is_pulsed_and_the_door_does_not_open(street: Street) -> None:
    thing, label = await street.delivered()
    street.break_(label, jams=-1)
    await street.type_code(thing)
    asked = await street.reads(NotOpened, "The door did not open")
    assert asked.seconds > 50
    await street.sees("alarm.open_not_detected", OpenNotDetected, label)
    await street.tap(Answer.OPEN_AGAIN)
    await street.shows(Opening)
    await street.reads(NotOpened, "The door stays shut")

    await street.tap(Answer.PROBLEM)

    await street.reads(ProblemThanks, "Thank you for telling us")
    await street.sees("case.problem_reported", ProblemReported, label)
    assert not street.happened(CodeBurnt)
    street.break_(label)
    await street.idle()
    await street.fetched(thing, label)


@scenario(
    "A slow door",
    "The screen waits as long as the door takes; it was asked for, so it is no alarm.",
    about="Door does not pop",
)
async def test_the_door_is_slow(street: Street) -> None:
    thing, label = await street.delivered()
    street.break_(label, slow_ms=2_600)
    await street.type_code(thing)
    await street.reads(Opening, f"{label} is opening")

    await street.reads(TakeParcel, "Take your parcel", within_s=5)

    await street.sees("event.DoorOpened", DoorOpened, label)
    assert not street.happened(DoorForced, OpenNotDetected)
    street.take(thing, label)
    await street.close(label)
    await street.shows(PickedUp)


@scenario(
    "Opened, but the board's answer was lost",
    "The door's own sensor tells; the lock is never pulsed again for a lost answer.",
    about="Opened but the acknowledgement was lost",
)
async def test_the_door_opened_and_the_answer_was_lost(street: Street) -> None:
    thing, label = await street.delivered()
    street.lose_answers(1)
    before = street.site.cabinet.pulses_given(label)
    await street.type_code(thing)

    await street.reads(TakeParcel, "Take your parcel")

    await street.sees("alarm.open_not_detected", ReleaseFailed, label)
    await street.sees("event.DoorOpened", DoorOpened, label)
    street.take(thing, label)
    await street.close(label)
    await street.shows(PickedUp)
    assert street.site.cabinet.pulses_given(label) == before + 1


@scenario(
    "A sensor's cable is cut while a parcel lies behind the door",
    "The door is released all the same and the parcel handed out; no new parcel goes in until a technician was there.",
    about="Cut sensor cable",
)
async def test_a_sensor_cable_is_cut(street: Street) -> None:
    thing, label = await street.delivered()
    street.break_(label, sensor=SensorFault.CUT)
    await street.sees("alarm.door_forced", DoorForced, label)
    await street.until(lambda: street.site.buzzer.beeps > 0, 30)
    await street.type_code(thing)
    await street.sees("alarm.sensor_suspected", SensorSuspected, label)

    await street.reads(TakeParcel, "Take your parcel")

    street.take(thing, label)
    thing.odd = True
    await street.close(label)
    await street.tap(Answer.DONE)
    await street.shows(PickedUp, within_s=40)
    beeps = street.site.buzzer.beeps
    await street.wait(120)
    assert street.site.buzzer.beeps == beeps
    assert street.record(label).suspect
    street.break_(label)
    await street.restore(label)


@scenario(
    "A sensor is stuck: it says closed whatever the door does",
    "The person says that the door is open and is believed; the sensor is not, from then on.",
    about="Cut sensor cable",
)
async def test_a_sensor_is_stuck(street: Street) -> None:
    thing, label = await street.delivered()
    street.break_(label, sensor=SensorFault.STUCK_CLOSED)
    await street.type_code(thing)
    await street.reads(NotOpened, "The door did not open")
    await street.sees("alarm.open_not_detected", OpenNotDetected, label)
    street.take(thing, label)
    thing.odd = True
    await street.close(label)

    await street.tap(Answer.DONE)

    await street.reads(PickedUp, "All done")
    await street.sees("alarm.sensor_suspected", SensorSuspected, label)
    await street.sees("parcel.picked_up", ParcelPickedUp)
    street.break_(label)
    await street.restore(label)


@scenario(
    "A sensor bounces",
    "It reads unknown and moves nothing; after a minute it is not believed any more, and people are still served.",
    about="Cut sensor cable",
)
async def test_a_sensor_bounces(street: Street) -> None:
    thing, label = await street.delivered()
    street.break_(label, sensor=SensorFault.CHATTERING)
    await street.wait(62)
    await street.sees("alarm.sensor_suspected", SensorSuspected, label)
    assert not street.happened(DoorForced)
    await street.type_code(thing)

    await street.reads(TakeParcel, "Take your parcel")

    street.take(thing, label)
    thing.odd = True
    await street.close(label)
    await street.tap(Answer.DONE)
    await street.shows(PickedUp, within_s=40)
    street.break_(label)
    await street.restore(label)


@scenario(
    "Door left open by its recipient",
    "Screen, buzzer, alarm and a message to the recipient, each warning graver; closing the door ends all of it.",
    about="Door left open",
)
async def test_a_door_is_left_open(street: Street) -> None:
    thing, label = await street.delivered()
    await street.type_code(thing)
    await street.shows(TakeParcel)
    street.take(thing, label)
    await street.reads(CloseDoor, "Please close the door", within_s=70)
    seen = await street.sees("alarm.door_left_open", DoorLeftOpen, label)
    assert seen.severity == "warning"
    await street.sees("message.door_left_open", DoorLeftOpen)
    await street.until(lambda: street.site.buzzer.beeps > 2, 10)
    await street.wait(190)
    (standing,) = street.desk.standing("door_left_open")
    assert standing.severity == "critical"
    await street.idle(200)
    beeps = street.site.buzzer.beeps
    await street.wait(30)
    assert street.site.buzzer.beeps > beeps, "it sounds on although the next person is served"

    await street.close(label)

    await street.wait(2)
    assert street.desk.standing("door_left_open") == []
    beeps = street.site.buzzer.beeps
    await street.wait(60)
    assert street.site.buzzer.beeps == beeps
    assert street.parcel(thing).state == "picked_up"


@scenario(
    "Door left open by a courier with the parcel in it",
    "It is not booked in; the next person is served, nothing else goes in there, and support has the case.",
    about="Door left open",
)
async def test_a_courier_leaves_the_door_open(street: Street) -> None:
    thing = street.announce()
    await street.sign_in()
    await street.scan(thing)
    label = (await street.shows(PutParcel)).label
    street.put(thing, label)
    thing.odd = True
    await street.reads(CloseDoor, "Please close the door", within_s=70)
    await street.sees("alarm.door_left_open", DoorLeftOpen, label)
    await street.idle(600)
    assert street.withdrawn(label) == "left_open"
    await street.sees("case.drop_off_unclear", DropOffAbandoned, label)
    assert not street.happened(ParcelDroppedOff)

    await street.close(label)

    await street.wait(2)
    assert street.desk.standing("door_left_open") == []
    await street.clear(label, thing)


@scenario(
    "A bystander grabs the parcel when the door pops",
    "The recipient taps once; the door's timeline is the evidence, support takes it from there.",
    about="Bystander grabs it when a door pops",
)
async def test_a_bystander_grabs_the_parcel(street: Street) -> None:
    thing, label = await street.delivered()
    street.open_from_afar(label)  # meant for the recipient on the telephone
    await street.reads(RemoteOpening, f"Support has opened {label}", door_open=True)
    await street.sees("event.DoorOpened", DoorOpened, label)
    street.take(thing, label, "a bystander")
    thing.odd = True
    await street.close(label)
    await street.idle()
    await street.type_code(thing)
    await street.shows(TakeParcel)

    await street.tap(Answer.EMPTY)

    await street.reads(ProblemThanks, "Thank you for telling us")
    await street.sees("case.problem_reported", ProblemReported, label)
    await street.close(label)
    assert street.withdrawn(label) == "empty"


@scenario(
    "The compartment is empty for the recipient",
    "One tap; the box is closed to everybody, nothing counts as picked up, and support has the case.",
    about="Empty compartment for the recipient",
)
async def test_the_compartment_is_empty_for_the_recipient(street: Street) -> None:
    thing, label = await street.delivered()
    street.site.cabinet.leave_behind(label, None)
    thing.odd, thing.holder = True, "nobody knows"
    await street.type_code(thing)
    await street.shows(TakeParcel)

    await street.tap(Answer.EMPTY)

    await street.reads(ProblemThanks, "Thank you for telling us")
    await street.sees("case.problem_reported", ProblemReported, label)
    await street.close(label)
    await street.idle()
    assert street.parcel(thing).state == "ready_for_pickup"
    await street.type_code(thing)
    await street.reads(Refused, "This code was used already")


@scenario(
    "The whole station stands open and empty",
    "One alarm for the machine and one for each door; no parcel goes in, and people are told whom to call.",
    about="Whole station open and empty",
)
async def test_the_whole_station_is_open_and_empty(street: Street) -> None:
    thing, label = await street.delivered()
    street.site.power_off()
    street.emptied_by_thieves(thing)
    await street.wait(30)
    await street.back()

    await street.reads(
        Idle,
        "Some doors stand open. We know about it. Is your parcel missing? Please call us.",
    )

    await street.sees("alarm.mass_open", AlarmRaised)
    await street.sees("alarm.door_forced", DoorForced, label)
    await street.type_code(thing)
    await street.shows(TakeParcel)
    await street.tap(Answer.EMPTY)
    await street.reads(ProblemThanks, "Thank you for telling us")
    await street.sees("case.problem_reported", ProblemReported, label)
    await street.close_all()
