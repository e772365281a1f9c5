"""A day from three files: a carrier's parcels, an operator's lockers, the couriers' shifts; and who may choose what.

A parcel whose recipient allows a locker may go to the door or to a locker within walking distance; a named preferred
locker is the only one then. Everything else goes to the door.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from cloud.domain.fit import WEIGHT_G_MAX, Box, size_for
from cloud.domain.locker import STANDARD_SHELF, PointKind
from cloud.domain.opening_hours import ALWAYS, open_spans
from cloud.domain.windows import Window
from cloud.intake.couriers_csv import CourierRow
from cloud.intake.lockers_geojson import LockerRow
from cloud.intake.others_csv import TariffRow, TripRow
from cloud.intake.parcels_csv import ParcelRow
from cloud.routing.joint.day import OFFERS_MAX, Choice, JointDay, Offer
from cloud.routing.others import is_passing
from cloud.routing.problem import (
    PARCELS_MAX,
    VOLUME_CM3_MAX,
    Amounts,
    Break,
    Costs,
    Courier,
    Place,
    Reload,
    RouteCourierId,
    Soft,
    StopKind,
    Tariff,
    TariffId,
    TimeWindow,
)
from cloud.routing.problem import (
    WEIGHT_G_MAX as LOAD_G_MAX,
)
from cloud.routing.stops import STANDARD_COSTS, DayInput, HomeDelivery, Item, Site, build_stops
from cloud.routing.travel_times import haversine_m
from contract.layout import Layout
from contract.sizes import SizeClass

MM3_PER_CM3, CM3_PER_L, G_PER_KG = 1_000, 1_000, 1_000


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What no file says. ``failed_share`` of doors stay shut, and each such attempt costs ``failed_cents`` again."""

    zone: ZoneInfo
    walk_m_max: int = 800
    model: str = "M20"
    failed_share: float = 0.08
    failed_cents: int = 400

    @property
    def home_extra_cents(self) -> int:
        return round(self.failed_share * self.failed_cents)


@dataclass(frozen=True, slots=True)
class Files:
    """The good rows of the files."""

    parcels: Sequence[ParcelRow]
    lockers: Sequence[LockerRow]
    couriers: Sequence[CourierRow]
    trips: Sequence[TripRow] = ()
    tariffs: Sequence[TariffRow] = ()


@dataclass(frozen=True, slots=True)
class NamedDay:
    """``joint`` is what the planner decides on; the names are what people call lockers, couriers and parcels."""

    joint: JointDay
    sites: Mapping[str, str]
    parcels: Mapping[str, ParcelRow] = field(default_factory=dict)


def day_of(files: Files, day: date, layouts: Mapping[str, Layout], assumed: Assumptions) -> NamedDay:
    """Return the day, counted in seconds from its midnight; raises KeyError for a model nobody knows."""
    begins = datetime.combine(day, time(), assumed.zone)
    span = Window(begins, begins + timedelta(days=1))
    sites = tuple(_site(row, span, layouts, assumed) for row in files.lockers)
    near = _lockers_near(files.parcels, files.lockers, assumed.walk_m_max)
    homes, choices = [], []
    for row, offers in zip(files.parcels, near, strict=True):
        item = Item(row.barcode, row.weight_g, _volume_cm3(row), skills=row.skills)
        place, windows = Place(row.lon, row.lat), _windows(row, span)
        soft = _soft(row, windows, begins)
        size = _locker_size(row)
        if (size is None or not offers) and soft is None:
            homes.append(HomeDelivery(item, place, windows))
        elif size is None or not offers:  # two parcels for one door need not have one price
            choices.append(Choice(item, place, windows, soft=soft))
        else:
            choices.append(Choice(item, place, windows, assumed.home_extra_cents, offers, size, soft))
    fixed = build_stops(DayInput(homes=tuple(homes)))
    couriers = tuple(_courier(row) for row in files.couriers) + tuple(_trip(row) for row in files.trips)
    tariffs = tuple(_tariff(row) for row in files.tariffs)
    joint = JointDay(couriers, fixed.stops, tuple(choices), sites, tariffs=tariffs)
    return NamedDay(joint, {row.id: row.name for row in files.lockers}, {row.barcode: row for row in files.parcels})


def to_doors(day: NamedDay) -> NamedDay:
    """Return the same day without any locker: what it would have cost to bring everything to the door."""
    choices = tuple(_only(choice, ()) for choice in day.joint.choices)
    return _with(day, choices)


def to_nearest(day: NamedDay) -> NamedDay:
    """Return the same day as lockers are chosen today: the nearest offered one with room, before anybody plans.

    Room is given in the order of the file; who finds none goes to the door.
    """
    free = {site.id: dict(site.free or {}) for site in day.joint.sites if site.is_open}
    chosen = []
    for choice in day.joint.choices:
        found = next((one for one in choice.sites if _take(free.get(one.site_id, {}), choice.size)), None)
        if found is None:
            chosen.append(_only(choice, ()))
        else:
            chosen.append(Choice(choice.item, None, (), 0, (found,), choice.size))
    return _with(day, tuple(chosen))


def without_others(day: NamedDay, *, crowd: bool = False, partners: bool = False) -> NamedDay:
    """Return the same day with our own couriers and only those others who are asked for."""
    couriers = tuple(one for one in day.joint.couriers if crowd or not is_passing(one))
    tariffs = day.joint.tariffs if partners else ()
    return replace(day, joint=replace(day.joint, couriers=couriers, tariffs=tariffs))


def _with(day: NamedDay, choices: tuple[Choice, ...]) -> NamedDay:
    return replace(day, joint=replace(day.joint, choices=choices))


def _only(choice: Choice, sites: tuple[Offer, ...]) -> Choice:
    return replace(choice, sites=sites)


def _take(free: dict[SizeClass, int], size: SizeClass) -> bool:
    fitting = [one for one in SizeClass if one.rank >= size.rank and free.get(one, 0) > 0]
    if fitting:
        free[fitting[0]] -= 1
    return bool(fitting)


def _site(row: LockerRow, span: Window, layouts: Mapping[str, Layout], assumed: Assumptions) -> Site:
    is_shop = row.kind is PointKind.COUNTER
    free = Counter(dict(row.shelf) or STANDARD_SHELF) if is_shop else _walls(row, layouts, assumed)
    windows: tuple[TimeWindow, ...] = ()
    is_open = True
    if row.opening_hours != ALWAYS:
        spans = open_spans(row.opening_hours, str(assumed.zone), span)
        windows, is_open = tuple(_window(one, span) for one in spans), bool(spans)
    kind = StopKind.PARTNER if is_shop else StopKind.LOCKER
    return Site(row.id, Place(row.lon, row.lat), kind, free=dict(free), windows=windows, is_open=is_open)


def _walls(row: LockerRow, layouts: Mapping[str, Layout], assumed: Assumptions) -> Counter[SizeClass]:
    return Counter(plan.size for plan in layouts[row.model or assumed.model].compartments)


def _lockers_near(
    parcels: Sequence[ParcelRow], lockers: Sequence[LockerRow], walk_m_max: int
) -> list[tuple[Offer, ...]]:
    """Return for each parcel the lockers its recipient would walk to, nearest first; all of it if one is preferred."""
    if not parcels or not lockers:
        return [()] * len(parcels)
    homes = np.radians(np.array([(row.lon, row.lat) for row in parcels], dtype=np.float64))
    walls = np.radians(np.array([(row.lon, row.lat) for row in lockers], dtype=np.float64))
    known = {row.id for row in lockers}
    found: list[tuple[Offer, ...]] = []
    for row, metres in zip(parcels, haversine_m(homes, walls), strict=True):
        if row.preferred_locker in known:
            found.append((Offer(str(row.preferred_locker)),))
            continue
        nearest = np.argsort(metres, kind="stable")[:OFFERS_MAX]
        found.append(tuple(Offer(lockers[one].id) for one in nearest if metres[one] <= walk_m_max))
    return found


def _locker_size(row: ParcelRow) -> SizeClass | None:
    """Return the compartment a parcel needs, None if it may not or cannot go to a locker."""
    if not row.locker_allowed or row.perishable or row.temperature_controlled or row.weight_g > WEIGHT_G_MAX:
        return None
    return size_for(Box(row.length_mm, row.width_mm, row.height_mm))


def _windows(row: ParcelRow, span: Window) -> tuple[TimeWindow, ...]:
    if row.window_from is None or row.window_to is None:
        return ()
    inside = Window(row.window_from, row.window_to).within(span)
    return (_window(inside, span),) if inside else ()


def _soft(row: ParcelRow, windows: tuple[TimeWindow, ...], begins: datetime) -> Soft | None:
    """Return the price of being late in seconds of the day, None where a window is hard or was cut off before."""
    if row.soft is None or len(windows) != 1:
        return None
    ends, cents = row.soft
    end_s = int((ends - begins).total_seconds())
    return Soft(min(max(end_s, windows[0].start_s), windows[0].end_s), cents)


def _window(window: Window, span: Window) -> TimeWindow:
    return TimeWindow(*(int((at - span.begins).total_seconds()) for at in window))


def _volume_cm3(row: ParcelRow) -> int:
    return row.length_mm * row.width_mm * row.height_mm // MM3_PER_CM3


def _courier(row: CourierRow) -> Courier:
    standard = STANDARD_COSTS
    return Courier(
        RouteCourierId(row.courier),
        Place(*row.start),
        Place(*row.end),
        TimeWindow(*row.shift),
        Amounts(
            _or(row.parcels_max, PARCELS_MAX),
            _or(row.weight_kg_max, LOAD_G_MAX // G_PER_KG) * G_PER_KG,
            _or(row.volume_l_max, VOLUME_CM3_MAX // CM3_PER_L) * CM3_PER_L,
        ),
        breaks=_breaks(row),
        skills=row.skills,
        costs=Costs(
            _or(row.fixed_cents, standard.fixed_cents),
            _or(row.per_hour_cents, standard.per_hour_cents),
            _or(row.per_km_cents, standard.per_km_cents),
        ),
        stops_max=row.stops_max,
        reload=_reload(row),
    )


def _reload(row: CourierRow) -> Reload | None:
    """Return how the van is loaded again, which is where its shift begins."""
    if row.reload is None:
        return None
    times, seconds, hours = row.reload
    return Reload(Place(*row.start), times, seconds, (TimeWindow(*hours),) if hours else ())


def _trip(row: TripRow) -> Courier:
    return Courier(
        RouteCourierId(row.name),
        Place(*row.start),
        Place(*row.end) if row.end else None,
        TimeWindow(*row.way),
        Amounts(row.parcels_max, row.weight_kg_max * G_PER_KG, row.volume_l_max * CM3_PER_L),
        costs=Costs(per_parcel_cents=row.per_parcel_cents),
        detour_m_max=row.detour_m,
    )


def _tariff(row: TariffRow) -> Tariff:
    weight_g_max = row.weight_kg_max * G_PER_KG
    prices = (row.radius_m, row.base_cents, row.per_km_cents)
    return Tariff(
        TariffId(row.name), Place(*row.centre), *prices, TimeWindow(*row.promise), row.parcels_max, weight_g_max
    )


def _breaks(row: CourierRow) -> tuple[Break, ...]:
    if row.pause is None:
        return ()
    earliest, latest, seconds = row.pause
    return (Break("break", (TimeWindow(earliest, latest),), seconds),)


def _or(given: int | None, standard: int) -> int:
    return standard if given is None else given
