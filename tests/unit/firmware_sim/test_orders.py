"""The witness of orders to open many doors: silent about a true one, and loud about each thing that may be wrong."""

from dataclasses import dataclass, field, replace

import pytest

from contract.events import (
    AgentStarted,
    CommandAccepted,
    Entry,
    Event,
    MaintenanceEnded,
    MaintenanceStarted,
    OperatorsPinned,
    ReleaseIntended,
)
from contract.ids import BootId, CompartmentLabel, MessageId
from firmware_sim.world.orders import Ordered, OrderWitness

NUMBER, TOM, BOOT = MessageId(b"n" * 16), b"t" * 16, BootId(b"b" * 16)
A01, A02 = CompartmentLabel("A01"), CompartmentLabel("A02")
TRUE = Ordered("L1", ("A01", "A02"), BOOT.hex(), 600_000, frozenset({"op-1", "op-2"}), frozenset({"olga", "paul"}))


@dataclass
class Truth:
    """One order, one list, and a clock that a test moves."""

    ordered: Ordered = TRUE
    now_ms: int = 1_000
    wrong: list[str] = field(default_factory=list)

    def order(self, number: bytes) -> Ordered | None:
        return self.ordered if number == NUMBER else None

    def listed(self, number: int) -> frozenset[str]:
        return frozenset({"op-1", "op-2"}) if number == 7 else frozenset()

    def witness(self) -> OrderWitness:
        """Return one that has seen everything a true order asks for."""
        made = OrderWitness("L1", self, lambda: self.now_ms, lambda _, what: self.wrong.append(what), staff={TOM})
        for event in (OperatorsPinned(7), MaintenanceStarted(TOM), CommandAccepted(NUMBER)):
            made.said(entry(event))
        return made


def entry(event: Event) -> Entry:
    return Entry(1, 0, "synced", BOOT, event, NUMBER)


def opens(witness: OrderWitness, label: CompartmentLabel = A01, boot: BootId = BOOT) -> bool:
    event = ReleaseIntended(MessageId(b"i" * 16), label, "remote")
    return witness.opens(entry(event), event, boot.hex())


def test_a_true_order_is_not_accused() -> None:
    truth = Truth()
    witness = truth.witness()

    assert opens(witness)
    truth.now_ms += 5_000
    assert opens(witness, A02)
    assert truth.wrong == []


def test_a_door_that_no_order_opens_is_somebody_else_s_to_judge() -> None:
    event = ReleaseIntended(MessageId(b"i" * 16), A01, "remote")
    other = replace_cause(entry(event), b"x" * 16)

    assert not Truth().witness().opens(other, event, BOOT.hex())


def replace_cause(one: Entry, cause: bytes) -> Entry:
    return Entry(one.sequence, one.at_ms, one.quality, one.boot, one.event, cause)


@pytest.mark.parametrize(
    ("what", "ordered"),
    [
        ("by the word of 1 operators", replace(TRUE, persons=frozenset({"olga"}))),
        ("by a key that the root has not listed", replace(TRUE, keys=frozenset({"op-1", "op-9"}))),
        ("though the order names other doors", replace(TRUE, labels=("A02",))),
        ("though the order names other doors", replace(TRUE, locker="L2")),
        ("by an order for an earlier boot", replace(TRUE, boot="00")),
    ],
)
def test_what_was_not_signed_is_accused(what: str, ordered: Ordered) -> None:
    truth = Truth(ordered)

    opens(truth.witness())

    assert truth.wrong == [f"A01 is opened {what}"]


@pytest.mark.parametrize("over", [MaintenanceEnded(TOM, "time"), MaintenanceStarted(b"somebody else...")])
def test_a_door_that_opens_without_staff_at_the_site_is_accused(over: Event) -> None:
    truth = Truth()
    witness = truth.witness()
    witness.said(entry(over))

    opens(witness)

    assert truth.wrong == ["A01 is opened and nobody has switched maintenance on"]


def test_an_order_that_goes_on_after_a_restart_is_accused() -> None:
    truth = Truth()
    witness = truth.witness()
    witness.said(entry(AgentStarted(BOOT, "1.0")))

    opens(witness)

    assert truth.wrong == [
        "A01 is opened by an order this boot never accepted",
        "A01 is opened and nobody has switched maintenance on",
    ]


def test_the_same_door_twice_and_the_next_too_soon_are_accused() -> None:
    truth = Truth()
    witness = truth.witness()
    opens(witness)
    truth.now_ms += 5_000
    opens(witness)
    truth.now_ms += 1_000
    opens(witness, A02)

    assert truth.wrong == ["A01 is opened twice by one order", "A02 is opened too soon"]


def test_a_screen_that_says_maintenance_is_accused_when_nobody_has_switched_it_on_or_long_ago() -> None:
    truth = Truth()
    witness = truth.witness()
    witness.closed()
    truth.now_ms += 1_700_000
    witness.shown()
    truth.now_ms += 1_700_000
    witness.closed()
    assert truth.wrong == []
    truth.now_ms += 200_000
    witness.closed()
    witness.said(entry(AgentStarted(BOOT, "1.0")))
    witness.closed()
    assert truth.wrong == [
        "maintenance mode is on 1900 s after anybody was there",
        "maintenance mode is on, and nobody has switched it on since the last start",
    ]


def test_an_order_that_is_obeyed_when_it_has_run_out_is_accused() -> None:
    truth = Truth(now_ms=700_000)

    truth.witness()

    assert truth.wrong == ["an order is obeyed 100 s after it ran out"]
