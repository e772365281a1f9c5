"""Partners' counters as pick-up points: what kind of point it is, who works there, and how often a code was missed."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("locker", sa.Column("kind", sa.String(length=32), nullable=False, server_default="locker"))
    with op.batch_alter_table("account") as account:
        account.add_column(sa.Column("counter_id", sa.String(length=255), nullable=True))
        account.create_foreign_key(op.f("fk_account_counter_id_locker"), "locker", ["counter_id"], ["id"])
    op.create_table(
        "counter_lockout",
        sa.Column("locker_id", sa.String(length=255), nullable=False),
        sa.Column("misses", sa.BigInteger(), nullable=False),
        sa.Column("day_misses", sa.BigInteger(), nullable=False),
        sa.Column("day_ends", sa.BigInteger(), nullable=True),
        sa.Column("paused_until", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["locker_id"], ["locker.id"], name=op.f("fk_counter_lockout_locker_id_locker")),
        sa.PrimaryKeyConstraint("locker_id", name=op.f("pk_counter_lockout")),
    )


def downgrade() -> None:
    op.drop_table("counter_lockout")
    with op.batch_alter_table("account") as account:
        account.drop_constraint(op.f("fk_account_counter_id_locker"), type_="foreignkey")
        account.drop_column("counter_id")
    op.drop_column("locker", "kind")
