"""A hostile broker speaks to the cloud in a locker's name: nothing is recorded, somebody is told, nothing grows."""

import random

import pytest

from cloud.domain.locker import Locker
from cloud.services.records_ops import Alarm
from cloud.services.report_forgery import FORGED
from cloud.store.writer import InlineWriter
from contract import topics
from contract.events import AgentStarted
from contract.ids import BootId, LockerId
from contract.link import Incoming
from contract.state import LockerState, Snapshot, Telemetry, snapshot_digest
from contract.topics import Branch
from tests.hostile.mutations import MUTATIONS
from tests.survives import survived
from tests.unit.cloud.downlink.street import DEVICE, NAME, STRANGER, Street, signed

MUTANTS = 4_000
GROUP = 200
BOOT = BootId(b"b" * 16)
NOW_MS = 1_800_000_000_000
UP = (Branch.EVENTS, Branch.REPORT, Branch.STATE, Branch.TELEMETRY)
REASONS_MAX = 257


def documents(street: Street) -> dict[Branch, object]:
    name = LockerId(NAME)
    return {
        Branch.EVENTS: street.journal.batch(AgentStarted(BOOT, "1.0")),
        Branch.REPORT: Snapshot(name, BOOT, NOW_MS, 1, 0, (), snapshot_digest(())),
        Branch.STATE: LockerState(name, True, BOOT, 1, "1.0", NOW_MS, "synced"),  # noqa: FBT003 - a wire record
        Branch.TELEMETRY: Telemetry(name, NOW_MS, {"outbox_entries": 1.0}),
    }


def everything(street: Street) -> list[object]:
    """Return all rows the cloud has, but for the alarms."""
    assert isinstance(street.cloud.writer, InlineWriter)
    connection = street.cloud.writer._engine.raw_connection()
    names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    kept = sorted(set(names) - {"alarm"})
    return [(name, connection.execute(f"SELECT * FROM {name}").fetchall()) for name in kept]  # noqa: S608 - our own names


@pytest.mark.parametrize("branch", UP)
async def test_no_bent_message_in_a_locker_s_name_is_recorded_and_one_alarm_is_raised(branch: Branch) -> None:
    street, chance = Street(), random.Random(f"{branch}")
    said = documents(street)
    corpus = [signed(document, STRANGER) for document in said.values()]
    true = corpus[list(said).index(branch)]
    before = everything(street)
    topic = topics.build(LockerId(NAME), branch)
    for first in range(0, MUTANTS, GROUP):
        bent = [
            Incoming(topic, MUTATIONS[number % len(MUTATIONS)](true, chance, corpus))
            for number in range(first, first + GROUP)
        ]
        await street.ingest.record([one for one in bent if one.payload])
    assert everything(street) == before
    assert [(one.kind, one.locker_id) for one in street.cloud.of(Alarm)] == [(FORGED, NAME)]
    assert street.ingest.refused.total() > MUTANTS * 9 // 10
    assert len(street.ingest.refused) <= REASONS_MAX
    survived(
        "Altered, forged, replayed, re-targeted and garbage messages",
        f"towards the cloud {branch}",
        tried=MUTANTS,
        broken=0,
        shown_by="tests/hostile/*.py",
    )


async def test_after_the_flood_a_true_message_is_recorded_as_ever() -> None:
    street, chance = Street(), random.Random(5)
    true = signed(street.journal.batch(AgentStarted(BOOT, "1.0")), DEVICE)
    topic = topics.build(LockerId(NAME), Branch.EVENTS)
    for number in range(1_000):
        await street.ingest.record([Incoming(topic, MUTATIONS[number % 3](true, chance, [true]) or b"x")])
    assert street.ingest.recorded == 0
    await street.ingest.record([Incoming(topic, true)])
    assert street.ingest.recorded == 1


async def test_what_one_locker_really_said_counts_on_no_other_s_topic() -> None:
    street = Street()
    street.cloud.locker("WAW-02")
    before = everything(street)
    for branch, document in documents(street).items():
        true = signed(document, DEVICE)
        await street.ingest.record([Incoming(topics.build(LockerId("WAW-02"), branch), true)])
    assert everything(street) == before
    assert {one.locker_id for one in street.cloud.of(Alarm)} == {"WAW-02"}


async def test_a_true_state_of_an_earlier_boot_moves_nothing_when_it_is_played_again() -> None:
    street = Street()
    topic, earlier = topics.build(LockerId(NAME), Branch.STATE), BootId(b"e" * 16)
    captured = [signed(_birth(boot, session), DEVICE) for boot, session in ((earlier, 1), (BOOT, 1))]
    for payload in captured:
        await street.ingest.record([Incoming(topic, payload)])
    before = everything(street)

    for _ in range(3):
        await street.ingest.record([Incoming(topic, captured[0])])

    assert street.cloud.the(Locker).boot_nonce == BOOT.hex()
    assert everything(street) == before


def _birth(boot: BootId, session: int) -> LockerState:
    return LockerState(LockerId(NAME), True, boot, session, "1.0", NOW_MS, "synced", uptime_ms=40_000)  # noqa: FBT003 - a wire record
