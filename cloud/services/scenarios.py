"""Questions "what if" about a day: what the day was made of, and the answers kept for whoever looks next time."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import msgspec

from cloud.domain.actors import Role, require
from cloud.domain.errors import InvalidError
from cloud.domain.locker import Locker, LockerStatus
from cloud.domain.parcel import Parcel, ParcelState
from cloud.services.kpis import DAYS_MAX
from cloud.services.many import CHUNK, by_id
from cloud.services.models import layout_of
from cloud.services.plan_routes import DaySpan
from cloud.services.ports import Act, Before, From, UnitOfWork
from cloud.services.records import Consent, Plan, Route, Shift, Stop, StopTask, Task, Unplanned
from cloud.services.records_ops import Scenario
from contract.layout import Layout

NEW_LOCKERS_MAX = 20  # places suggested at once; more is a network's plan and not a question about a day
AS_IT_IS, CHANGED, NEAREST, DOORS = "as_it_is", "changed", "nearest", "doors"
SHOWN = 20  # earlier questions on the page
WAITING = (ParcelState.ANNOUNCED, ParcelState.PLANNED, ParcelState.DELIVERY_FAILED, ParcelState.ASSIGNED_TO_LOCKER)


@dataclass(frozen=True, slots=True)
class Question:
    """``opt_in`` is the share of parcels that may go to a locker (None: as it is); ``new_lockers`` are to be placed."""

    day: date
    opt_in: float | None = None
    new_lockers: int = 0
    model: str = "M20"

    @property
    def is_counterfactual(self) -> bool:
        """Whether nothing is changed: only what the lockers of the day saved is asked."""
        return self.opt_in is None and not self.new_lockers


@dataclass(frozen=True, slots=True)
class Way:
    """One way to decide the day. Costs in cents, distance in metres."""

    name: str
    cents: int
    metres: int
    hours: float
    routes: int
    stops: int
    parcels: int
    to_lockers: int
    unplanned: int


@dataclass(frozen=True, slots=True)
class NewLocker:
    """A place suggested for a locker, and how many of the day's parcels only it would reach."""

    lon: float
    lat: float
    parcels: int


@dataclass(frozen=True, slots=True)
class Answer:
    ways: tuple[Way, ...]
    new_lockers: tuple[NewLocker, ...] = ()

    def way(self, name: str) -> Way | None:
        return next((one for one in self.ways if one.name == name), None)


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with its answer, None while it is being worked out (or was not: the job says why)."""

    id: str
    question: Question
    answer: Answer | None
    asked_by: str
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class Saved:
    """What one day's plan cost with its lockers and without any, in cents; ``id`` is the question's."""

    id: str
    day: str
    with_lockers: int
    without: int

    @property
    def saved(self) -> int:
        return self.without - self.with_lockers


@dataclass(frozen=True, slots=True)
class DayRecords:
    """What a day was made of: every parcel that was to be brought, each one's live consents, lockers and shifts."""

    parcels: tuple[Parcel, ...]
    consents: Mapping[str, tuple[Consent, ...]]
    lockers: tuple[Locker, ...]
    layouts: Mapping[str, Layout]
    shifts: tuple[Shift, ...]


def ask(uow: UnitOfWork, act: Act, scenario_id: str, question: Question) -> Scenario:
    """Write down that somebody asks; raises ``InvalidError`` for what cannot be asked."""
    require(act.actor, Role.OPERATOR, Role.PLANNER)
    if question.opt_in is not None and not 0 <= question.opt_in <= 1:
        raise InvalidError("opt_in", "a share lies between 0 and 1")
    if not 0 <= question.new_lockers <= NEW_LOCKERS_MAX:
        raise InvalidError("new_lockers", f"choose 0 to {NEW_LOCKERS_MAX} new lockers")
    layout_of(uow, question.model)
    asked = msgspec.json.encode(question).decode()
    made = Scenario(
        id=scenario_id,
        day=question.day.isoformat(),
        asked=asked,
        answer=None,
        asked_by=str(act.actor),
        asked_at=act.now,
    )
    uow.add(made)
    return made


def keep_answer(uow: UnitOfWork, scenario_id: str, answer: Answer) -> None:
    uow.change(Scenario, {"id": scenario_id}, answer=msgspec.json.encode(answer).decode())


def asked(uow: UnitOfWork, act: Act, scenario_id: str) -> Asked:
    require(act.actor, Role.OPERATOR, Role.PLANNER, Role.SUPPORT)
    return _read(uow.need(Scenario, scenario_id))


def latest(uow: UnitOfWork, act: Act) -> list[Asked]:
    """Return what was asked last, the newest first."""
    require(act.actor, Role.OPERATOR, Role.PLANNER, Role.SUPPORT)
    return [_read(one) for one in uow.find(Scenario, order="-asked_at id", limit=SHOWN)]


def saved_by_lockers(uow: UnitOfWork, act: Act, first: date, last: date) -> tuple[Saved, ...]:
    """Return the newest answer to "what would the day have cost without lockers" of each day that has one."""
    require(act.actor, Role.OPERATOR, Role.PLANNER, Role.SUPPORT)
    if not 0 <= (last - first).days < DAYS_MAX:
        raise InvalidError("to", f"choose 1 to {DAYS_MAX} days, the later one second")
    names = tuple((first + timedelta(days=number)).isoformat() for number in range((last - first).days + 1))
    newest: dict[str, Saved] = {}
    for one in uow.find(Scenario, order="day asked_at id", day=names):
        found = _saved(_read(one))
        if found is not None:
            newest[found.day] = found
    return tuple(newest.values())


def _saved(asked: Asked) -> Saved | None:
    if asked.answer is None or not asked.question.is_counterfactual:
        return None
    as_it_is, doors = asked.answer.way(AS_IT_IS), asked.answer.way(DOORS)
    if as_it_is is None or doors is None:
        return None
    return Saved(asked.id, asked.question.day.isoformat(), as_it_is.cents, doors.cents)


def _read(found: Scenario) -> Asked:
    question = msgspec.json.decode(found.asked, type=Question)
    answer = msgspec.json.decode(found.answer, type=Answer) if found.answer else None
    return Asked(found.id, question, answer, found.asked_by, found.asked_at)


def day_records(uow: UnitOfWork, act: Act, span: DaySpan, question: Question) -> DayRecords:
    """Read a day again, driven or not; raises ``InvalidError`` for one without parcels or couriers."""
    require(act.actor, Role.OPERATOR, Role.PLANNER)
    parcels = tuple(_parcels(uow, span).values())
    shifts = uow.find(Shift, order="starts_at id", starts_at=From(span.begins), ends_at=Before(span.ends))
    if not parcels or not shifts:
        raise InvalidError("day", f"{span.day} has no {'couriers' if parcels else 'parcels'}")
    lockers = tuple(one for one in uow.find(Locker, order="id") if one.status is LockerStatus.ACTIVE)
    models = {question.model, *(one.model for one in lockers)}
    layouts = {model: layout_of(uow, model) for model in sorted(models)}
    return DayRecords(parcels, _consents(uow, parcels), lockers, layouts, tuple(shifts))


def _parcels(uow: UnitOfWork, span: DaySpan) -> dict[str, Parcel]:
    """Return what the day's plan brought or left behind; without a plan, what waits to be brought."""
    plans = [plan.id for plan in uow.find(Plan, day=span.day.isoformat()) if plan.current]
    if not plans:
        waiting = uow.find(Parcel, order="created_at id", state=WAITING)
        return {one.id: one for one in waiting if one.window_to is None or one.window_to > span.begins}
    ids = [one.parcel_id for one in uow.find(Unplanned, plan_id=tuple(plans))]
    for route in uow.find(Route, plan_id=tuple(plans)):
        stops = tuple(stop.id for stop in uow.find(Stop, route_id=route.id))
        tasks = uow.find(StopTask, stop_id=stops) if stops else []
        ids += [one.parcel_id for one in tasks if one.task in (Task.DELIVER, Task.DROP_OFF)]
    return by_id(uow, Parcel, ids)


def _consents(uow: UnitOfWork, parcels: tuple[Parcel, ...]) -> dict[str, tuple[Consent, ...]]:
    found: defaultdict[str, list[Consent]] = defaultdict(list)
    ids = [one.id for one in parcels]
    for start in range(0, len(ids), CHUNK):
        for consent in uow.find(Consent, parcel_id=tuple(ids[start : start + CHUNK]), withdrawn_at=None):
            found[consent.parcel_id].append(consent)
    return {one: tuple(consents) for one, consents in found.items()}
