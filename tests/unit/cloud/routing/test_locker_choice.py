from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from cloud.routing.lateness import LATE_CENTS_PER_MINUTE
from cloud.routing.locker_choice import (
    CANDIDATES_MAX,
    Candidate,
    Choice,
    Compartments,
    Refusal,
    Remaining,
    Tariff,
    Wish,
    choose_locker,
    walk_m,
)
from cloud.routing.problem import Place, Problem, Reload, Stop, StopKind, TimeWindow
from cloud.routing.schedule import Visit
from cloud.routing.stops import Item, site_stop_id
from contract.sizes import SizeClass
from tests.unit.cloud.routing.builders import a_break, a_courier, a_stop, line_travel, on_line

M, L = SizeClass.M, SizeClass.L
HOME = on_line(0)
BOXES = (Compartments(M, 2, 1, (600, 400, 200)), Compartments(L, 0))
ITEM = Item("p", 2_000, 1_000)


def named(order: Iterable[Visit]) -> list[str]:
    return [visit.id for visit in order if not isinstance(visit, Reload)]


def _wish(**changes: Any) -> Wish:
    return replace(Wish(ITEM, M, HOME, consent=True), **changes)


def _candidate(name: str = "W1", at: int = 5, **changes: Any) -> Candidate:
    return replace(Candidate(name, on_line(at), BOXES), **changes)


def _choose(
    candidates: Sequence[Candidate], order: Sequence[Visit], wish: Wish | None = None, **courier: Any
) -> Choice:
    anna = a_courier(under_way=True, **courier)
    stops = tuple(visit for visit in order if isinstance(visit, Stop))
    travel = line_travel(Problem(stops, (anna,)), [one.place for one in candidates])
    return choose_locker(wish or _wish(), candidates, Remaining(anna, tuple(order)), travel, Tariff())


def _ids(choice: Choice) -> list[str]:
    return [one.site_id for one in choice.ranked]


def test_the_locker_on_the_way_beats_the_nearer_one_off_it() -> None:
    choice = _choose([_candidate("near", -3), _candidate("ahead", 8)], [a_stop("a", 10)])
    assert _ids(choice) == ["ahead", "near"]
    best = choice.ranked[0]
    assert (best.detour_m, best.detour_s, best.arrival_s) == (0, 0, 8 * 60)
    assert named(best.order) == ["locker:ahead:p", "a"]


def test_a_locker_already_on_the_route_costs_only_the_time_at_its_doors() -> None:
    there = a_stop("x", 6, service_s=145, kind=StopKind.LOCKER)
    there = replace(there, id=site_stop_id(StopKind.LOCKER, "W1"), parcels=("other",))
    (best,) = _choose([_candidate("W1", 6)], [there]).ranked
    (merged,) = (visit for visit in best.order if isinstance(visit, Stop))
    assert (merged.parcels, merged.service_s, merged.deliveries.parcels) == (("other", "p"), 170, 2)
    assert (best.detour_s, best.detour_cents) == (0, 25)


def test_the_walk_decides_between_equal_detours() -> None:
    choice = _choose([_candidate("far", 9), _candidate("close", 2)], [a_stop("a", 10)])
    assert _ids(choice) == ["close", "far"]


def test_a_stop_with_a_promise_is_not_made_late_for_a_drop_off() -> None:
    tight = a_stop("tight", 10, windows=(TimeWindow(0, 600),))
    (best,) = _choose([_candidate("W1", 5)], [tight]).ranked
    assert named(best.order) == ["tight", "locker:W1:p"]


def test_a_stop_that_is_late_anyway_does_not_close_every_locker() -> None:
    late = a_stop("late", 10, windows=(TimeWindow(0, 5),))
    assert _ids(_choose([_candidate("W1", 5)], [late])) == ["W1"]


def test_a_break_that_is_late_anyway_does_not_close_every_locker() -> None:
    lunch = a_break(0, 100, 60)
    choice = _choose([_candidate("W1", 5)], [a_stop("slow", 10), lunch, a_stop("b", 11)], breaks=(lunch,))
    assert _ids(choice) == ["W1"]


def test_a_shift_that_is_too_short_for_the_route_already_takes_no_drop_off() -> None:
    choice = _choose([_candidate("W1", 5)], [a_stop("a", 10)], shift=TimeWindow(0, 600))
    assert [one.reason for one in choice.refused] == [Refusal.NOT_ON_ROUTE]


def test_a_locked_prefix_and_a_break_keep_their_place() -> None:
    lunch = a_break(0, 5_000, 60)
    first = a_stop("first", 10)
    order: list[Visit] = [first, lunch, a_stop("last", 20)]
    (best,) = _choose([_candidate("W1", 5)], order, breaks=(lunch,), locked=(first.id,)).ranked
    assert named(best.order)[:1] == ["first"]
    assert "lunch" in named(best.order)


def test_opening_hours_are_kept() -> None:
    choice = _choose([_candidate("W1", 5, windows=(TimeWindow(0, 100),))], [a_stop("a", 10)])
    assert [one.reason for one in choice.refused] == [Refusal.NOT_ON_ROUTE]


def test_with_nothing_left_to_do_the_courier_just_goes_there() -> None:
    (best,) = _choose([_candidate("W1", 5)], []).ranked
    assert best.detour_m == 5_000


@pytest.mark.parametrize(
    ("wish", "candidate", "reason"),
    [
        ({"consent": False}, {}, Refusal.NO_CONSENT),
        ({"sites": frozenset({"W9"})}, {}, Refusal.NOT_WANTED),
        ({}, {"is_open": False}, Refusal.CLOSED),
        ({}, {"quarantined": True}, Refusal.QUARANTINED),
        ({"walk_m_max": 100}, {}, Refusal.TOO_FAR_TO_WALK),
        ({}, {"weight_g_max": 1_999}, Refusal.TOO_HEAVY),
        ({"size": SizeClass.XL}, {}, Refusal.TOO_BIG),
        ({"dimensions_mm": (601, 100, 100)}, {"compartments": BOXES[:1]}, Refusal.TOO_BIG),
        ({"size": L}, {}, Refusal.FULL),
        ({"needs_low": True}, {"compartments": (Compartments(M, 2, 0),)}, Refusal.NO_LOW_COMPARTMENT),
    ],
)
def test_each_refusal_has_its_reason_and_a_sentence(
    wish: dict[str, Any], candidate: dict[str, Any], reason: Refusal
) -> None:
    choice = _choose([_candidate(**candidate)], [a_stop("a", 10)], _wish(**wish))
    assert [one.reason for one in choice.refused] == [reason]
    assert choice.refused[0].sentence.endswith(".")
    assert choice.ranked == ()


def test_a_parcel_may_lie_on_any_side() -> None:
    assert _ids(_choose([_candidate()], [], _wish(dimensions_mm=(200, 600, 400)))) == ["W1"]


def test_a_heavy_parcel_needs_a_low_compartment_only_where_there_is_one() -> None:
    heavy = _wish(item=Item("p", 15_000))
    high_only = _candidate("high", compartments=(Compartments(M, 2, 0),))
    low_too_small = _candidate("low", compartments=(Compartments(M, 1, 0), Compartments(SizeClass.XS, 1, 1)))
    choice = _choose([high_only, low_too_small], [], heavy)
    assert (_ids(choice), [one.reason for one in choice.refused]) == (["high"], [Refusal.NO_LOW_COMPARTMENT])


def test_a_partners_counter_is_priced_with_its_own_times() -> None:
    (best,) = _choose([_candidate("shop", kind=StopKind.PARTNER)], []).ranked
    (stop,) = best.order
    assert isinstance(stop, Stop)
    assert (stop.id, stop.service_s) == ("partner:shop:p", 190)


def test_a_kilometre_on_foot_is_a_third_longer_than_the_crow_flies() -> None:
    assert walk_m(Place(21.0, 52.0), Place(21.0, 52.009)) == pytest.approx(1_301, abs=2)


def test_too_many_candidates_are_refused() -> None:
    with pytest.raises(ValueError, match=f"at most {CANDIDATES_MAX}"):
        _choose([_candidate(f"W{number}") for number in range(CANDIDATES_MAX + 1)], [])


def test_only_the_most_promising_are_priced_and_the_best_is_among_them() -> None:
    far = [_candidate(f"far{number}", -9 - number) for number in range(4)]
    anna = a_courier(under_way=True)
    order = (a_stop("a", 10),)
    candidates = [*far, _candidate("ahead", 8)]
    travel = line_travel(Problem(order, (anna,)), [one.place for one in candidates])
    choice = choose_locker(_wish(), candidates, Remaining(anna, order), travel, Tariff(priced_max=2))
    assert _ids(choice) == ["ahead", "far0"]
    assert choice.refused == ()


def test_a_detour_that_costs_more_than_it_may_is_refused_with_its_price_and_one_that_costs_as_much_is_not() -> None:
    anna, order = a_courier(under_way=True), (a_stop("a", 10),)
    candidates = [_candidate("ahead", 8), _candidate("far", -9)]
    travel = line_travel(Problem(order, (anna,)), [one.place for one in candidates])
    far = choose_locker(_wish(), candidates, Remaining(anna, order), travel, Tariff()).ranked[1]
    limits = (far.detour_cents, far.detour_cents - 1)
    kept, refused = (
        choose_locker(_wish(), candidates, Remaining(anna, order), travel, Tariff(detour_cents_max=limit))
        for limit in limits
    )
    assert _ids(kept) == ["ahead", "far"]
    assert _ids(refused) == ["ahead"]
    assert [(one.site_id, one.reason) for one in refused.refused] == [("far", Refusal.TOO_COSTLY)]
    assert f"costs {far.detour_cents} cents" in refused.refused[0].sentence


def test_a_promise_that_is_lost_is_not_made_later_for_a_drop_off_that_may_wait() -> None:
    kept, lost = a_stop("a", 10, windows=(TimeWindow(0, 3_600),)), a_stop("a", 10, windows=(TimeWindow(0, 60),))
    first, after = (_choose([_candidate(at=5)], [stop]).ranked[0] for stop in (kept, lost))
    assert (first.detour_s, after.detour_s) == (0, 0)  # the way out and the way home lead past it
    assert [named(one.order).index("a") for one in (first, after)] == [1, 0]


def test_a_detour_pays_for_making_a_lost_promise_later() -> None:
    soon = a_stop("soon", 3, windows=(TimeWindow(0, 600),))
    lost = a_stop("lost", 10, windows=(TimeWindow(0, 60),))
    near = _candidate(at=6, windows=(TimeWindow(0, 500),))  # it shuts before the van would be back
    (found,) = _choose([near], [soon, lost]).ranked
    delay_s = Tariff().service.locker_base_s + Tariff().service.locker_per_drop_off_s
    cheaper = _choose([near], [soon, replace(lost, windows=())]).ranked[0]
    assert found.detour_cents - cheaper.detour_cents == round(delay_s * LATE_CENTS_PER_MINUTE / 60)
