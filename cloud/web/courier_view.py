"""A courier's day as the phone shows it: the next stop large, the rest as a list, and what lies in the van."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from cloud.domain.custody import CustodianKind, parse_custodian
from cloud.domain.locker import Locker
from cloud.domain.parcel import Parcel, ParcelState
from cloud.domain.places import distance_m
from cloud.services.complete_stop import SAID_INSIDE
from cloud.services.courier_pass import courier_pass
from cloud.services.many import by_id
from cloud.services.ports import Act, Keys, UnitOfWork
from cloud.services.queries import CourierDay, StopView, courier_day
from cloud.services.records import (
    ABOARD,
    BRINGS,
    ENDS,
    Attempt,
    Courier,
    HistoryEntry,
    Route,
    Stop,
    StopKind,
    StopTask,
    Task,
    TaskState,
)
from cloud.web import maps
from cloud.web.tracking_view import ROUND_M, WALK_DETOUR
from cloud.web.words import Words

REASONS = ("nobody_home", "refused", "no_access", "wrong_address", "damaged")
BACK = (ParcelState.COLLECTED, ParcelState.DELIVERY_FAILED, ParcelState.CANCELLED)


@dataclass(frozen=True, slots=True)
class StopCard:
    """One stop with its parcels by what is done with them; ``is_open`` while something is left to do.

    ``whose`` is the courier of the van that is met there.
    """

    view: StopView
    locker: Locker | None
    whose: str = ""

    @property
    def stop(self) -> Stop:
        return self.view.stop

    @property
    def pending(self) -> tuple[tuple[StopTask, Parcel], ...]:
        return tuple(pair for pair in self.view.tasks if pair[0].state is TaskState.PENDING)

    @property
    def is_open(self) -> bool:
        return bool(self.pending)

    @property
    def failed(self) -> bool:
        return any(task.state is TaskState.FAILED for task, _ in self.view.tasks)

    @property
    def drop_offs(self) -> tuple[Parcel, ...]:
        return tuple(parcel for task, parcel in self.pending if task.task is Task.DROP_OFF)

    @property
    def collections(self) -> tuple[Parcel, ...]:
        return tuple(parcel for task, parcel in self.pending if task.task is Task.COLLECT)

    @property
    def aboard(self) -> tuple[Parcel, ...]:
        """What is still to come into the van here."""
        return tuple(parcel for task, parcel in self.pending if task.task in ABOARD)

    @property
    def is_border(self) -> bool:
        return self.stop.kind in (StopKind.DEPOT, StopKind.MEETING)

    def named(self, words: Words) -> str:
        """Return what people call the place."""
        if self.stop.kind is StopKind.MEETING:
            return words.say("courier.at_van", name=self.whose) if self.whose else words.say("courier.at_other_van")
        if self.stop.kind is StopKind.DEPOT:
            return words.say("courier.at_depot")
        return self.locker.name if self.locker else self.stop.address


@dataclass(frozen=True, slots=True)
class Awaited:
    """Somebody who comes for parcels in this courier's van."""

    name: str
    at: datetime
    parcels: int


@dataclass(frozen=True, slots=True)
class DayView:
    """``strays`` are promised to a locker, in this van and on nobody's route."""

    day: CourierDay
    cards: tuple[StopCard, ...]
    awaited: tuple[Awaited, ...] = ()
    strays: frozenset[str] = frozenset()

    @property
    def next(self) -> StopCard | None:
        return next((card for card in self.cards if card.is_open), None)

    @property
    def done(self) -> int:
        return sum(1 for card in self.cards if not card.is_open)

    @property
    def to_bring_back(self) -> tuple[Parcel, ...]:
        return tuple(one for one in self.day.carried if one.state in BACK or one.id in self.strays)

    def card_of(self, locker_id: str) -> StopCard | None:
        found = [card for card in self.cards if card.stop.locker_id == locker_id]
        return next((card for card in found if card.is_open), found[-1] if found else None)

    @property
    def several_loads(self) -> bool:
        return any(card.stop.kind is StopKind.DEPOT for card in self.cards)

    @property
    def first_load(self) -> int:
        """How many parcels are loaded before the start."""
        brought = {parcel.id for card in self.cards for task, parcel in card.pending if task.task in BRINGS}
        return len(brought - {parcel.id for card in self.cards for parcel in card.aboard})

    def drawing(self, words: Words) -> str:
        """Return the route on a map, stops numbered in their order."""
        points = [
            maps.point(
                "stop",
                (card.stop.lon, card.stop.lat),
                card.named(words),
                text=str(number),
                state="done" if not card.is_open else "next" if card is self.next else "ahead",
                locker=card.stop.kind is StopKind.LOCKER,
                href=f"#stop-{number}",
            )
            for number, card in enumerate(self.cards, start=1)
        ]
        path = [(card.stop.lon, card.stop.lat) for card in self.cards]
        return maps.drawing(points, [maps.line(path)] if len(path) > 1 else [])


@dataclass(frozen=True, slots=True)
class AttemptView:
    """What became of a failed attempt: the locker, how it fits the route, or why there is none."""

    attempt: Attempt
    parcel: Parcel
    locker: Locker | None
    walk_m: int
    stop: Stop | None
    number: int
    why_not: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PassView:
    """The codes to show at one locker; ``said`` are the parcels whose recipients were told on the courier's word."""

    name: str
    texts: tuple[str, ...]
    card: StopCard | None
    is_cut_off: bool
    said: frozenset[str]


def pass_view(
    uow: UnitOfWork, act: Act, keys: Keys, where: tuple[str, str], span: tuple[datetime, datetime]
) -> PassView:
    """Read what a courier (the first of ``where``) shows and does at a locker."""
    courier_id, locker_id = where
    card = day_view(uow, courier_id, span).card_of(locker_id)
    brought = tuple(parcel.id for parcel in card.drop_offs) if card else ()
    said = uow.find(HistoryEntry, parcel_id=brought, happened=SAID_INSIDE) if brought else []
    locker = uow.need(Locker, locker_id)
    return PassView(
        name=locker.name,
        texts=courier_pass(uow, act, keys, courier_id, locker_id),
        card=card,
        is_cut_off=not locker.online,
        said=frozenset(one.parcel_id for one in said),
    )


def day_view(uow: UnitOfWork, courier_id: str, span: tuple[datetime, datetime]) -> DayView:
    """Read one courier's day."""
    day = courier_day(uow, courier_id, *span)
    lockers = _lockers(uow, day.stops)
    shown = [view for view in day.stops if _matters(view)]
    met = {view.stop.id: _met(uow, view) for view in shown if view.stop.kind is StopKind.MEETING}
    cards = tuple(StopCard(one, lockers.get(one.stop.locker_id or ""), met.get(one.stop.id, "")) for one in shown)
    tasks = _waiting(uow, day)
    busy = {task.parcel_id for task in tasks}
    strays = {one.id for one in day.carried if one.state is ParcelState.ASSIGNED_TO_LOCKER and one.id not in busy}
    return DayView(day, cards, tuple(_awaited(uow, tasks)), frozenset(strays))


def _waiting(uow: UnitOfWork, day: CourierDay) -> list[StopTask]:
    """Return what anybody is still to do with what lies in the van."""
    carried = tuple(one.id for one in day.carried)
    return uow.find(StopTask, order="id", parcel_id=carried, state=TaskState.PENDING) if carried else []


def _awaited(uow: UnitOfWork, tasks: Iterable[StopTask]) -> Iterable[Awaited]:
    """Yield who comes to take something over, the soonest first."""
    counts = Counter(task.stop_id for task in tasks if task.task is Task.TAKE_OVER)
    stops = by_id(uow, Stop, counts)
    for stop in sorted(stops.values(), key=lambda one: (one.eta, one.id)):
        courier = uow.need(Courier, uow.need(Route, stop.route_id).courier_id)
        yield Awaited(courier.name, stop.eta, counts[stop.id])


def _met(uow: UnitOfWork, view: StopView) -> str:
    """Return the name of the courier whose van it is: who still has something of it, or had it."""
    for task, parcel in view.tasks:
        custodian = parse_custodian(parcel.custodian)
        if task.state is TaskState.PENDING and custodian.kind is CustodianKind.COURIER:
            courier = uow.get(Courier, custodian.name)
            return courier.name if courier else ""
    return ""


def _matters(view: StopView) -> bool:
    """Leave out stops whose every task was called off: nobody drives there."""
    return any(task.state is not TaskState.CANCELLED for task, _ in view.tasks)


def _lockers(uow: UnitOfWork, stops: Iterable[StopView]) -> dict[str, Locker]:
    names = {view.stop.locker_id for view in stops if view.stop.locker_id}
    return {one.id: one for one in uow.find(Locker, id=tuple(names))} if names else {}


def attempt_view(uow: UnitOfWork, attempt_id: str) -> AttemptView:
    """Read one attempt and what came of it."""
    attempt = uow.need(Attempt, attempt_id)
    parcel = uow.need(Parcel, attempt.parcel_id)
    kind, _, name = attempt.outcome.partition(":")
    locker = uow.get(Locker, name) if kind == "locker" else None
    walk = distance_m(parcel.lon, parcel.lat, locker.lon, locker.lat) * WALK_DETOUR if locker else 0
    stop = _stop_for(uow, parcel.id)
    on_route = uow.find(Stop, route_id=stop.route_id) if stop else []
    number = sum(1 for one in on_route if stop and one.position <= stop.position)
    why = () if locker else tuple(attempt.outcome.split(","))
    return AttemptView(attempt, parcel, locker, round(walk / ROUND_M) * ROUND_M, stop, number, why)


def _stop_for(uow: UnitOfWork, parcel_id: str) -> Stop | None:
    task = uow.first(StopTask, parcel_id=parcel_id, state=TaskState.PENDING, task=ENDS)
    return uow.get(Stop, task.stop_id) if task else None
