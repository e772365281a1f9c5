"""What goes wrong with codes, commands and what carriers say."""

from zoneinfo import ZoneInfo

import pytest

from cloud.domain.actors import Role, actor
from cloud.intake.findings import Finding
from cloud.intake.parcels_csv import Locale, read_parcels
from cloud.services.reissue_code import reissue_code
from contract.codes import make_code, show_code
from contract.events import (
    CodeRefused,
    CommandRefused,
    DoorOpened,
    MessageRefused,
    ParcelCollected,
    ParcelDroppedOff,
    ParcelPickedUp,
)
from edge.locker_controller.inputs import Answer
from edge.locker_controller.screens import (
    CodeWrong,
    DroppedOff,
    Idle,
    LockedOut,
    PickedUp,
    Refused,
    RemoteOpening,
    TakeParcel,
)
from tests.simulation.street.rig import Street
from tests.simulation.street.scenario import scenario

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("street")]  # played once a worker, told again on the page

FAMOUS = (0, 11_111_111, 12_345_678, 99_999_999, 87_654_321, 1_234_567)
CARRIERS_FILE = b"""barcode,name,email,address,lon,lat,length,width,height,weight,status
P900,Ada Nowak,ada@example.com,Zlota 44,21.0,52.23,300,250,150,900,RTN-77
"""


@scenario(
    "Opened, but the cloud's acknowledgement was lost",
    "The locker tells it again until it is acknowledged; the cloud counts it once.",
    about="Opened but the acknowledgement was lost",
)
async def test_the_door_opened_and_the_acknowledgement_was_lost(street: Street) -> None:
    thing, label = await street.delivered()
    await street.type_code(thing)

    await street.reads(TakeParcel, "Take your parcel")

    street.broker.losing_acknowledgements = True
    await street.sees("event.DoorOpened", DoorOpened, label)
    street.take(thing, label)
    await street.close(label)
    await street.reads(PickedUp, "All done")
    await street.finds("parcel.picked_up", within_s=30)  # once the locker has waited long enough for the lost answer
    await street.wait(120)
    street.broker.losing_acknowledgements = False
    await street.quiet()
    assert len([one for one in street.desk.sights if one.words == "parcel.picked_up"]) == 1


@scenario(
    "A command arrives twice",
    "The door opens once; the copy is refused and shown as such.",
    about="Duplicate command",
)
async def test_a_command_arrives_twice(street: Street) -> None:
    label = street.label("A04")
    street.open_from_afar(label)
    await street.reads(RemoteOpening, f"Support has opened {label}", door_open=True)
    await street.sees("command.remote_open opened", DoorOpened)
    await street.close(label)
    pulses = street.site.cabinet.pulses_given(label)

    street.say_again("command")

    await street.sees("event.MessageRefused", MessageRefused)
    await street.reads(Idle, "Hello. What brings you here?")
    assert street.site.cabinet.pulses_given(label) == pulses


@scenario(
    "A command arrives an hour late",
    "Nothing opens; the console has long said that it expired and that nothing is known to have opened.",
    about="Command an hour late",
)
async def test_a_command_arrives_an_hour_late(street: Street) -> None:
    label = street.label("A04")
    street.broker.held_s = 3_600
    street.open_from_afar(label)
    await street.finds("command.remote_open expired")

    await street.wait(3_600)

    await street.sees("event.CommandRefused", CommandRefused)
    await street.reads(Idle, "Hello. What brings you here?")
    assert street.site.cabinet.pulses_given(label) == 0


@scenario(
    "The code was not received",
    "The recipient asks the tracking page for a fresh one, as the screen says; the old one is spent with it.",
    about="Code not received",
)
async def test_the_code_was_not_received(street: Street) -> None:
    thing, label = await street.delivered()
    lost, thing.code = thing.code, None  # it went to a mailbox nobody reads
    await street.reads_keypad("Type your pick-up code")
    recipient, office = actor(Role.RECIPIENT, thing.id), street.office

    street.attempt(lambda uow: reissue_code(uow, office.act(recipient), office.keys, thing.id))

    await street.finds("parcel.code_reissued", since_now=False)
    await street.until(lambda: thing.code is not None, 90)
    assert thing.code != lost
    await street.fetched(thing, label)
    await street.tap(Answer.DONE)
    await street.idle()
    thing.code = lost
    await street.type_code(thing)
    await street.reads(Refused, "This code was used already")


@scenario(
    "The code expires while its recipient stands there",
    "It is honoured until a courier has really emptied the compartment; the courier's errand is called off.",
    about="Code expired while the recipient stands there",
)
async def test_the_code_expires_while_its_recipient_stands_there(street: Street) -> None:
    thing, label = await street.delivered(dwell_h=1)
    await street.finds("parcel.expired", within_s=5_000)
    await street.type_code(thing)

    await street.reads(TakeParcel, "Take your parcel")

    street.take(thing, label)
    await street.close(label)
    await street.reads(PickedUp, "All done")
    seen = await street.sees("parcel.picked_up", ParcelPickedUp)
    assert "after the deadline" in seen.detail
    assert (await street.sign_in()).collections == ()
    await street.tap(Answer.SIGN_OUT)


@scenario(
    "The code is typed after a courier has taken the parcel back",
    "The screen says that the parcel has gone back, and counts no wrong try; the tracking page says where it is.",
    about="Code expired while the recipient stands there",
)
async def test_the_code_is_typed_after_the_parcel_has_gone_back(street: Street) -> None:
    thing, label = await street.delivered(dwell_h=1)
    await street.finds("parcel.expired", within_s=5_000)
    await street.until(lambda: street.auditor.disagreement() is None, 400)
    await street.sign_in()
    await street.tap(Answer.COLLECT, label)
    await street.reads(TakeParcel, "Take the parcel with you")
    street.take(thing, label, street.courier)
    await street.close(label)
    await street.sees("parcel.collected", ParcelCollected)
    await street.tap(Answer.DONE)
    await street.tap(Answer.SIGN_OUT)
    await street.idle()

    await street.type_code(thing)

    await street.reads(Refused, "Your parcel has gone back")
    assert not street.happened(CodeRefused)


@scenario(
    "A carrier's file has a status nobody knows",
    "It is noted with line and column and passed over; the parcel goes its way.",
    about="Unknown status from a carrier",
)
async def test_a_carrier_sends_an_unknown_status(street: Street) -> None:
    findings = list(read_parcels(CARRIERS_FILE, Locale(ZoneInfo("Europe/Warsaw"), "PL")))
    noted = [one for one in findings if isinstance(one, Finding)]
    assert [(one.line, one.column, one.severity) for one in noted] == [(1, "status", "noted")]
    assert len(findings) == 2
    thing = street.announce()
    await street.sign_in()
    label = await street.drop_off(thing)
    await street.reads(DroppedOff, f"The parcel is in {label}")
    await street.sees("parcel.dropped_off", ParcelDroppedOff, label)
    await street.sign_out()


@scenario(
    "Somebody tries codes everybody knows",
    "There is no master code: after five free tries nobody is heard for a while, longer each time; a QR code works.",
    about="Static master codes",
)
async def test_there_are_no_master_codes(street: Street) -> None:
    thing, label = await street.delivered()
    for number in FAMOUS[:5]:
        await street.site.enter_code(show_code(make_code(number)))
    await street.reads(
        CodeWrong, "No parcel here answers to this code. After the next wrong one you will have to wait.", free_left=0
    )
    await street.site.enter_code(show_code(make_code(FAMOUS[5])))

    await street.reads(LockedOut, "Please wait a moment")

    await street.sees("alarm.guessing", CodeRefused)
    assert not street.site.open_doors()
    assert thing.qr is not None
    await street.site.scan(thing.qr)
    await street.shows(TakeParcel)
    street.take(thing, label)
    await street.close(label)
    await street.shows(PickedUp)
