"""Tables of the beginning: messages and events."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _event()
    _ingest_head()
    _outbox_message()
    _notification()
    _command_sent()
    _alarm()
    _support_case()
    _audit_log()
    _desired_configuration()


def downgrade() -> None:
    for name in (
        "desired_configuration",
        "audit_log",
        "support_case",
        "alarm",
        "command_sent",
        "notification",
        "outbox_message",
        "ingest_head",
        "event",
    ):
        op.drop_table(name)


def _event() -> None:
    op.create_table(
        "event",
        sa.Column("locker_id", sa.String(length=255), nullable=False),
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at_ms", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("received_ms", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=255), nullable=False),
        sa.Column("compartment", sa.String(length=255), nullable=True),
        sa.Column("parcel_id", sa.String(length=255), nullable=True),
        sa.Column("entry", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("locker_id", "sequence", name=op.f("pk_event")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        op.f("ix_event_parcel_id"),
        "event",
        ["parcel_id"],
        unique=False,
        sqlite_where=sa.text("parcel_id IS NOT NULL"),
        postgresql_where=sa.text("parcel_id IS NOT NULL"),
    )


def _ingest_head() -> None:
    op.create_table(
        "ingest_head",
        sa.Column("locker_id", sa.String(length=255), nullable=False),
        sa.Column("through_sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("head", sa.LargeBinary(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("locker_id", name=op.f("pk_ingest_head")),
    )


def _outbox_message() -> None:
    op.create_table(
        "outbox_message",
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("locker_id", sa.String(length=255), nullable=False),
        sa.Column("branch", sa.String(length=255), nullable=False),
        sa.Column("kind", sa.String(length=255), nullable=False),
        sa.Column("about", sa.String(length=255), nullable=True),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("not_before", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("tries", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("claimed_until", sa.BigInteger(), nullable=True),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.Column("confirmed_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["locker_id"], ["locker.id"], name=op.f("fk_outbox_message_locker_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_message")),
    )
    op.create_index(op.f("ix_outbox_message_about"), "outbox_message", ["about"], unique=False)
    op.create_index(op.f("ix_outbox_message_state_not_before"), "outbox_message", ["state", "not_before"], unique=False)


def _notification() -> None:
    op.create_table(
        "notification",
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("dedupe", sa.String(length=255), nullable=False),
        sa.Column("parcel_id", sa.String(length=255), nullable=True),
        sa.Column("channel", sa.String(length=255), nullable=False),
        sa.Column("address", sa.String(length=255), nullable=False),
        sa.Column("language", sa.String(length=255), nullable=False),
        sa.Column("template", sa.String(length=255), nullable=False),
        sa.Column("context", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("not_before", sa.BigInteger(), nullable=False),
        sa.Column("tries", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("claimed_until", sa.BigInteger(), nullable=True),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notification")),
        sa.UniqueConstraint("dedupe", name=op.f("uq_notification_dedupe")),
    )
    op.create_index(op.f("ix_notification_parcel_id"), "notification", ["parcel_id"], unique=False)
    op.create_index(op.f("ix_notification_state_not_before"), "notification", ["state", "not_before"], unique=False)


def _command_sent() -> None:
    op.create_table(
        "command_sent",
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("locker_id", sa.String(length=255), nullable=False),
        sa.Column("kind", sa.String(length=255), nullable=False),
        sa.Column("compartment", sa.String(length=255), nullable=True),
        sa.Column("group_id", sa.String(length=255), nullable=True),
        sa.Column("actor", sa.String(length=255), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("issued_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.Column("accepted_at", sa.BigInteger(), nullable=True),
        sa.Column("opened_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("refusal", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["locker_id"], ["locker.id"], name=op.f("fk_command_sent_locker_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_command_sent")),
    )
    op.create_index(
        op.f("ix_command_sent_locker_id_issued_at"), "command_sent", ["locker_id", "issued_at"], unique=False
    )
    op.create_index(op.f("ix_command_sent_state_expires_at"), "command_sent", ["state", "expires_at"], unique=False)


def _alarm() -> None:
    op.create_table(
        "alarm",
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("locker_id", sa.String(length=255), nullable=True),
        sa.Column("kind", sa.String(length=255), nullable=False),
        sa.Column("severity", sa.String(length=255), nullable=False),
        sa.Column("compartment", sa.String(length=255), nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("raised_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_by", sa.String(length=255), nullable=True),
        sa.Column("seen_at", sa.BigInteger(), nullable=True),
        sa.Column("cleared_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alarm")),
    )
    op.create_index(op.f("ix_alarm_locker_id_raised_at"), "alarm", ["locker_id", "raised_at"], unique=False)
    op.create_index(
        "ix_alarm_standing",
        "alarm",
        ["locker_id", "kind"],
        unique=False,
        sqlite_where=sa.text("cleared_at IS NULL"),
        postgresql_where=sa.text("cleared_at IS NULL"),
    )


def _support_case() -> None:
    op.create_table(
        "support_case",
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("kind", sa.String(length=255), nullable=False),
        sa.Column("parcel_id", sa.String(length=255), nullable=True),
        sa.Column("locker_id", sa.String(length=255), nullable=True),
        sa.Column("compartment", sa.String(length=255), nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_support_case")),
    )
    op.create_index(
        "ix_support_case_open",
        "support_case",
        ["opened_at"],
        unique=False,
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_index(op.f("ix_support_case_parcel_id"), "support_case", ["parcel_id"], unique=False)


def _audit_log() -> None:
    op.create_table(
        "audit_log",
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(length=255), nullable=False),
        sa.Column("action", sa.String(length=255), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("previous_hash", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_audit_log")),
    )
    op.create_index(op.f("ix_audit_log_subject"), "audit_log", ["subject"], unique=False)


def _desired_configuration() -> None:
    op.create_table(
        "desired_configuration",
        sa.Column("locker_id", sa.String(length=255), nullable=False),
        sa.Column("version", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("applied_version", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["locker_id"], ["locker.id"], name=op.f("fk_desired_configuration_locker_id")),
        sa.PrimaryKeyConstraint("locker_id", name=op.f("pk_desired_configuration")),
    )
