"""A file of shifts: good rows are added or change the shift they are about, bad ones come back with line and column.

The same file twice changes nothing. A row that falls into a shift of its courier that has not begun is that shift, said
anew: a corrected file puts right what the first one said.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from cloud.domain.actors import Role, require
from cloud.domain.errors import ConflictError, InvalidError
from cloud.intake.findings import Finding
from cloud.intake.shifts_csv import ShiftRow
from cloud.services.imports import ImportReport, ImportSource, Tally, begin, finish
from cloud.services.ports import Act, UnitOfWork
from cloud.services.records import Courier, Shift
from cloud.services.shifts import add_shift, change_shift, couriers_of, overlapping

YEARS = range(2000, 3000)  # hours before and after such a day are times too, which those of the year 1 are not
SECONDS_PER_MINUTE, GRAMS_PER_KG = 60, 1_000


@dataclass(slots=True)
class _Work:
    source: ImportSource
    couriers: Sequence[Courier]
    tally: Tally = field(default_factory=Tally)
    problems: list[Finding] = field(default_factory=list)


def import_shifts(
    uow: UnitOfWork, act: Act, source: ImportSource, rows: Sequence[ShiftRow], problems: Sequence[Finding] = ()
) -> ImportReport:
    """Land the good rows and report the others; rows without a day are of the day the source names."""
    require(act.actor, Role.OPERATOR, Role.PLANNER)
    work, run_id = _Work(source, couriers_of(uow)), begin(uow, act, source)
    for row in rows:
        try:
            work.tally = _land(uow, act, work, row)
        except InvalidError as error:
            work.problems.append(Finding(row.line, _COLUMN.get(error.field, error.field), error.why))
        except ConflictError as error:
            work.problems.append(Finding(row.line, "shift_from", str(error)))
    return finish(uow, act, run_id, work.tally, (problems, work.problems))


_COLUMN = {"starts_at": "shift_from", "ends_at": "shift_to"}


def _land(uow: UnitOfWork, act: Act, work: _Work, row: ShiftRow) -> Tally:
    shift, tally = _shift(act, work, row), work.tally
    others = overlapping(uow, shift)
    if len(others) != 1:
        add_shift(uow, act, shift)  # which refuses what falls into several
        return replace(tally, added=tally.added + 1)
    said = replace(shift, id=others[0].id)
    if said == others[0]:
        return replace(tally, unchanged=tally.unchanged + 1)
    change_shift(uow, act, said)
    return replace(tally, changed=tally.changed + 1)


def _shift(act: Act, work: _Work, row: ShiftRow) -> Shift:
    day, zone = _day(work, row), ZoneInfo(work.source.time_zone)
    begins, ends = (moment(day, seconds, zone) for seconds in row.span)
    pause_from, pause_to = (moment(day, seconds, zone) for seconds in row.pause[:2]) if row.pause else (None, None)
    return Shift(
        id=act.ids.new(),
        courier_id=_courier(work, row.courier).id,
        starts_at=begins,
        ends_at=ends,
        start_lon=row.start[0],
        start_lat=row.start[1],
        end_lon=row.end[0],
        end_lat=row.end[1],
        parcels_max=row.van.parcels_max,
        weight_g_max=row.van.weight_kg_max * GRAMS_PER_KG,
        volume_l_max=row.van.volume_l_max,
        loads_max=row.van.loads_max,
        reload_s=row.van.reload_min * SECONDS_PER_MINUTE,
        break_from=pause_from,
        break_to=pause_to,
        break_s=row.pause[2] if row.pause else 0,
        skills=" ".join(sorted(row.skills)),
    )


def moment(day: date, seconds: int, zone: ZoneInfo) -> datetime:
    """Return the moment when a clock on the wall shows so many seconds since midnight, hours of the night after too."""
    return datetime.combine(day, time(), zone) + timedelta(seconds=seconds)


def _day(work: _Work, row: ShiftRow) -> date:
    if row.day is None and not work.source.day:
        raise InvalidError("day", "is empty; write it as 2026-11-23")
    day = row.day or date.fromisoformat(work.source.day)
    if day.year not in YEARS:
        raise InvalidError("day", "is no day; write it as 2026-11-23")
    return day


def _courier(work: _Work, given: str) -> Courier:
    """Return the courier of this id, else of this name if it is one person's."""
    found = [one for one in work.couriers if one.id == given]
    found = found or [one for one in work.couriers if one.name.casefold() == given.casefold()]
    if not found:
        raise InvalidError("courier", "no courier of ours has this name")
    if len(found) > 1:
        raise InvalidError("courier", "several couriers have this name; write the id")
    return found[0]
