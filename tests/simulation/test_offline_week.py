"""Issue 3: enrolled, cut off, seven days of drop-offs and pick-ups by code and by QR; then exactly once and by rule."""

from contract.events import ParcelDroppedOff
from tests.simulation.week import CONVERGED_S_MAX, DAYS, Week, lived
from tests.simulation.week_stories import never_connected_again, wishes_that_could_not_arrive
from tests.survives import survived

SHOWN_BY = "tests/simulation/test_offline_week.py"
ROW = "A week without a connection: parcels in and out by code and QR, then one truth"


def assert_whole(week: Week) -> None:
    """Edge and cloud agree, entry for entry, and no invariant was broken on the way."""
    week.auditor.final()
    assert week.chronicle.violations == []
    assert 0 <= week.converged_s <= CONVERGED_S_MAX
    assert week.office.entries(week.site.id, 1, 1 << 40) == week.site.ledger.raws


def test_a_locker_that_was_only_enrolled_serves_people_for_eight_days() -> None:
    week = lived(never_connected_again)

    assert_whole(week)
    states = {barcode: week.state_of(barcode) for barcode in week.parcels}
    fetched = {f"A{day}" for day in range(DAYS)} | {"B0", "B2"}
    assert states == {one: "picked_up" if one in fetched else "ready_for_pickup" for one in states}
    assert week.cases() == set()
    assert {tuple(week.told[one]) for one in fetched} == {("said_inside", "picked_up")}
    assert {tuple(week.told[one]) for one in ("B4", "B6")} == {("said_inside", "ready_for_pickup")}
    assert week.site.ledger.events[ParcelDroppedOff.__name__] == len(states) == 12
    survived(ROW, "only enrolled", tried=len(states), broken=0, shown_by=SHOWN_BY)


def test_what_could_not_arrive_is_settled_by_the_rules() -> None:
    week = lived(wishes_that_could_not_arrive)

    assert_whole(week)
    states = {barcode: week.state_of(barcode) for barcode in week.parcels}
    assert states == dict.fromkeys(("X1", "X2", "X3", "X4", "R2", "R5"), "picked_up") | {
        "X5": "collected",
        "R6": "ready_for_pickup",
    }
    assert week.cases() == {
        ("X4", "surprising_pick_up"),
        ("R5", "surprising_drop_off"),
        ("R5", "surprising_pick_up"),
    }
    assert week.told["R6"] == ["ready_for_pickup"]
    survived(ROW, "wishes that could not arrive", tried=len(states), broken=0, shown_by=SHOWN_BY)
