"""A partner's counter for those who work there: scan in, hand over, give back, close. The pages use the same verbs.

There is no way to do this without a connection: a counter has the cloud or nothing.
"""

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import Field

from cloud.api.calls import Call, needs
from cloud.api.shapes import Asked, Id, PathLocker, Reason, Told
from cloud.domain.actors import Role
from cloud.domain.locker import Locker
from cloud.domain.opening_hours import TEXT_MAX
from cloud.rim import Doing
from cloud.services.counter_codes import Answer, Outcome, hand_over
from cloud.services.counter_desk import BARCODE_MAX, Arrival, TakenIn, give_back, report_mistake, take_in
from cloud.services.counter_hours import close_on, open_on, set_hours, set_intake
from cloud.services.counter_shelf import set_shelf
from cloud.services.counter_view import CounterView, counter_view
from cloud.services.ports import Act, UnitOfWork
from cloud.showing import prepared
from contract.layout import COMPARTMENTS_MAX
from contract.sizes import SizeClass

router = APIRouter(prefix="/v1/counters/{counter_id}", tags=["counters"])
Seeing = Annotated[Call, needs(Role.STAFF, Role.OPERATOR, Role.SUPPORT, changing=False)]
Working = Annotated[Call, needs(Role.STAFF)]
Running = Annotated[Call, needs(Role.STAFF, Role.OPERATOR)]
QR_MAX = 4_296  # characters a QR code can carry in alphanumeric mode
Shelf = dict[SizeClass, Annotated[int, Field(ge=0, le=COMPARTMENTS_MAX)]]


class LyingShape(Told):
    """One parcel on the shelf. ``may_go`` and ``courier`` are for those whose time is over."""

    parcel_id: str
    barcode: str
    place: str
    deadline: datetime | None
    may_go: bool = False
    courier: str | None = None


class CounterShape(Told):
    """``shelf`` counts places by size, ``taken`` those with a parcel; ``coming`` are promised and not here yet."""

    id: str
    name: str
    address: str
    opening_hours: str
    intake_open: bool
    is_open_now: bool
    closed_days: list[date]
    shelf: dict[SizeClass, int]
    taken: dict[SizeClass, int]
    coming: int
    waiting: list[LyingShape]
    returning: list[LyingShape]


class ScanAsked(Asked):
    barcode: Annotated[str, Field(min_length=1, max_length=BARCODE_MAX)]


class TakenInShape(Told):
    """``place`` is where it goes on the shelf; a parcel that is not expected stays with the courier."""

    arrival: Arrival
    parcel_id: str | None
    place: str | None


class ShownAsked(Asked):
    """The nine digits, or the text of the recipient's QR code."""

    code: Annotated[str, Field(min_length=1, max_length=QR_MAX)]


class AnswerShape(Told):
    """``proof`` is good for one hand-over within ten minutes. ``pause_s`` is how long no code is looked at."""

    outcome: Outcome
    free_tries: int
    pause_s: int
    proof: str | None = None
    parcel_id: str | None = None
    recipient_name: str | None = None
    barcode: str | None = None
    place: str | None = None


class HandOverAsked(Asked):
    proof: Annotated[str, Field(min_length=1, max_length=1_000)]


class ReturnAsked(Asked):
    """``courier_pass`` is the text of the QR code on the courier's phone; not needed when it is on their route."""

    parcel_id: Id
    courier_pass: Annotated[str, Field(min_length=1, max_length=QR_MAX)] | None = None


class MovedShape(Told):
    id: str
    state: str


class IntakeAsked(Asked):
    is_open: bool


class ClosingAsked(Asked):
    day: date
    closed: bool = True


class ShelfAsked(Asked):
    shelf: Shelf


class MistakeAsked(Asked):
    words: Reason
    parcel_id: Id | None = None


class HoursAsked(Asked):
    """In OpenStreetMap's form, as in ``Mo-Fr 08:00-18:00; Sa 09:00-14:00``."""

    opening_hours: Annotated[str, Field(min_length=1, max_length=TEXT_MAX)]


class HoursShape(Told):
    opening_hours: str
    intake_open: bool


@router.get("")
async def get_counter(call: Seeing, counter_id: PathLocker) -> CounterShape:
    """Return what lies at a counter, what is coming, and when it is open."""
    act = call.rim.act(call.actor)
    found: CounterView = await call.look(lambda uow: counter_view(uow, act, counter_id))
    return _counter(found)


@router.post("/arrivals", response_model=TakenInShape)
async def post_arrival(call: Working, counter_id: PathLocker, asked: ScanAsked) -> Response:
    """Scan a parcel a courier brought: it is taken in and told its place when it was promised one."""

    def work(uow: UnitOfWork, act: Act) -> TakenInShape:
        found: TakenIn = take_in(uow, act, counter_id, asked.barcode)
        return TakenInShape.model_validate(found)

    return await call.do(work)


@router.post("/codes", response_model=AnswerShape)
async def post_code(call: Working, counter_id: PathLocker, asked: ShownAsked) -> Response:
    """Check a recipient's code or QR code; a wrong code is counted before it is answered."""
    act = call.rim.act(call.actor)

    async def thought(do: Doing[Answer]) -> Answer:
        check = await prepared(call.rim, call.actor, counter_id, asked.code)
        return await do(lambda uow: check(uow, act))

    return await call.think(thought, _answer)


@router.post("/hand-overs", response_model=MovedShape)
async def post_hand_over(call: Working, counter_id: PathLocker, asked: HandOverAsked) -> Response:
    """Say that the recipient has the parcel; the code opens nothing any more."""
    keys = call.rim.keys
    return await call.do(lambda uow, act: MovedShape.model_validate(hand_over(uow, act, keys, counter_id, asked.proof)))


@router.post("/returns", response_model=MovedShape)
async def post_return(call: Working, counter_id: PathLocker, asked: ReturnAsked) -> Response:
    """Give a parcel whose time is over to the courier."""
    what, keys = (counter_id, asked.parcel_id), call.rim.keys
    return await call.do(
        lambda uow, act: MovedShape.model_validate(give_back(uow, act, keys, what, asked.courier_pass))
    )


@router.post("/intake", response_model=HoursShape)
async def post_intake(call: Running, counter_id: PathLocker, asked: IntakeAsked) -> Response:
    """Take no new parcels, or take them again; what is under way still comes."""

    def work(uow: UnitOfWork, act: Act) -> HoursShape:
        set_intake(uow, act, counter_id, is_open=asked.is_open)
        return HoursShape.model_validate(uow.need(Locker, counter_id))

    return await call.do(work)


@router.post("/closings", response_model=HoursShape)
async def post_closing(call: Running, counter_id: PathLocker, asked: ClosingAsked) -> Response:
    """Close on one day, or take that back; planning and deadlines follow."""

    def work(uow: UnitOfWork, act: Act) -> HoursShape:
        (close_on if asked.closed else open_on)(uow, act, counter_id, asked.day)
        return HoursShape.model_validate(uow.need(Locker, counter_id))

    return await call.do(work)


@router.post("/hours", response_model=HoursShape)
async def post_hours(call: Running, counter_id: PathLocker, asked: HoursAsked) -> Response:
    """Change the usual opening hours; single days off stay, and deadlines follow."""

    def work(uow: UnitOfWork, act: Act) -> HoursShape:
        set_hours(uow, act, counter_id, asked.opening_hours)
        return HoursShape.model_validate(uow.need(Locker, counter_id))

    return await call.do(work)


@router.post("/shelf", status_code=204)
async def post_shelf(call: Running, counter_id: PathLocker, asked: ShelfAsked) -> Response:
    """Say how many places of each size there are; never fewer than lie there or are promised."""
    return await call.do(lambda uow, act: set_shelf(uow, act, counter_id, asked.shelf), 204)


@router.post("/mistakes", status_code=204)
async def post_mistake(call: Working, counter_id: PathLocker, asked: MistakeAsked) -> Response:
    """Say that something went wrong: support looks at it, nothing is undone."""
    return await call.do(lambda uow, act: report_mistake(uow, act, counter_id, asked.parcel_id, asked.words), 204)


def _counter(found: CounterView) -> CounterShape:
    counter = found.counter
    return CounterShape(
        id=counter.id,
        name=counter.name,
        address=counter.address,
        opening_hours=counter.opening_hours,
        intake_open=counter.intake_open,
        is_open_now=found.is_open_now,
        closed_days=list(found.closed_days),
        shelf=found.shelf,
        taken=found.taken,
        coming=found.coming,
        waiting=[
            LyingShape(
                parcel_id=one.parcel.id, barcode=one.parcel.barcode, place=one.place, deadline=one.parcel.deadline
            )
            for one in found.waiting
        ],
        returning=[
            LyingShape(
                parcel_id=one.parcel.id,
                barcode=one.parcel.barcode,
                place=one.place,
                deadline=one.parcel.deadline,
                may_go=one.may_go,
                courier=one.courier.name if one.courier else None,
            )
            for one in found.returning
        ],
    )


def _answer(found: Answer) -> AnswerShape:
    parcel = found.parcel
    return AnswerShape(
        outcome=found.outcome,
        free_tries=found.free_tries,
        pause_s=-int(-found.pause.total_seconds() // 1),
        proof=found.proof or None,
        parcel_id=parcel.id if parcel else None,
        recipient_name=parcel.recipient_name if parcel else None,
        barcode=parcel.barcode if parcel else None,
        place=parcel.compartment if parcel else None,
    )
