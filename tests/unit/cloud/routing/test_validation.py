import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from cloud.routing.problem import Amounts, Break, Costs, Place, Problem, StopId, TimeWindow
from cloud.routing.validation import ERRORS_MAX, validate
from tests.unit.cloud.routing.builders import a_break, a_courier, a_stop


def _of_stop(**changes: Any) -> list[str]:
    return [str(error) for error in validate(Problem((a_stop(**changes),), ()))]


def _of_courier(**changes: Any) -> list[str]:
    return [str(error) for error in validate(Problem((a_stop("a"), a_stop("b")), (a_courier(**changes),)))]


def test_a_sound_day_has_no_errors() -> None:
    assert validate(Problem((a_stop("a"), a_stop("b")), (a_courier(breaks=(a_break(0, 600),)),))) == ()


def test_duplicate_ids_are_named_with_the_first_holder() -> None:
    day = Problem((a_stop("a"), a_stop("a")), (a_courier("anna"), a_courier("anna")))
    assert [str(error) for error in validate(day)] == [
        "stops[1].id: 'a' is already the id of stops[0]",
        "couriers[1].id: 'anna' is already the id of couriers[0]",
    ]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (-1, "-1 is outside 0..100000000"),
        (1.5, "1.5 is not a whole number"),
        (math.nan, "nan is not a whole number"),
        (math.inf, "inf is not a whole number"),
        (True, "True is not a whole number"),
        ("3", "'3' is not a whole number"),
        (np.int64(3), "np.int64(3) is not a whole number"),
        (10**9, "1000000000 is outside 0..100000000"),
    ],
)
def test_amounts_that_vroom_would_swallow_are_refused(value: Any, said: str) -> None:
    assert _of_stop(deliveries=Amounts(1, value, 0)) == [f"stops[0].deliveries.weight_g: {said}"]


def test_millisecond_timestamps_are_refused_where_vroom_would_overflow() -> None:
    assert _of_stop(windows=(TimeWindow(0, 1_700_000_000_000),)) == [
        "stops[0].windows[0].end_s: 1700000000000 is outside 0..604800"
    ]


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"id": StopId("")}, "stops[0].id"),
        ({"id": StopId("x" * 101)}, "stops[0].id"),
        ({"place": Place(math.nan, 0)}, "stops[0].place.lon"),
        ({"place": Place(21.0, 152.2)}, "stops[0].place.lat"),
        ({"place": Place(lon=True, lat=0)}, "stops[0].place.lon"),
        ({"windows": (TimeWindow(10, 5),)}, "stops[0].windows[0]"),
        ({"windows": (TimeWindow(0, 5), TimeWindow(5, 9))}, "stops[0].windows[1]"),
        ({"windows": tuple(TimeWindow(n * 10, n * 10 + 5) for n in range(11))}, "stops[0].windows"),
        ({"service_s": 14_401}, "stops[0].service_s"),
        ({"priority": 101}, "stops[0].priority"),
        ({"skills": frozenset({""})}, "stops[0].skills"),
        ({"collections": Amounts(0, 0, -1)}, "stops[0].collections.volume_cm3"),
        ({"parcels": ("p",) * 501}, "stops[0].parcels"),
    ],
)
def test_each_wrong_field_of_a_stop_is_named(changes: dict[str, Any], path: str) -> None:
    assert [error.path for error in validate(Problem((replace(a_stop(), **changes),), ()))] == [path]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"start": None, "end": None}, "couriers[0].start: a courier needs a start or an end"),
        ({"shift": TimeWindow(9, 5)}, "couriers[0].shift[0]: ends at 5 s, before it starts at 9 s"),
        ({"costs": Costs(per_hour_cents=-1)}, "couriers[0].costs.per_hour_cents: -1 is outside 0..10000000"),
        ({"stops_max": 2.0}, "couriers[0].stops_max: 2.0 is not a whole number"),
        ({"breaks": (Break("b", (), 5),)}, "couriers[0].breaks[0].windows: a break needs at least one window"),
        (
            {"breaks": (a_break(0, 10, 50, "x"), a_break(0, 20, 5, "y"))},
            "couriers[0].breaks[1].windows: cannot begin after the break before it, which ends at 50 s",
        ),
        ({"locked": (StopId("z"),)}, "couriers[0].locked: 'z' is no stop of this problem"),
        (
            {"locked": (StopId("a"), StopId("a"))},
            "couriers[0].locked: 'a' is already locked to courier 'anna'",
        ),
        (
            {"locked": (StopId("a"), StopId("b")), "capacity": Amounts(1, 9_000, 9_000)},
            "couriers[0].locked: the locked stops alone load (2, 2000, 2000); the capacity is (1, 9000, 9000)",
        ),
    ],
)
def test_each_wrong_field_of_a_courier_is_named(changes: dict[str, Any], said: str) -> None:
    assert _of_courier(**changes) == [said]


def test_all_errors_come_at_once_but_a_report_ends() -> None:
    day = Problem(tuple(a_stop(f"s{number}", priority=-1) for number in range(ERRORS_MAX + 50)), ())
    errors = validate(day)
    assert len(errors) == ERRORS_MAX + 1
    assert errors[-1].message == "and 50 more errors"


def test_too_many_skills_are_refused() -> None:
    day = Problem(tuple(a_stop(f"s{number}", skills=frozenset({f"k{number}"})) for number in range(65)), ())
    assert [str(error) for error in validate(day)] == ["skills: 65 distinct skills; at most 64"]
