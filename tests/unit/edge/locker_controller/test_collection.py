"""A courier takes out what expired, was returned or was recalled."""

import pytest

from contract.commands import RefusalReason
from contract.events import (
    CompartmentWithdrawn,
    DoorClosed,
    GrantsAccepted,
    MessageRefused,
    ParcelCollected,
    ParcelNotFound,
    ParcelPickedUp,
    ProblemReported,
    ReleaseIntended,
    SensorSuspected,
)
from contract.ids import CourierRef, GrantId
from edge.locker_controller.inputs import Answer
from edge.locker_controller.screens import (
    Collected,
    CourierHome,
    NotOpened,
    ProblemThanks,
    Refused,
    TakeParcel,
    Why,
)
from tests.unit.edge.locker_controller.builders import (
    A02,
    A03,
    DAY,
    NOON_S,
    Scene,
    bundle,
    collect,
    group,
    kinds,
    name,
    only,
    parcel,
    releases,
    revoke,
)


@pytest.fixture
def scene() -> Scene:
    """Return a locker with parcel ``P`` in A02, to be collected, and a courier who is signed in."""
    scene = Scene()
    assert scene.puts_in("P") == A02
    scene.signs_in(collect("P"))
    scene.journal.clear()
    return scene


def test_a_collection_that_came_by_wire_is_for_whom_their_pass_names_it_and_for_nobody_else() -> None:
    scene = Scene()
    scene.puts_in("P")
    scene.hears(bundle(collect("P")))
    scene.signs_in(courier="Jan")
    assert scene.screen() == CourierHome(drop_offs_left=0, collections=(), seconds_left=180)
    assert releases(scene.taps(Answer.COLLECT, A02)) == []
    assert scene.screen() == Refused(Why.NOT_HERE)
    scene.signs_in(collect("P"), courier="Ola")
    assert releases(scene.taps(Answer.COLLECT, A02)) == [A02]


def test_a_collection_may_name_its_courier_so_that_no_pass_need_to() -> None:
    scene = Scene()
    scene.puts_in("P")
    scene.hears(bundle(collect("P", courier=CourierRef(name("Ola")))))
    scene.signs_in(courier="Jan")
    assert releases(scene.taps(Answer.COLLECT, A02)) == []
    scene.signs_in(courier="Ola")
    assert releases(scene.taps(Answer.COLLECT, A02)) == [A02]


def test_the_courier_sees_what_is_to_be_collected(scene: Scene) -> None:
    assert scene.screen() == CourierHome(drop_offs_left=0, collections=(A02,), seconds_left=180)


def test_a_touched_compartment_opens_with_the_intent_first(scene: Scene) -> None:
    decision = scene.taps(Answer.COLLECT, A02)
    assert decision.events == (ReleaseIntended(scene.intent, A02, "collection", parcel("P"), GrantId(name("coll P"))),)
    assert releases(decision) == [A02]


def test_the_closing_door_books_the_parcel_out(scene: Scene) -> None:
    scene.taps(Answer.COLLECT, A02)
    scene.lock_answers()
    scene.door_opens(A02)
    assert scene.screen() == TakeParcel(A02, "collection")
    decision = scene.door_closes(A02)
    assert decision.events == (
        DoorClosed(A02),
        ParcelCollected(parcel("P"), A02, GrantId(name("coll P")), name("Ola")),
    )
    assert scene.screen() == Collected(A02)
    assert scene.inside() == {}


def test_a_collected_parcels_code_says_so(scene: Scene) -> None:
    scene.taps(Answer.COLLECT, A02)
    scene.swings(A02)
    assert releases(scene.types("P")) == []
    assert scene.screen() == Refused(Why.COLLECTED)
    assert scene.shows("P").events == (MessageRefused(name("qr P"), RefusalReason.SPENT),)


def test_the_recipients_code_says_so_too_when_the_collection_has_a_group_of_its_own() -> None:
    scene = Scene()
    scene.puts_in("Q")
    label = scene.puts_in("P")
    scene.signs_in(collect("P", group=group("collections")))
    scene.taps(Answer.COLLECT, label)
    scene.swings(label)
    assert releases(scene.types("P")) == []
    assert scene.screen() == Refused(Why.COLLECTED)
    scene.taps(Answer.DONE)
    assert len(releases(scene.types("Q"))) == 1


def test_a_used_collection_opens_nothing_again(scene: Scene) -> None:
    scene.taps(Answer.COLLECT, A02)
    scene.swings(A02)
    assert scene.hears(bundle(collect("P"))).events == (MessageRefused(name("bundle"), RefusalReason.SPENT),)
    assert releases(scene.taps(Answer.COLLECT, A02)) == []


def test_the_recipient_who_comes_first_gets_the_parcel(scene: Scene) -> None:
    scene.ms += 2 * DAY * 1000 + 1000
    scene.types("P")
    assert ParcelPickedUp in kinds(scene.swings(A02))
    scene.signs_in()
    assert releases(scene.taps(Answer.COLLECT, A02)) == []
    assert scene.screen() == Refused(Why.NOT_HERE)


def test_a_revoked_parcel_can_be_collected(scene: Scene) -> None:
    scene.hears(revoke("P"))
    assert releases(scene.taps(Answer.COLLECT, A02)) == [A02]


def test_a_collection_may_arrive_after_the_revocation() -> None:
    scene = Scene()
    scene.puts_in("P")
    scene.hears(revoke("P"))
    assert only(scene.hears(bundle(collect("P"))), GrantsAccepted).grants == (GrantId(name("coll P")),)


def test_an_expired_collection_is_not_on_the_list(scene: Scene) -> None:
    scene.ms += 3 * DAY * 1000 + 1000
    scene.signs_in()
    assert releases(scene.taps(Answer.COLLECT, A02)) == []


def test_a_parcel_that_is_not_there_is_reported_and_the_compartment_quarantined(scene: Scene) -> None:
    scene.taps(Answer.COLLECT, A02)
    scene.lock_answers()
    scene.door_opens(A02)
    assert scene.taps(Answer.EMPTY).events == (CompartmentWithdrawn(A02, "not_there"),)
    assert scene.screen() == ProblemThanks(A02)
    assert scene.door_closes(A02).events == (
        DoorClosed(A02),
        ParcelNotFound(parcel("P"), A02, GrantId(name("coll P")), name("Ola")),
    )
    assert scene.inside() == {}
    assert scene.withdrawn() == {A02: "not_there"}


def test_a_parcel_left_inside_stays_on_the_books_and_off_this_visits_list(scene: Scene) -> None:
    scene.taps(Answer.COLLECT, A02)
    scene.lock_answers()
    scene.door_opens(A02)
    scene.taps(Answer.SKIP)
    assert kinds(scene.door_closes(A02)) == [DoorClosed]
    assert scene.inside() == {A02: parcel("P")}
    assert scene.screen() == CourierHome(drop_offs_left=0, collections=(), seconds_left=180)


def test_a_parcel_left_inside_after_a_restart_stays_on_the_books(scene: Scene) -> None:
    scene.taps(Answer.COLLECT, A02)
    scene.lock_answers()
    scene.door_opens(A02)
    scene.taps(Answer.SKIP)
    scene.restarts()
    scene.door_closes(A02)
    assert scene.inside() == {A02: parcel("P")}


def test_a_collection_put_off_is_off_the_list(scene: Scene) -> None:
    scene.taps(Answer.SKIP, A02)
    assert scene.screen() == CourierHome(drop_offs_left=0, collections=(), seconds_left=180)


def test_a_problem_at_the_open_door_quarantines_but_the_parcel_is_collected(scene: Scene) -> None:
    scene.taps(Answer.COLLECT, A02)
    scene.lock_answers()
    scene.door_opens(A02)
    assert kinds(scene.taps(Answer.PROBLEM)) == [ProblemReported, CompartmentWithdrawn]
    assert ParcelCollected in kinds(scene.door_closes(A02))


def test_a_closed_door_whose_sensor_says_open_is_taken_at_the_couriers_word(scene: Scene) -> None:
    scene.taps(Answer.COLLECT, A02)
    scene.lock_answers()
    scene.door_opens(A02)
    scene.taps(Answer.DONE)
    assert kinds(scene.ticks(after_s=15)) == [SensorSuspected, ParcelCollected]


def test_an_answer_of_another_screen_changes_nothing(scene: Scene) -> None:
    scene.taps(Answer.COLLECT, A02)
    scene.lock_answers()
    scene.door_opens(A02)
    assert scene.taps(Answer.TOO_BIG).events == ()


def test_a_door_that_does_not_open_may_be_tried_again(scene: Scene) -> None:
    scene.taps(Answer.COLLECT, A02)
    scene.stays_shut()
    assert scene.screen() == NotOpened(A02, "collection", again=True, seconds=60)
    assert releases(scene.taps(Answer.OPEN_AGAIN)) == [A02]
    assert ParcelCollected in kinds(scene.swings(A02))


def test_a_door_left_open_counts_as_collected_at_last(scene: Scene) -> None:
    scene.taps(Answer.COLLECT, A02)
    scene.lock_answers()
    scene.door_opens(A02)
    assert ParcelCollected in kinds(scene.ticks(after_s=300))


def test_nobody_collects_without_a_pass(scene: Scene) -> None:
    scene.taps(Answer.SIGN_OUT)
    assert releases(scene.taps(Answer.COLLECT, A02)) == []
    assert scene.screen() == Refused(Why.SIGN_IN)


def test_only_what_is_on_the_list_opens(scene: Scene) -> None:
    assert releases(scene.taps(Answer.COLLECT, A03)) == []
    assert releases(scene.taps(Answer.COLLECT)) == []
    assert scene.screen() == Refused(Why.NOT_HERE)


def test_a_collection_for_a_parcel_that_is_not_here_is_on_no_list() -> None:
    scene = Scene()
    scene.signs_in(collect("P", until_s=NOON_S + DAY))
    assert scene.screen() == CourierHome(drop_offs_left=0, collections=(), seconds_left=180)
