"""What is written is what changed, and what is read is what was written."""

import pytest
from msgspec.structs import replace

from contract.ids import CompartmentLabel
from contract.layout import CompartmentPlan, Layout
from contract.sizes import SizeClass
from contract.state import Configuration
from edge.locker_controller.inputs import Answer
from edge.locker_controller.persist import Change, RecordError, changes, restore
from edge.locker_controller.state import CompartmentRecord, LockerRecord, Setup, new_locker
from tests.unit.edge.locker_controller.builders import A01, A02, Scene, drop_off, name, stored


def written_since(before: LockerRecord, scene: Scene) -> list[str]:
    """Return the kinds of the records that a step has changed."""
    return [change.kind for change in changes(before, scene.state)]


def test_a_quiet_tick_writes_nothing() -> None:
    scene = Scene()
    scene.ticks()
    before = scene.state
    scene.ticks(after_s=1)
    assert written_since(before, scene) == []


def test_a_step_writes_only_what_it_changed() -> None:
    scene = Scene()
    scene.signs_in(drop_off("P"))
    before = scene.state
    scene.scans("P")
    assert written_since(before, scene) == ["task"]


def test_a_miss_is_written_before_it_is_shown() -> None:
    scene = Scene()
    scene.knows_somebody()
    before = scene.state
    scene.types("wrong")
    assert written_since(before, scene) == ["lockout"]


def test_what_is_over_is_forgotten_on_the_card_too() -> None:
    scene = Scene()
    scene.signs_in(drop_off("P"))
    scene.scans("P")
    scene.swings(A02)
    before = scene.state
    scene.taps(Answer.DONE)
    gone = [(change.kind, change.key) for change in changes(before, scene.state) if change.value is None]
    assert gone == [("task", ""), ("grant", name("drop P"))]


def test_one_changed_entry_of_a_map_is_one_record() -> None:
    scene = Scene()
    record = CompartmentRecord(withdrawn="dirty")
    after = replace(scene.state, compartments={**scene.state.compartments, A01: record})
    (change,) = changes(scene.state, after)
    assert (change.kind, change.key) == ("compartment", A01)


def test_records_of_a_later_version_are_left_alone() -> None:
    scene = Scene()
    assert restore(scene.setup, [("weather", "today", b"\xff")]) == new_locker(scene.setup)


def test_a_record_that_cannot_be_read_is_named() -> None:
    scene = Scene()
    with pytest.raises(RecordError, match="group") as caught:
        restore(scene.setup, [("group", name("P"), b"\x00")])
    assert (caught.value.kind, caught.value.key) == ("group", name("P"))


def test_a_changed_layout_keeps_what_still_exists() -> None:
    scene = Scene()
    scene.puts_in("P")
    records = [
        (change.kind, change.key, change.value)
        for change in changes(new_locker(scene.setup), scene.state)
        if change.value is not None
    ]
    b01 = CompartmentLabel("B01")
    wall = (CompartmentPlan(A02, SizeClass.M), CompartmentPlan(b01, SizeClass.S))
    rebuilt = restore(replace_layout(scene, Layout("new", wall)), records)
    assert set(rebuilt.compartments) == {A02, b01}
    assert rebuilt.compartments[A02].parcel == scene.state.compartments[A02].parcel
    assert rebuilt.compartments[b01] == CompartmentRecord()


def replace_layout(scene: Scene, layout: Layout) -> Setup:
    return Setup(scene.setup.locker, layout, scene.setup.key_locker)


def test_the_configuration_survives() -> None:
    scene = Scene()
    scene.state = replace(scene.state, configuration=Configuration(4, name="Metro Młociny"))
    assert stored(scene.state).configuration.name == "Metro Młociny"


def test_a_change_says_where_and_what() -> None:
    assert Change("task", "", None) == Change(kind="task", key="", value=None)
