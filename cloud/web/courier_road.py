"""The courier's word for what goes wrong on the road: late, or before a locker that takes nothing."""

from datetime import timedelta

from fastapi import APIRouter, Request, Response

from cloud.api.problems import status_of
from cloud.api.shapes import PathLocker
from cloud.choosing import sent_elsewhere
from cloud.disruptions import Whereabouts, running_late
from cloud.domain.errors import DomainError, InvalidError
from cloud.services.locker_trouble import TakesNothing, Trouble
from cloud.web.courier import DAY, Fields, Phone, courier_of, place_of
from cloud.web.frame import Frame, see_other
from cloud.web.route import fields_of, router_of


def create(frame: Frame) -> APIRouter:
    """Return the two reports; both end on the day's page, changed."""
    router, phone, rim = router_of(frame), Phone(frame), frame.rim

    @router.post("/courier/late")
    async def post_late(request: Request) -> Response:
        who, fields = await courier_of(request), await fields_of(request)
        try:
            await running_late(rim, rim.act(who), who.name, minutes_in(fields), Whereabouts(*place_of(fields)))
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


def trouble_in(fields: Fields) -> Trouble:
    try:
        return Trouble(fields.get("trouble", ""))
    except ValueError as error:
        raise InvalidError("trouble", "say whether the locker is silent or full") from error
