"""Which boots a locker has spoken from, so that an old signed presence document is known for what it is."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "locker_boot",
        sa.Column("locker_id", sa.String(length=255), nullable=False),
        sa.Column("boot", sa.String(length=255), nullable=False),
        sa.Column("heard_at", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("uptime_ms", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("uptime_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["locker_id"], ["locker.id"], name=op.f("fk_locker_boot_locker_id_locker")),
        sa.PrimaryKeyConstraint("locker_id", "boot", name=op.f("pk_locker_boot")),
    )


def downgrade() -> None:
    op.drop_table("locker_boot")
