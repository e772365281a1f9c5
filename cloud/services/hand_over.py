"""A courier is out: somebody else takes the van over where it stands, with everything in it and left to do."""

from dataclasses import dataclass, replace

from cloud.domain.actors import Role, require
from cloud.domain.custody import Custodian, CustodianKind
from cloud.domain.errors import ConflictError, InvalidError, NotFoundError
from cloud.domain.parcel import TERMINAL, Parcel
from cloud.services import reroute
from cloud.services.attention import alarm
from cloud.services.history import entry
from cloud.services.ports import Act, Change, UnitOfWork
from cloud.services.records import Courier, Plan, Route

KIND = "courier_out"


@dataclass(frozen=True, slots=True)
class HandOver:
    """``courier_id`` cannot go on, ``to_id`` takes over; ``reason`` is for whoever reads the alarm."""

    courier_id: str
    to_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class HandedOver:
    route_id: str
    parcels: int


def hand_over(uow: UnitOfWork, act: Act, what: HandOver) -> HandedOver:
    """Move route and custody to the other courier; raises ``ConflictError`` if they drive a route of their own."""
    require(act.actor, Role.OPERATOR, Role.PLANNER)
    if what.courier_id == what.to_id:
        raise InvalidError("to", "a courier cannot take over from themselves")
    left, to = reroute.route_of(uow, what.courier_id), uow.need(Courier, what.to_id)
    if left is None or not reroute.open_ids(left):
        raise NotFoundError("route on the road of courier", what.courier_id)
    if not to.active or _is_busy(uow, to.id):
        raise ConflictError(f"courier {to.name} does not work, or has a route of their own today")
    moved = [_moved(act, parcel, to.id) for parcel in _aboard(uow, what.courier_id)]
    uow.change(Route, {"id": left.route.id}, courier_id=to.id)
    uow.change_many(
        Parcel, [Change({"id": one.id}, {"custodian": one.custodian, "updated_at": act.now}) for one in moved]
    )
    uow.add(*(entry(act, one, "handed_over", f"from courier {what.courier_id}: {what.reason}") for one in moved))
    said = f"courier {what.courier_id} is out ({what.reason}); {to.name} takes over {len(moved)} parcels"
    uow.add(alarm(act, (None, None), (KIND, "warning"), said))
    return HandedOver(left.route.id, len(moved))


def _aboard(uow: UnitOfWork, courier_id: str) -> list[Parcel]:
    custodian = str(Custodian(CustodianKind.COURIER, courier_id))
    return [one for one in uow.find(Parcel, order="id", custodian=custodian) if one.state not in TERMINAL]


def _moved(act: Act, parcel: Parcel, to_id: str) -> Parcel:
    return replace(parcel, custodian=str(Custodian(CustodianKind.COURIER, to_id)), updated_at=act.now)


def _is_busy(uow: UnitOfWork, courier_id: str) -> bool:
    current = tuple(plan.id for plan in uow.find(Plan, current=True))
    routes = uow.find(Route, order="id", courier_id=courier_id, plan_id=current) if current else []
    return any(reroute.open_ids(reroute.with_stops(uow, route)) for route in routes)
