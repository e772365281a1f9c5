"""Only what may have failed by chance is run again: few tests, all of them such in which real time takes part."""

import json
from pathlib import Path

import pytest

from scripts.second_look import REAL_TIME, worth_it
from tests.house.sources import ROOT

BROWSER, BROKER, RULE = "tests/web/test_a.py::test_b", "tests/integration/test_c.py::test_d[x@y]", "tests/unit/a.py::b"


def kept(folder: Path, *failed: str) -> Path:
    """Keep the failed tests where pytest does."""
    place = folder / "v" / "cache"
    place.mkdir(parents=True)
    (place / "lastfailed").write_text(json.dumps(dict.fromkeys(failed, True)))
    return folder


def test_few_tests_of_real_time_are_run_again_by_their_own_names(tmp_path: Path) -> None:
    assert worth_it(kept(tmp_path, BROWSER + "@web", BROKER)) == [BROKER, BROWSER]


@pytest.mark.parametrize(
    "failed",
    [
        pytest.param((), id="nothing failed, so the run broke"),
        pytest.param((RULE,), id="time is a number there"),
        pytest.param((BROWSER, RULE), id="one of them"),
        pytest.param(tuple(f"{BROWSER}{number}" for number in range(4)), id="more than chance"),
        pytest.param(("tests/web/test_a.py",), id="a file that cannot be read"),
    ],
)
def test_anything_else_stays_failed(tmp_path: Path, failed: tuple[str, ...]) -> None:
    assert worth_it(kept(tmp_path, *failed)) == []


def test_a_run_that_kept_nothing_gets_no_second_look(tmp_path: Path) -> None:
    assert worth_it(tmp_path) == []


def test_the_places_of_real_time_are_there() -> None:
    assert [place for place in REAL_TIME if not (ROOT / place).exists()] == []
