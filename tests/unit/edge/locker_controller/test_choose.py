"""Which compartment a parcel goes into."""

import pytest

from contract.grants import DropOffGrant
from contract.ids import CompartmentLabel, CourierRef
from contract.layout import CompartmentPlan
from contract.sizes import SizeClass
from edge.locker_controller.choose import choose
from edge.locker_controller.state import DropOffAim
from tests.unit.edge.locker_controller.builders import A01, A02, A03, A04, Scene, drop_off, name


def aim_of(grant: DropOffGrant, *tried: CompartmentLabel) -> DropOffAim:
    return DropOffAim(grant, CourierRef(name("Ola")), grant.size.rank, tried)


@pytest.mark.parametrize(
    ("size", "expected"),
    [(SizeClass.XS, A01), (SizeClass.S, A01), (SizeClass.M, A02), (SizeClass.L, A04), (SizeClass.XL, None)],
)
def test_the_smallest_size_that_fits_is_taken(size: SizeClass, expected: CompartmentLabel | None) -> None:
    assert choose(Scene().state, aim_of(drop_off("P", size))) == expected


def test_who_needs_a_low_door_gets_it_even_before_a_tighter_fit() -> None:
    assert choose(Scene().state, aim_of(drop_off("P", SizeClass.S, low_door=True))) == A03


def test_without_a_low_door_any_other_is_better_than_none() -> None:
    assert choose(Scene().state, aim_of(drop_off("P", SizeClass.L, low_door=True))) == A04


def test_what_is_heavy_goes_low_among_compartments_of_one_size() -> None:
    assert choose(Scene().state, aim_of(drop_off("P", heavy=True))) == A03
    assert choose(Scene().state, aim_of(drop_off("P", SizeClass.S, heavy=True))) == A01


def test_a_door_that_was_tried_is_not_tried_again() -> None:
    assert choose(Scene().state, aim_of(drop_off("P"), A02)) == A03


def test_the_wear_is_spread_over_equal_compartments() -> None:
    wall = tuple(CompartmentPlan(CompartmentLabel(f"B{n}"), SizeClass.M) for n in (1, 2))
    scene = Scene(wall)
    first = scene.puts_in("P")
    scene.types("P")
    scene.swings(first)
    assert (first, scene.puts_in("Q")) == ("B1", "B2")
