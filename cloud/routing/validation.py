"""Everything that can be wrong with a day, said at once and by name, as VROOM accepts nonsense and answers with it.

VROOM takes duplicate ids, negative and float amounts and any exploration level without a word, and raises errors that
name nothing for the rest. Nothing reaches it that did not pass here.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from cloud.routing import problem as p
from cloud.routing.problem import Amounts, Break, Courier, Place, Problem, Reload, Soft, Stop, Tariff, TimeWindow

ERRORS_MAX = 200  # a report longer than this is not read; the last line says how many more


@dataclass(frozen=True, slots=True)
class FieldError:
    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}"


def validate(problem: Problem) -> tuple[FieldError, ...]:
    """Return every error of the problem, in the order of its fields; nothing for a sound one."""
    report = _Report([])
    _check_size(report, "stops", problem.stops, p.STOPS_MAX)
    _check_size(report, "couriers", problem.couriers, p.COURIERS_MAX)
    _check_unique(report, "stops", (stop.id for stop in problem.stops))
    _check_unique(report, "couriers", (courier.id for courier in problem.couriers))
    for number, stop in enumerate(problem.stops):
        _check_stop(report, f"stops[{number}]", stop)
    for number, courier in enumerate(problem.couriers):
        _check_courier(report, f"couriers[{number}]", courier)
    _check_size(report, "tariffs", problem.tariffs, p.TARIFFS_MAX)
    _check_unique(report, "tariffs", (tariff.id for tariff in problem.tariffs))
    for number, tariff in enumerate(problem.tariffs):
        _check_tariff(report, f"tariffs[{number}]", tariff)
    known = problem.skills()
    if len(known) > p.SKILLS_MAX:
        report.add("skills", f"{len(known)} distinct skills; at most {p.SKILLS_MAX}")
    if not report.errors:  # the checks below compute with what the ones above have vouched for
        _check_locked(report, problem)
    return report.cut()


@dataclass(frozen=True, slots=True)
class _Report:
    errors: list[FieldError]

    def add(self, path: str, message: str) -> None:
        self.errors.append(FieldError(path, message))

    def cut(self) -> tuple[FieldError, ...]:
        if len(self.errors) <= ERRORS_MAX:
            return tuple(self.errors)
        rest = len(self.errors) - ERRORS_MAX
        return (*self.errors[:ERRORS_MAX], FieldError("...", f"and {rest} more errors"))


def _check_size(report: _Report, path: str, items: Sequence[object], limit: int) -> None:
    if len(items) > limit:
        report.add(path, f"{len(items)} entries; at most {limit}")


def _check_unique(report: _Report, path: str, ids: Iterable[str]) -> None:
    first: dict[str, int] = {}
    for number, one in enumerate(ids):
        if not isinstance(one, str) or not one or len(one) > p.ID_CHARS_MAX:
            report.add(f"{path}[{number}].id", f"{one!r} is not a text of 1 to {p.ID_CHARS_MAX} characters")
        elif one in first:
            report.add(f"{path}[{number}].id", f"{one!r} is already the id of {path}[{first[one]}]")
        else:
            first[one] = number


def _check_stop(report: _Report, path: str, stop: Stop) -> None:
    _check_place(report, f"{path}.place", stop.place)
    _check_windows(report, f"{path}.windows", stop.windows)
    _check_whole(report, f"{path}.service_s", stop.service_s, p.SERVICE_S_MAX)
    _check_whole(report, f"{path}.priority", stop.priority, p.PRIORITY_MAX)
    _check_amounts(report, f"{path}.deliveries", stop.deliveries)
    _check_amounts(report, f"{path}.collections", stop.collections)
    _check_skills(report, f"{path}.skills", stop.skills)
    _check_size(report, f"{path}.parcels", stop.parcels, p.PARCELS_PER_STOP_MAX)
    if stop.soft is not None:
        _check_soft(report, f"{path}.soft", stop.soft, stop.windows)
    _check_meeting(report, path, stop)


def _check_soft(report: _Report, path: str, soft: Soft, windows: tuple[TimeWindow, ...]) -> None:
    known = len(report.errors)
    _check_whole(report, f"{path}.end_s", soft.end_s, p.HORIZON_S_MAX)
    _check_whole(report, f"{path}.per_minute_cents", soft.per_minute_cents, p.COST_CENTS_MAX)
    if len(windows) != 1:
        report.add(path, f"a soft end needs one window, not {len(windows)}")
    elif len(report.errors) == known and not windows[0].start_s <= soft.end_s <= windows[0].end_s:
        report.add(f"{path}.end_s", f"{soft.end_s} s is outside its window {tuple(windows[0])}")


def _check_meeting(report: _Report, path: str, stop: Stop) -> None:
    if stop.kind is p.StopKind.MEETING:
        if not stop.out_of:
            report.add(f"{path}.out_of", "a meeting needs the van it is with")
        if any((*stop.deliveries, *stop.collections)):
            report.add(path, "a meeting has no amounts of its own")
    elif stop.out_of and any(stop.collections):
        report.add(f"{path}.collections", "what is taken over is only delivered")


def _check_courier(report: _Report, path: str, courier: Courier) -> None:
    if courier.start is None and courier.end is None:
        report.add(f"{path}.start", "a courier needs a start or an end")
    for name, place in (("start", courier.start), ("end", courier.end)):
        if place is not None:
            _check_place(report, f"{path}.{name}", place)
    _check_windows(report, f"{path}.shift", (courier.shift,))
    _check_amounts(report, f"{path}.capacity", courier.capacity)
    if courier.reload is not None:
        _check_reload(report, f"{path}.reload", courier.reload)
    _check_skills(report, f"{path}.skills", courier.skills)
    costs = courier.costs
    for name in ("fixed_cents", "per_hour_cents", "per_km_cents", "per_stop_cents", "per_parcel_cents"):
        _check_whole(report, f"{path}.costs.{name}", getattr(costs, name), p.COST_CENTS_MAX)
    limits = (
        ("stops_max", courier.stops_max, p.STOPS_MAX),
        ("distance_m_max", courier.distance_m_max, p.DISTANCE_M_MAX),
        ("drive_s_max", courier.drive_s_max, p.HORIZON_S_MAX),
        ("detour_m_max", courier.detour_m_max, p.DISTANCE_M_MAX),
    )
    for name, value, limit in limits:
        if value is not None:
            _check_whole(report, f"{path}.{name}", value, limit)
    known = len(report.errors)
    _check_breaks(report, f"{path}.breaks", courier.breaks)
    if len(report.errors) == known:
        _check_breaks_fit(report, f"{path}.breaks", courier)


def _check_reload(report: _Report, path: str, reload: Reload) -> None:
    _check_place(report, f"{path}.place", reload.place)
    _check_whole(report, f"{path}.times_max", reload.times_max, p.RELOADS_MAX)
    _check_whole(report, f"{path}.duration_s", reload.duration_s, p.SERVICE_S_MAX)
    _check_windows(report, f"{path}.windows", reload.windows)
    if len(reload.windows) > 1:
        report.add(f"{path}.windows", "a depot is open once a day")


def _check_tariff(report: _Report, path: str, tariff: Tariff) -> None:
    _check_place(report, f"{path}.centre", tariff.centre)
    _check_windows(report, f"{path}.promise", (tariff.promise,))
    limits = (
        ("radius_m", p.DISTANCE_M_MAX),
        ("base_cents", p.COST_CENTS_MAX),
        ("per_km_cents", p.COST_CENTS_MAX),
        ("parcels_max", p.PARCELS_MAX),
        ("weight_g_max", p.WEIGHT_G_MAX),
    )
    for name, limit in limits:
        _check_whole(report, f"{path}.{name}", getattr(tariff, name), limit)


def _check_breaks(report: _Report, path: str, breaks: tuple[Break, ...]) -> None:
    _check_size(report, path, breaks, p.BREAKS_MAX)
    _check_unique(report, path, (pause.id for pause in breaks))
    for number, pause in enumerate(breaks):
        if not pause.windows:
            report.add(f"{path}[{number}].windows", "a break needs at least one window")
        _check_windows(report, f"{path}[{number}].windows", pause.windows)
        _check_whole(report, f"{path}[{number}].duration_s", pause.duration_s, p.SERVICE_S_MAX)


def _check_breaks_fit(report: _Report, path: str, courier: Courier) -> None:
    """Report breaks that cannot be taken one after the other in their order: no route of this courier keeps them."""
    free_s = 0
    for number, pause in enumerate(courier.breaks):
        begin_s = next((max(free_s, window.start_s) for window in pause.windows if free_s <= window.end_s), None)
        if begin_s is None:
            report.add(f"{path}[{number}].windows", f"cannot begin after the break before it, which ends at {free_s} s")
            return
        free_s = begin_s + pause.duration_s


def _check_place(report: _Report, path: str, place: Place) -> None:
    for name, value, limit in (("lon", place.lon, 180), ("lat", place.lat, 90)):
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            report.add(f"{path}.{name}", f"{value!r} is not a finite number of degrees")
        elif abs(value) > limit:
            report.add(f"{path}.{name}", f"{value} degrees; allowed is -{limit} to {limit} (longitude comes first)")


def _check_windows(report: _Report, path: str, windows: tuple[TimeWindow, ...]) -> None:
    _check_size(report, path, windows, p.WINDOWS_MAX)
    known = len(report.errors)
    for number, window in enumerate(windows):
        _check_whole(report, f"{path}[{number}].start_s", window.start_s, p.HORIZON_S_MAX)
        _check_whole(report, f"{path}[{number}].end_s", window.end_s, p.HORIZON_S_MAX)
    if len(report.errors) > known:
        return
    for number, window in enumerate(windows):
        if window.end_s < window.start_s:
            report.add(f"{path}[{number}]", f"ends at {window.end_s} s, before it starts at {window.start_s} s")
        elif number and window.start_s <= windows[number - 1].end_s:
            report.add(f"{path}[{number}]", "overlaps the window before it or is out of order")


def _check_amounts(report: _Report, path: str, amounts: Amounts) -> None:
    _check_whole(report, f"{path}.parcels", amounts.parcels, p.PARCELS_MAX)
    _check_whole(report, f"{path}.weight_g", amounts.weight_g, p.WEIGHT_G_MAX)
    _check_whole(report, f"{path}.volume_cm3", amounts.volume_cm3, p.VOLUME_CM3_MAX)


def _check_skills(report: _Report, path: str, skills: frozenset[str]) -> None:
    for skill in sorted(skills, key=repr):
        if not isinstance(skill, str) or not skill:
            report.add(path, f"{skill!r} is not a skill's name")


def _check_whole(report: _Report, path: str, value: object, limit: int) -> None:
    if type(value) is not int:  # bool, float, numpy and Decimal all mean that somebody computed where they should not
        report.add(path, f"{value!r} is not a whole number")
    elif not 0 <= value <= limit:
        report.add(path, f"{value} is outside 0..{limit}")


def _check_locked(report: _Report, problem: Problem) -> None:
    stops = problem.stop_by_id()
    holder: dict[str, str] = {}
    for number, courier in enumerate(problem.couriers):
        path = f"couriers[{number}].locked"
        known = len(report.errors)
        for stop_id in courier.locked:
            if stop_id not in stops:
                report.add(path, f"{stop_id!r} is no stop of this problem")
            elif stop_id in holder:
                report.add(path, f"{stop_id!r} is already locked to courier {holder[stop_id]!r}")
            holder[stop_id] = courier.id
        if len(report.errors) == known and courier.locked:
            _check_locked_load(report, path, courier, [stops[stop_id] for stop_id in courier.locked])


def _check_locked_load(report: _Report, path: str, courier: Courier, locked: list[Stop]) -> None:
    peak = p.highest(loads_along(locked))
    if not peak.fits(courier.capacity):
        report.add(path, f"the locked stops alone load {tuple(peak)}; the capacity is {tuple(courier.capacity)}")


def loads_along(stops: Sequence[Stop]) -> list[Amounts]:
    """Return the load on leaving the start and each stop: all deliveries at first, collections growing on the way."""
    load = p.total(stop.deliveries for stop in stops)
    loads = [load]
    for stop in stops:
        load = load.minus(stop.deliveries).plus(stop.collections)
        loads.append(load)
    return loads


def describe(errors: Sequence[FieldError], say: Callable[[FieldError], str] = str) -> str:
    return "; ".join(say(error) for error in errors)
