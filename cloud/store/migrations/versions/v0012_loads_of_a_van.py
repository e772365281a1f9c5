"""How often a van is loaded in a shift, and how long that takes."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

COLUMNS = (("loads_max", "1"), ("reload_s", "0"))


def upgrade() -> None:
    for name, every in COLUMNS:
        op.add_column(
            "shift", sa.Column(name, sa.BigInteger(), autoincrement=False, nullable=False, server_default=every)
        )


def downgrade() -> None:
    for name, _ in COLUMNS:
        op.drop_column("shift", name)
