"""Why a stop stays behind, in a sentence a person understands, found by trying it alone with every courier.

An engine only says that it left a stop out. If some courier could have served it alone, it was crowded out; if none
could, the rule that stands in the way nearest to success is the reason.
"""

from collections.abc import Iterable
from dataclasses import replace

from cloud.routing.checker import Fault, check_route
from cloud.routing.plan import Unplanned, UnplannedReason
from cloud.routing.problem import UNREACHABLE_S, Costs, Courier, Problem, RouteCourierId, Stop, StopId, Travel
from cloud.routing.schedule import earliest_route, with_breaks

_BY_FAULT = (  # in the order in which people want to hear it
    (Fault.WINDOW, UnplannedReason.WINDOW_MISSED),
    (Fault.BREAK, UnplannedReason.SHIFT_TOO_SHORT),
    (Fault.SHIFT, UnplannedReason.SHIFT_TOO_SHORT),
    (Fault.LIMIT, UnplannedReason.TOO_FAR),
    (Fault.CAPACITY, UnplannedReason.EXCEEDS_CAPACITY),
)
_SENTENCES = {
    UnplannedReason.NO_COURIER: "No courier works that day.",
    UnplannedReason.NO_SKILL: "No courier of the day can do everything it needs: {skills}.",
    UnplannedReason.EXCEEDS_CAPACITY: "It is too much for any van: {count} parcels, {kg:.1f} kg, {litres:.0f} l.",
    UnplannedReason.UNREACHABLE: "No road leads there from where any courier starts.",
    UnplannedReason.WINDOW_MISSED: "Nobody can be there in its time window, even driving there first.",
    UnplannedReason.SHIFT_TOO_SHORT: "Going there and back takes longer than what is left of any courier's shift.",
    UnplannedReason.TOO_FAR: "It is beyond the distance, driving time or number of stops any courier may take on.",
    UnplannedReason.CROWDED_OUT: "Stops that rank higher or lie better took the room (its priority is {priority}).",
}


def explain(problem: Problem, travel: Travel, stop_ids: Iterable[StopId]) -> tuple[Unplanned, ...]:
    """Return one entry per stop, with the reason."""
    stops = problem.stop_by_id()
    couriers = _distinct(problem.couriers)
    return tuple(
        _unplanned(stop, reason_for(stop, couriers, stops, travel)) for stop in map(stops.__getitem__, stop_ids)
    )


def reason_for(stop: Stop, couriers: Iterable[Courier], stops: dict[StopId, Stop], travel: Travel) -> UnplannedReason:
    """Return the rule that keeps the stop from every courier, or that it was crowded out."""
    couriers = list(couriers)
    if not couriers:
        return UnplannedReason.NO_COURIER
    able = [courier for courier in couriers if stop.skills <= courier.skills]
    if not able:
        return UnplannedReason.NO_SKILL
    roomy = [one for one in able if stop.deliveries.fits(one.capacity) and stop.collections.fits(one.capacity)]
    if not roomy:
        return UnplannedReason.EXCEEDS_CAPACITY
    fewest: frozenset[Fault] | None = None
    for courier in roomy:
        faults = _faults_alone(stop, courier, stops, travel)
        if not faults:
            return UnplannedReason.CROWDED_OUT
        if fewest is None or len(faults) < len(fewest):
            fewest = faults
    if all(_cut_off(stop, courier, travel) for courier in roomy):
        return UnplannedReason.UNREACHABLE
    return next(reason for fault, reason in _BY_FAULT if fault in (fewest or ()))


def _faults_alone(stop: Stop, courier: Courier, stops: dict[StopId, Stop], travel: Travel) -> frozenset[Fault]:
    order = with_breaks(courier, [*(stops[locked] for locked in courier.locked), stop], travel)
    route = earliest_route(courier, order, travel)
    return frozenset(violation.fault for violation in check_route(stops, travel, courier, route))


def _cut_off(stop: Stop, courier: Courier, travel: Travel) -> bool:
    there = courier.start is not None and travel.duration_s(courier.start, stop.place) >= UNREACHABLE_S
    back = courier.end is not None and travel.duration_s(stop.place, courier.end) >= UNREACHABLE_S
    return there or back


def _distinct(couriers: Iterable[Courier]) -> list[Courier]:
    """Return one of each kind: a fleet of forty equal vans need not be tried forty times."""
    kinds = {replace(courier, id=RouteCourierId(""), costs=Costs()): courier for courier in couriers}
    return list(kinds.values())


def _unplanned(stop: Stop, reason: UnplannedReason) -> Unplanned:
    load = stop.deliveries.plus(stop.collections)
    sentence = _SENTENCES[reason].format(
        skills=", ".join(sorted(stop.skills)),
        count=load.parcels,
        kg=load.weight_g / 1000,
        litres=load.volume_cm3 / 1000,
        priority=stop.priority,
    )
    return Unplanned(stop.id, stop.parcels, reason, sentence)
