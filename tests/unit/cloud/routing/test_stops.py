from collections import Counter
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.routing.plan import UnplannedReason
from cloud.routing.problem import Amounts, Place, StopKind, TimeWindow
from cloud.routing.stops import (
    Collection,
    DayInput,
    DropOff,
    HomeDelivery,
    Item,
    ServiceTimes,
    Site,
    build_stops,
    within_capacity,
)
from contract.sizes import SizeClass

HERE = Place(21.0, 52.2)
XS, S, M, L, XL = SizeClass


def _drop(ref: str, size: SizeClass = M, priority: int = 0, site: str = "W1") -> DropOff:
    return DropOff(Item(ref, 1_000, 2_000, priority), site, size)


def test_all_parcels_for_one_locker_are_one_stop() -> None:
    site = Site("W1", HERE, free={M: 3}, windows=(TimeWindow(0, 9),))
    day = DayInput(
        (site,), drop_offs=(_drop("p1"), _drop("p2", priority=7)), collections=(Collection(Item("c"), "W1"),)
    )
    (stop,) = build_stops(day).stops
    assert (stop.id, stop.kind, stop.windows) == ("locker:W1", StopKind.LOCKER, (TimeWindow(0, 9),))
    assert (stop.deliveries, stop.collections) == (Amounts(2, 2_000, 4_000), Amounts(1, 0, 0))
    assert stop.service_s == 120 + 2 * 25 + 20
    assert stop.priority == 7
    assert set(stop.parcels) == {"p1", "p2", "c"}


def test_a_locker_with_only_collections_is_a_collection_stop_even_when_full() -> None:
    day = DayInput((Site("W1", HERE, free={}),), collections=(Collection(Item("c", 500), "W1"),))
    result = build_stops(day)
    assert [stop.kind for stop in result.stops] == [StopKind.COLLECTION]
    assert result.unplanned == ()


def test_a_full_locker_leaves_the_least_important_parcel_behind_with_a_reason() -> None:
    site = Site("W1", HERE, free={M: 1, L: 1})
    day = DayInput((site,), drop_offs=(_drop("low"), _drop("big", L, 5), _drop("high", priority=9)))
    result = build_stops(day)
    assert set(result.stops[0].parcels) == {"big", "high"}
    (left,) = result.unplanned
    assert (left.parcels, left.reason) == (("low",), UnplannedReason.LOCKER_FULL)
    assert left.sentence == "Locker W1 has no free compartment of size M or larger left for it."


def test_a_small_parcel_may_use_a_larger_compartment_but_never_the_other_way_round() -> None:
    assert len(within_capacity(Site("W1", HERE, free={XL: 1}), [_drop("p", XS)])[0]) == 1
    assert len(within_capacity(Site("W1", HERE, free={XS: 9}), [_drop("p", XL)])[0]) == 0


def _best_by_brute_force(free: dict[SizeClass, int], drops: list[DropOff]) -> int:
    """Try every subset and every assignment greedily from the largest: the most parcels that fit."""
    best = 0
    for chosen in product([False, True], repeat=len(drops)):
        taken = [drop for drop, keep in zip(drops, chosen, strict=True) if keep]
        left = Counter(free)
        for drop in sorted(taken, key=lambda one: -one.size.rank):
            fitting = [size for size in SizeClass if size.at_least(drop.size) and left[size] > 0]
            if not fitting:
                break
            left[fitting[0]] -= 1
        else:
            best = max(best, len(taken))
    return best


@given(
    st.dictionaries(st.sampled_from(SizeClass), st.integers(0, 2)),
    st.lists(st.sampled_from(SizeClass), max_size=6),
)
def test_with_equal_priority_as_many_fit_as_can(free: dict[SizeClass, int], sizes: list[SizeClass]) -> None:
    drops = [_drop(f"p{number}", size) for number, size in enumerate(sizes)]
    accepted, left = within_capacity(Site("W1", HERE, free=free), drops)
    assert len(accepted) == _best_by_brute_force(free, drops)
    assert len(accepted) + len(left) == len(drops)


def test_parcels_for_one_door_and_promise_are_one_stop_others_are_not() -> None:
    homes = (
        HomeDelivery(Item("a", skills=frozenset({"cold"})), HERE),
        HomeDelivery(Item("b"), HERE),
        HomeDelivery(Item("c"), HERE, (TimeWindow(0, 5),)),
    )
    first, second = build_stops(DayInput(homes=homes)).stops
    assert (first.parcels, first.service_s, first.skills) == (("a", "b"), 150 + 40, frozenset({"cold"}))
    assert second.parcels == ("c",)


def test_an_address_without_coordinates_is_left_behind_by_name() -> None:
    (left,) = build_stops(DayInput(homes=(HomeDelivery(Item("a"), None),))).unplanned
    assert (left.reason, left.sentence) == (UnplannedReason.NO_PLACE, "Parcel a has an address without coordinates.")


@pytest.mark.parametrize(
    ("sites", "reason"),
    [((), UnplannedReason.NO_PLACE), ((Site("W1", HERE, is_open=False),), UnplannedReason.LOCKER_CLOSED)],
)
def test_a_site_that_is_unknown_or_closed_leaves_its_parcels_behind(
    sites: tuple[Site, ...], reason: UnplannedReason
) -> None:
    result = build_stops(DayInput(sites, drop_offs=(_drop("p"),), collections=(Collection(Item("c"), "W1"),)))
    assert result.stops == ()
    assert [(left.parcels, left.reason) for left in result.unplanned] == [(("p", "c"), reason)]


def test_a_load_beyond_one_van_becomes_a_second_stop() -> None:
    day = DayInput(
        (Site("W1", HERE, free={M: 9}),),
        drop_offs=tuple(_drop(f"p{number}") for number in range(5)),
        van=Amounts(2, 10_000, 10_000),
    )
    stops = build_stops(day).stops
    assert [stop.id for stop in stops] == ["locker:W1", "locker:W1#2", "locker:W1#3"]
    assert [stop.deliveries.parcels for stop in stops] == [2, 2, 1]


def test_a_partners_counter_takes_what_comes() -> None:
    site = Site("shop", HERE, StopKind.PARTNER)
    day = DayInput((site,), drop_offs=(_drop("p", XL, site="shop"),), service=ServiceTimes(partner_base_s=7))
    (stop,) = build_stops(day).stops
    assert (stop.id, stop.kind, stop.service_s) == ("partner:shop", StopKind.PARTNER, 17)


@given(st.lists(st.tuples(st.sampled_from(["W1", "W2", "gone"]), st.sampled_from(SizeClass)), max_size=20))
def test_every_parcel_is_in_exactly_one_stop_or_left_behind(drops: list[tuple[str, SizeClass]]) -> None:
    sites = (Site("W1", HERE, free={M: 2, L: 1}), Site("W2", HERE, free={XL: 1}))
    day = DayInput(sites, drop_offs=tuple(_drop(f"p{n}", size, site=site) for n, (site, size) in enumerate(drops)))
    result = build_stops(day)
    seen = [ref for stop in result.stops for ref in stop.parcels]
    seen += [ref for left in result.unplanned for ref in left.parcels]
    assert sorted(seen) == sorted(f"p{number}" for number in range(len(drops)))
