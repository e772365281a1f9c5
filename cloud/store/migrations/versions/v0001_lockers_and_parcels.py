"""Tables of the beginning: lockers and parcels."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    _model()
    _courier()
    _locker()
    _compartment()
    _locker_key()
    _claim()
    _parcel()
    _parcel_history()
    _consent()
    _reservation()
    _assignment()


def downgrade() -> None:
    for name in (
        "assignment",
        "reservation",
        "consent",
        "parcel_history",
        "parcel",
        "claim",
        "locker_key",
        "compartment",
        "locker",
        "courier",
        "model",
    ):
        op.drop_table(name)


def _model() -> None:
    op.create_table(
        "model",
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("layout", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_model")),
    )


def _courier() -> None:
    op.create_table(
        "courier",
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("email", sa.String(length=255), nullable=True),
        sa.Column("phone", sa.String(length=255), nullable=True),
        sa.Column("language", sa.String(length=255), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_courier")),
    )


def _locker() -> None:
    op.create_table(
        "locker",
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("model", sa.String(length=255), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("lon", sa.Float(), nullable=False),
        sa.Column("lat", sa.Float(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("opening_hours", sa.Text(), nullable=False),
        sa.Column("time_zone", sa.String(length=255), nullable=False),
        sa.Column("online", sa.Boolean(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=True),
        sa.Column("reported_at", sa.BigInteger(), nullable=True),
        sa.Column("unserved_since", sa.BigInteger(), nullable=True),
        sa.Column("boot_nonce", sa.String(length=255), nullable=True),
        sa.Column("session", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("agent_version", sa.String(length=255), nullable=True),
        sa.Column("command_counter", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("intake_open", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["model"], ["model.name"], name=op.f("fk_locker_model")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_locker")),
    )


def _compartment() -> None:
    op.create_table(
        "compartment",
        sa.Column("locker_id", sa.String(length=255), nullable=False),
        sa.Column("label", sa.String(length=255), nullable=False),
        sa.Column("size", sa.String(length=32), nullable=False),
        sa.Column("low", sa.Boolean(), nullable=False),
        sa.Column("door", sa.String(length=255), nullable=False),
        sa.Column("contents", sa.String(length=32), nullable=False),
        sa.Column("parcel_id", sa.String(length=255), nullable=True),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("fault", sa.Text(), nullable=True),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["locker_id"], ["locker.id"], name=op.f("fk_compartment_locker_id")),
        sa.PrimaryKeyConstraint("locker_id", "label", name=op.f("pk_compartment")),
    )
    op.create_index(
        op.f("ix_compartment_parcel_id"),
        "compartment",
        ["parcel_id"],
        unique=False,
        sqlite_where=sa.text("parcel_id IS NOT NULL"),
        postgresql_where=sa.text("parcel_id IS NOT NULL"),
    )


def _locker_key() -> None:
    op.create_table(
        "locker_key",
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("locker_id", sa.String(length=255), nullable=False),
        sa.Column("key_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("salt_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("signing_public", sa.LargeBinary(), nullable=True),
        sa.Column("certificate_serial", sa.String(length=255), nullable=True),
        sa.Column("certificate_until", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["locker_id"], ["locker.id"], name=op.f("fk_locker_key_locker_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_locker_key")),
    )
    op.create_index(op.f("ix_locker_key_locker_id"), "locker_key", ["locker_id"], unique=False)


def _claim() -> None:
    op.create_table(
        "claim",
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("digest", sa.String(length=255), nullable=False),
        sa.Column("locker_id", sa.String(length=255), nullable=False),
        sa.Column("created_by", sa.String(length=255), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.Column("used_from", sa.String(length=255), nullable=True),
        sa.ForeignKeyConstraint(["locker_id"], ["locker.id"], name=op.f("fk_claim_locker_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim")),
        sa.UniqueConstraint("digest", name=op.f("uq_claim_digest")),
    )
    op.create_index(op.f("ix_claim_locker_id"), "claim", ["locker_id"], unique=False)


def _parcel() -> None:
    op.create_table(
        "parcel",
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("carrier", sa.String(length=255), nullable=False),
        sa.Column("barcode", sa.String(length=255), nullable=False),
        sa.Column("label_digest", sa.String(length=255), nullable=False),
        sa.Column("recipient_name", sa.String(length=255), nullable=False),
        sa.Column("recipient_email", sa.String(length=255), nullable=True),
        sa.Column("recipient_phone", sa.String(length=255), nullable=True),
        sa.Column("language", sa.String(length=255), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("lon", sa.Float(), nullable=False),
        sa.Column("lat", sa.Float(), nullable=False),
        sa.Column("length_mm", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("width_mm", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("height_mm", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("weight_g", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("window_from", sa.BigInteger(), nullable=True),
        sa.Column("window_to", sa.BigInteger(), nullable=True),
        sa.Column("locker_allowed", sa.Boolean(), nullable=False),
        sa.Column("preferred_locker", sa.String(length=255), nullable=True),
        sa.Column("low_door", sa.Boolean(), nullable=False),
        sa.Column("perishable", sa.Boolean(), nullable=False),
        sa.Column("temperature_controlled", sa.Boolean(), nullable=False),
        sa.Column("dwell_h_max", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("custodian", sa.String(length=255), nullable=False),
        sa.Column("locker_id", sa.String(length=255), nullable=True),
        sa.Column("compartment", sa.String(length=255), nullable=True),
        sa.Column("dropped_off_at", sa.BigInteger(), nullable=True),
        sa.Column("deadline", sa.BigInteger(), nullable=True),
        sa.Column("import_id", sa.String(length=255), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["locker_id"], ["locker.id"], name=op.f("fk_parcel_locker_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parcel")),
        sa.UniqueConstraint("carrier", "barcode", name=op.f("uq_parcel_carrier_barcode")),
    )
    op.create_index(op.f("ix_parcel_label_digest"), "parcel", ["label_digest"], unique=False)
    op.create_index(op.f("ix_parcel_locker_id_state"), "parcel", ["locker_id", "state"], unique=False)
    op.create_index(op.f("ix_parcel_state_deadline"), "parcel", ["state", "deadline"], unique=False)


def _parcel_history() -> None:
    op.create_table(
        "parcel_history",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("parcel_id", sa.String(length=255), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("happened", sa.String(length=255), nullable=False),
        sa.Column("state", sa.String(length=255), nullable=False),
        sa.Column("custodian", sa.String(length=255), nullable=False),
        sa.Column("actor", sa.String(length=255), nullable=False),
        sa.Column("locker_id", sa.String(length=255), nullable=True),
        sa.Column("compartment", sa.String(length=255), nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["parcel_id"], ["parcel.id"], name=op.f("fk_parcel_history_parcel_id")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_parcel_history")),
    )
    op.create_index(op.f("ix_parcel_history_parcel_id_number"), "parcel_history", ["parcel_id", "number"], unique=False)


def _consent() -> None:
    op.create_table(
        "consent",
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("parcel_id", sa.String(length=255), nullable=False),
        sa.Column("given_by", sa.String(length=255), nullable=False),
        sa.Column("given_at", sa.BigInteger(), nullable=False),
        sa.Column("scope", sa.String(length=255), nullable=False),
        sa.Column("locker_id", sa.String(length=255), nullable=True),
        sa.Column("walk_m_max", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("withdrawn_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["locker_id"], ["locker.id"], name=op.f("fk_consent_locker_id")),
        sa.ForeignKeyConstraint(["parcel_id"], ["parcel.id"], name=op.f("fk_consent_parcel_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent")),
    )
    op.create_index(op.f("ix_consent_parcel_id"), "consent", ["parcel_id"], unique=False)


def _reservation() -> None:
    op.create_table(
        "reservation",
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("locker_id", sa.String(length=255), nullable=False),
        sa.Column("parcel_id", sa.String(length=255), nullable=False),
        sa.Column("size", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["locker_id"], ["locker.id"], name=op.f("fk_reservation_locker_id")),
        sa.ForeignKeyConstraint(["parcel_id"], ["parcel.id"], name=op.f("fk_reservation_parcel_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reservation")),
    )
    op.create_index(op.f("ix_reservation_locker_id_state"), "reservation", ["locker_id", "state"], unique=False)
    op.create_index(op.f("ix_reservation_parcel_id_state"), "reservation", ["parcel_id", "state"], unique=False)
    op.create_index(op.f("ix_reservation_state_expires_at"), "reservation", ["state", "expires_at"], unique=False)
    op.create_index(
        "uq_reservation_one_active",
        "reservation",
        ["parcel_id"],
        unique=True,
        sqlite_where=sa.text("state = 'active'"),
        postgresql_where=sa.text("state = 'active'"),
    )


def _assignment() -> None:
    op.create_table(
        "assignment",
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("parcel_id", sa.String(length=255), nullable=False),
        sa.Column("locker_id", sa.String(length=255), nullable=False),
        sa.Column("reservation_id", sa.String(length=255), nullable=False),
        sa.Column("consent_id", sa.String(length=255), nullable=True),
        sa.Column("reason", sa.String(length=255), nullable=False),
        sa.Column("assigned_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("outcome", sa.String(length=255), nullable=True),
        sa.ForeignKeyConstraint(["consent_id"], ["consent.id"], name=op.f("fk_assignment_consent_id")),
        sa.ForeignKeyConstraint(["locker_id"], ["locker.id"], name=op.f("fk_assignment_locker_id")),
        sa.ForeignKeyConstraint(["parcel_id"], ["parcel.id"], name=op.f("fk_assignment_parcel_id")),
        sa.ForeignKeyConstraint(["reservation_id"], ["reservation.id"], name=op.f("fk_assignment_reservation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assignment")),
    )
    op.create_index(op.f("ix_assignment_parcel_id"), "assignment", ["parcel_id"], unique=False)
    op.create_index(op.f("ix_assignment_reservation_id"), "assignment", ["reservation_id"], unique=False)
    op.create_index(
        "uq_assignment_one_live",
        "assignment",
        ["parcel_id"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
