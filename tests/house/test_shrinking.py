from tests.house.shrinking import Exceptions, complaints
from tests.house.sources import Finding

FOUND = Finding("edge/a.py::f", "51 lines")
REASON = "a table that reads best in one piece"


def test_nothing_found_and_nothing_listed_is_fine() -> None:
    assert complaints([], Exceptions(0, {})) == []


def test_a_finding_that_is_not_listed_is_said() -> None:
    assert complaints([FOUND], Exceptions(0, {})) == ["edge/a.py::f: 51 lines"]


def test_a_listed_finding_is_allowed() -> None:
    assert complaints([FOUND], Exceptions(1, {FOUND.key: REASON})) == []


def test_an_exception_nobody_needs_any_more_is_said() -> None:
    [said] = complaints([], Exceptions(1, {FOUND.key: REASON}))
    assert "remove it" in said


def test_a_list_that_grew_is_said() -> None:
    [said] = complaints([FOUND], Exceptions(0, {FOUND.key: REASON}))
    assert "at_most says 0" in said


def test_a_list_that_shrank_lowers_its_number() -> None:
    [said] = complaints([], Exceptions(1, {}))
    assert "0 exceptions are listed" in said


def test_an_exception_without_a_reason_is_said() -> None:
    [said] = complaints([FOUND], Exceptions(1, {FOUND.key: "because"}))
    assert "needs a reason" in said
