"""What services need from the world, as Protocols: the store implements them, tests and the simulator may too.

Services take a ``UnitOfWork`` and plain arguments and never commit: the rim runs each in one transaction.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar

from cloud.domain.actors import Actor
from cloud.domain.rules import STANDARD, Rules
from contract.envelope import Signer
from contract.sizes import SizeClass

R = TypeVar("R")
ROWS_MAX = 10_000  # a list longer than this is a report, not an answer; queries page below it


class _NotNull:
    """The condition that a column has a value."""


NOT_NULL = _NotNull()


@dataclass(frozen=True, slots=True)
class Before:
    """The condition ``column < value``."""

    value: Any


@dataclass(frozen=True, slots=True)
class From:
    """The condition ``column >= value``."""

    value: Any


@dataclass(frozen=True, slots=True)
class Change:
    """Where ``where`` holds (a value is equality, None is IS NULL), set ``values``."""

    where: Mapping[str, Any]
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class UpTo:
    """The condition ``column <= value``."""

    value: Any


class UnitOfWork(Protocol):
    """One transaction. Conditions: a plain value is equality, None is IS NULL, a tuple, list or set is IN (...)."""

    def get(self, kind: type[R], /, *key: str | int) -> R | None:
        """Return the record with this primary key."""

    def need(self, kind: type[R], /, *key: str | int) -> R:
        """Return the record with this primary key; raises ``NotFoundError``."""

    def find(self, kind: type[R], /, *, order: str = "", limit: int = ROWS_MAX, **conditions: Any) -> list[R]:
        """Return the records that meet all ``conditions``; ``order`` lists columns, ``-`` before one for descending."""

    def first(self, kind: type[R], /, *, order: str = "", **conditions: Any) -> R | None: ...

    def count(self, kind: type[Any], /, **conditions: Any) -> int: ...

    def add(self, *records: Any) -> None:
        """Insert records of any kinds, each kind with one executemany; raises ``AlreadyExistsError``."""

    def change(self, kind: type[Any], where: Mapping[str, Any], /, **values: Any) -> int:
        """Update what meets ``where`` and return how many rows did: 1 means that a claimed row is ours."""

    def change_many(self, kind: type[Any], changes: Sequence["Change"], /) -> None:
        """Update many rows in one executemany; all changes test the same columns and set the same columns."""

    def remove(self, kind: type[Any], /, **conditions: Any) -> int: ...

    @property
    def reads(self) -> "Reads": ...

    @property
    def log(self) -> "EventLog": ...


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """One journal entry as the cloud keeps it; ``entry`` is its exact bytes."""

    locker_id: str
    sequence: int
    at_ms: int
    received_ms: int
    kind: str
    compartment: str | None
    parcel_id: str | None
    entry: bytes


class EventLog(Protocol):
    """The ingest path's own statements: batched, without conversions."""

    def heads(self, lockers: Sequence[str], /) -> dict[str, tuple[int, bytes]]:
        """Return ``through_sequence`` and chain head by locker, for those that have one."""

    def set_heads(self, heads: Mapping[str, tuple[int, bytes]], now: datetime, /) -> None: ...

    def append(self, events: Sequence[LoggedEvent], /) -> None: ...

    def set_aside(self, locker: str, name: str, /) -> None:
        """Keep a locker's events under another ``name`` and forget its head: a new device begins a new journal."""

    def entries(self, locker: str, first: int, last: int, /) -> list[bytes]: ...

    def after(self, locker: str, sequence: int, limit: int, /) -> list[LoggedEvent]:
        """Return what a locker wrote next after an entry, oldest first."""

    def timeline(
        self, *, locker: str | None = None, compartment: str | None = None, parcel: str | None = None, limit: int = 200
    ) -> list[LoggedEvent]:
        """Return the newest events first."""


@dataclass(frozen=True, slots=True)
class FleetRow:
    """One locker or counter as the fleet page shows it."""

    locker_id: str
    name: str
    status: str
    online: bool
    seen_at: datetime | None
    lon: float
    lat: float
    kind: str
    compartments: int
    occupied: int
    out_of_service: int
    reserved: int
    parcels_waiting: int
    alarms: int


@dataclass(frozen=True, slots=True)
class AheadRow:
    """One thing still to be done on a route, with what planning has to know of its stop and its parcel."""

    route_id: str
    stop_id: str
    locker_id: str | None
    lon: float
    lat: float
    service_s: int
    eta: datetime
    task: str
    parcel_id: str
    window_from: datetime | None
    window_to: datetime | None
    weight_g: int
    volume_mm3: int


class Reads(Protocol):
    """Queries that join or aggregate; each is one statement."""

    def free_by_size(self, lockers: Sequence[str] | None = None, /) -> dict[str, dict[SizeClass, int]]:
        """Return, by locker, how many compartments are empty and in service (reservations not deducted)."""

    def reserved_by_size(self, lockers: Sequence[str] | None = None, /) -> dict[str, dict[SizeClass, int]]:
        """Return, by locker, how many reservations are active."""

    def fleet(self) -> list[FleetRow]: ...

    def search_parcels(self, text: str, limit: int, /) -> list[str]:
        """Return ids of parcels whose barcode begins with, or whose recipient name contains, ``text``."""

    def parcels_to_plan(self, before: datetime, limit: int, /) -> list[str]:
        """Return ids of parcels with the carrier that are due: no window, or one that begins before ``before``."""

    def under_way(self) -> set[str]:
        """Return the parcels with something still to be done on a route that has started."""

    def ahead(self, plan_id: str, /) -> list[AheadRow]:
        """Return everything still to be done on the routes of a plan, by route and position."""

    def count_by_state(self) -> dict[str, int]: ...

    def prepared_codes(self) -> dict[str, int]:
        """Return how many prepared codes each enrolled, working locker has."""

    def audit_head(self) -> tuple[int, bytes]:
        """Return the last sequence and hash of the audit log, ``(0, b"")`` when it is empty."""


class Ids(Protocol):
    """Chance, as an argument."""

    def new(self) -> str:
        """Return 128 random bits as 32 hex digits."""

    def bytes(self, count: int) -> bytes: ...

    def below(self, limit: int) -> int: ...


class SecretBox(Protocol):
    """Seals what must rest encrypted; ``about`` is authenticated, so a sealed value cannot be moved to another row."""

    def seal(self, plain: bytes, about: str) -> bytes: ...

    def unseal(self, sealed: bytes, about: str) -> bytes: ...

    def derive(self, purpose: str) -> bytes:
        """Return a 32-byte key for one purpose, for example signing tracking links."""


@dataclass(frozen=True, slots=True)
class Act:
    """Who does it, when, with which chance, and under which rules."""

    actor: Actor
    now: datetime
    ids: Ids
    rules: Rules = STANDARD


class Signing(Protocol):
    """What can sign in the cloud's name; ``Keys`` can, and so can a rim that has no business with secrets."""

    @property
    def signer(self) -> Signer: ...


@dataclass(frozen=True, slots=True)
class Keys:
    """The cloud's signing key and its box for secrets."""

    signer: Signer
    box: SecretBox
