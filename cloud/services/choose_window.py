"""A recipient chooses when: the plan is changed to keep it, and from then on the window is a promise like any other."""

from dataclasses import dataclass, replace
from datetime import datetime

from cloud.domain.actors import Role, require
from cloud.domain.errors import ConflictError
from cloud.domain.parcel import Parcel
from cloud.domain.windows import Window, promised
from cloud.services import reroute
from cloud.services.history import move
from cloud.services.locker_question import NewOrder, RouteLeft
from cloud.services.ports import Act, UnitOfWork
from cloud.services.records import Route, Stop, StopTask, Task, TaskState


class WindowGoneError(ConflictError):
    """A window that was offered cannot be kept any more."""

    def __init__(self) -> None:
        """Say so in the words that the page shows."""
        super().__init__("this window has just been taken; please choose another")


@dataclass(frozen=True, slots=True)
class Chosen:
    """A window and the routes that keep it: ``there`` with the stop (its id empty), ``left`` the one it leaves.

    ``left`` is None when the parcel stays with its courier. ``service_s`` is what its stop takes alone.
    """

    parcel_id: str
    window: Window
    stop_id: str
    route_id: str
    there: NewOrder
    left: tuple[str, NewOrder] | None
    service_s: int


def choose_window(uow: UnitOfWork, act: Act, chosen: Chosen) -> datetime:
    """Keep the window and return when the courier is expected; raises ``WindowGoneError`` if the plan has moved on."""
    require(act.actor, Role.RECIPIENT, Role.OPERATOR, Role.SUPPORT)
    promised(chosen.window.begins, chosen.window.ends)
    parcel = uow.need(Parcel, chosen.parcel_id)
    task = uow.first(StopTask, parcel_id=parcel.id, stop_id=chosen.stop_id, state=TaskState.PENDING, task=Task.DELIVER)
    if task is None:
        raise WindowGoneError
    _check_unchanged(uow, chosen)
    own = _own_stop(uow, act, chosen, task)
    if chosen.left is not None:
        route_id, order = chosen.left
        _order(uow, route_id, order)
    _order(uow, chosen.route_id, chosen.there, own)
    values = {"window_from": chosen.window.begins, "window_to": chosen.window.ends, "soft_to": None}
    said = f"{chosen.window.begins.isoformat()} to {chosen.window.ends.isoformat()}"
    move(uow, act, parcel, "window_chosen", detail=said, **values)
    return next(one.eta for one in chosen.there.stops if not one.stop_id)


def _check_unchanged(uow: UnitOfWork, chosen: Chosen) -> None:
    """Refuse when either route is no longer the one the choice was thought about."""
    expected = {chosen.route_id: chosen.there.stop_ids()}
    if chosen.left is not None:
        expected[chosen.left[0]] = chosen.left[1].stop_ids()
    for route_id, ids in expected.items():
        left = reroute.with_stops(uow, uow.need(Route, route_id))
        if _open_without(left, chosen.parcel_id) != ids:
            raise WindowGoneError


def _open_without(left: RouteLeft, parcel_id: str) -> frozenset[str]:
    return frozenset(
        stop.id for stop in left.stops if any(task.parcel_id != parcel_id for task in reroute.pending(left, stop))
    )


def _own_stop(uow: UnitOfWork, act: Act, chosen: Chosen, task: StopTask) -> Stop:
    """Return the parcel's stop on the route that keeps the window; neighbours at the door keep theirs."""
    stop = uow.need(Stop, task.stop_id)
    if uow.count(StopTask, stop_id=stop.id) == 1:
        own = replace(stop, route_id=chosen.route_id)
        uow.change(Stop, {"id": stop.id}, route_id=chosen.route_id)
        return own
    own = replace(stop, id=act.ids.new(), route_id=chosen.route_id, service_s=chosen.service_s)
    uow.add(own)
    uow.change(StopTask, {"id": task.id}, stop_id=own.id)
    return own


def _order(uow: UnitOfWork, route_id: str, order: NewOrder, own: Stop | None = None) -> None:
    left = reroute.with_stops(uow, uow.need(Route, route_id))
    reroute.resequence(uow, left, order, own)
