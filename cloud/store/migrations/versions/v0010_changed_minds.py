"""What recipients asked for while others had their parcels; partners' kilometres."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("errand_parcel", sa.Column("way_m", sa.BigInteger(), autoincrement=False, nullable=True))
    op.add_column("errand_parcel", sa.Column("co2_g", sa.BigInteger(), autoincrement=False, nullable=True))
    op.create_table(
        "parcel_change",
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("parcel_id", sa.String(length=255), nullable=False),
        sa.Column("offer_id", sa.String(length=255), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("locker_id", sa.String(length=255), nullable=True),
        sa.Column("window_from", sa.BigInteger(), nullable=True),
        sa.Column("window_to", sa.BigInteger(), nullable=True),
        sa.Column("asked_by", sa.String(length=255), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("answered_at", sa.BigInteger(), nullable=True),
        sa.Column("said", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["locker_id"], ["locker.id"], name=op.f("fk_parcel_change_locker_id")),
        sa.ForeignKeyConstraint(["offer_id"], ["offer.id"], name=op.f("fk_parcel_change_offer_id")),
        sa.ForeignKeyConstraint(["parcel_id"], ["parcel.id"], name=op.f("fk_parcel_change_parcel_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parcel_change")),
    )
    op.create_index(op.f("ix_parcel_change_parcel_id_asked_at"), "parcel_change", ["parcel_id", "asked_at"])
    op.create_index(op.f("ix_parcel_change_offer_id_state"), "parcel_change", ["offer_id", "state"])
    op.create_index(
        "uq_parcel_change_one_asked",
        "parcel_change",
        ["parcel_id"],
        unique=True,
        sqlite_where=sa.text("state = 'asked'"),
        postgresql_where=sa.text("state = 'asked'"),
    )


def downgrade() -> None:
    op.drop_table("parcel_change")
    for column in ("co2_g", "way_m"):
        op.drop_column("errand_parcel", column)
