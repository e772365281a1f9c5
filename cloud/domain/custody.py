"""Who answers for a parcel: exactly one custodian at every moment, written as a ledger nobody rewrites."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cloud.domain.errors import InvalidError


class CustodianKind(StrEnum):
    CARRIER = "carrier"
    COURIER = "courier"
    PARTNER = "partner"
    LOCKER = "locker"
    RECIPIENT = "recipient"
    SENDER = "sender"


@dataclass(frozen=True, slots=True)
class Custodian:
    """Written ``kind:name``, for example ``locker:WAW-01``; a recipient or sender has no name here."""

    kind: CustodianKind
    name: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}" if self.name else str(self.kind)


@dataclass(frozen=True, slots=True)
class CustodyEntry:
    """From ``at`` on, ``custodian`` answers, because of ``happened``."""

    at: datetime
    custodian: str
    happened: str


def parse_custodian(text: str) -> Custodian:
    kind, _, name = text.partition(":")
    try:
        return Custodian(CustodianKind(kind), name)
    except ValueError as error:
        raise InvalidError("custodian", f"{text!r} is nobody who can answer for a parcel") from error


def custodian_at(ledger: Sequence[CustodyEntry], at: datetime) -> str | None:
    """Return who answered at a moment; None before the ledger begins. Entries stand in the order they were written."""
    answer = None
    for entry in ledger:
        if entry.at <= at:
            answer = entry.custodian
    return answer


def handovers(ledger: Sequence[CustodyEntry]) -> tuple[CustodyEntry, ...]:
    """Return only the entries at which custody really changed hands: the chain shown to people."""
    changed: list[CustodyEntry] = []
    for entry in ledger:
        if not changed or changed[-1].custodian != entry.custodian:
            changed.append(entry)
    return tuple(changed)
