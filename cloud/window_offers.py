"""What the tracking page asks: which windows could be kept, and keeping one. Thought about beside the writer."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

from cloud.domain.windows import Window
from cloud.replanning import travel_now
from cloud.rim import Doing, Rim
from cloud.routing import plan as routed
from cloud.routing.checker import check_route
from cloud.routing.matrices import TravelTimes
from cloud.routing.plan import StepKind
from cloud.routing.problem import Courier, Stop, StopId
from cloud.routing.schedule import earliest_route, schedule
from cloud.routing.windows import Offer, cost_at, offers
from cloud.services.choose_window import Chosen, WindowGoneError, choose_window
from cloud.services.locker_question import NewOrder, Timed
from cloud.services.ports import Act
from cloud.services.window_board import Board, Lane, as_seconds, read_board, windows_of

T = TypeVar("T")
PATIENCE_S = 2.0  # for a provider's matrix of the whole day, which is then remembered
TRIES_MAX = 3  # a plan that changes three times while one person chooses is changing for everybody


@dataclass(frozen=True, slots=True)
class WindowOffer:
    """``price_cents`` is what it costs beside leaving everything as it is; never below nothing."""

    window: Window
    price_cents: int
    eta: datetime


async def windows_for(rim: Rim, act: Act, parcel_id: str) -> tuple[WindowOffer, ...]:
    """Return the windows a parcel's recipient may choose now, in order; none for a parcel on nobody's route."""
    board = await rim.look(lambda uow: read_board(uow, act, parcel_id))
    if board is None:
        return ()
    travel = await _travel(rim, board)
    return await _aside(rim, lambda: priced(board, windows_of(board, _local(rim, act.now)), travel))


async def keep_window(
    rim: Rim, act: Act, parcel_id: str, window: Window, do: Doing[datetime] | None = None
) -> datetime:
    """Promise a window and return when the courier is expected; raises ``WindowGoneError``."""
    eta = None
    for _ in range(TRIES_MAX):
        board = await rim.look(lambda uow: read_board(uow, act, parcel_id))
        if board is None or window not in windows_of(board, _local(rim, act.now)):
            break
        chosen = await _decide(rim, board, window)
        eta = await _try(act, chosen, do or rim.do) if chosen else None
        if chosen is None or eta is not None:
            break
    if eta is None:
        raise WindowGoneError
    return eta


async def _decide(rim: Rim, board: Board, window: Window) -> Chosen | None:
    travel = await _travel(rim, board)
    return await _aside(rim, lambda: decided(board, window, travel))


async def _try(act: Act, chosen: Chosen, do: Doing[datetime]) -> datetime | None:
    """Return None when the plan moved on between the look and the deed."""
    try:
        return await do(lambda uow: choose_window(uow, act, chosen))
    except WindowGoneError:
        return None


def priced(board: Board, windows: Sequence[Window], travel: TravelTimes) -> tuple[WindowOffer, ...]:
    """Return the windows that can be kept with what each costs beside the plan as it is."""
    own = board.lanes[board.own].running
    now_cents = cost_at(own, board.stop, board.position, travel)
    asked = {as_seconds(board, window): window for window in windows}
    running = [lane.running for lane in board.lanes]
    return tuple(
        WindowOffer(
            asked[one.window], max(0, round(one.added_cents - now_cents)), board.now + timedelta(seconds=one.begin_s)
        )
        for one in offers(running, board.stop, tuple(asked), travel)
    )


def decided(board: Board, window: Window, travel: TravelTimes) -> Chosen | None:
    """Return the routes that keep a window, seen by the checker; None if there are none."""
    asked = as_seconds(board, window)
    running = [lane.running for lane in board.lanes]
    found = offers(running, board.stop, [asked], travel)
    if not found:
        return None
    stop = replace(board.stop, windows=(asked,))
    there = _with(board.lanes[found[0].route], found[0], stop, board, travel)
    own = board.lanes[board.own]
    if there is None:
        return None
    left = None if found[0].route == board.own else (own.route.id, _as_order(own, own.running.order, board, travel))
    route_id = board.lanes[found[0].route].route.id
    return Chosen(board.parcel_id, window, board.stored_stop, route_id, there, left, stop.service_s)


def _with(lane: Lane, offer: Offer, stop: Stop, board: Board, travel: TravelTimes) -> NewOrder | None:
    order = (*lane.running.order[: offer.position], stop, *lane.running.order[offer.position :])
    courier = _unlimited(lane.running.courier)
    late = _late(courier, lane.running.order, travel)  # what is late already is no reason to refuse
    tried = {one.id: replace(one, windows=()) if one.id in late else one for one in order}
    route = earliest_route(courier, tuple(tried.values()), travel)
    if check_route(tried, travel, courier, route):
        return None
    return _as_order(lane, order, board, travel)


def _unlimited(courier: Courier) -> Courier:
    """Return the courier whose van is not looked at again: the board has done so, with what is aboard already."""
    return replace(courier, capacity=courier.capacity._replace(weight_g=10**9, volume_cm3=10**9))


def _late(courier: Courier, order: Sequence[Stop], travel: TravelTimes) -> set[str]:
    begins = {step.ref: step.begin_s for step in earliest_route(courier, order, travel).steps}
    return {
        stop.id
        for stop in order
        if stop.windows and not any(one.start_s <= begins[stop.id] <= one.end_s for one in stop.windows)
    }


def _as_order(lane: Lane, order: Sequence[Stop], board: Board, travel: TravelTimes) -> NewOrder:
    """Return an order as what is stored; a courier who has not left yet leaves as late as it allows."""
    courier = lane.running.courier
    if not order:
        return NewOrder((), lane.route.ends_at, -lane.route.distance_m)
    route = schedule(courier, order, travel)
    before = schedule(courier, lane.running.order, travel) if lane.running.order else None
    longer_m = route.distance_m - (before.distance_m if before else 0)
    timed = tuple(
        Timed(lane.names.get(_id(step), ""), _at(board, step.begin_s))
        for step in route.steps
        if step.kind is StepKind.STOP
    )
    starts_at = None if courier.under_way else _at(board, route.depart_s)
    return NewOrder(timed, _at(board, route.end_s), longer_m, starts_at)


def _id(step: routed.Step) -> StopId:
    return StopId(step.ref)


def _at(board: Board, moment_s: int) -> datetime:
    return board.now + timedelta(seconds=moment_s)


def _local(rim: Rim, now: datetime) -> datetime:
    return now.astimezone(rim.locality.zone)


async def _travel(rim: Rim, board: Board) -> TravelTimes:
    when = (board.now.replace(minute=0, second=0, microsecond=0), rim.replans.jams(board.now))
    return await rim.recent.matrix(board.places(), when, lambda places: travel_now(rim, places, PATIENCE_S))


async def _aside(rim: Rim, work: Callable[[], T]) -> T:
    return await asyncio.get_running_loop().run_in_executor(rim.readers, work)
