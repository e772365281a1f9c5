"""Whoever owns the broker: what it does to each kind of message, and what the locker makes of it.

After every attack the locker must be as it was (records and locks), say so in its journal, and obey a true command.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import msgspec
import pytest

from contract.envelope import ENVELOPE_BYTES_MAX, Envelope, Signer
from contract.events import AlarmRaised, CommandRefused, MessageRefused
from contract.ids import KeyId, LockerId
from contract.link import PAYLOAD_BYTES_MAX
from contract.topics import Branch
from edge.locker_controller.limits import REFUSALS_PER_MINUTE_MAX
from edge.locker_controller.state import GroupRecord
from edge.uplink.inbox import REFUSALS_PER_HOUR_MAX, REPEATS_PER_HOUR_MAX, SEEN_MAX
from tests.hostile.bulk import maintained
from tests.hostile.messages import DATED, EVERY_KIND, OPENING, Make, put_in, remote_open
from tests.hostile.victim import CLOUD, NEXT, OLD, STRANGER, Victim, branch_of, play, signed
from tests.survives import survived

ROW = "Altered, forged, replayed, re-targeted and garbage messages"
LATE_DAYS = 8  # after every expiry there is
kinds = pytest.mark.parametrize("kind", EVERY_KIND)


@dataclass(frozen=True, slots=True)
class Before:
    """The locker as it was."""

    records: dict[tuple[str, object], bytes]
    released: int


def seen(victim: Victim) -> Before:
    return Before(victim.records(), len(victim.board.released))


async def still_serves(victim: Victim) -> None:
    """See that the locker obeys a true command, opening exactly one door."""
    released = len(victim.board.released)
    await victim.pass_time(10)
    await victim.obeys(remote_open(victim))
    assert len(victim.board.released) == released + 1
    await victim.shut()


async def nothing_came_of(victim: Victim, before: Before, *, told: bool = True) -> None:
    assert len(victim.board.released) == before.released
    assert victim.records() == before.records
    if told:
        assert any(isinstance(event, MessageRefused | CommandRefused) for event in victim.events())
    await still_serves(victim)


def attacked(kind: str, attack: Callable[[Victim, Make], Awaitable[None]]) -> None:
    """Play one attack on one kind of message against a locker with parcels inside."""

    async def scenario(victim: Victim) -> None:
        await put_in(victim, 101, 102)
        await victim.pass_time(10)
        await stand_there(victim, kind)
        await attack(victim, EVERY_KIND[kind])

    play(scenario)
    survived(ROW, f"{kind} {attack.__name__}", tried=1, broken=0, shown_by="tests/hostile/*.py")


async def stand_there(victim: Victim, kind: str) -> None:
    """Have a technician at the locker for orders to open many doors: nothing but the attack is wrong with them."""
    if kind == "open_many":
        await maintained(victim)


async def over(victim: Victim) -> None:
    """Shut what stands open, and let an order to open doors come to its end."""
    await victim.shut()
    await victim.pass_time(10)


def opened(payload: bytes) -> Envelope:
    return msgspec.msgpack.decode(payload, type=Envelope)


@kinds
def test_a_message_signed_by_a_stranger_under_our_cloud_s_name_does_nothing(kind: str) -> None:
    async def forged(victim: Victim, make: Make) -> None:
        document, before = make(victim), seen(victim)
        await victim.hears(signed(document, STRANGER), branch=branch_of(document))
        await nothing_came_of(victim, before)

    attacked(kind, forged)


@kinds
def test_a_message_altered_in_any_byte_does_nothing(kind: str) -> None:
    async def altered(victim: Victim, make: Make) -> None:
        document, before = make(victim), seen(victim)
        true = signed(document)
        for place in range(len(true)):
            bent = bytearray(true)
            bent[place] ^= 1 << place % 8
            await victim.hears_at_once(bytes(bent), branch=branch_of(document))
        await victim.pass_time(2)
        await nothing_came_of(victim, before)

    attacked(kind, altered)


@kinds
def test_a_message_heard_again_in_the_same_boot_does_nothing_more(kind: str) -> None:
    async def replayed(victim: Victim, make: Make) -> None:
        document = make(victim)
        true = signed(document)
        await victim.hears(true, branch=branch_of(document))
        await over(victim)
        before = seen(victim)
        for wait_s in (0, 10, 30):
            await victim.pass_time(wait_s)
            await victim.hears(true, branch=branch_of(document))
        await nothing_came_of(victim, before, told=kind in OPENING)

    attacked(kind, replayed)


@kinds
def test_a_message_heard_again_after_a_reboot_does_nothing_more(kind: str) -> None:
    async def replayed_after_a_reboot(victim: Victim, make: Make) -> None:
        document = make(victim)
        await victim.obeys(document)
        await over(victim)
        await victim.reboot()
        await stand_there(victim, kind)
        before = seen(victim)
        await victim.obeys(document)
        await nothing_came_of(victim, before, told=kind in OPENING)

    attacked(kind, replayed_after_a_reboot)


@kinds
def test_a_message_heard_again_on_a_restored_disk_opens_nothing_and_means_what_it_meant(kind: str) -> None:
    async def replayed_on_a_restored_disk(victim: Victim, make: Make) -> None:
        image = victim.image()
        document = make(victim)
        await victim.obeys(document)
        await over(victim)
        once = victim.records()
        await victim.power_off()
        victim.restore(image)
        await victim.power_on()
        await stand_there(victim, kind)
        before = seen(victim)
        await victim.obeys(document)
        assert len(victim.board.released) == before.released
        if kind in OPENING:
            assert victim.told(CommandRefused)[-1].reason == "wrong_boot"
        else:
            assert _rights(victim.records()) == _rights(once)
        await still_serves(victim)

    attacked(kind, replayed_on_a_restored_disk)


@pytest.mark.long
@pytest.mark.parametrize("kind", sorted(DATED))
def test_a_message_held_back_past_its_time_does_nothing(kind: str) -> None:
    async def delayed(victim: Victim, make: Make) -> None:
        document, before = make(victim), seen(victim)
        await (victim.pass_time(61) if kind in OPENING else victim.pass_days(LATE_DAYS))
        before = Before(victim.records(), before.released)
        await victim.obeys(document)
        await nothing_came_of(victim, before)

    attacked(kind, delayed)


@kinds
def test_a_message_for_another_locker_does_nothing_here(kind: str) -> None:
    async def re_targeted(victim: Victim, make: Make) -> None:
        document = msgspec.structs.replace(make(victim), aud=LockerId("WAW-02"))
        before = seen(victim)
        await victim.obeys(document)
        await nothing_came_of(victim, before)

    attacked(kind, re_targeted)


@kinds
@pytest.mark.parametrize(
    ("claimed", "signer"),
    [
        pytest.param("cloud-9", CLOUD, id="a key nobody knows"),
        pytest.param("cloud-0", OLD, id="a key of long ago"),
        pytest.param("cloud-2", CLOUD, id="current passed off as next"),
        pytest.param("cloud-1", NEXT, id="next passed off as current"),
        pytest.param("", CLOUD, id="no name"),
    ],
)
def test_a_message_under_another_key_s_name_does_nothing(kind: str, claimed: str, signer: Signer) -> None:
    async def key_downgraded(victim: Victim, make: Make) -> None:
        document, before = make(victim), seen(victim)
        await victim.obeys(document, Signer(KeyId(claimed), signer.private_key))
        await nothing_came_of(victim, before)

    attacked(kind, key_downgraded)


def test_the_next_key_is_believed_so_that_keys_can_change_without_a_visit() -> None:
    async def rotated(victim: Victim) -> None:
        await victim.obeys(remote_open(victim), NEXT)
        assert len(victim.board.released) == 1

    play(rotated)


@kinds
def test_a_message_on_another_of_our_topics_means_what_it_means(kind: str) -> None:
    """A topic proves nothing: what a message is stands in its signed bytes."""

    async def moved(victim: Victim, make: Make) -> None:
        document = make(victim)
        wrong = Branch.ACK if branch_of(document) is not Branch.ACK else Branch.COMMAND
        await victim.hears(signed(document), branch=wrong)
        await over(victim)
        before = seen(victim)
        await victim.obeys(document)
        await nothing_came_of(victim, before, told=kind in OPENING)

    attacked(kind, moved)


def test_garbage_and_oversize_in_a_flood_fill_neither_journal_nor_memory_and_raise_an_alarm() -> None:
    async def flooded(victim: Victim) -> None:
        await put_in(victim, 101)
        await victim.pass_time(60)
        before = seen(victim)
        journal = len(victim.events())
        for number in range(3_000):
            await victim.hears_at_once(victim.chance.randbytes(1 + number % 400))
        for size in (PAYLOAD_BYTES_MAX, ENVELOPE_BYTES_MAX + 1, 4 * ENVELOPE_BYTES_MAX):
            await victim.hears_at_once(bytes(size))
        await victim.pass_time(2)
        assert victim.inbox.refused == 3_003
        assert len(victim.events()) - journal <= REFUSALS_PER_HOUR_MAX
        assert [one.alarm for one in victim.told(AlarmRaised)] == ["many_refusals"]
        await nothing_came_of(victim, before)

    play(flooded)
    survived(ROW, "flood", tried=3_003, broken=0, shown_by="tests/hostile/*.py")


def test_one_captured_opening_packed_anew_ten_thousand_times_opens_nothing_and_is_journalled_a_few_times() -> None:
    async def repacked(victim: Victim) -> None:
        document = remote_open(victim)
        true = signed(document)
        await victim.hears(true)
        await victim.shut()
        before, journal = seen(victim), len(victim.events())
        envelope = opened(true)
        for number in range(10_000):
            again = msgspec.msgpack.encode([envelope.key_id, envelope.body, envelope.signature, number])
            await victim.hears_at_once(again)
        await victim.pass_time(2)
        assert len(victim.told(MessageRefused)) == REFUSALS_PER_MINUTE_MAX
        assert len(victim.events()) - journal <= REPEATS_PER_HOUR_MAX
        assert [one.alarm for one in victim.told(AlarmRaised)] == ["many_refusals"]
        assert victim.inbox.remembered <= SEEN_MAX
        await nothing_came_of(victim, before)

    play(repacked)
    survived(ROW, "repacked", tried=10_000, broken=0, shown_by="tests/hostile/*.py")


def _rights(records: dict[tuple[str, object], bytes]) -> dict[tuple[str, object], object]:
    """Leave out what only tells when something was heard and how long it is kept."""
    rights = {name: value for name, value in records.items() if name[0] not in ("inbox", "lockout", "task", "remote")}
    return {name: _undated(name[0], value) for name, value in rights.items()}


def _undated(kind: str, value: bytes) -> object:
    return msgspec.structs.replace(_GROUP.decode(value), keep_until_s=0) if kind == "group" else value


_GROUP = msgspec.msgpack.Decoder(GroupRecord)
