"""Measured tables stand in a page under the heading of their run."""

import pytest

from bench.page import inserted, table

PAGE = "# Bench\n\n<!-- runs -->\n\n### 10 s\n\nold\n\n### 60 s\n\nlong\n\n<!-- end of runs -->\n\nThe end.\n"


def test_a_run_takes_the_place_of_the_same_run() -> None:
    page = inserted(PAGE, "10 s", "new")
    assert page == PAGE.replace("old", "new")


def test_another_run_comes_at_the_end() -> None:
    page = inserted(PAGE, "1 s", "short")
    assert page == PAGE.replace("long\n\n", "long\n\n### 1 s\n\nshort\n\n")


def test_the_first_run_finds_its_place() -> None:
    assert (
        inserted("<!-- runs --> <!-- end of runs -->", "1 s", "x")
        == "<!-- runs -->\n\n### 1 s\n\nx\n\n<!-- end of runs -->"
    )


def test_a_page_without_a_place_is_refused() -> None:
    with pytest.raises(ValueError, match="has no"):
        inserted("# Bench\n", "1 s", "x")


def test_figures_stand_to_the_right() -> None:
    assert table(["solver", "gap"], [["joint", "+0.1"]]) == "| solver | gap |\n| --- | ---: |\n| joint | +0.1 |"
