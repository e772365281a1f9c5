"""What an instance's routes come to is added before it is rounded."""

from pathlib import Path

import pytest

from cloud.plan_files.outcome import of_instance
from cloud.plan_files.writing import totals
from cloud.routing.joint.instance import Answer
from cloud.routing.joint.readers import read

# Four customers, each 1.4 from the depot (cut after one decimal) and in a vehicle of its own: 2.8 a route.
SOLOMON = """C1

VEHICLE
NUMBER     CAPACITY
  4         10

CUSTOMER
CUST NO.  XCOORD.  YCOORD.  DEMAND  READY TIME  DUE DATE  SERVICE TIME
    0  0  0  0  0  1000  0
    1  1  1  9  0  900  10
    2  1  -1  9  0  900  10
    3  -1  1  9  0  900  10
    4  -1  -1  9  0  900  10
"""


@pytest.mark.parametrize(("vehicles", "whole"), [(1, 3), (2, 6), (3, 8), (4, 11)])
def test_totals_are_added_then_rounded(tmp_path: Path, vehicles: int, whole: int) -> None:
    (tmp_path / "C1.txt").write_text(SOLOMON)
    day = read(tmp_path / "C1.txt", "vrptw")
    absent = tuple(range(vehicles, 4))

    outcome = of_instance(day, Answer(tuple((one, (one,)) for one in range(vehicles)), absent), "joint", 1.0)

    found = totals(outcome)
    assert [route.metres for route in outcome.routes] == [3] * vehicles
    assert (found["cost"], found["metres"], found["unplanned"]) == (whole, whole, 4 - vehicles)
    assert f"distance {2.8 * vehicles:,.3f}" in outcome.notes[0]
