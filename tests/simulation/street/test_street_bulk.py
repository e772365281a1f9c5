"""Many doors of one locker: a technician who stands there, two operators who sign, and what is refused them."""

import asyncio

import pytest

from cloud.domain.errors import ForbiddenError, LockerUnavailableError
from cloud.services.operator_keys import person_bytes, revoke_key
from cloud.services.records_bulk import BulkOpening
from contract.commands import RefusalReason
from contract.events import BulkEnded, CommandRefused, DoorOpened, MaintenanceStarted, OperatorsPinned
from contract.ids import CompartmentLabel
from edge.locker_controller.inputs import Answer
from edge.locker_controller.screens import Idle, OutOfOrder, Refused, RemoteOpening, ServiceHome, Why
from firmware_sim.world.keyholders import OLGA, OLGAS_LAPTOP, PAUL, TECHNICIAN, KeyHolders
from tests.simulation.street.rig import Street
from tests.simulation.street.scenario import scenario

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("street")]  # played once a worker, told again on the page

ABOUT = "Many doors to be opened"
WHY = "cleaning after a flood"
ON, OFF = "Maintenance mode is on", "You are signed in"


async def maintained(street: Street) -> KeyHolders:
    """Have the operators' keys at the locker and a technician before it who has switched maintenance mode on."""
    holders = KeyHolders(street.office)
    holders.introduce()
    await street.until(lambda: street.happened(OperatorsPinned))
    street.ledger.orders.staff.add(person_bytes(TECHNICIAN.name))
    await street.site.scan(holders.pass_for(street.site.id))
    await street.shows(ServiceHome, maintenance=False)
    await street.tap(Answer.MAINTENANCE_ON)
    await street.sees("event.MaintenanceStarted", MaintenanceStarted)
    return holders


def labels_of(street: Street, *names: str) -> tuple[CompartmentLabel, ...]:
    return tuple(street.label(name) for name in names)


async def ordered(street: Street, holders: KeyHolders, *labels: CompartmentLabel) -> BulkOpening:
    """Have Olga ask and sign, and Paul sign."""
    asked = holders.asks(street.site.id, labels, WHY)
    await asyncio.sleep(20)
    holders.signs(asked, OLGA)
    await asyncio.sleep(40)
    return holders.signs(asked, PAUL)


async def refused(street: Street, reason: RefusalReason) -> None:
    """See that the locker refuses, and that the console says so within two seconds."""
    await street.sees("command.open_many refused", CommandRefused)
    said = [event for _, event in street.ledger.known if isinstance(event, CommandRefused)]
    assert said[-1].reason == reason
    assert not street.happened(DoorOpened)


@scenario(
    "Many doors to be opened: somebody at the site, two operators who sign",
    "One door after the other, each once the last is shut; nobody is served meanwhile, and codes stay as they are.",
    about=ABOUT,
)
async def test_two_operators_open_many_doors(street: Street) -> None:
    thing, label = await street.delivered()
    holders = await maintained(street)
    await street.reads(ServiceHome, ON, maintenance=True)
    await street.type_code(thing)
    await street.reads(Refused, "This locker is being maintained", reason=Why.MAINTENANCE)
    doors = (label, *(one for one in labels_of(street, "A01", "A02") if one != label))

    await ordered(street, holders, *doors)

    await street.finds("alarm.bulk_opening", since_now=False)
    for one in doors:
        await street.reads(RemoteOpening, f"{one} is open", door_open=True, label=one)
        await street.sees("event.DoorOpened", DoorOpened, one)
        assert street.site.open_doors() == [one]
        await street.wait(8)
        await street.close(one)
    await street.sees("command.open_many done", BulkEnded)
    assert all(street.site.cabinet.pulses_given(one) <= (2 if one == label else 1) for one in doors)
    await street.tap(Answer.SIGN_OUT)
    await street.idle()
    await street.fetched(thing, label)


@scenario(
    "An order to open many doors arrives when maintenance mode is off again",
    "The cloud writes no such order and the locker obeys none: somebody must stand there.",
    about=ABOUT,
)
async def test_an_order_comes_when_maintenance_is_off(street: Street) -> None:
    holders = await maintained(street)
    street.broker.held_s = 5
    await ordered(street, holders, *labels_of(street, "A01", "A02"))
    await street.tap(Answer.MAINTENANCE_OFF)

    await street.reads(ServiceHome, OFF, maintenance=False)

    await refused(street, RefusalReason.NOT_IN_MAINTENANCE)
    with pytest.raises(LockerUnavailableError, match="maintenance mode is off"):
        holders.asks(street.site.id, labels_of(street, "A01"), WHY)
    await street.tap(Answer.SIGN_OUT)


@scenario(
    "One operator signs an order twice, with two keys",
    "The cloud does not take it; sent past the cloud's rules, the locker refuses it.",
    about=ABOUT,
)
async def test_one_operator_signs_twice(street: Street) -> None:
    holders = await maintained(street)
    asked = holders.asks(street.site.id, labels_of(street, "A01", "A02"), WHY)
    holders.signs(asked, OLGA)
    with pytest.raises(ForbiddenError, match="another operator"):
        holders.signs(asked, OLGAS_LAPTOP)

    holders.slip_in(asked.order, OLGA, OLGAS_LAPTOP)

    await refused(street, RefusalReason.SAME_OPERATOR)
    await street.reads(ServiceHome, ON, maintenance=True)
    await street.tap(Answer.SIGN_OUT)


@scenario(
    "An order signed with a key that was revoked",
    "The cloud does not take it from that moment; the locker refuses it once it has the root's new list.",
    about=ABOUT,
)
async def test_a_revoked_key_signs(street: Street) -> None:
    holders = await maintained(street)
    asked = holders.asks(street.site.id, labels_of(street, "A01", "A02"), WHY)
    holders.signs(asked, OLGA)
    street.attempt(lambda uow: revoke_key(uow, street.office.act(OLGA.who), PAUL.key_id))
    with pytest.raises(ForbiddenError, match="no confirmed signing key"):
        holders.signs(asked, PAUL)
    listed = holders.bring_list()
    await street.until(lambda: street.ledger.orders.pinned == listed.number)

    holders.slip_in(asked.order, OLGA, PAUL)

    await refused(street, RefusalReason.UNKNOWN_OPERATOR)
    await street.reads(ServiceHome, ON, maintenance=True)
    await street.tap(Answer.SIGN_OUT)


@scenario(
    "Many doors are being opened, and somebody taps Stop",
    "The door that is open is shut by hand; the others stay shut, and the console lists them.",
    about=ABOUT,
)
async def test_somebody_stops_the_doors(street: Street) -> None:
    holders = await maintained(street)
    doors = labels_of(street, "A01", "A02", "A03")
    await ordered(street, holders, *doors)
    await street.reads(RemoteOpening, "A01 is open", door_open=True, label=doors[0])

    await street.tap(Answer.MAINTENANCE_OFF)

    await street.sees("alarm.bulk_stopped", BulkEnded)
    await street.close(doors[0])
    await street.wait(30)
    assert [street.site.cabinet.pulses_given(one) for one in doors] == [1, 0, 0]
    await street.tap(Answer.SIGN_OUT)


@scenario(
    "Many doors are being opened, and the power goes",
    "Nothing goes on by itself: maintenance is over, the other doors stay shut, and the console lists them.",
    about=ABOUT,
)
async def test_the_power_goes_while_doors_are_opened(street: Street) -> None:
    holders = await maintained(street)
    doors = labels_of(street, "A01", "A02", "A03")
    await ordered(street, holders, *doors)
    await street.shows(RemoteOpening, door_open=True, label=doors[0])
    street.site.power_off()
    await street.close(doors[0])
    await street.wait(20)
    street.power_on()

    await street.reads(OutOfOrder, "One moment, please")

    await street.sees("alarm.bulk_stopped", BulkEnded)
    await street.reads(Idle, "Hello. What brings you here?")
    await street.wait(120)
    assert [street.site.cabinet.pulses_given(one) for one in doors] == [1, 0, 0]
