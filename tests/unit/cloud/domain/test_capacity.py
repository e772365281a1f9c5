from hypothesis import given
from hypothesis import strategies as st

from cloud.domain.capacity import choose_size, left_by_size, overpromised
from contract.sizes import SizeClass

SIZES = st.sampled_from(list(SizeClass))
COUNTS = st.dictionaries(SIZES, st.integers(0, 5))


def test_the_smallest_fitting_size_with_something_left_is_taken() -> None:
    assert choose_size(SizeClass.S, {SizeClass.XS: 9, SizeClass.S: 1, SizeClass.L: 1}) is SizeClass.S


def test_a_full_size_is_upgraded_to_a_larger_one_never_to_a_smaller() -> None:
    assert choose_size(SizeClass.M, {SizeClass.S: 9, SizeClass.M: 0, SizeClass.XL: 1}) is SizeClass.XL
    assert choose_size(SizeClass.M, {SizeClass.S: 9}) is None


@given(free=COUNTS, wishes=st.lists(SIZES, max_size=30))
def test_no_size_is_ever_promised_more_often_than_it_is_free(
    free: dict[SizeClass, int], wishes: list[SizeClass]
) -> None:
    promised: list[SizeClass] = []
    for wish in wishes:
        size = choose_size(wish, left_by_size(free, promised))
        if size is not None:
            assert size.at_least(wish)
            promised.append(size)

    assert overpromised(free, promised) == {}


def test_a_fault_after_the_promise_shows_as_overpromised() -> None:
    assert overpromised({SizeClass.M: 1}, [SizeClass.M, SizeClass.M, SizeClass.L]) == {SizeClass.M: 1, SizeClass.L: 1}
    assert left_by_size({SizeClass.M: 1}, [SizeClass.M, SizeClass.M])[SizeClass.M] == 0
