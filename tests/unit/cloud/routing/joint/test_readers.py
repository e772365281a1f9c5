"""The published formats, in miniature."""

from pathlib import Path

import pytest

from cloud.routing.joint.readers import InstanceError, read

VRPDO = """
VEHICLE  CAPACITY  LOCATIONS  CUSTOMER  OPTIONS  PRIORITIES  NUMTYPS
3  40  3  2  3  3  4

CUSTOMER  DEMAND
0  10
1  11

LOCATION  XCOORD  YCOORD  CAP  READY  DUE  TYP  SERVICETIME
0  0  0  -1  0  720  0  0
1  3  4  -1  40  160  2  6
51  0  2  5  0  720  1  4
OPTION  LOCATION  CUSTOMER  PRIO  SERVICETIME  COST
0  1  0  0  5  0
1  51  0  1  2  0
2  51  1  0  2  0
"""
SOLOMON = """C1
VEHICLE
NUMBER CAPACITY
  2  200

CUSTOMER
CUST NO. XCOORD. YCOORD. DEMAND READY DUE SERVICE

0 0 0 0 0 100 0
1 1 1 10 5 50 9
"""
VRPPL = "2\t1\n2\t50\n10\n20\n0\t0\t0\t100\t0\t0\n3\t4\t5\t50\t9\t3\n6\t8\t5\t50\t9\t2\n0\t1\t0\t100\t4\t4\n1\t\n1\t\n"
VRPRDL = """General parameters

1 4 720 75

Customer schedules

0 0\t0 [0,720]
1 20\t1 [0,46]\t2 [191,264]
2 0\t3 [0,720]

Travel time matrix

(0, 1) 7
(1, 0) 8
(0, 2) 5
(2, 0) 6
"""
SECTIONS = """NAME:\tx
CAPACITY:\t75
NUM_CUSTOMERS:\t2
NODE_COORD_SECTION
1\t0.0\t0.0
2\t1.0\t-1.5
3\t2.0\t1.5
EDGE_WEIGHT_SECTION
0\t3\t4\t
3\t0\t5\t
4\t5\t0\t
TIME_WINDOW_SECTION
1\t0\t720
2\t10\t20
3\t30\t40
CLUSTER_SECTION
1\t1\t
2\t2\t3\t
DEMAND_SECTION
1\t0
2\t38
DEPOT_SECTION
1
EOF
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "one.txt"
    path.write_text(text, encoding="utf-8")
    return path


def test_delivery_options(tmp_path: Path) -> None:
    day = read(written(tmp_path, VRPDO), "vrpdo")
    assert [one.location for one in day.options] == [1, 2, 2]
    assert day.rooms == ((5,),)
    assert day.locations[2].room == 0
    assert day.locations[1].ready == 40_000
    assert int(day.cost[0, 0, 1]) == 5_000
    assert day.fewest_vehicles
    assert day.budget == (0, 0)


def test_time_windows_are_cut_after_one_decimal(tmp_path: Path) -> None:
    day = read(written(tmp_path, SOLOMON), "vrptw")
    assert int(day.time[0, 1]) == 14
    assert (day.locations[1].ready, day.locations[1].due, day.locations[1].prepare) == (50, 500, 90)
    assert [van.capacity[0] for van in day.vehicles] == [200, 200]


def test_parcel_lockers(tmp_path: Path) -> None:
    day = read(written(tmp_path, VRPPL), "vrppl")
    assert [(one.customer, one.location) for one in day.options] == [(0, 1), (0, 3), (1, 3)]
    assert [customer.demand[0] for customer in day.customers] == [10, 20]
    assert day.locations[3].prepare == 4_000


@pytest.mark.parametrize("text", [VRPRDL, SECTIONS])
def test_roaming_trunks(tmp_path: Path, text: str) -> None:
    day = read(written(tmp_path, text), "vrprdl")
    assert len(day.customers) == 1
    assert [(one.customer, one.location) for one in day.options] == [(0, 1), (0, 2)]
    assert day.vehicles[0].capacity[0] == 75


def test_asymmetric_travel_times_stay_so(tmp_path: Path) -> None:
    day = read(written(tmp_path, VRPRDL), "vrprdl")
    assert (int(day.time[0, 1]), int(day.time[1, 0])) == (7, 8)


@pytest.mark.parametrize("kind", ["vrpdo", "vrptw", "vrppl", "vrprdl"])
def test_another_file_is_refused_by_name(tmp_path: Path, kind: str) -> None:
    with pytest.raises(InstanceError, match=f"one.txt is not laid out as {kind}; is it of another set"):
        read(written(tmp_path, "hello\n"), kind)
