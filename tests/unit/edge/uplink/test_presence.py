import msgspec

from contract.codec import decode_upward
from contract.envelope import verify
from contract.ids import CompartmentLabel
from contract.memory_link import MemoryBroker
from contract.sizes import SizeClass
from contract.state import CompartmentState, LockerState, Snapshot, Telemetry
from edge.uplink.presence import Presence
from edge.uplink.reports import Reports
from tests.unit.edge.uplink.builders import (
    BOOT,
    DEVICE,
    DEVICE_KEYS,
    LOCKER,
    FakeCloud,
    device_link,
    running,
    state,
    until,
)


def _read(payload: bytes) -> LockerState:
    document = decode_upward(verify(payload, DEVICE_KEYS).body)
    assert isinstance(document, LockerState)
    return document


def _snapshot() -> Snapshot:
    compartment = CompartmentState(CompartmentLabel("A01"), SizeClass.M, "closed")
    return Snapshot(LOCKER, BOOT, 0, 0, 0, (compartment,), b"d" * 32)


def _telemetry() -> Telemetry:
    return Telemetry(LOCKER, 0, {"outbox": 0.0})


def test_a_will_says_offline_for_the_session_that_is_about_to_begin() -> None:
    presence = Presence(DEVICE, state)
    first, second = presence.will(), presence.will()
    assert [(_read(one.payload).online, _read(one.payload).session) for one in (first, second)] == [
        (False, 1),
        (False, 2),
    ]
    assert first.retain


async def test_birth_overrules_the_will_of_its_own_session() -> None:
    broker = MemoryBroker()
    cloud, link, presence = FakeCloud(broker), device_link(broker), Presence(DEVICE, state)
    presence.will()
    async with running(cloud.run, link.run):
        await until(lambda: link.status == "connected" and cloud.link.status == "connected")
        await presence.birth(link)
        await until(lambda: len(cloud.heard) == 1)
    assert cloud.heard == [msgspec.structs.replace(state(), session=1)]


async def test_renewing_without_a_link_is_left_to_the_next_birth() -> None:
    presence = Presence(DEVICE, state)
    await presence.renew(device_link(MemoryBroker()))
    assert presence.session == 0


async def test_a_picture_goes_out_at_the_first_connect() -> None:
    broker = MemoryBroker()
    cloud, link = FakeCloud(broker), device_link(broker)
    reports = Reports(link, DEVICE, _snapshot, _telemetry)
    async with running(cloud.run):
        await until(lambda: cloud.link.status == "connected")
        async with running(link.run, reports.run):
            await until(lambda: reports.sent == 1)
            await until(lambda: len(cloud.heard) == 1)
    assert cloud.heard == [_snapshot()]
