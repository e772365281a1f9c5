"""What completed stops taught about travel times and arrivals."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "travel_knowledge",
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("through", sa.String(length=255), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_travel_knowledge")),
    )


def downgrade() -> None:
    op.drop_table("travel_knowledge")
