"""A van that cannot go on: who takes what is asked of the planner, shown, and done when an operator says so."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cloud.domain.errors import ConflictError
from cloud.engines import AsPlanner
from cloud.replanning import travel_now
from cloud.rim import Doing, Rim
from cloud.routing.lateness import late_price, softened
from cloud.routing.matrices import TravelTimes
from cloud.routing.plan import Route, StepKind
from cloud.routing.problem import Place, Stop, StopId
from cloud.routing.schedule import earliest_route
from cloud.routing.splitting import Split, Stranded, Taker, second_opinion, split
from cloud.services.hand_over import (
    MEETING,
    Comer,
    HandedOver,
    HandOver,
    Proposal,
    Stuck,
    Taking,
    read_stuck,
    store_hand_over,
)
from cloud.services.locker_question import Timed
from cloud.services.ports import Act

DEADLINE_S = 16.0  # for all groups of couriers together: an operator with a stuck van waits that long
SECOND_S = 4.0  # for the joint engine to better the best group's routes
TRAVEL_S = 5.0  # of them at most for the travel times


@dataclass(frozen=True, slots=True)
class Proposed:
    proposal: Proposal
    until: datetime


async def propose(rim: Rim, act: Act, what: HandOver) -> Proposed:
    """Return who would take what, changing nothing. Raises ``ConflictError`` for somebody named who cannot come."""
    stuck = await rim.look(lambda uow: read_stuck(uow, act, what))
    travel = await travel_now(rim, _places(stuck), TRAVEL_S)
    takers = [Taker(one.driver, one.rest.stops if one.rest else ()) for one in stuck.comers]
    stranded = _stranded(stuck, takers, travel)
    found = await split(rim.planner, stranded, takers, travel, DEADLINE_S) if takers and stranded.stops else None
    if found and rim.joint is not None and rim.joint.is_warm:
        found = await second_opinion(AsPlanner(rim.joint), found, (stranded, takers), travel, SECOND_S)
    takings = _takings(stuck, found, travel) if found else ()
    taken = {one for taking in takings for one in taking.handed}
    left = tuple(str(one.id) for one in stuck.rest.stops if one.id not in taken)
    proposal = Proposal(rim.ids.new(), stuck, takings, left, str(rim.locality.zone))
    return Proposed(proposal, rim.proposals.keep(proposal, act.now))


async def confirm(
    rim: Rim, act: Act, courier_id: str, proposal_id: str, do: Doing[HandedOver] | None = None
) -> HandedOver:
    """Do what was proposed. Raises ``ConflictError`` when a route changed since, ``NotFoundError`` when it is over."""
    proposal = rim.proposals.need(courier_id, proposal_id, act.now)
    found = await (do or rim.do)(lambda uow: store_hand_over(uow, act, proposal))
    rim.proposals.drop(proposal_id)
    return found


async def hand_over(rim: Rim, act: Act, what: HandOver, do: Doing[HandedOver]) -> HandedOver:
    """Propose and confirm at once, for somebody who is named. Raises ``ConflictError`` if they can take nothing."""
    proposed = await propose(rim, act, what)
    if not proposed.proposal.takings:
        raise ConflictError("nobody named can take anything over and still keep what they have promised")
    return await confirm(rim, act, what.courier_id, proposed.proposal.id, do)


def _places(stuck: Stuck) -> tuple[Place, ...]:
    known = {stop.place for stop in stuck.rest.stops}
    for comer in stuck.comers:
        known |= {stop.place for stop in comer.rest.stops} if comer.rest else set()
        known |= {place for place in (comer.driver.start, comer.driver.end) if place is not None}
    return tuple(sorted({*known, _place(stuck)}))


def _place(stuck: Stuck) -> Place:
    return stuck.rest.courier.start or stuck.rest.stops[0].place


def _stranded(stuck: Stuck, takers: Sequence[Taker], travel: TravelTimes) -> Stranded:
    """Return the van with what is in it; a window nobody could be in time for any more has a price, and no end."""
    place, meeting_s = _place(stuck), int(MEETING.total_seconds())
    there_s = [
        one.courier.shift.start_s + travel.duration_s(one.courier.start or place, place) + meeting_s for one in takers
    ]
    first_s = min(there_s, default=0)
    until_s = max((one.courier.shift.end_s for one in takers), default=0)

    def kept(stop: Stop) -> Stop:
        is_lost = bool(stop.windows) and first_s + travel.duration_s(place, stop.place) > stop.windows[-1].end_s
        return softened(stop, until_s) if is_lost else stop

    return Stranded(stuck.what.courier_id, place, tuple(kept(one) for one in stuck.rest.stops), meeting_s)


def _takings(stuck: Stuck, found: Split, travel: TravelTimes) -> tuple[Taking, ...]:
    comers = {comer.driver.id: comer for comer in stuck.comers}
    asked = found.problem.stop_by_id()
    takings = [_taking(stuck, comers[route.courier_id], (route, asked), travel) for route in found.plan.routes]
    return tuple(one for one in takings if one.handed)


def _taking(stuck: Stuck, comer: Comer, answer: tuple[Route, Mapping[StopId, Stop]], travel: TravelTimes) -> Taking:
    """Return what one courier takes, from their route and the stops as the planner was asked about them."""
    route, asked = answer
    now = stuck.rest.now
    van = {stop.id: stop for stop in stuck.rest.stops}
    own = {stop.id: stop for stop in comer.rest.stops} if comer.rest else {}
    steps = [step for step in route.steps if step.kind is StepKind.STOP]
    known = {**van, **own}
    cents = route.cost_cents - late_price(route, asked)  # of lateness nobody sends a bill
    handed = tuple(step.ref for step in steps if step.ref in van)
    late = frozenset(
        step.ref for step in steps if step.ref in known and _is_late(known[StopId(step.ref)], step.begin_s)
    )
    so_far = earliest_route(comer.driver, tuple(own.values()), travel) if own else None
    return Taking(
        comer,
        tuple(Timed(step.ref if step.ref in known else "", now + timedelta(seconds=step.begin_s)) for step in steps),
        handed,
        sum(van[StopId(one)].deliveries.parcels for one in handed),
        now + timedelta(seconds=route.end_s),
        route.distance_m - (so_far.distance_m if so_far else 0),
        cents - (so_far.cost_cents if so_far else 0),
        frozenset(own),
        late,
    )


def _is_late(stop: Stop, begin_s: int) -> bool:
    return bool(stop.windows) and not any(one.start_s <= begin_s <= one.end_s for one in stop.windows)
