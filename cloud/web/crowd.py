"""A crowd courier's page on a phone: announce a trip, answer offers, see what they pay."""

from datetime import date, datetime, time, timedelta
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from cloud.accepting import yes_to
from cloud.api.problems import status_of
from cloud.api.shapes import PathId
from cloud.domain.actors import Actor
from cloud.domain.errors import DomainError, InvalidError
from cloud.domain.locker import Locker
from cloud.domain.outside import CrowdTrip
from cloud.services.answer_change import Answer, answer_change
from cloud.services.crowd import announce_trip, withdraw_trip
from cloud.services.offer_steps import decline, give_up
from cloud.services.ports import Act, UnitOfWork
from cloud.services.records import Courier, CourierKind, Shift
from cloud.services.trip_places import forget_places, set_out_from
from cloud.web.courier import CourierPage, Fields, courier_of, place_of
from cloud.web.crowd_view import TripsView, trips_view
from cloud.web.frame import Frame, Problem, language_of, see_other
from cloud.web.route import fields_of, router_of
from cloud.web.words import words_of

TRIPS = "/courier/trips"
METRES_PER_KM = 1_000
CENTS = 100
YesOrNo = Annotated[str, Path(pattern="^(yes|no)$")]
ROOM = {"bag": (10_000, 40), "car": (60_000, 300)}  # grams and litres of a rucksack and of a car's boot


class TripsPage(CourierPage):
    """What every request of the page needs."""

    home = TRIPS

    async def show(self, request: Request, who: Actor, problem: Problem | None = None, status: int = 200) -> Response:
        rim = self.frame.rim
        act, day = rim.act(who), rim.today()
        begins = datetime.combine(date.fromisoformat(day), time(), rim.locality.zone)
        view: TripsView = await rim.look(lambda uow: trips_view(uow, act, (day, begins)))
        is_crowd = view.courier.kind is CourierKind.CROWD
        depot = words_of(language_of(request)).say("trips.depot")
        content = {"view": view, "drawing": view.drawing(depot), "is_crowd": is_crowd, "who": who}
        content["ground"] = view.ground(depot)
        return self.frame.page(request, "courier_trips.html", status, problem=problem, **content)


def create(frame: Frame) -> APIRouter:
    """Return the page and what it sends."""
    router, page = router_of(frame), TripsPage(frame)
    _answers(router, page)
    _changes(router, page)

    @router.get(TRIPS)
    async def get_trips(request: Request) -> Response:
        return await page.show(request, await courier_of(request))

    @router.post(TRIPS)
    async def post_trip(request: Request) -> Response:
        def verb(uow: UnitOfWork, act: Act, fields: Fields) -> None:
            trip, origin = trip_in(uow, act, fields, frame), _place(uow, fields, "from")
            announce_trip(uow, act, set_out_from(trip, origin) if origin else trip)

        return await page.carry_out(request, verb)

    @router.post("/courier/trips/forget")
    async def post_forget(request: Request) -> Response:
        return await page.carry_out(request, lambda uow, act, _: forget_places(uow, act, act.actor.name))

    @router.post("/courier/trips/{trip_id}/withdraw")
    async def post_withdraw(request: Request, trip_id: PathId) -> Response:
        return await page.carry_out(request, lambda uow, act, _: withdraw_trip(uow, act, trip_id))

    return router


def _answers(router: APIRouter, page: TripsPage) -> None:
    rim = page.frame.rim

    @router.post("/courier/offers/{offer_id}/accept")
    async def post_accept(request: Request, offer_id: PathId) -> Response:
        who, fields = await courier_of(request), await fields_of(request)
        act = rim.act(who)
        try:
            yes = await yes_to(rim, act, offer_id)
            await rim.do(lambda uow: yes(uow, act))
        except DomainError as error:
            return await page.show(request, who, page.frame.problem(request, error, fields), status_of(error))
        return see_other(TRIPS)

    @router.post("/courier/offers/{offer_id}/decline")
    async def post_decline(request: Request, offer_id: PathId) -> Response:
        return await page.carry_out(request, lambda uow, act, _: decline(uow, act, offer_id))

    @router.post("/courier/offers/{offer_id}/give-up")
    async def post_give_up(request: Request, offer_id: PathId) -> Response:
        return await page.carry_out(
            request, lambda uow, act, _: give_up(uow, act, offer_id, "the courier cannot take it after all")
        )


def _changes(router: APIRouter, page: TripsPage) -> None:
    keys = page.frame.rim.keys

    @router.post("/courier/changes/{change_id}/{said}")
    async def post_change(request: Request, change_id: PathId, said: YesOrNo) -> Response:
        def verb(uow: UnitOfWork, act: Act, fields: Fields) -> None:
            answer_change(uow, act, keys, Answer(change_id, said == "yes", fields.get("why", "").strip()))

        return await page.carry_out(request, verb)


def trip_in(uow: UnitOfWork, act: Act, fields: Fields, frame: Frame) -> CrowdTrip:
    """Return the trip somebody typed; raises ``InvalidError`` with the field that cannot be read."""
    uow.need(Courier, act.actor.name)
    depot = uow.first(Shift, order="-starts_at")
    if depot is None:
        raise InvalidError("start", "there is no depot yet; ask the operator")
    end, near = _place(uow, fields, "to"), uow.get(Locker, fields.get("to", ""))
    leaves, arrives = _moment(fields, "leaves", frame), _moment(fields, "arrives", frame)
    weight, volume = ROOM["car" if fields.get("room") == "car" else "bag"]
    return CrowdTrip(
        id=act.ids.new(),
        courier_id=act.actor.name,
        leaves_at=leaves,
        arrives_by=arrives if arrives > leaves else arrives + timedelta(days=1),
        start_lon=depot.start_lon,
        start_lat=depot.start_lat,
        end_lon=end[0] if end else None,
        end_lat=end[1] if end else None,
        detour_m_max=_number(fields, "detour_km") * METRES_PER_KM,
        parcels_max=_number(fields, "parcels"),
        weight_g_max=weight,
        volume_l_max=volume,
        per_parcel_cents=_cents(fields),
        end_address=near.name if near and end == (near.lon, near.lat) else "",
        day=leaves.astimezone(frame.rim.locality.zone).date().isoformat(),
    )


def _place(uow: UnitOfWork, fields: Fields, which: str) -> tuple[float, float] | None:
    """Return the place that was tapped or typed, else that of the locker it is near to, None for neither."""
    lon, lat = (fields.get(f"{which}_{name}", "").strip() for name in ("lon", "lat"))
    if not lon and not lat:
        near = uow.get(Locker, fields.get(which, ""))
        return (near.lon, near.lat) if near else None
    found = place_of({"lon": lon.replace(",", "."), "lat": lat.replace(",", ".")})
    if found[0] is None or found[1] is None:
        raise InvalidError(f"{which}_lon", "a place needs a longitude and a latitude")
    return found[0], found[1]


def _moment(fields: Fields, name: str, frame: Frame) -> datetime:
    """Return a time of today or tomorrow where the depot is."""
    day = date.fromisoformat(frame.rim.today()) + timedelta(days=fields.get("day") == "tomorrow")
    try:
        return datetime.combine(day, time.fromisoformat(fields.get(name, "")), frame.rim.locality.zone)
    except ValueError as error:
        raise InvalidError(name, "write a time such as 17:30") from error


def _number(fields: Fields, name: str) -> int:
    text = fields.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) <= len("99999")):
        raise InvalidError(name, "write a whole number")
    return int(text)


def _cents(fields: Fields) -> int:
    """Return a price written with a point or a comma."""
    text = fields.get("price", "").replace(",", ".")
    whole, _, part = text.partition(".")
    digits = whole.isascii() and whole.isdigit() and len(whole) <= len("999")
    if not digits or not (part == "" or (part.isascii() and part.isdigit() and len(part) <= len("99"))):
        raise InvalidError("price", "write a price such as 3.50")
    return int(whole) * CENTS + int(part.ljust(2, "0") or "0")
