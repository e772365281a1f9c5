"""Both sides changed the same parcel while apart: every pair, every weather, against the table that is the rule."""

import pytest

from tests.simulation.offline_matrix import ACTS, WEATHERS, played
from tests.simulation.offline_rules import MATRIX, PAGE, page
from tests.survives import survived


def test_the_table_has_every_pair() -> None:
    assert set(MATRIX) == {(first, second) for first in ACTS for second in ACTS}


@pytest.mark.parametrize("second", ACTS)
@pytest.mark.parametrize("first", ACTS)
def test_what_happened_apart_comes_together_by_the_rules(first: str, second: str) -> None:
    expected = dict(zip(WEATHERS, MATRIX[first, second][1], strict=True))
    found = {weather: played(first, second, weather) for weather in WEATHERS}

    assert found == expected
    row = "Both sides changed the same parcel while apart, 36 pairs in 3 weathers"
    survived(row, f"{first} {second}", tried=len(WEATHERS), broken=0, shown_by="tests/simulation/test_matrix.py")


def test_the_page_is_the_table() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run python -m tests.simulation.offline_rules"
