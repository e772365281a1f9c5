"""Every certificate a locker was given, since a renewed one and the one before it hold at the same time."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "locker_certificate",
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("locker_id", sa.String(length=255), nullable=False),
        sa.Column("key_id", sa.String(length=255), nullable=False),
        sa.Column("serial", sa.String(length=255), nullable=False),
        sa.Column("key_digest", sa.String(length=255), nullable=False),
        sa.Column("chain_pem", sa.Text(), nullable=False),
        sa.Column("issued_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["locker_id"], ["locker.id"], name=op.f("fk_locker_certificate_locker_id")),
        sa.ForeignKeyConstraint(["key_id"], ["locker_key.id"], name=op.f("fk_locker_certificate_key_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_locker_certificate")),
    )
    op.create_index(op.f("ix_locker_certificate_key_id_issued_at"), "locker_certificate", ["key_id", "issued_at"])


def downgrade() -> None:
    op.drop_table("locker_certificate")
