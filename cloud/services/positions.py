"""Where a courier is now: told by their phone while they let it, kept until the next word of it, used and forgotten.

The last word wins, so nothing need be asked twice: a position that was told before is simply told again.
"""

from collections.abc import Collection
from datetime import datetime

from cloud.domain.actors import Role, require
from cloud.domain.errors import ConflictError, ForbiddenError, NotFoundError
from cloud.domain.positions import (
    AFTER_SHIFT,
    CourierPosition,
    Ignored,
    check_told,
    is_known,
    is_still_there,
    weighed,
)
from cloud.services import reroute
from cloud.services.ports import Act, UnitOfWork
from cloud.services.records import Shift

COURIERS_MAX = 1_000  # on the road at once: as many as one problem may have


def weigh(uow: UnitOfWork, act: Act, told: CourierPosition, pace: int = 1) -> Ignored | None:
    """Return why a position is not to be kept, None when it is; changes nothing.

    Raises ``InvalidError`` for what cannot be, and ``ConflictError`` for a courier with no route on the road: where
    people are in their own time is nobody's business.
    """
    _check_own(act, told.courier_id, Role.COURIER)
    check_told(told, act.now)
    if not _is_on_the_road(uow, told.courier_id, act.now):
        raise ConflictError("you have no route on the road; where you are is known only while you have one")
    return weighed(told, uow.get(CourierPosition, told.courier_id), pace)


def keep(uow: UnitOfWork, act: Act, told: CourierPosition) -> None:
    """Write over what was known of the courier; what was measured before that says nothing new."""
    _check_own(act, told.courier_id, Role.COURIER)
    before = uow.get(CourierPosition, told.courier_id)
    if before is None:
        uow.add(told)
    elif before.at < told.at:
        values = {"lon": told.lon, "lat": told.lat, "accuracy_m": told.accuracy_m, "at": told.at}
        uow.change(CourierPosition, {"courier_id": told.courier_id}, **values)


def forget(uow: UnitOfWork, act: Act, courier_id: str) -> None:
    """Forget at once where a courier is, because they no longer show it."""
    _check_own(act, courier_id, Role.COURIER, Role.OPERATOR)
    uow.remove(CourierPosition, courier_id=courier_id)


def see(uow: UnitOfWork, act: Act, courier_id: str) -> CourierPosition:
    """Return where a courier is, exactly; raises ``NotFoundError`` where nobody knows or nobody need know any more."""
    _check_own(act, courier_id, Role.COURIER, Role.OPERATOR, Role.PLANNER, Role.SUPPORT)
    found = known_of(uow, act.now, courier_id)
    if found is None or not _is_on_the_road(uow, courier_id, act.now):
        raise NotFoundError("known position of courier", courier_id)
    return found


def known_of(uow: UnitOfWork, now: datetime, courier_id: str) -> CourierPosition | None:
    """Return the last position of a courier that is young enough to be shown."""
    found = uow.get(CourierPosition, courier_id)
    return found if found is not None and is_known(found, now) else None


def where_now(uow: UnitOfWork, now: datetime, courier_id: str) -> tuple[float, float] | None:
    """Return where the courier is now (longitude, latitude) as far as a phone says; None when nobody knows.

    Every verb that thinks about a route from where its courier is asks here first, then the route.
    """
    found = uow.get(CourierPosition, courier_id)
    return (found.lon, found.lat) if found is not None and is_still_there(found, now) else None


def over(uow: UnitOfWork, now: datetime) -> tuple[str, ...]:
    """Return the couriers of whom nothing has come for too long, or whose route has ended."""
    known = uow.find(CourierPosition, order="courier_id", limit=COURIERS_MAX)
    return tuple(
        one.courier_id for one in known if not (is_known(one, now) and _is_on_the_road(uow, one.courier_id, now))
    )


def forget_all(uow: UnitOfWork, couriers: Collection[str]) -> int:
    """Forget where these couriers are (a job)."""
    return uow.remove(CourierPosition, courier_id=tuple(couriers)) if couriers else 0


def _is_on_the_road(uow: UnitOfWork, courier_id: str, now: datetime) -> bool:
    """Whether a courier has set off, has something left to do, and is not long past the time the shift lasts."""
    left = reroute.route_of(uow, courier_id)
    if left is None or left.route.started_at is None or not reroute.open_ids(left):
        return False
    shift = uow.get(Shift, left.route.shift_id)
    lasts = shift.ends_at - shift.starts_at if shift else left.route.ends_at - left.route.starts_at
    return now <= left.route.started_at + lasts + AFTER_SHIFT


def _check_own(act: Act, courier_id: str, *roles: Role) -> None:
    """Let couriers speak and ask of themselves only; the other ``roles`` of anybody."""
    require(act.actor, *roles)
    others = tuple(role for role in roles if role is not Role.COURIER)
    if act.actor.name != courier_id and not act.actor.may_be(Role.SYSTEM, *others):
        raise ForbiddenError("this is another courier's")
