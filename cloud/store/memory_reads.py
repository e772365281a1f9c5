"""Counts and joins over the tables in memory: what ``reads.py`` asks SQL for."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from cloud.domain.capacity import Reservation, ReservationState
from cloud.domain.custody import CustodianKind
from cloud.domain.locker import Compartment, CompartmentStatus, Contents, Locker, LockerStatus
from cloud.domain.parcel import Parcel, ParcelState
from cloud.services.ports import AheadRow, FleetRow
from cloud.services.records import LockerKey, PreparedCode, Route, Stop, StopTask, TaskState
from cloud.services.records_ops import Alarm, AuditEntry
from cloud.store.memory_shelf import Shelf
from contract.sizes import SizeClass

_PLANNABLE = (ParcelState.ANNOUNCED, ParcelState.PLANNED, ParcelState.DELIVERY_FAILED, ParcelState.ASSIGNED_TO_LOCKER)
_NO_LIMIT = 1 << 62


class MemoryReads:
    """Implements ``cloud.services.ports.Reads``."""

    def __init__(self, shelves: Mapping[type[Any], Shelf]) -> None:
        """Read ``shelves`` as they are."""
        self._shelves = shelves

    def free_by_size(self, lockers: Sequence[str] | None = None, /) -> dict[str, dict[SizeClass, int]]:
        where = {"status": CompartmentStatus.IN_SERVICE, "contents": Contents.EMPTY}
        return _by_locker(self._some(Compartment, lockers, where))

    def reserved_by_size(self, lockers: Sequence[str] | None = None, /) -> dict[str, dict[SizeClass, int]]:
        return _by_locker(self._some(Reservation, lockers, {"state": ReservationState.ACTIVE}))

    def fleet(self) -> list[FleetRow]:
        doors: dict[str, Counter[str]] = defaultdict(Counter)
        for one in self._some(Compartment):
            doors[one.locker_id].update(
                {
                    "all": 1,
                    "occupied": one.contents == Contents.OCCUPIED,
                    "out": one.status != CompartmentStatus.IN_SERVICE,
                }
            )
        waiting_states = {"state": (ParcelState.READY_FOR_PICKUP, ParcelState.EXPIRED)}
        reserved = Counter(one.locker_id for one in self._some(Reservation, None, {"state": ReservationState.ACTIVE}))
        waiting = Counter(one.locker_id for one in self._some(Parcel, None, waiting_states))
        alarms = Counter(one.locker_id for one in self._some(Alarm, None, {"cleared_at": None}))
        return [
            FleetRow(
                *(one.id, one.name, one.status, one.online, one.seen_at, one.lon, one.lat, one.kind),
                *(doors[one.id][name] for name in ("all", "occupied", "out")),
                *(counted[one.id] for counted in (reserved, waiting, alarms)),
            )
            for one in self._some(Locker)
        ]

    def search_parcels(self, text: str, limit: int, /) -> list[str]:
        plain = _lower(text)
        found = [
            one
            for one in self._shelves[Parcel].find({}, "-updated_at", _NO_LIMIT)
            if _lower(one.barcode).startswith(plain) or plain in _lower(one.recipient_name) or one.id == text
        ]
        return [one.id for one in found[:limit]]

    def parcels_to_plan(self, before: datetime, limit: int, /) -> list[str]:
        carrier = str(CustodianKind.CARRIER)
        found = [
            one.id
            for one in self._shelves[Parcel].find({"state": _PLANNABLE}, "window_to created_at", _NO_LIMIT)
            if one.custodian.startswith(carrier) and (one.window_from is None or one.window_from < before)
        ]
        return found[:limit]

    def under_way(self) -> set[str]:
        found: set[str] = set()
        for task in self._some(StopTask, None, {"state": TaskState.PENDING}):
            stop = self._shelves[Stop].at((task.stop_id,))
            route = self._shelves[Route].at((stop.route_id,)) if stop is not None else None
            if route is not None and route.started_at is not None:
                found.add(task.parcel_id)
        return found

    def ahead(self, plan_id: str, /) -> list[AheadRow]:
        routes = {one.id for one in self._some(Route, None, {"plan_id": plan_id})}
        found: list[tuple[tuple[str, int, str, str], AheadRow]] = []
        for task in self._some(StopTask, None, {"state": TaskState.PENDING}):
            stop = self._shelves[Stop].at((task.stop_id,))
            parcel = self._shelves[Parcel].at((task.parcel_id,))
            if stop is None or parcel is None or stop.route_id not in routes:
                continue
            volume = parcel.length_mm * parcel.width_mm * parcel.height_mm
            row = AheadRow(
                *(stop.route_id, stop.id, stop.locker_id, stop.lon, stop.lat, stop.service_s, stop.eta),
                *(task.task, parcel.id, parcel.window_from, parcel.window_to, parcel.weight_g, volume),
            )
            found.append(((stop.route_id, stop.position, stop.id, task.id), row))
        return [row for _, row in sorted(found, key=lambda one: one[0])]

    def count_by_state(self) -> dict[str, int]:
        return dict(Counter(str(one.state) for one in self._some(Parcel)))

    def prepared_codes(self) -> dict[str, int]:
        codes = Counter(one.locker_id for one in self._some(PreparedCode))
        served = {one.locker_id for one in self._some(LockerKey, None, {"revoked_at": None})}
        active = self._some(Locker, None, {"status": LockerStatus.ACTIVE})
        return {one.id: codes[one.id] for one in active if one.id in served}

    def audit_head(self) -> tuple[int, bytes]:
        last = self._shelves[AuditEntry].last()
        return (0, b"") if last is None else (last.sequence, last.hash)

    def _some(
        self, kind: type[Any], lockers: Sequence[str] | None = None, where: Mapping[str, Any] | None = None
    ) -> list[Any]:
        conditions = dict(where or {})
        if lockers is not None:
            conditions["locker_id"] = tuple(lockers)
        return self._shelves[kind].find(conditions, "", _NO_LIMIT)


def _by_locker(records: Iterable[Any]) -> dict[str, dict[SizeClass, int]]:
    counted: dict[str, dict[SizeClass, int]] = {}
    for one in records:
        counted.setdefault(one.locker_id, dict.fromkeys(SizeClass, 0))[one.size] += 1
    return counted


def _lower(text: str) -> str:
    """Fold ASCII letters only, as SQLite's LIKE does."""
    return "".join(chr(ord(one) + 32) if "A" <= one <= "Z" else one for one in text)
