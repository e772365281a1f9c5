"""One stop's parcels offered to others: the planner's choice first, then the others in order of cost.

While an errand is under way its parcels are nobody else's to plan; ``offer_steps`` has what becomes of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cloud.domain.actors import Role, require
from cloud.domain.custody import CustodianKind
from cloud.domain.errors import InvalidError
from cloud.domain.locker import Locker
from cloud.domain.outside import CrowdTrip, OfferKind, OfferState, PartnerTariff
from cloud.domain.parcel import Parcel, ParcelState
from cloud.services.many import by_id
from cloud.services.offer_steps import ask_next
from cloud.services.ports import Act, UnitOfWork
from cloud.services.records_outside import Errand, ErrandParcel, ErrandState, Offer

CANDIDATES_MAX = 8  # asked one after another at 5 to 10 minutes each: an hour, then the parcel is late for anybody
PARCELS_MAX = 20  # of one stop; an office block's day

_PLANNABLE = (ParcelState.ANNOUNCED, ParcelState.PLANNED, ParcelState.DELIVERY_FAILED, ParcelState.ASSIGNED_TO_LOCKER)


@dataclass(frozen=True, slots=True)
class Candidate:
    """Who may bring it: ``source_id`` is a crowd trip or a tariff, ``price_cents`` for everything at the stop."""

    kind: OfferKind
    source_id: str
    price_cents: int
    promise_from: datetime
    promise_to: datetime
    position: int = 0


@dataclass(frozen=True, slots=True)
class OutsideTask:
    """The parcels of one stop, and who may bring them: the planner's choice first, the rest in order of cost.

    ``own_cents`` is what our own courier would cost, the most a partner's quote may be. ``locker_id`` stands where the
    parcels go into a locker; only crowd couriers have a pass for its kiosk.
    """

    day: str
    parcels: tuple[str, ...]
    candidates: tuple[Candidate, ...]
    own_cents: int
    locker_id: str | None = None


def offered_parcels(uow: UnitOfWork) -> set[str]:
    """Return the parcels at the depot that others were asked about or said yes to: no plan of ours may take them."""
    return {one.parcel_id for one in uow.find(ErrandParcel, state=ErrandState.OPEN)}


def offer_tasks(uow: UnitOfWork, act: Act, tasks: Sequence[OutsideTask]) -> tuple[str, ...]:
    """Make an errand of each task, ask its first candidate and return the errands' ids.

    A task is left out when one of its parcels has left the depot or is offered already: the world moved on.
    """
    require(act.actor, Role.PLANNER, Role.OPERATOR)
    taken = offered_parcels(uow)
    made = []
    for task in tasks:
        _check(task)
        parcels = by_id(uow, Parcel, task.parcels)
        if len(parcels) == len(task.parcels) and all(_is_free(task, one, taken) for one in parcels.values()):
            made.append(_errand(uow, act, task, tuple(parcels.values())))
            taken.update(parcels)
    return tuple(made)


def _check(task: OutsideTask) -> None:
    if not 0 < len(set(task.parcels)) == len(task.parcels) <= PARCELS_MAX:
        raise InvalidError("parcels", f"1 to {PARCELS_MAX} different ones make a task")
    if not 0 < len(task.candidates) <= CANDIDATES_MAX:
        raise InvalidError("candidates", f"1 to {CANDIDATES_MAX} are asked")
    if task.locker_id and any(one.kind is OfferKind.PARTNER for one in task.candidates):
        raise InvalidError("candidates", "a partner fleet has no pass for a locker")


def _is_free(task: OutsideTask, parcel: Parcel, taken: set[str]) -> bool:
    """Whether the depot has it for us to give, and it is promised to this place or to none."""
    at_depot = parcel.custodian.startswith(CustodianKind.CARRIER)
    promised = parcel.locker_id if parcel.state is ParcelState.ASSIGNED_TO_LOCKER else None
    return parcel.state in _PLANNABLE and at_depot and parcel.id not in taken and promised == task.locker_id


def _errand(uow: UnitOfWork, act: Act, task: OutsideTask, parcels: tuple[Parcel, ...]) -> str:
    lon, lat, address = _place_of(uow, task.locker_id, parcels[0])
    errand = Errand(
        id=act.ids.new(),
        day=task.day,
        locker_id=task.locker_id,
        address=address,
        lon=lon,
        lat=lat,
        own_cents=task.own_cents,
        made_by=str(act.actor),
        created_at=act.now,
        ended_at=None,
        outcome=None,
        said="",
    )
    uow.add(errand)
    uow.add(*(ErrandParcel(errand_id=errand.id, parcel_id=one.id, state=ErrandState.OPEN) for one in parcels))
    uow.add(*(_offer(uow, act, errand.id, (rank, one)) for rank, one in enumerate(task.candidates)))
    ask_next(uow, act, errand)
    return errand.id


def _place_of(uow: UnitOfWork, locker_id: str | None, parcel: Parcel) -> tuple[float, float, str]:
    """Return where a stop is and how its address reads."""
    if locker_id is None:
        return parcel.lon, parcel.lat, parcel.address
    locker = uow.need(Locker, locker_id)
    return locker.lon, locker.lat, locker.address


def _offer(uow: UnitOfWork, act: Act, errand_id: str, ranked: tuple[int, Candidate]) -> Offer:
    rank, one = ranked
    return Offer(
        id=act.ids.new(),
        errand_id=errand_id,
        rank=rank,
        kind=one.kind,
        source_id=one.source_id,
        asked=_asked(uow, one),
        price_cents=one.price_cents,
        promise_from=one.promise_from,
        promise_to=one.promise_to,
        position=one.position,
        state=OfferState.WAITING,
        made_at=None,
        answer_by=None,
        answered_at=None,
        ended_at=None,
        reason="",
    )


def _asked(uow: UnitOfWork, one: Candidate) -> str:
    if one.kind is OfferKind.CROWD:
        return uow.need(CrowdTrip, one.source_id).courier_id
    return uow.need(PartnerTariff, one.source_id).partner_id
