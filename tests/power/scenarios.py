"""What may be going on at a locker when the power goes: the named scenarios, each with the end it must come to."""

import asyncio
from collections.abc import Callable
from functools import partial

from cloud.services.cancel_parcel import cancel_parcel
from cloud.services.desire_configuration import desire_configuration
from cloud.services.extend_deadline import extend_deadline
from cloud.services.ports import UnitOfWork
from cloud.services.records import CommandState
from cloud.services.records_ops import Alarm, CommandSent, DesiredConfiguration
from cloud.services.reissue_code import reissue_code
from cloud.services.remote_open import OpenWish, remote_open
from cloud.services.set_service import ServiceWish, set_service
from contract.codes import make_code
from contract.commands import REMOTE_OPEN_LIFE_S
from contract.state import Configuration
from edge.locker_controller.inputs import Answer
from firmware_sim.physics import CompartmentFaults
from firmware_sim.world.ledger import Issued
from firmware_sim.world.parcels import Thing
from tests.power.people import Courier, lit, recipient
from tests.power.rig import OPERATOR, STAFF, Rig, Scenario

OVER = frozenset({CommandState.OPENED, CommandState.DONE, CommandState.REFUSED, CommandState.NOT_OPENED})
PAUSE_S = 40  # a little more than the first pause after too many misses
CLOCK_LOST_MS_MAX = 900_000  # the floor is kept every ten minutes at least

# ---------------------------------------------------------------------- what was there before


async def a_parcel_in_the_van(rig: Rig) -> None:
    rig.now = [rig.parcel()]


async def two_parcels_in_the_van(rig: Rig) -> None:
    rig.now = [rig.parcel(), rig.parcel(3)]


async def a_parcel_inside(rig: Rig) -> None:
    """Let a parcel lie in the locker whose recipient has been told the code."""
    rig.now = [rig.parcel()]
    await Courier(rig).bring(*rig.now)
    await rig.until(lambda: rig.now[0].code, 300)


async def a_parcel_recalled(rig: Rig) -> None:
    await a_parcel_inside(rig)
    _recall(rig, rig.now[0])


async def a_parcel_behind_a_jammed_lock(rig: Rig) -> None:
    await a_parcel_inside(rig)
    _break(rig, CompartmentFaults(jams=-1))


async def nothing(rig: Rig) -> None:
    """Begin with the locker as it is."""


# ---------------------------------------------------------------------- what is done


async def courier_brings(rig: Rig) -> None:
    await Courier(rig).bring(*rig.now)


async def courier_leaves_when_it_goes_dark(rig: Rig) -> None:
    """Drop off; before a dark screen, take what can be taken and never come back."""
    await Courier(rig, leaves=True).bring(*rig.now)
    await asyncio.sleep(90)


async def courier_brings_nothing(rig: Rig) -> None:
    """Sign in only to take out what is to be collected."""
    await Courier(rig).bring()


async def courier_wants(rig: Rig, answer: Answer) -> None:
    """Drop off, but not in the first compartment that opens."""
    courier = Courier(rig)
    courier.answers = [answer]
    await courier.bring(*rig.now)


async def fetched(rig: Rig, *, by_qr: bool = False) -> None:
    await recipient(rig, rig.now[0], by_qr=by_qr)


async def fetched_without_a_link(rig: Rig) -> None:
    """Fetch while the broker is away; the journal catches up when it is back."""
    rig.broker.go_down()
    await asyncio.sleep(5)
    await recipient(rig, rig.now[0])
    rig.broker.come_back()
    await rig.until(lambda: rig.site.boot is not None and rig.auditor.disagreement() is None, 300)


async def door_left_open(rig: Rig) -> None:
    """Fetch and walk away from the open door; a passer-by shuts it two minutes later."""
    await recipient(rig, rig.now[0], leaves_open=True)
    await asyncio.sleep(130)
    for label in rig.site.open_doors():
        rig.site.close(label)
    await asyncio.sleep(5)


async def fetched_behind_a_jam(rig: Rig) -> None:
    """Try in vain, let somebody mend the lock, and fetch."""
    await recipient(rig, rig.now[0])
    _break(rig, CompartmentFaults())
    await recipient(rig, rig.now[0])


async def door_opened_from_afar(rig: Rig) -> None:
    """Open the last compartment by a command, shut its door, and wait for the command's own end."""
    label = rig.site.cabinet.labels[-1]
    act = rig.office.act(OPERATOR)
    wish = OpenWish(rig.site.id, label, "the sensor is to be looked at")
    sent = rig.office.do(lambda uow: remote_open(uow, act, rig.office.keys, wish))
    until_ms = rig.loop.now_ms + REMOTE_OPEN_LIFE_S * 1000
    number = bytes.fromhex(sent.id)
    rig.office.commands[number] = Issued(rig.site.id, label, until_ms, rig.office.boot_of(rig.site.id))
    for _ in range(20):
        await asyncio.sleep(1)
        if rig.site.is_open(label):
            rig.site.close(label)
    await asyncio.sleep(2 * REMOTE_OPEN_LIFE_S)


async def code_reissued(rig: Rig) -> None:
    """Get a new code and fetch with it; the old one must open nothing afterwards."""
    thing, old = rig.now[0], rig.now[0].code
    _do(rig, lambda uow: reissue_code(uow, rig.office.act(OPERATOR), rig.office.keys, thing.id))
    await rig.until(lambda: thing.code != old, 300)
    await rig.until(lambda: rig.site.boot is not None and rig.auditor.disagreement() is None, 300)
    await recipient(rig, thing)
    await lit(rig)
    before, booked = rig.site.ledger.pick_ups, rig.parcel_is(thing) == "picked_up"
    await rig.site.enter_code(old or "")
    await asyncio.sleep(2)
    assert rig.site.ledger.pick_ups == before or not booked


async def parcel_recalled(rig: Rig) -> None:
    """Recall a parcel: its code opens nothing once the locker knows, and a courier takes it out."""
    _recall(rig, rig.now[0])
    await rig.until(lambda: rig.site.boot is not None and rig.auditor.disagreement() is None, 300)
    await lit(rig)
    await rig.site.enter_code(rig.now[0].code or "")
    await asyncio.sleep(5)
    await Courier(rig).bring()


async def codes_guessed(rig: Rig) -> None:
    """Let a stranger try seven codes, pulling the plug if need be; then a recipient who has the right one."""
    for guess in range(7):
        await lit(rig)
        await rig.site.enter_code(make_code(11_111_111 * (guess + 1)))
        await asyncio.sleep(2)
    await asyncio.sleep(2 * PAUSE_S)
    await recipient(rig, rig.now[0])


async def configuration_changed(rig: Rig) -> None:
    wanted = Configuration(door_left_open_s=45)
    _do(rig, lambda uow: desire_configuration(uow, rig.office.act(OPERATOR), rig.office.keys, rig.site.id, wanted))
    await asyncio.sleep(60)


async def deadline_extended(rig: Rig) -> None:
    _do(rig, lambda uow: extend_deadline(uow, rig.office.act(OPERATOR), rig.office.keys, rig.now[0].id))
    await asyncio.sleep(60)


async def compartment_out_and_back(rig: Rig) -> None:
    """Take the last compartment out of service and put it back."""
    for in_service in (False, True):
        wish = ServiceWish(rig.site.id, rig.site.cabinet.labels[-1], in_service, "service")
        _do(rig, partial(_serve, rig, wish))
        await asyncio.sleep(60)


async def clock_lost_at_every_cut(rig: Rig) -> None:
    """Let signed documents raise the floor while every boot begins in 1970 and nobody tells the time."""
    rig.clock_is_lost = True
    await deadline_extended(rig)
    await asyncio.sleep(700)
    await configuration_changed(rig)


# ---------------------------------------------------------------------- how it must end


def each_parcel_has_its_place(rig: Rig) -> str:
    return ", ".join(sorted(rig.parcel_is(thing) for thing in rig.now))


def fetched_or_staff(rig: Rig) -> str:
    """See that the recipient has the parcel, or that an operator knows which door to look behind."""
    thing = rig.now[0]
    ended = rig.parcel_is(thing)
    if thing.fetched:
        return ended
    assert rig.told_the_operator(rig.touched[thing.barcode]), "the recipient stands there in vain and nobody knows"
    return STAFF


def in_hand(rig: Rig) -> str:
    """See that one power cut keeps nobody from a parcel."""
    assert rig.now[0].fetched or len(rig.moments) > 1
    return fetched_or_staff(rig)


def collected(rig: Rig) -> str:
    ended = rig.parcel_is(rig.now[0])
    assert ended in {"collected", STAFF}, ended
    return ended


def command_over(rig: Rig) -> str:
    """Return what the operator sees of the command; never that it is still to come."""
    (number,) = rig.office.commands
    state = rig.row(CommandSent, number.hex()).state
    assert state in OVER | {CommandState.EXPIRED}, state
    assert rig.site.ledger.intents[rig.site.cabinet.labels[-1]] <= 2
    return str(state)


def configured(rig: Rig) -> str:
    assert rig.state.configuration.door_left_open_s == 45
    wanted = rig.row(DesiredConfiguration, rig.site.id)
    assert wanted.applied_version == wanted.version
    return "applied"


def later(rig: Rig) -> str:
    """See that the locker keeps the longer deadline."""
    (kept,) = [one.deadline for one in rig.state.groups.values() if one.deadline is not None]
    assert kept > rig.loop.now_ms // 1000
    return each_parcel_has_its_place(rig)


def serving(rig: Rig) -> str:
    assert rig.withdrawn(rig.site.cabinet.labels[-1]) == ""
    return "in service"


def on_time(rig: Rig) -> str:
    """See that a locker whose clock says 1970 knows about what time it is."""
    boot = rig.site.boot
    assert boot is not None
    assert boot.agent.controller is not None
    behind_ms = rig.office.clock.now().timestamp() * 1000 - boot.agent.controller.presence().at_ms
    assert behind_ms <= CLOCK_LOST_MS_MAX, f"{behind_ms / 1000:.0f} s behind"
    return configured(rig)


def told_of_the_door(rig: Rig) -> str:
    """See that an operator learns of a door that stood open for two minutes, unless the power was away meanwhile."""
    told = rig.count(Alarm, locker_id=rig.site.id, kind="door_left_open")
    assert told or rig.moments
    return in_hand(rig)


# ---------------------------------------------------------------------- small deeds


def _do(rig: Rig, unit: Callable[[UnitOfWork], object]) -> None:
    rig.office.stock_codes(rig.site.id, rig.site.secrets.salt_locker)
    rig.office.do(unit)


def _serve(rig: Rig, wish: ServiceWish, uow: UnitOfWork) -> object:
    return set_service(uow, rig.office.act(OPERATOR), rig.office.keys, wish)


def _recall(rig: Rig, thing: Thing) -> None:
    _do(rig, lambda uow: cancel_parcel(uow, rig.office.act(OPERATOR), rig.office.keys, thing.id, "recall"))


def _break(rig: Rig, faults: CompartmentFaults) -> None:
    rig.site.cabinet.break_(rig.touched[rig.now[0].barcode], faults, rig.loop.now_ms)


FIRST_DAY = Scenario("first day", a_parcel_inside, fetched, each_parcel_has_its_place)
SCENARIOS = {
    one.name: one
    for one in (
        Scenario("drop-off", a_parcel_in_the_van, courier_brings, each_parcel_has_its_place),
        Scenario("two drop-offs", two_parcels_in_the_van, courier_brings, each_parcel_has_its_place),
        Scenario("courier leaves", a_parcel_in_the_van, courier_leaves_when_it_goes_dark, each_parcel_has_its_place),
        Scenario(
            "larger door", a_parcel_in_the_van, partial(courier_wants, answer=Answer.TOO_BIG), each_parcel_has_its_place
        ),
        Scenario(
            "next door", a_parcel_in_the_van, partial(courier_wants, answer=Answer.OCCUPIED), each_parcel_has_its_place
        ),
        Scenario("pick-up", a_parcel_inside, fetched, in_hand),
        Scenario("pick-up by QR", a_parcel_inside, partial(fetched, by_qr=True), in_hand),
        Scenario("pick-up without a link", a_parcel_inside, fetched_without_a_link, in_hand),
        Scenario("collection", a_parcel_recalled, courier_brings_nothing, collected),
        Scenario("remote open", nothing, door_opened_from_afar, command_over),
        Scenario("jam", a_parcel_behind_a_jammed_lock, fetched_behind_a_jam, fetched_or_staff),
        Scenario("door left open", a_parcel_inside, door_left_open, told_of_the_door),
        Scenario("re-issue", a_parcel_inside, code_reissued, in_hand),
        Scenario("revoke", a_parcel_inside, parcel_recalled, collected),
        Scenario("lockout", a_parcel_inside, codes_guessed, in_hand),
        Scenario("configuration", nothing, configuration_changed, configured),
        Scenario("deadline", a_parcel_inside, deadline_extended, later),
        Scenario("service", nothing, compartment_out_and_back, serving),
        Scenario("clock", a_parcel_inside, clock_lost_at_every_cut, on_time),
    )
}
