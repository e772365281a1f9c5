"""Messages to people leave once, wait for another try when they do not, and a commit wakes whoever sends them."""

import asyncio
from typing import Any

import pytest

from cloud.clock import FixedClock
from cloud.domain.locker import Locker
from cloud.notify.mail import Sender
from cloud.notify.notifier import Notifier, PostOffice
from cloud.notify.outbox import SendError
from cloud.notify.rendering import Message
from cloud.services.promise import promise
from cloud.services.records import NotificationState
from cloud.services.records_ops import Notification
from contract.events import ParcelDroppedOff
from contract.ids import ParcelRef
from tests.unit.cloud.small_cloud import A01, GRANT, MORNING, REF, SmallCloud


class Relay:
    """Takes every message, or none; ``came`` is set by the first."""

    def __init__(self, *, broken: bool = False) -> None:
        self.got: list[tuple[str, Message, str]] = []
        self.broken = broken
        self.came = asyncio.Event()

    async def send(self, address: str, message: Message, reference: str) -> None:
        if self.broken:
            raise SendError("the relay is down")
        self.got.append((address, message, reference))
        self.came.set()


@pytest.fixture
def cloud() -> SmallCloud:
    cloud = SmallCloud()
    cloud.locker()
    cloud.codes("WAW-01", *range(1, 30))
    return cloud


def waiting(cloud: SmallCloud) -> None:
    """Have a parcel wait in a compartment, and so a message with its code wait to be sent."""
    parcel = cloud.parcel("P1")
    cloud.do(lambda uow: promise(uow, cloud.act(), cloud.keys, parcel, uow.need(Locker, "WAW-01")))
    cloud.journals["WAW-01"].say(ParcelDroppedOff(ParcelRef(bytes.fromhex(parcel.id)), A01, GRANT, REF))


def notifier(cloud: SmallCloud, **senders: Sender) -> Notifier:
    clock = FixedClock(MORNING)
    return Notifier(PostOffice(cloud.writer, clock, cloud.ids, cloud.keys, senders, "https://lockers.example"))


async def test_a_message_leaves_once_with_its_code_and_the_recipients_page(cloud: SmallCloud) -> None:
    waiting(cloud)
    relay = Relay()
    sending = notifier(cloud, email=relay)

    assert await sending.send_some()
    assert not await sending.send_some()

    one = cloud.the(Notification)
    ((address, message, reference),) = relay.got
    assert (address, reference) == (one.address, one.id)
    assert "https://lockers.example/t/" in message.text
    assert (one.state, sending.sent) == (NotificationState.SENT, 1)


@pytest.mark.parametrize(
    ("senders", "changes", "said"),
    [
        ({"email": Relay(broken=True)}, {}, "the relay is down"),
        ({}, {}, "no email channel is set up"),
        ({"email": Relay()}, {"template": "of_next_year"}, "nobody wrote a text for of_next_year"),
    ],
)
async def test_what_does_not_leave_says_why_and_waits_for_another_try(
    cloud: SmallCloud, senders: dict[str, Sender], changes: dict[str, Any], said: str
) -> None:
    waiting(cloud)
    cloud.do(lambda uow: uow.change(Notification, {"state": NotificationState.QUEUED}, **changes) if changes else 0)
    sending = notifier(cloud, **senders)

    assert await sending.send_some()

    one = cloud.the(Notification)
    assert (one.state, one.tries, one.error, sending.sent) == (NotificationState.QUEUED, 1, said, 0)
    assert one.not_before > MORNING


async def test_a_commit_wakes_the_loop(cloud: SmallCloud) -> None:
    relay = Relay()
    task = asyncio.get_running_loop().create_task(notifier(cloud, email=relay).run())
    await asyncio.sleep(0)  # lets the loop begin to listen
    waiting(cloud)

    await relay.came.wait()

    task.cancel()
    assert len(relay.got) == 1
