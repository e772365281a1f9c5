"""Couriers: who drives, today's route, the pass for a locker's kiosk, and the attempt that failed."""

import json
from datetime import date, datetime, time, timedelta
from typing import Annotated

from fastapi import APIRouter, Path, Response
from pydantic import Field

from cloud.api.calls import Call, needs
from cloud.api.shapes import (
    Asked,
    Hex,
    Id,
    Lat,
    LockerName,
    Lon,
    Name,
    Note,
    ParcelShape,
    PathId,
    PathLocker,
    Reason,
    Told,
)
from cloud.choosing import ranked_for
from cloud.domain.actors import Role
from cloud.domain.errors import ForbiddenError, InvalidError
from cloud.intake.fields import LANGUAGES
from cloud.rim import Doing
from cloud.services import queries
from cloud.services.come_aboard import Aboard, come_aboard
from cloud.services.courier_pass import courier_pass
from cloud.services.people import create_courier
from cloud.services.ports import Act, UnitOfWork
from cloud.services.records import Courier, CourierKind
from cloud.services.report_failed_attempt import AttemptOutcome, FailedAttempt, report_failed_attempt
from cloud.services.start_route import start_route

router = APIRouter(prefix="/v1", tags=["couriers"])
Managing = Annotated[Call, needs(Role.OPERATOR, Role.PLANNER)]
Seeing = Annotated[Call, needs(Role.OPERATOR, Role.PLANNER, Role.SUPPORT, changing=False)]
Driving = Annotated[Call, needs(Role.COURIER, Role.OPERATOR)]
OwnDay = Annotated[Call, needs(Role.COURIER, Role.OPERATOR, Role.SUPPORT, changing=False)]
Loading = Annotated[Call, needs(Role.COURIER, Role.OPERATOR, Role.PLANNER)]
Email = Annotated[str, Field(max_length=254, pattern=r"^[^@\s]+@[^@\s]+$")]


class CourierAsked(Asked):
    """``id`` may be chosen, so that asking again adds nobody twice."""

    id: Id | None = None
    name: Name
    email: Email | None = None
    phone: Annotated[str, Field(max_length=30)] | None = None
    language: Annotated[str, Field(pattern=f"^({'|'.join(LANGUAGES)})$")] = "en"
    kind: CourierKind = CourierKind.OWN


class CourierShape(Told):
    id: str
    name: str
    language: str
    active: bool
    kind: str


class CouriersShape(Told):
    couriers: list[CourierShape]


class TaskShape(Told):
    task: str
    state: str
    parcel: ParcelShape


class StopShape(Told):
    """``break_before_s`` is how long the courier rests on the way here, by the shift."""

    id: str
    position: int
    kind: str
    locker_id: str | None
    address: str
    lon: float
    lat: float
    eta: datetime
    service_s: int
    break_before_s: int
    done_at: datetime | None
    tasks: list[TaskShape]


class CourierDayShape(Told):
    courier: CourierShape
    route_id: str | None
    started_at: datetime | None
    stops: list[StopShape]
    carried: list[ParcelShape]


class PassShape(Told):
    """Texts of the QR codes to show at the kiosk, one after another."""

    locker_id: str
    qr_texts: list[str]


class StartedShape(Told):
    route_id: str
    parcels_loaded: int


class AboardAsked(Asked):
    """``parcels`` by id or barcode, null for all that lie there; ``is_all``: what is left does not come along."""

    parcels: Annotated[list[Annotated[str, Field(max_length=80)]], Field(max_length=500)] | None = None
    is_all: bool = False


class AboardShape(Told):
    """How many came aboard now, how many may still come, how many were left behind."""

    route_id: str
    taken: int
    to_come: int
    left_behind: int


class AttemptAsked(Asked):
    """``lon`` and ``lat`` are where the courier is. ``courier_id`` is for operators; a courier is themselves."""

    parcel_id: Id
    reason: Reason
    note: Note = ""
    lon: Lon | None = None
    lat: Lat | None = None
    courier_id: Id | None = None


class AssignedShape(Told):
    locker_id: LockerName
    reservation_id: str
    size: str
    until: datetime


class AttemptShape(Told):
    """``assigned`` is null when no locker could take it; ``why_not`` then says why."""

    attempt_id: str
    assigned: AssignedShape | None
    why_not: list[str]


@router.post("/couriers", status_code=201, response_model=CourierShape)
async def post_courier(call: Managing, asked: CourierAsked) -> Response:
    """Add a courier."""

    def work(uow: UnitOfWork, act: Act) -> CourierShape:
        said = asked.model_dump(exclude={"id"})
        courier = Courier(id=asked.id or act.ids.new(), **said, active=True, created_at=act.now)
        return CourierShape.model_validate(create_courier(uow, act, courier))

    return await call.do(work, 201)


@router.get("/couriers")
async def list_couriers(call: Seeing) -> CouriersShape:
    """Return all couriers, by name."""
    found = await call.look(lambda uow: uow.find(Courier, order="name id"))
    return CouriersShape(couriers=[CourierShape.model_validate(one) for one in found])


@router.get("/couriers/{courier_id}/days/{day}")
async def get_day(call: OwnDay, courier_id: PathId, day: Annotated[date, Path()]) -> CourierDayShape:
    """Return a courier's route of one day with everything to do at each stop, and what is in the van."""
    _only_own(call, courier_id)
    begins, ends = day_span(call, day)
    found: queries.CourierDay = await call.look(lambda uow: queries.courier_day(uow, courier_id, begins, ends))
    return CourierDayShape(
        courier=CourierShape.model_validate(found.courier),
        route_id=found.route.id if found.route else None,
        started_at=found.route.started_at if found.route else None,
        stops=[stop_shape(view) for view in found.stops],
        carried=[ParcelShape.model_validate(one) for one in found.carried],
    )


@router.get("/couriers/{courier_id}/passes/{locker_id}")
async def get_pass(call: Driving, courier_id: PathId, locker_id: PathLocker) -> PassShape:
    """Return what the courier's phone shows to the kiosk: a sign-in with today's grants, good for one shift."""
    _only_own(call, courier_id)
    act, keys = call.rim.act(call.actor), call.rim.keys
    texts = await call.look(lambda uow: courier_pass(uow, act, keys, courier_id, locker_id))
    return PassShape(locker_id=locker_id, qr_texts=list(texts))


@router.post("/routes/{route_id}/start", response_model=StartedShape)
async def post_start(call: Loading, route_id: Annotated[str, Path(pattern=Hex)]) -> Response:
    """Say that the van is loaded: from now on the courier answers for its parcels."""
    return await call.do(
        lambda uow, act: StartedShape(route_id=route_id, parcels_loaded=start_route(uow, act, route_id))
    )


@router.post("/couriers/{courier_id}/stops/{stop_id}/aboard", response_model=AboardShape)
async def post_aboard(
    call: Driving, courier_id: PathId, stop_id: Annotated[str, Path(pattern=Hex)], asked: AboardAsked
) -> Response:
    """Say what came into the van at the depot or from another van: from then on this courier answers for it."""
    parcels = None if asked.parcels is None else tuple(asked.parcels)
    what = Aboard(courier_id, stop_id, parcels, asked.is_all)
    answer = await call.do(lambda uow, act: AboardShape.model_validate(come_aboard(uow, act, what)))
    call.rim.replans.ask(json.loads(bytes(answer.body))["route_id"])
    return answer


@router.post("/attempts", status_code=201, response_model=AttemptShape)
async def post_attempt(call: Driving, asked: AttemptAsked) -> Response:
    """Report that nobody took the parcel; it is sent to the locker that costs the route least, if one may have it."""
    courier_id = asked.courier_id or (call.actor.name if call.actor.may_be(Role.COURIER) else None)
    if courier_id is None:
        raise InvalidError("courier_id", "say which courier was there")
    failed = FailedAttempt(asked.parcel_id, courier_id, asked.reason, asked.note, asked.lon, asked.lat)
    rim, act = call.rim, call.rim.act(call.actor)

    async def thought(do: Doing[AttemptOutcome]) -> AttemptOutcome:
        ranked = await ranked_for(rim, act, failed)
        return await do(lambda uow: report_failed_attempt(uow, act, rim.keys, failed, ranked))

    return await call.think(thought, _attempt_shape, 201)


def _attempt_shape(found: AttemptOutcome) -> AttemptShape:
    assigned = AssignedShape.model_validate(found.assigned) if found.assigned else None
    return AttemptShape(attempt_id=found.attempt_id, assigned=assigned, why_not=list(found.why_not))


def stop_shape(view: queries.StopView) -> StopShape:
    """Return one stop with its tasks."""
    own = {name: getattr(view.stop, name) for name in StopShape.model_fields if hasattr(view.stop, name)}
    tasks = [
        TaskShape(task=task.task, state=task.state, parcel=ParcelShape.model_validate(parcel))
        for task, parcel in view.tasks
    ]
    return StopShape(**own, break_before_s=view.break_before_s, done_at=view.done_at, tasks=tasks)


def day_span(call: Call, day: date) -> tuple[datetime, datetime]:
    """Return when a calendar day begins and ends where the depot is; 23 to 25 hours."""
    if not date.min < day < date.max:
        raise InvalidError("day", "is outside the calendar")
    zone = call.rim.locality.zone
    return datetime.combine(day, time(), zone), datetime.combine(day + timedelta(days=1), time(), zone)


def _only_own(call: Call, courier_id: str) -> None:
    is_theirs = call.actor.may_be(Role.COURIER) and call.actor.name == courier_id
    if not is_theirs and not call.actor.may_be(Role.OPERATOR, Role.SUPPORT):
        raise ForbiddenError("this is another courier's")
