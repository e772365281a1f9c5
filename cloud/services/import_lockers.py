"""An operator's file becomes lockers with compartments and counters with shelves; twice the same changes nothing.

A counter's file says what its shelf is at the beginning; from then on its business sets it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from cloud.domain.actors import Role, require
from cloud.domain.closings import days_off, with_days_off
from cloud.domain.errors import InvalidError, NotFoundError
from cloud.domain.locker import (
    STANDARD_SHELF,
    Compartment,
    CompartmentStatus,
    Contents,
    Locker,
    LockerStatus,
    PointKind,
    is_counter,
)
from cloud.domain.opening_hours import normal
from cloud.intake.findings import Finding
from cloud.intake.lockers_geojson import LockerRow
from cloud.services.counter_shelf import SHELF_MODEL, ensure_model, places
from cloud.services.imports import ImportReport, ImportSource, Tally, begin, finish
from cloud.services.models import layout_of
from cloud.services.ports import Act, UnitOfWork
from contract.state import DoorLevel


@dataclass(slots=True)
class _Work:
    source: ImportSource
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    problems: list[Finding] = field(default_factory=list)


def import_lockers(
    uow: UnitOfWork,
    act: Act,
    source: ImportSource,
    rows: Sequence[LockerRow],
    problems: Sequence[Finding] = (),
) -> ImportReport:
    """Land the good rows and report the others."""
    require(act.actor, Role.OPERATOR, Role.INSTALLER)
    run_id = begin(uow, act, source)
    work = _Work(source)
    for row in rows:
        try:
            _land(uow, act, row, work)
        except InvalidError as error:
            work.problems.append(Finding(row.line, error.field, error.why))
        except NotFoundError:
            work.problems.append(Finding(row.line, "model", "this model has no layout here", row.model))
    return finish(uow, act, run_id, Tally(work.added, work.changed, work.unchanged), (problems, work.problems))


def _land(uow: UnitOfWork, act: Act, row: LockerRow, work: _Work) -> None:
    model = SHELF_MODEL if row.kind is PointKind.COUNTER else row.model or work.source.model
    hours = normal(row.opening_hours)
    known = uow.get(Locker, row.id)
    if known is None:
        _add(uow, act, row, (model, hours, work.source.time_zone))
        work.added += 1
        return
    if known.kind is not row.kind:
        raise InvalidError("type", f"{row.id} is known as a {known.kind}; what becomes another kind gets a new id")
    hours = with_days_off(hours, days_off(known.opening_hours)) if is_counter(known) else hours
    if row.model and known.model != model:
        raise InvalidError("model", f"locker {row.id} is built as {known.model}; a rebuilt locker gets a new id")
    said = {"name": row.name, "lon": row.lon, "lat": row.lat, "address": row.address, "opening_hours": hours}
    if all(getattr(known, name) == value for name, value in said.items()):
        work.unchanged += 1
        return
    uow.change(Locker, {"id": row.id}, **said, updated_at=act.now)
    work.changed += 1


def _add(uow: UnitOfWork, act: Act, row: LockerRow, about: tuple[str, str, str]) -> None:
    model, hours, time_zone = about
    is_shop = row.kind is PointKind.COUNTER
    if is_shop:
        ensure_model(uow, act)
    doors = places(act, row.id, dict(row.shelf) or STANDARD_SHELF) if is_shop else _doors(uow, act, row.id, model)
    locker = Locker(
        id=row.id,
        name=row.name,
        model=model,
        status=LockerStatus.ANNOUNCED,
        lon=row.lon,
        lat=row.lat,
        address=row.address,
        opening_hours=hours,
        time_zone=time_zone,
        online=is_shop,  # its staff work on our own pages: nothing of it is ever under way to us
        seen_at=None,
        reported_at=act.now if is_shop else None,
        unserved_since=None,
        boot_nonce=None,
        session=0,
        agent_version=None,
        command_counter=0,
        intake_open=False,
        created_at=act.now,
        updated_at=act.now,
        kind=row.kind,
    )
    uow.add(locker, *doors)


def _doors(uow: UnitOfWork, act: Act, locker_id: str, model: str) -> list[Compartment]:
    return [
        Compartment(
            locker_id=locker_id,
            label=plan.label,
            size=plan.size,
            low=plan.low,
            door=DoorLevel.UNKNOWN,
            contents=Contents.EMPTY,
            parcel_id=None,
            status=CompartmentStatus.IN_SERVICE,
            fault=None,
            updated_at=act.now,
        )
        for plan in layout_of(uow, model).compartments
    ]
