"""Deliveries by others: crowd couriers' trips, partners' tariffs, errands with their offers, and webhooks."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("courier", sa.Column("kind", sa.String(length=32), nullable=False, server_default="own"))
    _partner()
    _webhook_endpoint()
    _crowd_trip()
    _partner_tariff()
    _webhook_message()
    _errand()
    _errand_parcel()
    _offer()


def downgrade() -> None:
    for name in (
        "offer",
        "errand_parcel",
        "errand",
        "webhook_message",
        "partner_tariff",
        "crowd_trip",
        "webhook_endpoint",
        "partner",
    ):
        op.drop_table(name)
    op.drop_column("courier", "kind")


def _partner() -> None:
    op.create_table(
        "partner",
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partner")),
    )


def _webhook_endpoint() -> None:
    op.create_table(
        "webhook_endpoint",
        sa.Column("owner", sa.String(length=255), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("secret_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("previous_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("previous_until", sa.BigInteger(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("through", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("owner", name=op.f("pk_webhook_endpoint")),
    )


def _crowd_trip() -> None:
    op.create_table(
        "crowd_trip",
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("courier_id", sa.String(length=255), nullable=False),
        sa.Column("leaves_at", sa.BigInteger(), nullable=False),
        sa.Column("arrives_by", sa.BigInteger(), nullable=False),
        sa.Column("start_lon", sa.Float(), nullable=False),
        sa.Column("start_lat", sa.Float(), nullable=False),
        sa.Column("end_lon", sa.Float(), nullable=True),
        sa.Column("end_lat", sa.Float(), nullable=True),
        sa.Column("detour_m_max", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("parcels_max", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("weight_g_max", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("volume_l_max", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("per_parcel_cents", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("end_address", sa.Text(), nullable=False),
        sa.Column("day", sa.String(length=255), nullable=False),
        sa.Column("withdrawn_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["courier_id"], ["courier.id"], name=op.f("fk_crowd_trip_courier_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_crowd_trip")),
    )
    op.create_index(op.f("ix_crowd_trip_courier_id_leaves_at"), "crowd_trip", ["courier_id", "leaves_at"], unique=False)
    op.create_index(op.f("ix_crowd_trip_day"), "crowd_trip", ["day"], unique=False)


def _partner_tariff() -> None:
    op.create_table(
        "partner_tariff",
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("partner_id", sa.String(length=255), nullable=False),
        sa.Column("day", sa.String(length=255), nullable=False),
        sa.Column("centre_lon", sa.Float(), nullable=False),
        sa.Column("centre_lat", sa.Float(), nullable=False),
        sa.Column("radius_m", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("base_cents", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("per_km_cents", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("promise_from", sa.BigInteger(), nullable=False),
        sa.Column("promise_to", sa.BigInteger(), nullable=False),
        sa.Column("parcels_max", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("weight_g_max", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("withdrawn_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_partner_tariff_partner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partner_tariff")),
    )
    op.create_index(op.f("ix_partner_tariff_day"), "partner_tariff", ["day"], unique=False)
    op.create_index(op.f("ix_partner_tariff_partner_id_day"), "partner_tariff", ["partner_id", "day"], unique=False)


def _webhook_message() -> None:
    op.create_table(
        "webhook_message",
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("owner", sa.String(length=255), nullable=False),
        sa.Column("kind", sa.String(length=255), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("not_before", sa.BigInteger(), nullable=False),
        sa.Column("tries", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("claimed_until", sa.BigInteger(), nullable=True),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["owner"], ["webhook_endpoint.owner"], name=op.f("fk_webhook_message_owner")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_message")),
    )
    op.create_index(
        op.f("ix_webhook_message_owner_created_at"), "webhook_message", ["owner", "created_at"], unique=False
    )
    op.create_index(
        op.f("ix_webhook_message_state_not_before"), "webhook_message", ["state", "not_before"], unique=False
    )


def _errand() -> None:
    op.create_table(
        "errand",
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("day", sa.String(length=255), nullable=False),
        sa.Column("locker_id", sa.String(length=255), nullable=True),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("lon", sa.Float(), nullable=False),
        sa.Column("lat", sa.Float(), nullable=False),
        sa.Column("own_cents", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("made_by", sa.String(length=255), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("outcome", sa.String(length=255), nullable=True),
        sa.Column("said", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["locker_id"], ["locker.id"], name=op.f("fk_errand_locker_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_errand")),
    )
    op.create_index(op.f("ix_errand_day_created_at"), "errand", ["day", "created_at"], unique=False)


def _errand_parcel() -> None:
    op.create_table(
        "errand_parcel",
        sa.Column("errand_id", sa.String(length=255), nullable=False),
        sa.Column("parcel_id", sa.String(length=255), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["errand_id"], ["errand.id"], name=op.f("fk_errand_parcel_errand_id")),
        sa.ForeignKeyConstraint(["parcel_id"], ["parcel.id"], name=op.f("fk_errand_parcel_parcel_id")),
        sa.PrimaryKeyConstraint("errand_id", "parcel_id", name=op.f("pk_errand_parcel")),
    )
    op.create_index(op.f("ix_errand_parcel_parcel_id"), "errand_parcel", ["parcel_id"], unique=False)
    op.create_index(op.f("ix_errand_parcel_state"), "errand_parcel", ["state"], unique=False)
    op.create_index(
        "uq_errand_parcel_one_open",
        "errand_parcel",
        ["parcel_id"],
        unique=True,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )


def _offer() -> None:
    op.create_table(
        "offer",
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("errand_id", sa.String(length=255), nullable=False),
        sa.Column("rank", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("source_id", sa.String(length=255), nullable=False),
        sa.Column("asked", sa.String(length=255), nullable=False),
        sa.Column("price_cents", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("promise_from", sa.BigInteger(), nullable=False),
        sa.Column("promise_to", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=True),
        sa.Column("answer_by", sa.BigInteger(), nullable=True),
        sa.Column("answered_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["errand_id"], ["errand.id"], name=op.f("fk_offer_errand_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offer")),
    )
    op.create_index(op.f("ix_offer_asked_made_at"), "offer", ["asked", "made_at"], unique=False)
    op.create_index(op.f("ix_offer_errand_id_rank"), "offer", ["errand_id", "rank"], unique=False)
    op.create_index(op.f("ix_offer_source_id_state"), "offer", ["source_id", "state"], unique=False)
    op.create_index(op.f("ix_offer_state_answer_by"), "offer", ["state", "answer_by"], unique=False)
