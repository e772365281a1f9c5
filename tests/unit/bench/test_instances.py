"""Folders of instances are found, told apart and read; our own roaming ones lead all the way through."""

from itertools import pairwise
from pathlib import Path

import pytest

from bench.routing.instances import BestKnown, best_known, set_in, sets_under, spread
from bench.routing.roaming import CUSTOMERS, instance_text, write_set
from cloud.routing.joint.readers import READERS, InstanceError, read
from tests.unit.cloud.routing.joint.test_readers import SECTIONS, SOLOMON, VRPDO, VRPPL, VRPRDL

TEXTS = {"vrpdo": VRPDO, "vrptw": SOLOMON, "vrppl": VRPPL, "vrprdl": VRPRDL}


@pytest.mark.parametrize("kind", sorted(TEXTS))
def test_an_instance_says_itself_which_set_it_is_of(tmp_path: Path, kind: str) -> None:
    (tmp_path / "one.txt").write_text(TEXTS[kind])
    found = set_in(tmp_path, None)
    assert found is not None
    assert found.kind == kind


@pytest.mark.parametrize("kind", sorted(TEXTS))
def test_no_reader_takes_another_sets_instance(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "one.txt"
    path.write_text(TEXTS[kind])
    for other in set(READERS) - {kind}:
        with pytest.raises(InstanceError):
            read(path, other)


def test_sections_are_the_roaming_sets_other_form(tmp_path: Path) -> None:
    (tmp_path / "one.vrp").write_text(SECTIONS)
    found = set_in(tmp_path, None)
    assert found is not None
    assert found.kind == "vrprdl"


def test_the_sets_of_a_folder_of_folders_are_all_found(tmp_path: Path) -> None:
    for kind in ("vrpdo", "vrptw"):
        (tmp_path / kind).mkdir()
        (tmp_path / kind / "one.txt").write_text(TEXTS[kind])
    (tmp_path / "pictures").mkdir()
    assert [one.kind for one in sets_under(tmp_path)] == ["vrpdo", "vrptw"]
    assert [one.kind for one in sets_under(tmp_path / "vrpdo")] == ["vrpdo"]


def test_a_readme_among_the_instances_is_not_what_they_are(tmp_path: Path) -> None:
    (tmp_path / "Readme.txt").write_text("Distances are Euclidean.\n")
    (tmp_path / "one.txt").write_text(VRPDO)
    found = set_in(tmp_path, None)
    assert found is not None
    assert found.kind == "vrpdo"


def test_what_is_no_instance_is_no_set(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello\n")
    assert set_in(tmp_path, None) is None
    assert list(sets_under(tmp_path)) == []


def test_few_of_many_are_spread_over_all() -> None:
    paths = [Path(str(number)) for number in range(9)]
    assert [path.name for path in spread(paths, 3)] == ["1", "4", "7"]
    assert spread(paths, None) == tuple(paths)
    assert spread(paths, 20) == tuple(paths)


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("name,routes,dist\nA,4,12.5\n", BestKnown(12.5, 4)),
        ("A,12.5,1\n", BestKnown(12.5)),
        ("instance,vehicles,distance,proven\nA,4,12.5,yes\n", BestKnown(12.5, 4)),
    ],
)
def test_best_known_solutions_come_with_and_without_vehicles(tmp_path: Path, text: str, known: BestKnown) -> None:
    (tmp_path / "best_known.csv").write_text(text)
    assert best_known(tmp_path) == {"A": known}


def test_a_folder_without_best_known_solutions_is_fine(tmp_path: Path) -> None:
    assert best_known(tmp_path) == {}


def test_our_roaming_instances_are_read_as_published_ones_are(tmp_path: Path) -> None:
    write_set(tmp_path)
    for customers in CUSTOMERS:
        day = read(tmp_path / f"roaming_{customers}.txt", "vrprdl")
        assert len(day.customers) == customers
        assert len(day.options) >= customers
        assert int(day.time[1, 1]) == 0
        assert all(one.ready <= one.due for one in day.locations)


def test_the_same_seed_is_the_same_instance() -> None:
    assert instance_text(5, 3) == instance_text(5, 3)
    assert instance_text(5, 3) != instance_text(5, 4)


def test_a_customers_places_follow_one_another_in_time(tmp_path: Path) -> None:
    path = tmp_path / "one.txt"
    path.write_text(instance_text(20, 1))
    day = read(path, "vrprdl")
    for options in day.options_of():
        stays = [day.locations[day.options[one].location] for one in options]
        assert all(one.due < after.ready for one, after in pairwise(stays))
