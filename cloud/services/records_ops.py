"""Records of the machinery around the parcels: messages, notifications, commands, alarms, audit, accounts, jobs."""

from dataclasses import dataclass
from datetime import datetime

from cloud.services.records import CommandState, MessageState, NotificationState


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxMessage:
    """A signed message for one locker. Claimed by conditional update; ``about`` is the id its confirmation names."""

    id: str
    locker_id: str
    branch: str
    kind: str
    about: str | None
    payload: bytes
    created_at: datetime
    not_before: datetime
    expires_at: datetime
    state: MessageState
    tries: int
    claimed_until: datetime | None
    sent_at: datetime | None
    confirmed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """One message to a person. ``context`` is JSON without secrets; codes and names are read when it is sent."""

    id: str
    dedupe: str
    parcel_id: str | None
    channel: str
    address: str
    language: str
    template: str
    context: str
    state: NotificationState
    created_at: datetime
    not_before: datetime
    tries: int
    claimed_until: datetime | None
    sent_at: datetime | None
    error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandSent:
    """A command and everything that is known to have become of it; a publish alone is never shown as success."""

    id: str
    locker_id: str
    kind: str
    compartment: str | None
    group_id: str | None
    actor: str
    reason: str
    state: CommandState
    issued_at: datetime
    expires_at: datetime
    sent_at: datetime | None
    accepted_at: datetime | None
    opened_at: datetime | None
    ended_at: datetime | None
    refusal: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    id: str
    locker_id: str | None
    kind: str
    severity: str
    compartment: str | None
    detail: str
    raised_at: datetime
    seen_by: str | None
    seen_at: datetime | None
    cleared_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SupportCase:
    """Something a person must look at: not an error, a surprise (trust.md, rule 5)."""

    id: str
    kind: str
    parcel_id: str | None
    locker_id: str | None
    compartment: str | None
    detail: str
    opened_at: datetime
    closed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """Who did what to which door and why; ``hash = SHA-256(previous_hash | the fields)``."""

    sequence: int
    at: datetime
    actor: str
    action: str
    subject: str
    reason: str
    detail: str
    previous_hash: bytes
    hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestHead:
    locker_id: str
    through_sequence: int
    head: bytes
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class IdempotencyKey:
    owner: str
    key: str
    request_digest: str
    status: int
    body: bytes
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """256 random bits of which only the SHA-256 is kept; ``scopes`` are separated by spaces."""

    id: str
    prefix: str
    digest: str
    carrier: str
    scopes: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A person who signs in: an operator, a courier, a counter's staff. ``roles`` are separated by spaces."""

    id: str
    login: str
    name: str
    password_hash: str
    roles: str
    courier_id: str | None
    created_at: datetime
    disabled_at: datetime | None
    counter_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRun:
    id: str
    kind: str
    file_name: str
    file_digest: str
    actor: str
    started_at: datetime
    rows: int
    added: int
    changed: int
    unchanged: int
    rejected: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportProblem:
    """One refused row: where and why."""

    id: str
    import_id: str
    line: int
    column: str
    reason: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRun:
    id: str
    job: str
    started_at: datetime
    finished_at: datetime | None
    ok: bool | None
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A model of locker; ``layout`` is the JSON of ``contract.layout.Layout``."""

    name: str
    layout: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DesiredConfiguration:
    """The newest configuration wanted for a locker, as JSON of ``contract.state.Configuration``."""

    locker_id: str
    version: int
    applied_version: int
    body: str
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TravelKnowledge:
    """What completed stops taught, as JSON of ``travel_knowledge.Knowledge``; ``through`` is its last day, ISO."""

    name: str
    through: str
    body: str
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A question "what if" about a day (its id is its job's) and the answer once there is one, both as JSON."""

    id: str
    day: str
    asked: str
    answer: str | None
    asked_by: str
    asked_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LockerBoot:
    """One boot as far as it was heard of. ``sequence`` is that of its start in the journal, once that has come.

    ``uptime_ms`` is how long the machine had been running in its newest word, which was heard at ``uptime_at``; 0 when
    it has not said.
    """

    locker_id: str
    boot: str
    heard_at: datetime
    sequence: int | None
    uptime_ms: int
    uptime_at: datetime
