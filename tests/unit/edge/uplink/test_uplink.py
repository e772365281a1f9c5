"""The uplink around a link that does what real ones do at their worst."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from contract.codec import Downward, encode
from contract.link import Incoming, LinkStatus, LinkTakenOverError, Outgoing
from contract.state import Acknowledgement, LockerState, Snapshot
from edge.locker_controller.arrivals import NotBelieved
from edge.store.errors import StoreError, StoreFact
from edge.uplink.inbox import Inbox, Trust
from edge.uplink.presence import Presence
from edge.uplink.uplink import Standing, Uplink, link_settings
from tests.unit.edge.uplink.builders import (
    BOOT,
    CLOUD,
    CLOUD_KEYS,
    DEVICE,
    LOCKER,
    acknowledgement,
    memory_store,
    read_upward,
    running,
    state,
    until,
)


class PuppetLink:
    """A link whose every move the test makes."""

    def __init__(self) -> None:
        self.status = LinkStatus.CONNECTING
        self.observers: list[Callable[[LinkStatus], None]] = []
        self.published: list[Outgoing] = []
        self.heard: Callable[[Outgoing], object] = self.published.append
        self.fate: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def run(self) -> None:
        await asyncio.shield(self.fate)

    async def publish(self, message: Outgoing) -> None:
        self.heard(message)

    async def messages(self) -> AsyncIterator[Incoming]:
        await asyncio.Event().wait()
        yield Incoming("", b"")

    def acknowledge(self, message: Incoming) -> None:
        """Forget it: nothing is ever redelivered here."""

    def on_status(self, observer: Callable[[LinkStatus], None]) -> None:
        self.observers.append(observer)

    def become(self, status: LinkStatus) -> None:
        self.status = status
        for observer in self.observers:
            observer(status)


class RecordingLocker:
    """The loop, as the uplink meets it, writing down what it is told."""

    def __init__(self) -> None:
        self.alarms: list[str] = []
        self.online: list[bool] = []

    def presence(self) -> LockerState:
        return state()

    def snapshot(self) -> Snapshot:
        return Snapshot(LOCKER, BOOT, 0, 0, 0, (), b"d" * 32)

    async def receive(self, message: Downward) -> None:
        raise AssertionError(message)

    async def refuse(self, refused: NotBelieved) -> None:
        raise AssertionError(refused)

    async def raise_alarm(self, name: str, _detail: str) -> None:
        self.alarms.append(name)

    async def link_changed(self, *, online: bool) -> None:
        self.online.append(online)


class Desk:
    """An uplink with everything around it made by the test."""

    def __init__(self, uplink: Uplink, link: PuppetLink, locker: RecordingLocker) -> None:
        self.uplink, self.link, self.locker = uplink, link, locker


@pytest.fixture
async def desk() -> Desk:
    link, locker = PuppetLink(), RecordingLocker()
    standing = Standing(Trust(CLOUD_KEYS, LOCKER), DEVICE, BOOT)
    uplink = Uplink(locker, await memory_store(), standing, lambda _presence: link, lambda: 0)
    return Desk(uplink, link, locker)


async def test_the_loop_learns_of_a_link_that_comes_and_goes_once_each(desk: Desk) -> None:
    async with running(desk.uplink.run):
        desk.link.become(LinkStatus.CONNECTED)
        await until(lambda: desk.locker.online == [True])
        desk.link.become(LinkStatus.LOST)
        desk.link.become(LinkStatus.CONNECTING)
        await until(lambda: desk.locker.online == [True, False])


async def test_a_rival_with_our_identity_raises_an_alarm_and_ends_nothing_else(desk: Desk) -> None:
    async with running(desk.uplink.run):
        desk.link.fate.set_exception(LinkTakenOverError("another client"))
        await until(lambda: desk.locker.alarms == ["link_taken_over"])
        desk.link.become(LinkStatus.CONNECTED)
        await until(lambda: desk.locker.online == [True])


async def test_a_changed_presence_is_said_again(desk: Desk) -> None:
    async with running(desk.uplink.run):
        desk.uplink.state_changed()
        await until(lambda: len(desk.link.published) > 0 and desk.link.published[-1].retain)
    assert read_upward(desk.link.published[-1].payload) == state()


def test_a_link_is_set_up_for_the_lockers_own_branches_with_a_will() -> None:
    settings = link_settings(Presence(DEVICE, state))
    assert settings.client_id == LOCKER
    assert [topic for topic, _ in settings.subscriptions] == [
        f"lm/v1/{LOCKER}/down/ack",
        f"lm/v1/{LOCKER}/down/command",
        f"lm/v1/{LOCKER}/down/desired",
    ]
    assert settings.will is not None


async def test_telemetry_counts_what_waits(desk: Desk) -> None:
    desk.uplink.extra_metrics = lambda: {"store_failures": 2.0}
    metrics = desk.uplink.telemetry().metrics
    assert (metrics["outbox_entries"], metrics["store_failures"]) == (0.0, 2.0)


async def test_an_acknowledgement_that_cannot_be_noted_is_not_let_go() -> None:
    tries: list[int] = []

    async def note(_acknowledgement: Acknowledgement) -> None:
        tries.append(1)
        raise StoreError(StoreFact.DISK_FULL, "as arranged")

    inbox = Inbox(PuppetLink(), Trust(CLOUD_KEYS, LOCKER), RecordingLocker(), note, lambda: 0)
    payload = CLOUD.sign(encode(acknowledgement(1, b"h" * 32)))
    taking = asyncio.create_task(inbox.take(Incoming("", payload)))
    await until(lambda: len(tries) == 1)
    assert not taking.done()
    taking.cancel()
