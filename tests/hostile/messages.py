"""Every kind of message that comes down the wire, as the cloud would sign it for this locker now."""

from collections.abc import Callable

from contract.codec import Downward
from contract.codes import CODES, PickUpCode, make_code, verifier
from contract.commands import REMOTE_OPEN_LIFE_S, RemoteOpen, Revoke, SetDeadline, SetService
from contract.grants import Capability, CourierPass, DropOffGrant, GrantBundle, PickUpGrant
from contract.ids import CourierRef, GrantId, GroupId, ParcelRef, label_digest
from contract.sizes import SizeClass
from contract.state import Acknowledgement, Configuration, Desired
from edge.locker_controller.inputs import Answer
from firmware_sim.world.stretching import cheap_stretch
from tests.hostile.bulk import newer_list, true_order
from tests.hostile.victim import DOORS, KEY, LOCKER, SALT, Victim

DAY_S = 86_400
GRANT_PAIRS_A_QR = 8
COURIER = CourierRef(b"c" * 16)
Make = Callable[[Victim], Downward]


def now_s(victim: Victim) -> int:
    return victim.now_s


def remote_open(victim: Victim) -> RemoteOpen:
    begun = now_s(victim)
    return RemoteOpen(
        LOCKER,
        victim.fresh_id(),
        begun,
        begun + REMOTE_OPEN_LIFE_S,
        victim.next_counter(),
        victim.boot,
        DOORS[0],
        until_uptime_ms=victim.clock.monotonic_ms() + REMOTE_OPEN_LIFE_S * 1000,
    )


def grants(victim: Victim) -> GrantBundle:
    begun = now_s(victim)
    number = victim.next_counter()
    return GrantBundle(LOCKER, victim.fresh_id(), begun, begun + 7 * DAY_S, pair(victim, number))


def revoke(victim: Victim) -> Revoke:
    begun = now_s(victim)
    return Revoke(
        LOCKER, victim.fresh_id(), begun, begun + 7 * DAY_S, GroupId(victim.chance.randbytes(16)), "cancelled"
    )


def set_deadline(victim: Victim) -> SetDeadline:
    begun, group = now_s(victim), GroupId(victim.chance.randbytes(16))
    return SetDeadline(LOCKER, victim.fresh_id(), begun, begun + 7 * DAY_S, group, begun + 3 * DAY_S)


def set_service(victim: Victim) -> SetService:
    begun = now_s(victim)
    return SetService(LOCKER, victim.fresh_id(), begun, begun + 7 * DAY_S, DOORS[3], in_service=False, reason="dirty")


def desired(victim: Victim) -> Desired:
    wanted = Configuration(configuration_version=victim.next_counter(), name="Centrum", confirm_s=40)
    return Desired(LOCKER, victim.fresh_id(), now_s(victim), wanted)


def acknowledgement(victim: Victim) -> Acknowledgement:
    store = victim.agent.store
    assert store is not None
    return Acknowledgement(LOCKER, victim.fresh_id(), now_s(victim), store.head.sequence, store.head.head)


EVERY_KIND: dict[str, Make] = {
    "remote_open": remote_open,
    "grants": grants,
    "revoke": revoke,
    "set_deadline": set_deadline,
    "set_service": set_service,
    "pin_operators": newer_list,
    "open_many": true_order,
    "desired": desired,
    "ack": acknowledgement,
}
DATED = set(EVERY_KIND) - {"desired", "ack"}
"""Kinds that carry an expiry; a configuration has a version instead, an acknowledgement a place in the journal."""
OPENING = {"remote_open", "open_many"}
"""Kinds that open doors: they live for a minute, and are told of when they come again."""


# ---------------------------------------------------------------------- parcels


def barcode(number: int) -> str:
    return f"P{number:06d}"


def code_of(number: int) -> PickUpCode:
    return make_code(number * 7_919 % CODES)


def parcel_of(number: int) -> ParcelRef:
    return ParcelRef(b"parcel" + number.to_bytes(10))


def group_of(number: int) -> GroupId:
    return GroupId(b"group-" + number.to_bytes(10))


def pair(victim: Victim, number: int, days: int = 3) -> tuple[DropOffGrant, PickUpGrant]:
    """Return the rights to put one parcel in and to take it out."""
    until, group, parcel = now_s(victim) + days * DAY_S, group_of(number), parcel_of(number)
    known = verifier(cheap_stretch(code_of(number), SALT), parcel, KEY)
    drop_id, pick_id = (GrantId(kind + number.to_bytes(12)) for kind in (b"drop", b"pick"))
    return (
        DropOffGrant(drop_id, group, parcel, label_digest(barcode(number)), SizeClass.M, until),
        PickUpGrant(pick_id, group, parcel, known, until),
    )


def courier_pass(victim: Victim, *numbers: int) -> CourierPass:
    begun = now_s(victim)
    carried = tuple(grant for number in numbers for grant in pair(victim, number))
    return CourierPass(LOCKER, victim.fresh_id(), begun, begun + DAY_S, COURIER, carried)


def capability(victim: Victim, number: int) -> Capability:
    begun = now_s(victim)
    return Capability(LOCKER, victim.fresh_id(), begun, begun + 3 * DAY_S, group_of(number), parcel_of(number))


async def put_in(victim: Victim, *numbers: int) -> None:
    """Let a courier with nothing but a phone put parcels in."""
    for first in range(0, len(numbers), GRANT_PAIRS_A_QR):
        await victim.shown(courier_pass(victim, *numbers[first : first + GRANT_PAIRS_A_QR]))
    for number in numbers:
        await victim.controller.scan(barcode(number))
        await victim.pass_time(2)
        await victim.shut()
        await victim.controller.answer(Answer.DONE, None)
        await victim.pass_time(2)
    await victim.controller.answer(Answer.SIGN_OUT, None)
    await victim.pass_time(2)
