"""The courier's word for what goes wrong on the road: late, in a jam, or before a locker that takes nothing."""

from datetime import timedelta

from fastapi import APIRouter, Request, Response

from cloud.api.problems import status_of
from cloud.api.shapes import PathLocker
from cloud.choosing import sent_elsewhere
from cloud.disruptions import Late, Whereabouts, running_late, traffic_jam
from cloud.domain.errors import DomainError, InvalidError
from cloud.routing.jam import DELAY_S_MAX, Jam
from cloud.routing.problem import Place
from cloud.services.locker_trouble import TakesNothing, Trouble
from cloud.services.positions import where_now
from cloud.web.courier import DAY, Fields, Phone, courier_of, place_of
from cloud.web.frame import Frame, see_other
from cloud.web.route import fields_of, router_of

JAM_LIFE = timedelta(hours=1)  # until somebody says it again; most jams are gone by then
JAM_RADIUS_M = 500  # what one driver sees of a jam: a crossing and the streets into it


def create(frame: Frame) -> APIRouter:
    """Return the three reports; each ends on the day's page, changed."""
    router, phone, rim = router_of(frame), Phone(frame), frame.rim

    @router.post("/courier/late")
    async def post_late(request: Request) -> Response:
        who, fields = await courier_of(request), await fields_of(request)
        try:
            await running_late(rim, rim.act(who), Late(who.name, minutes_in(fields), Whereabouts(*place_of(fields))))
        except DomainError as error:
            return await phone.show(request, who, frame.problem(request, error, fields), status_of(error))
        return see_other(DAY)

    @router.post("/courier/jam")
    async def post_jam(request: Request) -> Response:
        who, fields = await courier_of(request), await fields_of(request)
        act = rim.act(who)
        try:
            known = await rim.look(lambda uow: where_now(uow, act.now, who.name))
            await traffic_jam(rim, act, jam_in(fields, known), act.now + JAM_LIFE)
        except DomainError as error:
            return await phone.show(request, who, frame.problem(request, error, fields), status_of(error))
        return see_other(DAY)

    @router.post("/courier/lockers/{locker_id}/trouble")
    async def post_trouble(request: Request, locker_id: PathLocker) -> Response:
        who, fields = await courier_of(request), await fields_of(request)
        try:
            trouble = TakesNothing(who.name, locker_id, trouble_in(fields), Whereabouts(*place_of(fields)).place())
            await sent_elsewhere(rim, rim.act(who), trouble)
        except DomainError as error:
            return await phone.show(request, who, frame.problem(request, error, fields), status_of(error))
        return see_other(DAY)

    return router


def minutes_in(fields: Fields) -> timedelta:
    text = fields.get("minutes", "")
    if not (text.isascii() and text.isdigit()):
        raise InvalidError("minutes", "choose how late you are")
    return timedelta(minutes=min(int(text), 24 * 60))


def jam_in(fields: Fields, known: tuple[float, float] | None = None) -> Jam:
    """Return the jam a courier stands in, where the report or else the phone before it (``known``) says that is.

    Raises ``InvalidError`` when neither does.
    """
    lon, lat = place_of(fields)
    if lon is None or lat is None:
        lon, lat = known or (None, None)
    if lon is None or lat is None:
        raise InvalidError("place", "the phone does not say where you are; let it, and try again")
    delay_s = int(min(minutes_in(fields).total_seconds(), DELAY_S_MAX))
    return Jam(Place(lon, lat), JAM_RADIUS_M, max(delay_s, 60))


def trouble_in(fields: Fields) -> Trouble:
    try:
        return Trouble(fields.get("trouble", ""))
    except ValueError as error:
        raise InvalidError("trouble", "say whether the locker is silent or full") from error
