"""How long a crowd courier's own way was, kept when the place it led to is not."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("crowd_trip", sa.Column("direct_m", sa.BigInteger(), autoincrement=False, nullable=True))


def downgrade() -> None:
    op.drop_column("crowd_trip", "direct_m")
