"""Where a van is now, of every courier who shows it: the last place only."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "courier_position",
        sa.Column("courier_id", sa.String(255), nullable=False),
        sa.Column("lon", sa.Float(), nullable=False),
        sa.Column("lat", sa.Float(), nullable=False),
        sa.Column("accuracy_m", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["courier_id"], ["courier.id"], name="fk_courier_position_courier_id"),
        sa.PrimaryKeyConstraint("courier_id", name="pk_courier_position"),
    )


def downgrade() -> None:
    op.drop_table("courier_position")
