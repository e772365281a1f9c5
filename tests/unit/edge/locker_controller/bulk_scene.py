"""A locker whose operators have keys, somebody who shows a pass at it, and orders signed by whom a test likes."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contract.bulk import BulkOrder, OpenMany, OperatorKey, OperatorList, PinOperators
from contract.envelope import Envelope
from contract.grants import Presence
from contract.ids import MessageId
from edge.locker_controller.decide import Decision
from edge.locker_controller.inputs import Answer, OperatorShown
from tests.contract.bulk_papers import command, key_of, public, stated
from tests.unit.edge.locker_controller.builders import A01, A02, A03, DAY, HOUR, LOCKER, NOON_S, Scene, boot_id, name

ROOT, ANNA, BEN, CARO, MALLORY = (key_of(number) for number in range(1, 6))
PERSONS = {id(ANNA): name("Anna"), id(BEN): name("Ben"), id(CARO): name("Anna"), id(MALLORY): name("Mallory")}
"""Caro's is Anna's second key: the same person."""


def listed(*keys: Ed25519PrivateKey, number: int = 1, by: Ed25519PrivateKey = ROOT, until_s: int = 0) -> Envelope:
    """Return the statement that these keys open in bulk, by the offline root unless said otherwise."""
    pinned = tuple(OperatorKey(PERSONS[id(key)], public(key)) for key in keys)
    return stated(OperatorList(number, NOON_S, until_s or NOON_S + DAY, pinned), by)


def pin(statement: Envelope, named: str = "pin") -> PinOperators:
    return PinOperators(LOCKER, MessageId(name(named)), NOON_S, NOON_S + DAY, statement)


def order(number: int = 1, labels: Sequence[str] = (A01, A02, A03), **more: Any) -> BulkOrder:
    asked = BulkOrder(
        locker=LOCKER,
        order=name(f"order {number}").hex(),
        boot=boot_id(1).hex(),
        counter=number,
        issued_at=NOON_S,
        expires_at=NOON_S + 2 * HOUR,
        until_uptime_ms=600_000,
        compartments=tuple(labels),
        reason="spring cleaning",
    )
    return msgspec.structs.replace(asked, **more)


def open_many(asked: BulkOrder, *keys: Ed25519PrivateKey, **more: Any) -> OpenMany:
    return msgspec.structs.replace(command(asked, (NOON_S, NOON_S + 2 * HOUR), *keys), **{"aud": LOCKER, **more})


def presence(person: str = "Tom", until_s: int = NOON_S + DAY, **more: Any) -> Presence:
    shown = Presence(LOCKER, MessageId(name(f"pass {person}")), NOON_S, until_s, name(person))
    return msgspec.structs.replace(shown, **more)


class Site(Scene):
    """A scene whose locker has pinned Anna, Ben and Anna's second key."""

    def __init__(self) -> None:
        super().__init__()
        self.setup = replace(self.setup, root_of_trust=public(ROOT))
        self.state = msgspec.structs.replace(self.state, setup=self.setup)
        self.hears(pin(listed(ANNA, BEN, CARO)))

    def shows_pass(self, person: str = "Tom", **more: Any) -> Decision:
        return self.give(OperatorShown(presence(person, **more)))

    def is_maintained(self) -> "Site":
        self.shows_pass()
        self.taps(Answer.MAINTENANCE_ON)
        return self
