"""Opening in bulk: operators' own keys, lists of them by the offline root, orders, and maintenance mode of a locker."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("locker", sa.Column("maintenance_until", sa.BigInteger(), nullable=True))
    op.add_column(
        "locker",
        sa.Column("operators_number", sa.BigInteger(), autoincrement=False, nullable=False, server_default="0"),
    )
    op.create_table(
        "operator_key",
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("account_id", sa.String(length=255), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("registered_at", sa.BigInteger(), nullable=False),
        sa.Column("confirmed_by", sa.String(length=255), nullable=True),
        sa.Column("confirmed_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_by", sa.String(length=255), nullable=True),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operator_key")),
        sa.UniqueConstraint("public_key", name=op.f("uq_operator_key_public_key")),
    )
    op.create_index(op.f("ix_operator_key_account_id"), "operator_key", ["account_id"])
    op.create_table(
        "operator_list",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("statement", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("brought_by", sa.String(length=255), nullable=False),
        sa.Column("brought_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_operator_list")),
    )
    op.create_table(
        "bulk_opening",
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("locker_id", sa.String(length=255), nullable=False),
        sa.Column("order", sa.LargeBinary(), nullable=False),
        sa.Column("asked_by", sa.String(length=255), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("first_by", sa.String(length=255), nullable=True),
        sa.Column("first_key", sa.String(length=255), nullable=True),
        sa.Column("first_signature", sa.LargeBinary(), nullable=True),
        sa.Column("first_at", sa.BigInteger(), nullable=True),
        sa.Column("second_by", sa.String(length=255), nullable=True),
        sa.Column("second_at", sa.BigInteger(), nullable=True),
        sa.Column("withdrawn_by", sa.String(length=255), nullable=True),
        sa.Column("withdrawn_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["locker_id"], ["locker.id"], name=op.f("fk_bulk_opening_locker_id_locker")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulk_opening")),
    )
    op.create_index(op.f("ix_bulk_opening_locker_id_asked_at"), "bulk_opening", ["locker_id", "asked_at"])


def downgrade() -> None:
    op.drop_table("bulk_opening")
    op.drop_table("operator_list")
    op.drop_table("operator_key")
    for column in ("operators_number", "maintenance_until"):
        op.drop_column("locker", column)
