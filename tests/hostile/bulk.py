"""Orders to open many doors of the victim: right in everything but, perhaps, who signs them and who stands there."""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contract.bulk import BULK_LIFE_S, BulkOrder, OpenMany, OperatorKey, OperatorList, PinOperators
from contract.commands import REMOTE_OPEN_LIFE_S
from contract.envelope import Envelope
from contract.grants import Presence
from contract.ids import CompartmentLabel
from edge.locker_controller.inputs import Answer
from tests.contract.bulk_papers import command, public, stated
from tests.hostile.victim import ANNA, BEN, DOORS, LOCKER, ROOT, Victim

MANY = DOORS[:3]
DAY_S = 86_400


def statement(victim: Victim, number: int, by: Ed25519PrivateKey, *keys: Ed25519PrivateKey) -> Envelope:
    begun = victim.now_s
    pinned = tuple(OperatorKey(public(key)[:16], public(key)) for key in keys)
    return stated(OperatorList(number, begun, begun + 90 * DAY_S, pinned), by)


def order(victim: Victim, doors: tuple[CompartmentLabel, ...] = MANY) -> BulkOrder:
    begun = victim.now_s
    return BulkOrder(
        locker=LOCKER,
        order=victim.fresh_id().hex(),
        boot=victim.boot.hex(),
        counter=begun,
        issued_at=begun,
        expires_at=begun + BULK_LIFE_S,
        until_uptime_ms=victim.clock.monotonic_ms() + BULK_LIFE_S * 1000,
        compartments=tuple(doors),
        reason="spring cleaning",
    )


def open_many(victim: Victim, asked: BulkOrder, *keys: Ed25519PrivateKey) -> OpenMany:
    return command(asked, (victim.now_s, victim.now_s + REMOTE_OPEN_LIFE_S), *keys)


def true_order(victim: Victim) -> OpenMany:
    """Return an order to open one door that both operators have signed."""
    return open_many(victim, order(victim, DOORS[:1]), ANNA, BEN)


def newer_list(victim: Victim) -> PinOperators:
    """Return the root's list with another number and the same operators."""
    begun, number = victim.now_s, 1 + victim.next_counter()
    listed = statement(victim, number, ROOT, ANNA, BEN)
    return PinOperators(LOCKER, victim.fresh_id(), begun, begun + 7 * DAY_S, listed)


async def maintained(victim: Victim) -> None:
    """Have a technician show a pass and switch maintenance mode on."""
    begun = victim.now_s
    await victim.shown(Presence(LOCKER, victim.fresh_id(), begun, begun + 3600, b"p" * 16))
    await victim.controller.answer(Answer.MAINTENANCE_ON, None)
    await victim.pass_time(1)
    assert victim.controller.state.in_maintenance
