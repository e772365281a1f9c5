"""A recipient's change of mind: taken back before the hand-over, asked after it, and never two who bring one parcel."""

import json
from datetime import UTC, timedelta

import pytest

from cloud.domain.actors import Role, actor
from cloud.domain.assignment import Scope
from cloud.domain.capacity import Reservation
from cloud.domain.changes import ChangeKind, ChangeState
from cloud.domain.errors import ChangeAnsweredError, ConflictError, ForbiddenError, InvalidError, TransitionRefusedError
from cloud.domain.parcel import Parcel, ParcelState
from cloud.domain.windows import Window
from cloud.services.answer_change import Answer, answer_change, last_change, waiting_changes
from cloud.services.ask_change import REQUESTED, ask_window
from cloud.services.cancel_parcel import cancel_parcel
from cloud.services.choose_window import WindowGoneError
from cloud.services.counter_desk import take_in
from cloud.services.crowd_route import timed, visits_left
from cloud.services.eta import expected_parcel
from cloud.services.follow_offers import follow_offers
from cloud.services.gather_day import at_depot
from cloud.services.offer_steps import give_up
from cloud.services.offers_view import about, brought_by
from cloud.services.opt_in import OptIn, opt_in
from cloud.services.partner_status import PartnerSays
from cloud.services.partners import accept_offer
from cloud.services.records import Route, Stop, StopTask, TaskState
from cloud.services.records_ops import Notification
from cloud.services.records_outside import Errand, ErrandParcel, Offer, ParcelChange, WebhookMessage
from cloud.services.start_route import start_route
from cloud.services.webhooks import set_endpoint
from cloud.services.window_board import LEAD, read_board
from cloud.services.window_wish import UNTIL, wish, wishes_for
from tests.unit.cloud.services.counters import SHOP, shop
from tests.unit.cloud.services.outside_street import ANNA, BEN, LEAVES, SWIFT, OutsideStreet, crowd
from tests.unit.cloud.services.test_partner_status import says, with_partner
from tests.unit.cloud.small_cloud import OPERATOR

LOCKER = "WAW-01"


@pytest.fixture
def street() -> OutsideStreet:
    return OutsideStreet()


def wants_locker(street: OutsideStreet, parcel: Parcel, locker: str = LOCKER) -> None:
    recipient = street.cloud.act(actor(Role.RECIPIENT, parcel.id))
    wish = OptIn(parcel.id, Scope.THIS_LOCKER, locker, walk_m_max=20_000)
    street.cloud.do(lambda uow: opt_in(uow, recipient, street.cloud.keys, wish))


def answers(street: OutsideStreet, who: object, *, accepts: bool = True) -> Parcel:
    change = street.cloud.the(ParcelChange, state=ChangeState.ASKED)
    act = street.cloud.act(who)  # type: ignore[arg-type]  # an actor, whoever it is
    answer = Answer(change.id, accepts, "" if accepts else "no room")
    return street.cloud.do(lambda uow: answer_change(uow, act, street.cloud.keys, answer))


def place(street: OutsideStreet) -> None:
    street.cloud.locker(LOCKER, lon=21.001, lat=52.205)
    street.cloud.codes(LOCKER, 1, 2, 3)


def on_anna_s_way(street: OutsideStreet) -> Parcel:
    """Have Anna set out with one parcel."""
    parcel = street.parcel()
    street.offer([parcel], street.trip())
    street.accept()
    street.cloud.now = LEAVES
    route = street.cloud.the(Route, courier_id=ANNA)
    street.cloud.do(lambda uow: start_route(uow, street.cloud.act(crowd(ANNA)), route.id))
    return parcel


# ------------------------------------------------------------------ before the hand-over


def test_before_the_hand_over_the_offer_is_taken_back_at_once(street: OutsideStreet) -> None:
    place(street)
    parcel = street.parcel()
    street.offer([parcel], street.tariff())
    asked = street.asked()
    street.cloud.do(lambda uow: accept_offer(uow, street.cloud.act(SWIFT), asked.id))

    wants_locker(street, parcel)

    after = street.cloud.again(parcel)
    assert (after.state, after.locker_id, at_depot(after)) == (ParcelState.ASSIGNED_TO_LOCKER, LOCKER, True)
    assert street.cloud.the(Errand).outcome == "withdrawn"
    assert street.cloud.of(ParcelChange) == []


# ------------------------------------------------------------------ a partner has it


def test_a_partner_is_asked_and_until_a_yes_nothing_changes(street: OutsideStreet) -> None:
    place(street)
    act = street.cloud.act(SWIFT)
    street.cloud.do(lambda uow: set_endpoint(uow, act, street.cloud.keys, "partner:swift", "https://swift.test/x"))
    parcel = street.parcel()
    with_partner(street, parcel)

    wants_locker(street, parcel)

    after = street.cloud.again(parcel)
    assert (after.state, after.custodian, after.locker_id) == (ParcelState.OUT_FOR_DELIVERY, "partner:swift", None)
    assert street.cloud.of(Reservation) == []
    assert REQUESTED in {one.kind for one in street.cloud.of(WebhookMessage)}
    (waiting,) = street.cloud.do(lambda uow: waiting_changes(uow, "swift"))
    assert (waiting[0].kind, waiting[2] is not None) == (ChangeKind.LOCKER, True)


def test_a_yes_promises_the_locker_and_the_partner_brings_it_to_the_depot(street: OutsideStreet) -> None:
    place(street)
    parcel = street.parcel()
    offer = with_partner(street, parcel)
    wants_locker(street, parcel)

    after = answers(street, SWIFT)

    assert (after.state, after.locker_id, after.custodian) == (
        ParcelState.ASSIGNED_TO_LOCKER,
        LOCKER,
        "partner:swift",
    )
    with pytest.raises(TransitionRefusedError):
        says(street, offer, parcel, PartnerSays.DELIVERED, "at the door all the same")
    back = says(street, offer, parcel, PartnerSays.RETURNED)
    assert (back.state, at_depot(back)) == (ParcelState.ASSIGNED_TO_LOCKER, True)
    known = street.cloud.do(lambda uow: last_change(uow, parcel.id))
    assert known is not None
    again, act, keys = Answer(known.id, accepts=True), street.cloud.act(SWIFT), street.cloud.keys
    with pytest.raises(ChangeAnsweredError):
        street.cloud.do(lambda uow: answer_change(uow, act, keys, again))


def test_a_no_leaves_everything_as_it_was_promised(street: OutsideStreet) -> None:
    place(street)
    parcel = street.parcel()
    offer = with_partner(street, parcel)
    wants_locker(street, parcel)

    after = answers(street, SWIFT, accepts=False)

    assert (after.state, after.locker_id) == (ParcelState.OUT_FOR_DELIVERY, None)
    assert street.cloud.the(ParcelChange).said == "no room"
    assert says(street, offer, parcel, PartnerSays.DELIVERED, "signed").state is ParcelState.DELIVERED_HOME


def test_a_partner_brings_it_to_a_counter_whose_staff_scan_it(street: OutsideStreet) -> None:
    staff = shop(street.cloud, lon=21.001, lat=52.205)
    street.cloud.codes(SHOP, 1, 2)
    parcel = street.parcel()
    offer = with_partner(street, parcel)
    wants_locker(street, parcel, SHOP)
    answers(street, SWIFT)

    street.cloud.do(lambda uow: take_in(uow, street.cloud.act(staff), SHOP, parcel.barcode))
    after = says(street, offer, parcel, PartnerSays.DELIVERED, "at the counter")

    assert after.state is ParcelState.READY_FOR_PICKUP
    assert street.cloud.the(Errand).outcome == "delivered"


def test_a_partner_is_asked_to_bring_back_what_is_cancelled(street: OutsideStreet) -> None:
    parcel = street.parcel()
    offer = with_partner(street, parcel)
    act = street.cloud.act(OPERATOR)

    asked = street.cloud.do(lambda uow: cancel_parcel(uow, act, street.cloud.keys, parcel.id, "sold out"))

    assert asked.state is ParcelState.OUT_FOR_DELIVERY
    assert answers(street, SWIFT).state is ParcelState.CANCELLED
    assert at_depot(says(street, offer, parcel, PartnerSays.RETURNED))


def test_another_window_is_a_promise_after_the_yes(street: OutsideStreet) -> None:
    parcel = street.parcel()
    with_partner(street, parcel)
    window = (LEAVES + timedelta(hours=3), LEAVES + timedelta(hours=5))
    act = street.cloud.act(actor(Role.RECIPIENT, parcel.id))

    street.cloud.do(lambda uow: ask_window(uow, act, parcel.id, window))
    assert street.cloud.again(parcel).window_from is None
    after = answers(street, SWIFT)

    assert (after.window_from, after.window_to) == window


def test_the_answer_is_written_to_the_recipient(street: OutsideStreet) -> None:
    place(street)
    parcel = street.parcel()
    with_partner(street, parcel)
    window = (LEAVES + timedelta(hours=3), LEAVES + timedelta(hours=5))
    act = street.cloud.act(actor(Role.RECIPIENT, parcel.id))

    street.cloud.do(lambda uow: ask_window(uow, act, parcel.id, window))
    answers(street, SWIFT)
    wants_locker(street, parcel)
    answers(street, SWIFT, accepts=False)

    told = {one.template: json.loads(one.context) for one in street.cloud.of(Notification)}
    assert told["window_agreed"]["begins"] == window[0].isoformat()
    assert told["redirect_refused"]["why"] == "no room"
    brought = street.cloud.do(lambda uow: brought_by(uow, parcel.id))
    assert brought is not None
    assert (brought.begins, brought.ends) == window


def test_a_window_that_has_begun_is_not_asked_for(street: OutsideStreet) -> None:
    parcel = street.parcel()
    with_partner(street, parcel)
    act = street.cloud.act(actor(Role.RECIPIENT, parcel.id))

    with pytest.raises(InvalidError, match="begun"):
        street.cloud.do(lambda uow: ask_window(uow, act, parcel.id, (act.now, act.now + timedelta(hours=2))))


def test_a_partner_is_asked_for_windows_of_the_day_and_no_others(street: OutsideStreet) -> None:
    parcel = street.parcel()
    offer = with_partner(street, parcel)
    act = street.cloud.act(actor(Role.RECIPIENT, parcel.id))

    offered = street.cloud.do(lambda uow: wishes_for(uow, act, parcel.id, UTC))

    assert min(one.begins for one in offered) >= max(offer.promise_from, act.now + LEAD)
    assert max(one.ends for one in offered).time() == UNTIL
    night = Window(LEAVES + timedelta(hours=14), LEAVES + timedelta(hours=16))
    with pytest.raises(WindowGoneError):
        street.cloud.do(lambda uow: wish(uow, act, parcel.id, night, UTC))
    assert street.cloud.do(lambda uow: wish(uow, act, parcel.id, offered[0], UTC)).kind is ChangeKind.WINDOW


def test_nobody_else_is_asked_for_a_window_of_a_parcel_that_is_ours(street: OutsideStreet) -> None:
    parcel = street.parcel()
    act = street.cloud.act(actor(Role.RECIPIENT, parcel.id))

    with pytest.raises(ConflictError, match="nobody else"):
        street.cloud.do(lambda uow: ask_window(uow, act, parcel.id, (LEAVES, LEAVES + timedelta(hours=2))))


def test_the_last_wish_counts_and_what_comes_too_late_is_moot(street: OutsideStreet) -> None:
    place(street)
    parcel = street.parcel()
    offer = with_partner(street, parcel)
    for _ in range(2):
        wants_locker(street, parcel)
    says(street, offer, parcel, PartnerSays.DELIVERED, "signed")

    with pytest.raises(ChangeAnsweredError):
        answers(street, SWIFT)
    street.cloud.do(lambda uow: follow_offers(uow, street.cloud.act()))

    assert {one.state for one in street.cloud.of(ParcelChange)} == {ChangeState.MOOT}


# ------------------------------------------------------------------ a crowd courier has it


def test_a_crowd_courier_may_say_yes_within_the_detour(street: OutsideStreet) -> None:
    place(street)
    parcel = on_anna_s_way(street)

    wants_locker(street, parcel)
    assert street.cloud.again(parcel).state is ParcelState.OUT_FOR_DELIVERY
    with pytest.raises(ForbiddenError):
        answers(street, crowd(BEN))
    after = answers(street, crowd(ANNA))

    assert (after.state, after.custodian) == (ParcelState.ASSIGNED_TO_LOCKER, f"courier:{ANNA}")
    tasks = street.cloud.of(StopTask, parcel_id=parcel.id, state=TaskState.PENDING)
    assert [str(one.task) for one in tasks] == ["drop_off"]
    assert street.cloud.the(Offer).state == "handed_over"


def test_a_crowd_courier_cannot_say_yes_to_what_is_too_far_off_the_way(street: OutsideStreet) -> None:
    street.cloud.locker(LOCKER, lon=21.0, lat=52.26)
    street.cloud.codes(LOCKER, 1, 2, 3)
    parcel = on_anna_s_way(street)
    wants_locker(street, parcel)

    with pytest.raises(ConflictError, match="too far off"):
        answers(street, crowd(ANNA))

    assert street.cloud.again(parcel).state is ParcelState.OUT_FOR_DELIVERY
    assert street.cloud.the(ParcelChange).state is ChangeState.ASKED


def test_a_window_that_a_crowd_courier_agrees_to_moves_the_stop_and_what_the_recipient_is_told(
    street: OutsideStreet,
) -> None:
    first, second = street.parcel(), street.parcel("P2", lon=21.02)
    trip = street.trip(arrives_by=LEAVES + timedelta(hours=5))
    for one in (first, second):
        street.offer([one], trip)
        street.accept()
    act = street.cloud.act(actor(Role.RECIPIENT, first.id))
    offered = street.cloud.do(lambda uow: wishes_for(uow, act, first.id, UTC))
    wished = offered[1]
    assert stops_of(street)[0].lon == first.lon
    assert street.cloud.do(lambda uow: read_board(uow, act, first.id)) is None  # nobody's trip is changed unasked

    street.cloud.do(lambda uow: wish(uow, act, first.id, wished, UTC))
    answers(street, crowd(ANNA))

    assert street.cloud.the(Offer, errand_id=errand_of(street, first)).state == "accepted"
    assert [one.lon for one in stops_of(street)] == [second.lon, first.lon]
    later = next(one for one in stops_of(street) if one.lon == first.lon)
    assert wished.holds(later.eta)
    told = street.cloud.do(lambda uow: expected_parcel(uow, first.id, act.now, UTC))
    assert told is not None
    assert wished.begins <= told.begins <= told.at <= wished.ends
    route = street.cloud.the(Route, courier_id=ANNA)
    visits = tuple(street.cloud.do(lambda uow: visits_left(uow, route)))
    assert timed(trip, visits, about) is not None  # seen again: in time, and home before the trip ends


def test_a_wish_that_nobody_can_keep_any_more_is_refused_when_it_is_answered(street: OutsideStreet) -> None:
    parcel = on_anna_s_way(street)
    act = street.cloud.act(actor(Role.RECIPIENT, parcel.id))
    late = (LEAVES + timedelta(hours=3), LEAVES + timedelta(hours=5))  # the trip ends before
    street.cloud.do(lambda uow: ask_window(uow, act, parcel.id, late))

    with pytest.raises(ConflictError, match="too late"):
        answers(street, crowd(ANNA))

    assert street.cloud.again(parcel).window_from is None


def test_a_wish_ends_with_the_yes_of_whoever_was_asked(street: OutsideStreet) -> None:
    parcel = street.parcel()
    street.offer([parcel], street.trip())
    offer = street.accept()
    act = street.cloud.act(actor(Role.RECIPIENT, parcel.id))
    window = street.cloud.do(lambda uow: wishes_for(uow, act, parcel.id, UTC))[0]
    street.cloud.do(lambda uow: wish(uow, act, parcel.id, window, UTC))

    street.cloud.do(lambda uow: give_up(uow, street.cloud.act(crowd(ANNA)), offer.id, "ill"))
    with pytest.raises(ChangeAnsweredError):
        answers(street, crowd(ANNA))
    street.cloud.do(lambda uow: follow_offers(uow, street.cloud.act()))

    assert street.cloud.the(ParcelChange).state is ChangeState.MOOT
    assert street.cloud.do(lambda uow: wishes_for(uow, act, parcel.id, UTC)) == ()


def stops_of(street: OutsideStreet) -> list[Stop]:
    return sorted(street.cloud.of(Stop), key=lambda one: one.position)


def errand_of(street: OutsideStreet, parcel: Parcel) -> str:
    return street.cloud.the(ErrandParcel, parcel_id=parcel.id).errand_id
