"""Tables of the beginning: grants and the road."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _issued_grant()
    _sealed_code()
    _prepared_code()
    _shift()
    _plan()
    _route()
    _stop()
    _stop_task()
    _unplanned()
    _attempt()


def downgrade() -> None:
    for name in (
        "attempt",
        "unplanned",
        "stop_task",
        "stop",
        "route",
        "plan",
        "shift",
        "prepared_code",
        "sealed_code",
        "issued_grant",
    ):
        op.drop_table(name)


def _issued_grant() -> None:
    op.create_table(
        "issued_grant",
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("group_id", sa.String(length=255), nullable=False),
        sa.Column("kind", sa.String(length=255), nullable=False),
        sa.Column("locker_id", sa.String(length=255), nullable=False),
        sa.Column("parcel_id", sa.String(length=255), nullable=False),
        sa.Column("courier_id", sa.String(length=255), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("issued_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["locker_id"], ["locker.id"], name=op.f("fk_issued_grant_locker_id")),
        sa.ForeignKeyConstraint(["parcel_id"], ["parcel.id"], name=op.f("fk_issued_grant_parcel_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issued_grant")),
    )
    op.create_index(op.f("ix_issued_grant_group_id"), "issued_grant", ["group_id"], unique=False)
    op.create_index(op.f("ix_issued_grant_locker_id_state"), "issued_grant", ["locker_id", "state"], unique=False)
    op.create_index(op.f("ix_issued_grant_parcel_id_kind"), "issued_grant", ["parcel_id", "kind"], unique=False)


def _sealed_code() -> None:
    op.create_table(
        "sealed_code",
        sa.Column("group_id", sa.String(length=255), nullable=False),
        sa.Column("parcel_id", sa.String(length=255), nullable=False),
        sa.Column("locker_id", sa.String(length=255), nullable=False),
        sa.Column("code_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["parcel_id"], ["parcel.id"], name=op.f("fk_sealed_code_parcel_id")),
        sa.PrimaryKeyConstraint("group_id", name=op.f("pk_sealed_code")),
    )
    op.create_index(op.f("ix_sealed_code_parcel_id"), "sealed_code", ["parcel_id"], unique=False)


def _prepared_code() -> None:
    op.create_table(
        "prepared_code",
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("locker_id", sa.String(length=255), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["locker_id"], ["locker.id"], name=op.f("fk_prepared_code_locker_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prepared_code")),
    )
    op.create_index(op.f("ix_prepared_code_locker_id"), "prepared_code", ["locker_id"], unique=False)


def _shift() -> None:
    op.create_table(
        "shift",
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("courier_id", sa.String(length=255), nullable=False),
        sa.Column("starts_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.Column("start_lon", sa.Float(), nullable=False),
        sa.Column("start_lat", sa.Float(), nullable=False),
        sa.Column("end_lon", sa.Float(), nullable=False),
        sa.Column("end_lat", sa.Float(), nullable=False),
        sa.Column("parcels_max", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("weight_g_max", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("volume_l_max", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["courier_id"], ["courier.id"], name=op.f("fk_shift_courier_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shift")),
    )
    op.create_index(op.f("ix_shift_courier_id"), "shift", ["courier_id"], unique=False)
    op.create_index(op.f("ix_shift_starts_at"), "shift", ["starts_at"], unique=False)


def _plan() -> None:
    op.create_table(
        "plan",
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("day", sa.String(length=255), nullable=False),
        sa.Column("planner", sa.String(length=255), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("current", sa.Boolean(), nullable=False),
        sa.Column("cost_cents", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("distance_m", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("duration_s", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan")),
    )
    op.create_index(
        "uq_plan_one_current",
        "plan",
        ["day"],
        unique=True,
        sqlite_where=sa.text("current"),
        postgresql_where=sa.text("current"),
    )


def _route() -> None:
    op.create_table(
        "route",
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("plan_id", sa.String(length=255), nullable=False),
        sa.Column("courier_id", sa.String(length=255), nullable=False),
        sa.Column("shift_id", sa.String(length=255), nullable=False),
        sa.Column("starts_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.Column("distance_m", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["courier_id"], ["courier.id"], name=op.f("fk_route_courier_id")),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_route_plan_id")),
        sa.ForeignKeyConstraint(["shift_id"], ["shift.id"], name=op.f("fk_route_shift_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_route")),
    )
    op.create_index(op.f("ix_route_courier_id_starts_at"), "route", ["courier_id", "starts_at"], unique=False)
    op.create_index(op.f("ix_route_plan_id"), "route", ["plan_id"], unique=False)


def _stop() -> None:
    op.create_table(
        "stop",
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("route_id", sa.String(length=255), nullable=False),
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("locker_id", sa.String(length=255), nullable=True),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("lon", sa.Float(), nullable=False),
        sa.Column("lat", sa.Float(), nullable=False),
        sa.Column("eta", sa.BigInteger(), nullable=False),
        sa.Column("service_s", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["locker_id"], ["locker.id"], name=op.f("fk_stop_locker_id")),
        sa.ForeignKeyConstraint(["route_id"], ["route.id"], name=op.f("fk_stop_route_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stop")),
    )
    op.create_index(op.f("ix_stop_route_id_position"), "stop", ["route_id", "position"], unique=False)


def _stop_task() -> None:
    op.create_table(
        "stop_task",
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("stop_id", sa.String(length=255), nullable=False),
        sa.Column("parcel_id", sa.String(length=255), nullable=False),
        sa.Column("task", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("done_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["parcel_id"], ["parcel.id"], name=op.f("fk_stop_task_parcel_id")),
        sa.ForeignKeyConstraint(["stop_id"], ["stop.id"], name=op.f("fk_stop_task_stop_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stop_task")),
    )
    op.create_index(op.f("ix_stop_task_parcel_id_state"), "stop_task", ["parcel_id", "state"], unique=False)
    op.create_index(op.f("ix_stop_task_stop_id"), "stop_task", ["stop_id"], unique=False)


def _unplanned() -> None:
    op.create_table(
        "unplanned",
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("plan_id", sa.String(length=255), nullable=False),
        sa.Column("parcel_id", sa.String(length=255), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["parcel_id"], ["parcel.id"], name=op.f("fk_unplanned_parcel_id")),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_unplanned_plan_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unplanned")),
    )
    op.create_index(op.f("ix_unplanned_plan_id"), "unplanned", ["plan_id"], unique=False)


def _attempt() -> None:
    op.create_table(
        "attempt",
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("parcel_id", sa.String(length=255), nullable=False),
        sa.Column("courier_id", sa.String(length=255), nullable=False),
        sa.Column("stop_id", sa.String(length=255), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=255), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("lon", sa.Float(), nullable=True),
        sa.Column("lat", sa.Float(), nullable=True),
        sa.Column("outcome", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(["parcel_id"], ["parcel.id"], name=op.f("fk_attempt_parcel_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempt")),
    )
    op.create_index(op.f("ix_attempt_parcel_id"), "attempt", ["parcel_id"], unique=False)
