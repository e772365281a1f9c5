import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.domain.fit import HEAVY_G, INNER, PLAY_MM, WEIGHT_G_MAX, Box, fits, is_heavy, is_liftable, size_for
from contract.sizes import SizeClass

EDGES = st.integers(1, 900)
BOXES = st.builds(Box, EDGES, EDGES, EDGES)


@pytest.mark.parametrize(
    ("box", "size"),
    [
        (Box(70, 180, 370), SizeClass.XS),
        (Box(60, 370, 600), SizeClass.S),
        (Box(600, 60, 370), SizeClass.S),
        (Box(180, 370, 630), SizeClass.M),
        (Box(400, 370, 630), SizeClass.L),
        (Box(690, 440, 630), SizeClass.XL),
        (Box(100, 100, 900), None),
    ],
)
def test_the_smallest_class_that_takes_the_box_is_found(box: Box, size: SizeClass | None) -> None:
    assert size_for(box) == size


@given(BOXES, st.permutations([0, 1, 2]))
def test_turning_a_box_changes_nothing(box: Box, order: list[int]) -> None:
    assert size_for(Box(*(box[place] for place in order))) == size_for(box)


@given(BOXES)
def test_a_smaller_box_never_needs_a_larger_class(box: Box) -> None:
    size = size_for(box)
    smaller = size_for(Box(max(1, box.a_mm - 1), box.b_mm, box.c_mm))
    if size is not None:
        assert smaller is not None
        assert size.at_least(smaller)


def test_a_box_needs_play() -> None:
    inner = INNER[SizeClass.M]
    assert not fits(inner, inner)
    assert fits(Box(*(edge - PLAY_MM for edge in inner)), inner)


def test_a_layout_may_bring_its_own_dimensions() -> None:
    assert size_for(Box(100, 100, 100), {SizeClass.L: Box(200, 200, 200)}) is SizeClass.L


def test_weight_decides_on_low_doors_and_on_what_may_be_carried() -> None:
    assert (is_heavy(HEAVY_G), is_heavy(HEAVY_G + 1)) == (False, True)
    assert (is_liftable(WEIGHT_G_MAX), is_liftable(WEIGHT_G_MAX + 1)) == (True, False)
