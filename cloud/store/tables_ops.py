"""Tables of the machinery: the event log, messages both ways, alarms, audit, accounts, imports, jobs."""

from sqlalchemy import ForeignKeyConstraint, Index, Table, UniqueConstraint

from cloud.services.records import CommandState, MessageState, NotificationState
from cloud.store.columns import at, blob, flag, name_of, number, partial, text, word
from cloud.store.tables import metadata


def _to(column: str, target: str) -> ForeignKeyConstraint:
    return ForeignKeyConstraint([column], [target])


# The hot table. WITHOUT ROWID keeps one B-tree keyed by (locker, sequence), which is both the duplicate check and the
# order everybody reads in; times stay raw integers because the ingest path converts nothing it need not.
event = Table(
    "event",
    metadata,
    name_of("locker_id", key=True),
    number("sequence", key=True),
    number("at_ms"),
    number("received_ms"),
    name_of("kind"),
    name_of("compartment", null=True),
    name_of("parcel_id", null=True),
    blob("entry"),
    partial(None, "parcel_id", where="parcel_id IS NOT NULL"),
    sqlite_with_rowid=False,
)

ingest_head = Table(
    "ingest_head",
    metadata,
    name_of("locker_id", key=True),
    number("through_sequence"),
    blob("head"),
    at("updated_at"),
)

outbox_message = Table(
    "outbox_message",
    metadata,
    name_of("id", key=True),
    name_of("locker_id"),
    name_of("branch"),
    name_of("kind"),
    name_of("about", null=True),
    blob("payload"),
    at("created_at"),
    at("not_before"),
    at("expires_at"),
    word("state", MessageState),
    number("tries"),
    at("claimed_until", null=True),
    at("sent_at", null=True),
    at("confirmed_at", null=True),
    _to("locker_id", "locker.id"),
    Index(None, "state", "not_before"),
    Index(None, "about"),
)

notification = Table(
    "notification",
    metadata,
    name_of("id", key=True),
    name_of("dedupe"),
    name_of("parcel_id", null=True),
    name_of("channel"),
    name_of("address"),
    name_of("language"),
    name_of("template"),
    text("context"),
    word("state", NotificationState),
    at("created_at"),
    at("not_before"),
    number("tries"),
    at("claimed_until", null=True),
    at("sent_at", null=True),
    text("error", null=True),
    UniqueConstraint("dedupe"),
    Index(None, "state", "not_before"),
    Index(None, "parcel_id"),
)

command_sent = Table(
    "command_sent",
    metadata,
    name_of("id", key=True),
    name_of("locker_id"),
    name_of("kind"),
    name_of("compartment", null=True),
    name_of("group_id", null=True),
    name_of("actor"),
    text("reason"),
    word("state", CommandState),
    at("issued_at"),
    at("expires_at"),
    at("sent_at", null=True),
    at("accepted_at", null=True),
    at("opened_at", null=True),
    at("ended_at", null=True),
    text("refusal", null=True),
    _to("locker_id", "locker.id"),
    Index(None, "locker_id", "issued_at"),
    Index(None, "state", "expires_at"),
)

alarm = Table(
    "alarm",
    metadata,
    name_of("id", key=True),
    name_of("locker_id", null=True),
    name_of("kind"),
    name_of("severity"),
    name_of("compartment", null=True),
    text("detail"),
    at("raised_at"),
    name_of("seen_by", null=True),
    at("seen_at", null=True),
    at("cleared_at", null=True),
    Index(None, "locker_id", "raised_at"),
    partial("ix_alarm_standing", "locker_id", "kind", where="cleared_at IS NULL"),
)

support_case = Table(
    "support_case",
    metadata,
    name_of("id", key=True),
    name_of("kind"),
    name_of("parcel_id", null=True),
    name_of("locker_id", null=True),
    name_of("compartment", null=True),
    text("detail"),
    at("opened_at"),
    at("closed_at", null=True),
    Index(None, "parcel_id"),
    partial("ix_support_case_open", "opened_at", where="closed_at IS NULL"),
)

audit_log = Table(
    "audit_log",
    metadata,
    number("sequence", key=True),
    at("at"),
    name_of("actor"),
    name_of("action"),
    name_of("subject"),
    text("reason"),
    text("detail"),
    blob("previous_hash"),
    blob("hash"),
    Index(None, "subject"),
)

idempotency_key = Table(
    "idempotency_key",
    metadata,
    name_of("owner", key=True),
    name_of("key", key=True),
    name_of("request_digest"),
    number("status"),
    blob("body"),
    at("created_at"),
    Index(None, "created_at"),
)

api_key = Table(
    "api_key",
    metadata,
    name_of("id", key=True),
    name_of("prefix"),
    name_of("digest"),
    name_of("carrier"),
    text("scopes"),
    at("created_at"),
    at("expires_at", null=True),
    at("revoked_at", null=True),
    UniqueConstraint("digest"),
)

account = Table(
    "account",
    metadata,
    name_of("id", key=True),
    name_of("login"),
    name_of("name"),
    text("password_hash"),
    text("roles"),
    name_of("courier_id", null=True),
    at("created_at"),
    at("disabled_at", null=True),
    name_of("counter_id", null=True),
    UniqueConstraint("login"),
    _to("courier_id", "courier.id"),
    _to("counter_id", "locker.id"),
)

import_run = Table(
    "import_run",
    metadata,
    name_of("id", key=True),
    name_of("kind"),
    name_of("file_name"),
    name_of("file_digest"),
    name_of("actor"),
    at("started_at"),
    number("rows"),
    number("added"),
    number("changed"),
    number("unchanged"),
    number("rejected"),
)

import_problem = Table(
    "import_problem",
    metadata,
    name_of("id", key=True),
    name_of("import_id"),
    number("line"),
    name_of("column"),
    text("reason"),
    text("value"),
    _to("import_id", "import_run.id"),
    Index(None, "import_id", "line"),
)

job_run = Table(
    "job_run",
    metadata,
    name_of("id", key=True),
    name_of("job"),
    at("started_at"),
    at("finished_at", null=True),
    flag("ok", null=True),
    text("detail"),
    Index(None, "job", "started_at"),
)

desired_configuration = Table(
    "desired_configuration",
    metadata,
    name_of("locker_id", key=True),
    number("version"),
    number("applied_version"),
    text("body"),
    at("updated_at"),
    _to("locker_id", "locker.id"),
)

travel_knowledge = Table(
    "travel_knowledge",
    metadata,
    name_of("name", key=True),
    name_of("through"),
    text("body"),
    at("updated_at"),
)

scenario = Table(
    "scenario",
    metadata,
    name_of("id", key=True),
    name_of("day"),
    text("asked"),
    text("answer", null=True),
    name_of("asked_by"),
    at("asked_at"),
)

locker_boot = Table(
    "locker_boot",
    metadata,
    name_of("locker_id", key=True),
    name_of("boot", key=True),
    at("heard_at"),
    number("sequence", null=True),
    number("uptime_ms"),
    at("uptime_at"),
    _to("locker_id", "locker.id"),
)
