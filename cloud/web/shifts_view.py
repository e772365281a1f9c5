"""What the page of a day's shifts shows, what its form means, and the file it gives as an example."""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from cloud.domain.errors import InvalidError
from cloud.domain.locker import Locker, LockerStatus
from cloud.intake import fields as texts
from cloud.intake.couriers_csv import BREAK_MIN_MAX, PARCELS_MAX, VOLUME_L_MAX, WEIGHT_KG_MAX
from cloud.intake.findings import FieldError
from cloud.intake.shifts_csv import BREAK, STANDARD
from cloud.services.gather_day import DaySpan
from cloud.services.ports import Act, UnitOfWork
from cloud.services.records import Courier, Shift
from cloud.services.shifts import ShiftLine, couriers_of, need_waiting, pattern_of, shifts_of
from cloud.web import maps
from cloud.web.courier import place_of
from cloud.web.crowd_view import near

BEGINS, ENDS = "08:00", "16:00"  # of a depot that has had no shift yet
SECONDS_PER_MINUTE, GRAMS_PER_KG = 60, 1_000
DIGITS_MAX = 6  # of a typed number: the largest limit has six
DEGREES = 6  # digits: ten centimetres
PLACES_MAX = 1_000  # lockers that name places on the page
EXAMPLE_MAX = 200  # couriers in the example file
EXAMPLE = (
    "courier",
    "day",
    "shift_from",
    "shift_to",
    "start_longitude",
    "start_latitude",
    "end_longitude",
    "end_latitude",
    *STANDARD,
    *BREAK,
    "skills",
)
Fields = dict[str, str]


@dataclass(frozen=True, slots=True)
class ShiftsView:
    """``typed`` is what the form begins with; ``changed`` is the shift that is being changed."""

    lines: tuple[ShiftLine, ...]
    couriers: tuple[Courier, ...]
    lockers: tuple[Locker, ...]
    typed: Mapping[str, str]
    changed: Shift | None = None

    @property
    def waiting(self) -> int:
        return sum(1 for one in self.lines if one.may_change)

    @property
    def parcels_max(self) -> int:
        """How much all of them can bring: every load of every van."""
        return sum(one.shift.parcels_max * one.shift.loads_max for one in self.lines)

    @property
    def planned(self) -> int | None:
        """How many parcels are planned for the shift that is being changed."""
        found = (one.parcels for one in self.lines if self.changed is not None and one.shift.id == self.changed.id)
        return next(found, None)

    def courier_name(self, courier_id: str) -> str:
        known = (one.courier.name for one in self.lines if one.courier.id == courier_id)
        return next(known, "")

    def near(self, lon: float, lat: float) -> str:
        return near((lon, lat), self.lockers)

    def drawing(self) -> str:
        """Return the lockers, and where vans set out from that day."""
        starts = {(one.shift.start_lon, one.shift.start_lat) for one in self.lines}
        points = [maps.locker_point(one) for one in self.lockers]
        return maps.drawing([*points, *(maps.point("home", at, self.near(*at)) for at in sorted(starts))])


def span_of(day: date, zone: ZoneInfo) -> DaySpan:
    return DaySpan(day, datetime.combine(day, time(), zone), datetime.combine(day + timedelta(days=1), time(), zone))


def view_of(uow: UnitOfWork, act: Act, span: DaySpan, change: str = "") -> ShiftsView:
    """Read a day's shifts, and the one to change; raises ``ConflictError`` for one that has begun."""
    lines = shifts_of(uow, act, span)
    changed = need_waiting(uow, act, change) if change else None
    pattern = changed or pattern_of(uow, lines, span.ends)
    lockers = tuple(uow.find(Locker, order="name id", limit=PLACES_MAX, status=LockerStatus.ACTIVE))
    return ShiftsView(lines, couriers_of(uow), lockers, _typed(pattern, span), changed)


def shift_in(fields: Fields, zone: ZoneInfo, shift_id: str) -> Shift:
    """Return the shift somebody typed; raises ``InvalidError`` with what to write instead."""
    day = day_in(fields.get("day", ""))
    begins, ends = (_moment(fields, name, day, zone) for name in ("from", "to"))
    pause_from, pause_to, pause_s = _break(fields, day, begins)
    start = _place(fields, "start_")
    end = _place(fields, "end_") if fields.get("end_lon", "").strip() or fields.get("end_lat", "").strip() else start
    return Shift(
        id=shift_id,
        courier_id=fields.get("courier", ""),
        starts_at=begins,
        ends_at=ends if ends > begins else _moment(fields, "to", day + timedelta(days=1), zone),
        start_lon=start[0],
        start_lat=start[1],
        end_lon=end[0],
        end_lat=end[1],
        parcels_max=_whole(fields, "parcels_max", 1, PARCELS_MAX),
        weight_g_max=_whole(fields, "weight_kg_max", 1, WEIGHT_KG_MAX) * GRAMS_PER_KG,
        volume_l_max=_whole(fields, "volume_l_max", 1, VOLUME_L_MAX // 10),
        loads_max=_whole(fields, "loads_max", 1, PARCELS_MAX),
        reload_s=_whole(fields, "reload_min", 0, PARCELS_MAX) * SECONDS_PER_MINUTE,
        break_from=pause_from,
        break_to=pause_to,
        break_s=pause_s,
        skills=_skills(fields),
    )


def day_in(text: str) -> date:
    try:
        found = date.fromisoformat(text)
    except ValueError as error:
        raise InvalidError("day", "choose a day") from error
    if not date.min < found < date.max:
        raise InvalidError("day", "choose a day")
    return found


def example_of(view: ShiftsView, span: DaySpan) -> str:
    """Return the day as a file; where nobody drives yet, everybody as the last shift was."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(EXAMPLE)
    said = [_row(one.courier, span.day, _typed(one.shift, span)) for one in view.lines]
    writer.writerows(said or [_row(one, span.day, view.typed) for one in view.couriers[:EXAMPLE_MAX]])
    return text.getvalue()


def _row(courier: Courier, day: date, typed: Mapping[str, str]) -> list[str]:
    places = [typed.get(name, "") for name in ("start_lon", "start_lat", "end_lon", "end_lat")]
    more = [typed.get(name, "") for name in (*STANDARD, *BREAK, "skills")]
    return [courier.name, day.isoformat(), typed["from"], typed["to"], *places, *more]


def _typed(shift: Shift | None, span: DaySpan) -> Fields:
    """Return a shift as somebody would type it."""
    if shift is None:
        return {"from": BEGINS, "to": ENDS, **{name: str(value) for name, value in STANDARD.items()}}
    zone = span.begins.tzinfo
    begins, ends = (at.astimezone(zone).strftime("%H:%M") for at in (shift.starts_at, shift.ends_at))
    places = {"start_lon": shift.start_lon, "start_lat": shift.start_lat}
    if (shift.end_lon, shift.end_lat) != (shift.start_lon, shift.start_lat):
        places |= {"end_lon": shift.end_lon, "end_lat": shift.end_lat}
    numbers = {
        "parcels_max": shift.parcels_max,
        "weight_kg_max": shift.weight_g_max // GRAMS_PER_KG,
        "volume_l_max": shift.volume_l_max,
        "loads_max": shift.loads_max,
        "reload_min": shift.reload_s // SECONDS_PER_MINUTE,
    }
    known = {name: str(round(value, DEGREES)) for name, value in places.items()}
    known |= {name: str(value) for name, value in numbers.items()} | _typed_break(shift, zone)
    return {"from": begins, "to": ends, "courier": shift.courier_id, "skills": shift.skills, **known}


def _typed_break(shift: Shift, zone: tzinfo | None) -> Fields:
    if shift.break_from is None or shift.break_to is None:
        return {}
    times = (at.astimezone(zone).strftime("%H:%M") for at in (shift.break_from, shift.break_to))
    return dict(zip(BREAK, (*times, str(shift.break_s // SECONDS_PER_MINUTE)), strict=True))


def _break(fields: Fields, day: date, begins: datetime) -> tuple[datetime | None, datetime | None, int]:
    """Return when a break begins at the earliest and the latest, and its seconds; a night shift's is the day after."""
    if not any(fields.get(name, "").strip() for name in BREAK):
        return None, None, 0
    first, last = (_moment(fields, name, day, begins.tzinfo) for name in BREAK[:2])
    if first < begins:
        first, last = (_moment(fields, name, day + timedelta(days=1), begins.tzinfo) for name in BREAK[:2])
    last += timedelta(days=1) if last < first else timedelta(0)
    return first, last, _whole(fields, "break_min", 1, BREAK_MIN_MAX) * SECONDS_PER_MINUTE


def _skills(fields: Fields) -> str:
    try:
        return " ".join(sorted(texts.skills("skills", fields.get("skills", ""))))
    except FieldError as error:
        raise InvalidError("skills", error.reason) from error


def _moment(fields: Fields, name: str, day: date, zone: tzinfo | None) -> datetime:
    try:
        return datetime.combine(day, time.fromisoformat(fields.get(name, "")), zone)
    except ValueError as error:
        raise InvalidError(name, "write a time such as 17:30") from error


def _place(fields: Fields, which: str) -> tuple[float, float]:
    """Return a place, written with points or commas; raises ``InvalidError``."""
    given = {name: fields.get(which + name, "").strip().replace(",", ".") for name in ("lon", "lat")}
    lon, lat = place_of(given)
    if lon is None or lat is None:
        raise InvalidError(f"{which}lon", "tap where it is on the map, or write its longitude and latitude")
    return lon, lat


def _whole(fields: Fields, name: str, low: int, high: int) -> int:
    text = fields.get(name, "").strip()
    if not (text.isascii() and text.isdigit() and len(text) <= DIGITS_MAX and low <= int(text) <= high):
        raise InvalidError(name, f"write a whole number from {low} to {high}")
    return int(text)
