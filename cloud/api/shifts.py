"""Shifts: who drives when, with which van. One rule with the console's form and the file (cloud.services.shifts)."""

from datetime import date, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Path, Response
from pydantic import BeforeValidator, Field

from cloud.api.calls import Call, needs
from cloud.api.couriers import day_span
from cloud.api.shapes import Asked, Lat, Lon, Moment, PathId, Told
from cloud.domain.actors import Role
from cloud.domain.errors import NotFoundError
from cloud.intake.fields import SKILLS_MAX
from cloud.services.gather_day import DaySpan
from cloud.services.people import BREAK_MAX, LOADS_MAX, RELOAD_MAX
from cloud.services.ports import Act, UnitOfWork
from cloud.services.records import Shift
from cloud.services.shifts import ShiftLine, ShiftState, add_shift, change_shift, shifts_of, take_back

router = APIRouter(prefix="/v1", tags=["couriers"])
Managing = Annotated[Call, needs(Role.OPERATOR, Role.PLANNER)]
Seeing = Annotated[Call, needs(Role.OPERATOR, Role.PLANNER, changing=False)]
Skill = Annotated[str, Field(pattern=r"^[\w-]{1,30}$", examples=["id_check"])]
_MINUTE = timedelta(minutes=1)
_CARRIED_MAX = 100_000_000  # as large as routing's own limits on weight and volume


class ShiftAsked(Asked):
    """The van is loaded ``loads_max`` times in all; each time but the first takes ``reload_min`` at the start.

    A break of ``break_min`` begins from ``break_from`` to ``break_to``; all three or none.
    """

    starts_at: Moment
    ends_at: Moment
    start_lon: Lon
    start_lat: Lat
    end_lon: Lon
    end_lat: Lat
    parcels_max: Annotated[int, Field(ge=1, le=100_000)] = 150
    weight_g_max: Annotated[int, Field(ge=1, le=_CARRIED_MAX)] = 800_000
    volume_l_max: Annotated[int, Field(ge=1, le=_CARRIED_MAX // 1_000)] = 8_000
    loads_max: Annotated[int, Field(ge=1, le=LOADS_MAX)] = 1
    reload_min: Annotated[int, Field(ge=0, le=RELOAD_MAX // _MINUTE)] = 15
    break_from: Moment | None = None
    break_to: Moment | None = None
    break_min: Annotated[int, Field(ge=0, le=BREAK_MAX // _MINUTE)] = 0
    skills: Annotated[list[Skill], Field(default_factory=list, max_length=SKILLS_MAX)]

    def shift(self, shift_id: str, courier_id: str) -> Shift:
        """Return it as the record."""
        said = self.model_dump(exclude={"reload_min", "break_min", "skills"})
        said |= {"reload_s": self.reload_min * 60, "break_s": self.break_min * 60}
        skills = " ".join(sorted({one.casefold() for one in self.skills}))
        return Shift(id=shift_id, courier_id=courier_id, skills=skills, **said)


class ShiftShape(Told):
    id: str
    courier_id: str
    starts_at: datetime
    ends_at: datetime
    start_lon: float
    start_lat: float
    end_lon: float
    end_lat: float
    parcels_max: int
    weight_g_max: int
    volume_l_max: int
    loads_max: int
    reload_s: int
    break_from: datetime | None
    break_to: datetime | None
    break_s: int
    skills: Annotated[list[str], BeforeValidator(lambda told: told.split() if isinstance(told, str) else told)]


class DayShiftShape(ShiftShape):
    """``parcels`` are still to be brought or collected on its route, null without one. Only ``waiting`` ones change."""

    courier_name: str
    state: ShiftState
    parcels: int | None


class DayShiftsShape(Told):
    shifts: list[DayShiftShape]


class TakenBackShape(Told):
    """``parcels_waiting`` were planned for it and wait for the next plan."""

    parcels_waiting: int


@router.post("/couriers/{courier_id}/shifts", status_code=201, response_model=ShiftShape)
async def post_shift(call: Managing, courier_id: PathId, asked: ShiftAsked) -> Response:
    """Say when a courier drives, from where, with which van; it may not overlap another shift of theirs."""
    return await call.do(
        lambda uow, act: ShiftShape.model_validate(add_shift(uow, act, asked.shift(act.ids.new(), courier_id))), 201
    )


@router.put("/couriers/{courier_id}/shifts/{shift_id}", response_model=ShiftShape)
async def put_shift(call: Managing, courier_id: PathId, shift_id: PathId, asked: ShiftAsked) -> Response:
    """Say a shift anew that nobody has set off in; what was planned for it stays until the day is planned again."""

    def work(uow: UnitOfWork, act: Act) -> ShiftShape:
        _check_theirs(uow, courier_id, shift_id)
        return ShiftShape.model_validate(change_shift(uow, act, asked.shift(shift_id, courier_id)))

    return await call.do(work)


@router.delete("/couriers/{courier_id}/shifts/{shift_id}", response_model=TakenBackShape)
async def delete_shift(call: Managing, courier_id: PathId, shift_id: PathId) -> Response:
    """Take a shift back that nobody has set off in; its parcels wait for the next plan."""

    def work(uow: UnitOfWork, act: Act) -> TakenBackShape:
        _check_theirs(uow, courier_id, shift_id)
        return TakenBackShape(parcels_waiting=take_back(uow, act, shift_id))

    return await call.do(work)


@router.get("/shifts/{day}")
async def list_shifts(call: Seeing, day: Annotated[date, Path()]) -> DayShiftsShape:
    """Return the shifts that begin on a day, by their beginning; trips of crowd couriers are not among them."""
    span, act = DaySpan(day, *day_span(call, day)), call.rim.act(call.actor)
    found: tuple[ShiftLine, ...] = await call.look(lambda uow: shifts_of(uow, act, span))
    return DayShiftsShape(shifts=[_line(one) for one in found])


def _line(line: ShiftLine) -> DayShiftShape:
    own = ShiftShape.model_validate(line.shift).model_dump()
    return DayShiftShape(**own, courier_name=line.courier.name, state=line.state, parcels=line.parcels)


def _check_theirs(uow: UnitOfWork, courier_id: str, shift_id: str) -> None:
    if uow.need(Shift, shift_id).courier_id != courier_id:
        raise NotFoundError("shift", shift_id)
