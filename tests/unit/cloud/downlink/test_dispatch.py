import asyncio
from datetime import timedelta

from cloud.domain.errors import OverloadedError
from cloud.services.dispatch import claim_messages
from cloud.services.records import MessageState
from cloud.services.records_ops import OutboxMessage
from contract import topics
from contract.link import Outgoing
from contract.topics import Branch
from tests.unit.cloud.downlink.street import NAME, Street, Wrapped, until


def queue(street: Street, payload: bytes, *, lives: timedelta = timedelta(minutes=1)) -> OutboxMessage:
    """Put a message into the outbox as a verb does."""
    message = OutboxMessage(
        id=street.cloud.ids.new(),
        locker_id=NAME,
        branch=Branch.COMMAND,
        kind="grants",
        about=None,
        payload=payload,
        created_at=street.cloud.now,
        not_before=street.cloud.now,
        expires_at=street.cloud.now + lives,
        state=MessageState.QUEUED,
        tries=0,
        claimed_until=None,
        sent_at=None,
        confirmed_at=None,
    )
    street.cloud.do(lambda uow: uow.add(message))
    return message


def states(street: Street) -> list[str]:
    return [str(one.state) for one in street.cloud.of(OutboxMessage)]


async def test_a_committed_message_leaves_by_itself() -> None:
    street = Street()
    async with street.open(dispatching=True):
        queue(street, b"open sesame")
        await until(lambda: street.dispatch.sent == len(street.heard) == 1)
    [heard] = street.heard
    assert (heard.topic, heard.payload, heard.retained) == (f"lm/v1/{NAME}/down/command", b"open sesame", False)
    assert states(street) == ["sent"]


async def test_two_dispatchers_send_each_message_once() -> None:
    street = Street()
    for number in range(30):
        queue(street, b"%d" % number)
    async with street.open():
        await asyncio.gather(street.dispatch.send_some(), street.dispatch.send_some())
        await until(lambda: len(street.heard) >= 30)
    assert sorted(int(one.payload) for one in street.heard) == list(range(30))
    assert street.dispatch.sent == 30


async def test_what_another_process_has_claimed_is_left_to_it() -> None:
    street = Street()
    queue(street, b"x")
    street.cloud.do(lambda uow: claim_messages(uow, street.cloud.act(), 10))
    async with street.open():
        assert not await street.dispatch.send_some()
    assert street.heard == []


async def test_an_expired_message_is_not_sent() -> None:
    street = Street()
    queue(street, b"too late", lives=timedelta(seconds=-1))
    queue(street, b"in time")
    async with street.open():
        await street.dispatch.send_some()
        await until(lambda: bool(street.heard))
    assert [one.payload for one in street.heard] == [b"in time"]


async def test_a_message_tells_the_broker_how_long_it_still_lives() -> None:
    street = Street()
    seen: list[Outgoing] = []

    def watch(message: Outgoing) -> bool:
        seen.append(message)
        return False

    street.broker.drop = watch
    queue(street, b"x", lives=timedelta(seconds=42))
    async with street.open():
        await street.dispatch.send_some()
    command = topics.build(topics.parse(f"lm/v1/{NAME}/down/command").locker, Branch.COMMAND)
    assert [one.expiry_s for one in seen if one.topic == command] == [42]


async def test_nothing_is_claimed_while_the_link_is_down_and_all_is_sent_when_it_is_back() -> None:
    street = Street()
    async with street.open(dispatching=True):
        street.broker.unplug("cloud")
        queue(street, b"later")
        await asyncio.sleep(0)
        assert states(street) == ["queued"]
        street.broker.plug_in("cloud")
        await until(lambda: street.dispatch.sent == len(street.heard) == 1)
    assert states(street) == ["sent"]


async def test_a_publish_that_failed_is_not_marked_and_goes_out_when_its_claim_has_run_out() -> None:
    street = Street()
    queue(street, b"again")
    async with street.open():
        street.broker.unplug("cloud")
        assert not await street.dispatch.send_some()
        assert states(street) == ["claimed"]
        street.broker.plug_in("cloud")
        await until(lambda: street.link.status == "connected")
        street.cloud.later(minutes=0.6)
        street.desk.clock.move_to(street.cloud.now)  # type: ignore[attr-defined] # the test's own fixed clock
        await street.dispatch.send_some()
        await until(lambda: len(street.heard) == 1)
    assert states(street) == ["sent"]


async def test_a_full_writer_costs_a_repetition_and_not_the_dispatcher() -> None:
    full = FullLater()
    street = Street(full.around)
    queue(street, b"x")
    async with street.open():
        assert await street.dispatch.send_some()
        assert not await street.dispatch.send_some()
    assert states(street) == ["claimed"]


class FullLater(Wrapped):
    """Takes one unit and is full from then on."""

    taken = 0

    async def before(self) -> None:
        self.taken += 1
        if self.taken > 1:
            raise OverloadedError("full")
