"""What the search is told of a day: windows as they are, and when each van rests."""

from cloud.routing.joint.day import Choice, JointDay, Offer
from cloud.routing.joint.decide import validate_day
from cloud.routing.joint.instance import Vehicle, own_ready, own_time
from cloud.routing.joint.posed import build
from cloud.routing.problem import Break, Courier, Problem, TimeWindow
from cloud.routing.stops import Item, Site, site_stop_id
from contract.sizes import SizeClass
from tests.unit.cloud.routing.builders import a_break, a_courier, a_stop, line_travel

VAN = Vehicle("v", 0, 0, 0, 1_000, (1, 1, 1), breaks=((100, 50), (300, 20)))


def rests(courier: Courier) -> tuple[tuple[int, int], ...]:
    day = JointDay((courier,), (a_stop(),))
    return build(day, line_travel(Problem(day.stops, day.couriers))).instance.vehicles[0].breaks


def test_a_van_rests_in_the_middle_of_its_breaks_window() -> None:
    assert rests(a_courier(breaks=(a_break(4_000, 6_000, 1_800),))) == ((5_000, 1_800),)


def test_breaks_come_one_after_the_other() -> None:
    lunch, tea = a_break(4_000, 6_000, 1_800), a_break(4_500, 7_000, 600, "tea")

    assert rests(a_courier(breaks=(lunch, tea))) == ((5_000, 1_800), (6_800, 600))


def test_of_several_windows_the_first_that_is_still_to_come_counts() -> None:
    several = Break("lunch", (TimeWindow(0, 500), TimeWindow(4_000, 5_000)), 600)

    assert rests(a_courier(breaks=(several,), shift=TimeWindow(1_000, 30_000))) == ((4_500, 600),)


def test_windows_and_shifts_stay_as_they_are() -> None:
    day = JointDay((a_courier(breaks=(a_break(0, 900, 1_800),)),), (a_stop(windows=(TimeWindow(5_000, 9_000),)),))
    posed = build(day, line_travel(Problem(day.stops, day.couriers)))

    assert [posed.instance.locations[option.location].due for option in posed.instance.options] == [9_000]
    assert posed.instance.vehicles[0].late == 36_000


def test_a_vans_own_clock_stands_still_while_it_rests() -> None:
    assert [own_time(VAN, moment) for moment in (0, 100, 101, 150, 151, 300, 310, 400)] == [
        0,
        100,
        100,
        100,
        101,
        250,
        250,
        330,
    ]


def test_whoever_waits_into_a_break_begins_behind_it() -> None:
    assert [own_ready(VAN, ready) for ready in (100, 101, 150, 151)] == [100, 101, 101, 101]


def test_a_site_cannot_be_fixed_and_a_choice_at_once() -> None:
    site = Site("L1", a_stop().place, free={SizeClass.M: 3})
    choice = Choice(Item("p1"), site.place, sites=(Offer("L1"),))
    stop = a_stop(id=site_stop_id(site.kind, site.id))
    day = JointDay((a_courier(),), (stop,), (choice,), (site,))
    travel = line_travel(Problem(day.stops, day.couriers))

    assert [error.message for error in validate_day(day, travel)] == [
        "L1 is fixed there and a choice, too; make all of it choices"
    ]
