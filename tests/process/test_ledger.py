"""The reckoning at the end of the process tests is worth something only if it finds what is wrong."""

from dataclasses import replace

import pytest

from contract.codec import encode
from contract.events import AgentStarted, CodeBurnt, DoorOpened, Entry, Event, ReleaseIntended, chain, genesis_hash
from contract.ids import BootId, CompartmentLabel, GroupId, LockerId, MessageId
from firmware_sim.physics import Violation, ViolationKind
from firmware_sim.truth import CabinetTruth, CompartmentTruth
from tests.process.ledger import Journal, check_agreement, check_doors

LOCKER, A01 = LockerId("WAW-CEN"), CompartmentLabel("A01")
BOOT, INTENT, GROUP = BootId(bytes(16)), MessageId(b"i" * 16), GroupId(b"g" * 16)
OPENED = (
    AgentStarted(BOOT, "1"),
    ReleaseIntended(INTENT, A01, "pick_up"),
    DoorOpened(A01, INTENT),
    CodeBurnt(GROUP, A01),
)
CABINET = CabinetTruth((CompartmentTruth("A01", pulses=1), CompartmentTruth("A02")))


def journal(*events: Event) -> Journal:
    raw = [encode(Entry(number, 1_000, "synced", BOOT, event)) for number, event in enumerate(events, 1)]
    return Journal(tuple(enumerate(raw, 1)), chain(genesis_hash(LOCKER), raw), len(raw))


def test_what_agrees_is_let_through() -> None:
    check_agreement(LOCKER, journal(*OPENED), journal(*OPENED))
    check_doors(journal(*OPENED), CABINET)


@pytest.mark.parametrize(
    "cloud",
    [
        journal(*OPENED[:-1]),
        journal(*OPENED, OPENED[-1]),
        journal(*OPENED[:-1], CodeBurnt(GroupId(b"h" * 16), A01)),
        replace(journal(*OPENED), head=bytes(32)),
        replace(journal(*OPENED), acknowledged=3),
        replace(journal(*OPENED), rows=journal(*OPENED).rows[1:]),
    ],
    ids=["lost", "twice", "altered", "another chain", "not acknowledged", "a gap"],
)
def test_a_cloud_that_has_something_else_is_found(cloud: Journal) -> None:
    with pytest.raises(AssertionError):
        check_agreement(LOCKER, journal(*OPENED), cloud)


@pytest.mark.parametrize(
    ("events", "cabinet"),
    [
        (OPENED, CabinetTruth((CompartmentTruth("A01", pulses=2),))),
        (OPENED, CabinetTruth((CompartmentTruth("A01", pulses=1), CompartmentTruth("A02", pulses=1)))),
        (OPENED, CabinetTruth((CompartmentTruth("A01", pulses=1, coil_on=True),))),
        (OPENED, CabinetTruth(CABINET.compartments, (Violation(1, ViolationKind.TOO_LONG, (A01,), commanded=True),))),
        ((*OPENED, DoorOpened(A01, INTENT)), CABINET),
        ((*OPENED, CodeBurnt(GROUP, A01)), CABINET),
    ],
    ids=[
        "a pulse too many",
        "a pulse not intended",
        "a coil left on",
        "a broken law",
        "opened twice",
        "burnt twice",
    ],
)
def test_a_cabinet_that_did_something_else_is_found(events: tuple[Event, ...], cabinet: CabinetTruth) -> None:
    with pytest.raises(AssertionError):
        check_doors(journal(*events), cabinet)
