"""The reckoning of orders to open many doors: whole and right is let through, each kind of wrong is found."""

from dataclasses import replace

import pytest

from contract.events import (
    AgentStarted,
    BulkEnded,
    CommandAccepted,
    Entry,
    Event,
    MaintenanceEnded,
    MaintenanceStarted,
    ReleaseIntended,
)
from contract.ids import BootId, CompartmentLabel, MessageId
from tests.process.torture.orders import Ordered, compare_orders
from tests.process.torture.reckoning import Findings

ORDER, ANOTHER = MessageId(b"o" * 16), MessageId(b"x" * 16)
A01, A02, A03 = (CompartmentLabel(f"A0{number}") for number in (1, 2, 3))
BOOT, ON, ACCEPTED = AgentStarted(BootId(bytes(16)), "1"), MaintenanceStarted(b"t" * 16), CommandAccepted(ORDER)
OVER, RESTARTED = BulkEnded(ORDER, 2, (), "done"), BulkEnded(ORDER, 1, (A02,), "restarted")
ASKED = Ordered(ORDER.hex(), "STORM-00", (A01, A02), sent=True, stage="sent", doors={A01: "waiting", A02: "waiting"})
DONE = replace(ASKED, stage="ended", doors={A01: "closed", A02: "not_opened"})
STOPPED = replace(ASKED, stage="ended", doors={A01: "unclear", A02: "left"})


def opens(label: CompartmentLabel) -> ReleaseIntended:
    return ReleaseIntended(MessageId(label.encode() * 4), label, "remote")


def found(order: Ordered, *events: Event, cause: MessageId = ORDER) -> list[str]:
    entries = [Entry(number, 1_000, "synced", BootId(bytes(16)), event, cause) for number, event in enumerate(events)]
    findings = Findings()
    compare_orders(entries, [order], findings)
    return findings.all()


def test_an_order_that_was_carried_out_cut_short_or_never_came_is_let_through() -> None:
    assert found(DONE, BOOT, ON, ACCEPTED, opens(A01), opens(A02), OVER) == []
    assert found(STOPPED, BOOT, ON, ACCEPTED, opens(A01), BOOT, RESTARTED) == []
    assert found(ASKED, BOOT) == []


WRONG: tuple[tuple[str, Ordered, tuple[Event, ...], str], ...] = (
    ("a door twice", DONE, (ACCEPTED, opens(A01), opens(A01), opens(A02), OVER), "doubled"),
    ("another door", DONE, (ACCEPTED, opens(A01), opens(A03), OVER), "forbidden"),
    ("accepted twice", DONE, (ACCEPTED, ACCEPTED, opens(A01), opens(A02), OVER), "doubled"),
    ("goes on after a restart", DONE, (ACCEPTED, opens(A01), BOOT, ON, opens(A02), OVER), "forbidden"),
    ("nobody stands there", DONE, (ACCEPTED, MaintenanceEnded(b"t" * 16, "time"), opens(A01)), "forbidden"),
    ("never accepted", DONE, (opens(A01),), "forbidden"),
    ("never reported", DONE, (ACCEPTED, opens(A01), opens(A02)), "lost"),
    ("reported twice", DONE, (ACCEPTED, opens(A01), opens(A02), OVER, OVER), "lost"),
    ("a door forgotten", DONE, (ACCEPTED, opens(A01), OVER), "lost"),
    ("an opened door called left", STOPPED, (ACCEPTED, opens(A01), opens(A02), RESTARTED), "lost"),
    ("the page does not know", ASKED, (ACCEPTED, opens(A01), opens(A02), OVER), "lost"),
    ("the page calls a left door opened", DONE, (ACCEPTED, opens(A01), RESTARTED), "lost"),
    ("the cloud has forgotten it", replace(ASKED, stage="404", doors={}), (), "lost"),
)


@pytest.mark.parametrize(("order", "events", "kind"), [one[1:] for one in WRONG], ids=[one[0] for one in WRONG])
def test_an_order_that_went_wrong_is_found(order: Ordered, events: tuple[Event, ...], kind: str) -> None:
    assert any(one.startswith(kind) for one in found(order, BOOT, ON, *events))


def test_a_door_that_no_order_opened_is_found() -> None:
    assert found(ASKED, BOOT, ON, opens(A01), cause=ANOTHER) == ["forbidden: A01 opened by no order"]
