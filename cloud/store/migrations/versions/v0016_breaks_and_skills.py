"""A shift's break and skills; what a parcel needs of its courier, and until when it should be there."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _number("shift", "break_s")
    _number("parcel", "late_cents_per_min")
    for table, name in (("shift", "break_from"), ("shift", "break_to"), ("parcel", "soft_to")):
        op.add_column(table, sa.Column(name, sa.BigInteger(), autoincrement=False, nullable=True))
    for table in ("shift", "parcel"):
        op.add_column(table, sa.Column("skills", sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    for name in ("skills", "break_to", "break_from", "break_s"):
        op.drop_column("shift", name)
    for name in ("skills", "soft_to", "late_cents_per_min"):
        op.drop_column("parcel", name)


def _number(table: str, name: str) -> None:
    op.add_column(table, sa.Column(name, sa.BigInteger(), autoincrement=False, nullable=False, server_default="0"))
