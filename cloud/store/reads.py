"""Queries that join or aggregate, one statement each."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Row, Subquery, exists, func, or_, select

from cloud.domain.capacity import ReservationState
from cloud.domain.custody import CustodianKind
from cloud.domain.locker import CompartmentStatus, Contents, LockerStatus
from cloud.domain.parcel import ParcelState
from cloud.services.ports import AheadRow, FleetRow
from cloud.services.records import TaskState
from cloud.store.tables import (
    compartment,
    locker,
    locker_key,
    parcel,
    prepared_code,
    reservation,
    route,
    stop,
    stop_task,
)
from cloud.store.tables_ops import alarm, audit_log
from contract.sizes import SizeClass

_PLANNABLE = (ParcelState.ANNOUNCED, ParcelState.PLANNED, ParcelState.DELIVERY_FAILED, ParcelState.ASSIGNED_TO_LOCKER)


class SqlReads:
    """Implements ``cloud.services.ports.Reads``."""

    def __init__(self, connection: Connection) -> None:
        """Read through ``connection``."""
        self._connection = connection

    def free_by_size(self, lockers: Sequence[str] | None = None, /) -> dict[str, dict[SizeClass, int]]:
        table = compartment
        statement = (
            select(table.c.locker_id, table.c.size, func.count())
            .where(table.c.status == CompartmentStatus.IN_SERVICE, table.c.contents == Contents.EMPTY)
            .group_by(table.c.locker_id, table.c.size)
        )
        if lockers is not None:
            statement = statement.where(table.c.locker_id.in_(lockers))
        return _by_locker(self._connection.execute(statement))

    def reserved_by_size(self, lockers: Sequence[str] | None = None, /) -> dict[str, dict[SizeClass, int]]:
        table = reservation
        statement = (
            select(table.c.locker_id, table.c.size, func.count())
            .where(table.c.state == ReservationState.ACTIVE)
            .group_by(table.c.locker_id, table.c.size)
        )
        if lockers is not None:
            statement = statement.where(table.c.locker_id.in_(lockers))
        return _by_locker(self._connection.execute(statement))

    def fleet(self) -> list[FleetRow]:
        table = compartment
        doors = (
            select(
                table.c.locker_id,
                func.count().label("all"),
                func.count().filter(table.c.contents == Contents.OCCUPIED).label("occupied"),
                func.count().filter(table.c.status != CompartmentStatus.IN_SERVICE).label("out"),
            )
            .group_by(table.c.locker_id)
            .subquery()
        )
        reserved = _count(reservation.c.locker_id, reservation.c.state == ReservationState.ACTIVE)
        waiting = _count(parcel.c.locker_id, parcel.c.state.in_((ParcelState.READY_FOR_PICKUP, ParcelState.EXPIRED)))
        alarms = _count(alarm.c.locker_id, alarm.c.cleared_at.is_(None))
        parts = (doors, reserved, waiting, alarms)
        source = locker
        joined = source.join(doors, doors.c.locker_id == locker.c.id, isouter=True)
        for part in parts[1:]:
            joined = joined.join(part, part.c.locker_id == locker.c.id, isouter=True)
        own = ("id", "name", "status", "online", "seen_at", "lon", "lat", "kind")
        counted = (doors.c["all"], doors.c.occupied, doors.c.out, *(part.c.number for part in parts[1:]))
        statement = (
            select(*(locker.c[name] for name in own), *(func.coalesce(one, 0) for one in counted))
            .select_from(joined)
            .order_by(locker.c.id)
        )
        return [FleetRow(*row) for row in self._connection.execute(statement)]

    def search_parcels(self, text: str, limit: int, /) -> list[str]:
        statement = (
            select(parcel.c.id)
            .where(
                or_(
                    parcel.c.barcode.startswith(text, autoescape=True),
                    parcel.c.recipient_name.contains(text, autoescape=True),
                    parcel.c.id == text,
                )
            )
            .order_by(parcel.c.updated_at.desc(), parcel.c.id)
            .limit(limit)
        )
        return list(self._connection.execute(statement).scalars())

    def parcels_to_plan(self, before: datetime, limit: int, /) -> list[str]:
        statement = (
            select(parcel.c.id)
            .where(
                parcel.c.state.in_(_PLANNABLE),
                parcel.c.custodian.startswith(CustodianKind.CARRIER),
                or_(parcel.c.window_from.is_(None), parcel.c.window_from < before),
            )
            .order_by(parcel.c.window_to, parcel.c.created_at, parcel.c.id)
            .limit(limit)
        )
        return list(self._connection.execute(statement).scalars())

    def under_way(self) -> set[str]:
        statement = (
            select(stop_task.c.parcel_id)
            .join(stop, stop.c.id == stop_task.c.stop_id)
            .join(route, route.c.id == stop.c.route_id)
            .where(stop_task.c.state == TaskState.PENDING, route.c.started_at.is_not(None))
        )
        return set(self._connection.execute(statement).scalars())

    def ahead(self, plan_id: str, /) -> list[AheadRow]:
        volume = parcel.c.length_mm * parcel.c.width_mm * parcel.c.height_mm
        stops = [stop.c[name] for name in ("route_id", "id", "locker_id", "lon", "lat", "service_s", "eta")]
        tasks = (stop_task.c.task, parcel.c.id, parcel.c.window_from, parcel.c.window_to, parcel.c.weight_g, volume)
        statement = (
            select(*stops, *tasks)
            .join(route, route.c.id == stop.c.route_id)
            .join(stop_task, stop_task.c.stop_id == stop.c.id)
            .join(parcel, parcel.c.id == stop_task.c.parcel_id)
            .where(route.c.plan_id == plan_id, stop_task.c.state == TaskState.PENDING)
            .order_by(stop.c.route_id, stop.c.position, stop.c.id, stop_task.c.id)
        )
        return [AheadRow(*tuple(row)) for row in self._connection.execute(statement)]

    def count_by_state(self) -> dict[str, int]:
        statement = select(parcel.c.state, func.count()).group_by(parcel.c.state)
        return {str(state): number for state, number in self._connection.execute(statement)}

    def prepared_codes(self) -> dict[str, int]:
        statement = (
            select(locker.c.id, func.count(prepared_code.c.id).label("number"))
            .select_from(locker.outerjoin(prepared_code, prepared_code.c.locker_id == locker.c.id))
            .where(
                locker.c.status == LockerStatus.ACTIVE,
                exists().where(locker_key.c.locker_id == locker.c.id, locker_key.c.revoked_at.is_(None)),
            )
            .group_by(locker.c.id)
        )
        return {row.id: row.number for row in self._connection.execute(statement)}

    def audit_head(self) -> tuple[int, bytes]:
        statement = select(audit_log.c.sequence, audit_log.c.hash).order_by(audit_log.c.sequence.desc()).limit(1)
        row = self._connection.execute(statement).first()
        return (0, b"") if row is None else (row.sequence, row.hash)


def _count(column: Column[Any], condition: ColumnElement[bool]) -> Subquery:
    return select(column, func.count().label("number")).where(condition).group_by(column).subquery()


def _by_locker(rows: Iterable[Row[Any]]) -> dict[str, dict[SizeClass, int]]:
    counted: dict[str, dict[SizeClass, int]] = defaultdict(lambda: dict.fromkeys(SizeClass, 0))
    for row in rows:
        locker_id, size, number = tuple(row)
        counted[locker_id][size] = number
    return counted
