from typing import Any

import numpy as np
import pytest

from cloud.routing.explain import explain
from cloud.routing.matrices import TravelTimes
from cloud.routing.plan import UnplannedReason
from cloud.routing.problem import UNREACHABLE_S, Amounts, Problem, TimeWindow
from tests.unit.cloud.routing.builders import DEPOT, a_courier, a_stop, line_travel, on_line


def _reason(stop: dict[str, Any], courier: dict[str, Any]) -> UnplannedReason:
    day = Problem((a_stop("a", 10, **stop),), (a_courier(**courier),))
    (left,) = explain(day, line_travel(day), [day.stops[0].id])
    return left.reason


@pytest.mark.parametrize(
    ("stop", "courier", "reason"),
    [
        ({"skills": frozenset({"cold"})}, {}, UnplannedReason.NO_SKILL),
        ({"deliveries": Amounts(51, 0, 0)}, {}, UnplannedReason.EXCEEDS_CAPACITY),
        ({"collections": Amounts(0, 600_000, 0)}, {}, UnplannedReason.EXCEEDS_CAPACITY),
        ({"windows": (TimeWindow(0, 599),)}, {}, UnplannedReason.WINDOW_MISSED),
        ({}, {"shift": TimeWindow(0, 1_259)}, UnplannedReason.SHIFT_TOO_SHORT),
        ({}, {"distance_m_max": 9_999}, UnplannedReason.TOO_FAR),
        ({}, {"drive_s_max": 1_199}, UnplannedReason.TOO_FAR),
        ({}, {"stops_max": 0}, UnplannedReason.TOO_FAR),
        ({}, {}, UnplannedReason.CROWDED_OUT),
    ],
)
def test_the_rule_in_the_way_is_the_reason(
    stop: dict[str, Any], courier: dict[str, Any], reason: UnplannedReason
) -> None:
    assert _reason(stop, courier) is reason


def test_without_couriers_nobody_comes() -> None:
    day = Problem((a_stop("a"),), ())
    (left,) = explain(day, line_travel(day), [day.stops[0].id])
    assert (left.reason, left.sentence) == (UnplannedReason.NO_COURIER, "No courier works that day.")


def test_one_courier_who_could_is_enough_to_call_it_crowded_out() -> None:
    day = Problem((a_stop("a", 10),), (a_courier("anna", shift=TimeWindow(0, 10)), a_courier("ben")))
    (left,) = explain(day, line_travel(day), [day.stops[0].id])
    assert left.reason is UnplannedReason.CROWDED_OUT


def test_the_sentence_carries_the_facts() -> None:
    day = Problem((a_stop("a", 1, deliveries=Amounts(60, 12_345, 9_000), parcels=("p", "q")),), (a_courier(),))
    (left,) = explain(day, line_travel(day), [day.stops[0].id])
    assert left.sentence == "It is too much for any van: 60 parcels, 12.3 kg, 9 l."
    assert left.parcels == ("p", "q")


def test_a_place_off_the_road_is_called_so() -> None:
    day = Problem((a_stop("a", 1),), (a_courier(),))
    durations = np.array([[0, UNREACHABLE_S], [UNREACHABLE_S, 0]], dtype=np.uint32)
    travel = TravelTimes((DEPOT, on_line(1)), durations, np.zeros((2, 2), dtype=np.uint32))
    (left,) = explain(day, travel, [day.stops[0].id])
    assert left.reason is UnplannedReason.UNREACHABLE
