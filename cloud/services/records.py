"""The records services keep besides the domain's own: frozen, one per table, field for column.

Times are aware ``datetime`` here and integer milliseconds in the database; ids are hex strings; sealed fields are
AES-GCM ciphertext made by ``SecretBox``.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class GrantState(StrEnum):
    ISSUED = "issued"
    SPENT = "spent"
    SUPERSEDED = "superseded"
    REVOKED = "revoked"
    EXPIRED = "expired"


class MessageState(StrEnum):
    """``sent`` means given to the broker and nothing more; ``confirmed`` means that the locker's event said so."""

    QUEUED = "queued"
    CLAIMED = "claimed"
    SENT = "sent"
    CONFIRMED = "confirmed"
    EXPIRED = "expired"
    DEAD = "dead"


UNDER_WAY = (MessageState.QUEUED, MessageState.CLAIMED, MessageState.SENT)
"""Messages a locker may still hear of: not confirmed, and not given up."""


class NotificationState(StrEnum):
    QUEUED = "queued"
    CLAIMED = "claimed"
    SENT = "sent"
    DEAD = "dead"


class CommandState(StrEnum):
    QUEUED = "queued"
    SENT = "sent"
    ACCEPTED = "accepted"
    OPENED = "opened"
    DONE = "done"
    REFUSED = "refused"
    NOT_OPENED = "not_opened"
    EXPIRED = "expired"


class CourierKind(StrEnum):
    """``crowd``: a person who takes parcels along on trips of their own."""

    OWN = "own"
    CROWD = "crowd"


class StopKind(StrEnum):
    """``depot`` and ``meeting``: nothing leaves the van there, parcels come aboard."""

    HOME = "home"
    LOCKER = "locker"
    DEPOT = "depot"
    MEETING = "meeting"


class Task(StrEnum):
    """What is done with one parcel at a stop."""

    DELIVER = "deliver"
    DROP_OFF = "drop_off"
    COLLECT = "collect"
    LOAD = "load"
    TAKE_OVER = "take_over"


BRINGS = (Task.DELIVER, Task.DROP_OFF)
ENDS = (*BRINGS, Task.COLLECT)  # where a parcel's way leads to; of these it has one at a time
ABOARD = (Task.LOAD, Task.TAKE_OVER)  # how it comes into the van on the way, before what it is there for


class TaskState(StrEnum):
    PENDING = "pending"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class LockerKey:
    """One generation of a locker's secrets and identity; the newest unrevoked one counts."""

    id: str
    locker_id: str
    key_sealed: bytes
    salt_sealed: bytes
    signing_public: bytes | None
    certificate_serial: str | None
    certificate_until: datetime | None
    created_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A one-time right to join; only its SHA-256 is kept."""

    id: str
    digest: str
    locker_id: str
    created_by: str
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None
    used_from: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEntry:
    """One line of a parcel's history, which is its custody ledger too: ``custodian`` answers from ``at`` on.

    The database gives ``number`` in the order of writing; before that it is 0.
    """

    number: int = 0
    parcel_id: str
    at: datetime
    recorded_at: datetime
    happened: str
    state: str
    custodian: str
    actor: str
    locker_id: str | None
    compartment: str | None
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    id: str
    parcel_id: str
    given_by: str
    given_at: datetime
    scope: str
    locker_id: str | None
    walk_m_max: int | None
    withdrawn_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    id: str
    parcel_id: str
    locker_id: str
    reservation_id: str
    consent_id: str | None
    reason: str
    assigned_at: datetime
    ended_at: datetime | None
    outcome: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedGrant:
    """``body`` is the grant's MessagePack without signature: it is signed anew inside each bundle or pass."""

    id: str
    group_id: str
    kind: str
    locker_id: str
    parcel_id: str
    courier_id: str | None
    body: bytes
    issued_at: datetime
    expires_at: datetime
    state: GrantState
    ended_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedCode:
    """The pick-up code of one group, sealed with the master key, until the group is spent or revoked.

    It must outlive the drop-off (only then the recipient is told) and a resend while the locker is cut off (a new code
    could not reach it), so it cannot be forgotten at issuing; it is wiped the moment it opens nothing any more.
    """

    group_id: str
    parcel_id: str
    locker_id: str
    code_sealed: bytes
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedCode:
    """A code and its Argon2id stretch made ahead for one locker, sealed: 50 ms that the writer need not spend."""

    id: str
    locker_id: str
    sealed: bytes
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Courier:
    id: str
    name: str
    email: str | None
    phone: str | None
    language: str
    active: bool
    created_at: datetime
    kind: CourierKind = CourierKind.OWN


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """A courier's working time and van: start and end place, capacity as count, grams and litres.

    The van may be loaded ``loads_max`` times, the first time before the shift; each further one takes ``reload_s``
    where the shift starts. With ``break_s`` there is a break, which begins from ``break_from`` to ``break_to``.
    ``skills`` are words with spaces between them: what a parcel may need of its courier.
    """

    id: str
    courier_id: str
    starts_at: datetime
    ends_at: datetime
    start_lon: float
    start_lat: float
    end_lon: float
    end_lat: float
    parcels_max: int
    weight_g_max: int
    volume_l_max: int
    loads_max: int = 1
    reload_s: int = 0
    break_from: datetime | None = None
    break_to: datetime | None = None
    break_s: int = 0
    skills: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    id: str
    day: str
    planner: str
    made_at: datetime
    current: bool
    cost_cents: int
    distance_m: int
    duration_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    id: str
    plan_id: str
    courier_id: str
    shift_id: str
    starts_at: datetime
    ends_at: datetime
    distance_m: int
    started_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    id: str
    route_id: str
    position: int
    kind: StopKind
    locker_id: str | None
    address: str
    lon: float
    lat: float
    eta: datetime
    service_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StopTask:
    id: str
    stop_id: str
    parcel_id: str
    task: Task
    state: TaskState
    done_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unplanned:
    id: str
    plan_id: str
    parcel_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    id: str
    parcel_id: str
    courier_id: str
    stop_id: str | None
    at: datetime
    reason: str
    note: str
    lon: float | None
    lat: float | None
    outcome: str
