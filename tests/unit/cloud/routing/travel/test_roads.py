import pytest

from cloud.routing.travel.roads import KM_H, Road, road_of


def test_a_residential_street_is_driven_both_ways() -> None:
    assert road_of({"highway": "residential"}) == Road(24.0, forward=True, backward=True)


@pytest.mark.parametrize("highway", ["footway", "cycleway", "pedestrian", "steps", "path", "construction", ""])
def test_what_is_not_for_vans_is_no_road(highway: str) -> None:
    assert road_of({"highway": highway}) is None


@pytest.mark.parametrize(
    ("tags", "is_open"),
    [
        ({"access": "private"}, False),
        ({"access": "no"}, False),
        ({"access": "destination"}, True),
        ({"motor_vehicle": "no"}, False),
        ({"access": "no", "motor_vehicle": "yes"}, True),
        ({"vehicle": "no", "motor_vehicle": "delivery"}, True),
        ({"vehicle": "private", "access": "yes"}, False),
        ({"area": "yes"}, False),
    ],
)
def test_the_tag_for_the_narrower_traffic_decides_whether_a_road_is_open(tags: dict[str, str], is_open: bool) -> None:  # noqa: FBT001 - an example's column
    assert (road_of({"highway": "service", **tags}) is not None) is is_open


@pytest.mark.parametrize(
    ("tags", "directions"),
    [
        ({"oneway": "yes"}, (True, False)),
        ({"oneway": "1"}, (True, False)),
        ({"oneway": "-1"}, (False, True)),
        ({"oneway": "reverse"}, (False, True)),
        ({"oneway": "no"}, (True, True)),
        ({"junction": "roundabout"}, (True, False)),
        ({"highway": "motorway"}, (True, False)),
        ({"highway": "motorway", "oneway": "no"}, (True, True)),
        ({"oneway": "alternating"}, (True, True)),
    ],
)
def test_one_ways(tags: dict[str, str], directions: tuple[bool, bool]) -> None:
    road = road_of({"highway": "tertiary", **tags})
    assert road is not None
    assert (road.forward, road.backward) == directions


@pytest.mark.parametrize(
    ("limit", "speed_kmh"),
    [
        ("20", 17.0),
        ("20 mph", 20 * 1.609344 * 0.85),
        ("5", 5.0),
        ("120", 45.0 * 1.5),
        ("PL:urban", 45.0),
        ("none", 45.0),
        ("", 45.0),
    ],
)
def test_a_posted_limit_slows_and_hurries_within_reason(limit: str, speed_kmh: float) -> None:
    road = road_of({"highway": "primary", "maxspeed": limit})
    assert road is not None
    assert road.speed_kmh == pytest.approx(speed_kmh)


def test_larger_roads_are_never_slower_than_the_ones_below_them() -> None:
    order = ["motorway", "trunk", "primary", "secondary", "tertiary", "unclassified", "residential", "living_street"]
    speeds = [KM_H[kind] for kind in order]
    assert speeds == sorted(speeds, reverse=True)
