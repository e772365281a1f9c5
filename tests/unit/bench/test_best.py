"""New best solutions are written so that somebody else can check them."""

from pathlib import Path

import pytest

from bench.routing.best import Record, is_better, keep, read_back
from bench.routing.instances import BestKnown
from cloud.routing.joint.instance import Answer
from tests.unit.cloud.routing.joint.builders import an_instance

HOME_ALL = Answer(((0, (0, 2, 4)),))
TWO_VANS = Answer(((0, (0, 2)), (1, (4,))))


@pytest.mark.parametrize(
    ("found", "known", "better"),
    [
        (Record(3, 99.0), BestKnown(100.0), True),
        (Record(3, 99.9999), BestKnown(100.0), False),
        (Record(3, 99.0), BestKnown(100.0, 2), False),
        (Record(2, 300.0), BestKnown(100.0, 3), True),
    ],
)
def test_better_is_fewer_vehicles_where_they_count_and_then_a_shorter_way(
    found: Record, known: BestKnown, *, better: bool
) -> None:
    assert is_better(found, known) is better


def test_a_better_solution_is_written_and_reads_as_the_same(tmp_path: Path) -> None:
    path = keep(tmp_path / "best", an_instance(), TWO_VANS, BestKnown(11.0))
    assert path == tmp_path / "best" / "line.json"
    assert read_back(path, an_instance()) == TWO_VANS


def test_a_known_or_forbidden_solution_is_not_written(tmp_path: Path) -> None:
    assert keep(tmp_path, an_instance(), HOME_ALL, BestKnown(6.0)) is None
    assert keep(tmp_path, an_instance(), Answer(((0, (0,)),)), BestKnown(60.0)) is None
    assert list(tmp_path.iterdir()) == []


def test_only_a_still_better_one_takes_the_place_of_what_lies_there(tmp_path: Path) -> None:
    keep(tmp_path, an_instance(), HOME_ALL, BestKnown(60.0))
    assert keep(tmp_path, an_instance(), TWO_VANS, BestKnown(60.0)) is None
    assert read_back(tmp_path / "line.json", an_instance()) == HOME_ALL


def test_without_options_the_challenges_own_form_lies_beside_it(tmp_path: Path) -> None:
    day = an_instance(options=an_instance().options[::2])
    keep(tmp_path, day, Answer(((0, (0, 1)), (1, (2,)))), BestKnown(60.0))
    assert (tmp_path / "line.sol").read_text() == "Route #1: c0 c1\nRoute #2: c2\nCost 10.0\n"
