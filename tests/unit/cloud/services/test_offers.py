"""One stop's parcels are offered to others, one after another, and come back to us when nobody takes them."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import pytest

from cloud.domain.actors import Role, actor
from cloud.domain.errors import ForbiddenError, InvalidError, OfferEndedError
from cloud.domain.outside import CROWD_ANSWER, PARTNER_ANSWER, OfferState
from cloud.domain.parcel import ParcelState
from cloud.services.crowd import withdraw_trip
from cloud.services.offer_steps import decline, time_out_offers, withdraw_errand
from cloud.services.offers import OutsideTask, offer_tasks, offered_parcels
from cloud.services.partners import Quote, accept_offer, quote, set_tariff, tariffs
from cloud.services.records import StopTask, TaskState
from cloud.services.records_ops import Notification
from cloud.services.records_outside import Errand, ErrandParcel, Offer, Partner
from tests.unit.cloud.services.outside_street import (
    ANNA,
    BEN,
    DAY,
    LEAVES,
    SWIFT,
    OutsideStreet,
    candidate,
    crowd,
)
from tests.unit.cloud.small_cloud import MORNING, OPERATOR


@pytest.fixture(params=[False, True], ids=["sql", "memory"])
def street(request: pytest.FixtureRequest) -> OutsideStreet:
    return OutsideStreet(quick=request.param)


def test_only_the_first_candidate_is_asked_and_the_parcel_is_nobody_elses_to_plan(street: OutsideStreet) -> None:
    parcel, trip, tariff = street.parcel(), street.trip(), street.tariff()

    errand = street.offer([parcel], trip, tariff)

    assert street.states(errand) == ["offered", "waiting"]
    assert street.asked().answer_by == MORNING + CROWD_ANSWER
    assert street.cloud.do(offered_parcels) == {parcel.id}


def test_a_no_asks_the_next_and_a_partner_has_longer_to_answer(street: OutsideStreet) -> None:
    errand = street.offer([street.parcel()], street.trip(), street.tariff())
    asked = street.asked()

    street.cloud.do(lambda uow: decline(uow, street.cloud.act(crowd(ANNA)), asked.id, "no room"))

    assert street.states(errand) == ["declined", "offered"]
    assert (street.asked().asked, street.asked().answer_by) == ("swift", MORNING + PARTNER_ANSWER)


def test_only_who_is_asked_gets_a_mail_with_the_price_and_the_time(street: OutsideStreet) -> None:
    street.offer([street.parcel()], street.trip(), street.trip(BEN))

    mail = street.cloud.the(Notification, template="crowd_offer")

    assert (mail.address, mail.parcel_id) == ("a1@example.test", None)
    told = json.loads(mail.context)
    assert (told["price"], told["path"]) == ("3.00", "/courier/trips")
    assert datetime.fromisoformat(told["ends"]) == MORNING + CROWD_ANSWER


def test_silence_is_a_no_when_the_time_is_up_and_not_a_moment_before(street: OutsideStreet) -> None:
    errand = street.offer([street.parcel()], street.trip(), street.trip(BEN))
    street.cloud.now += CROWD_ANSWER - timedelta(seconds=1)
    assert street.cloud.do(lambda uow: time_out_offers(uow, street.cloud.act())) == 0

    street.cloud.later(seconds=1)

    assert street.cloud.do(lambda uow: time_out_offers(uow, street.cloud.act())) == 1
    assert street.states(errand) == ["timed_out", "offered"]


def test_a_yes_after_the_time_is_refused_even_before_the_job_has_run(street: OutsideStreet) -> None:
    street.offer([street.parcel()], street.trip())
    street.cloud.now += CROWD_ANSWER

    with pytest.raises(OfferEndedError, match="timed out cannot be answered"):
        street.accept()


def test_nobody_is_given_longer_than_until_the_trip_leaves(street: OutsideStreet) -> None:
    trip = street.trip()
    street.cloud.now = LEAVES - timedelta(minutes=2)

    street.offer([street.parcel()], trip)

    assert street.asked().answer_by == LEAVES


def test_when_nobody_takes_it_the_parcel_is_ours_again_and_says_why(street: OutsideStreet) -> None:
    parcel = street.parcel(state=ParcelState.PLANNED)
    errand = street.offer([parcel], street.trip(), street.trip(BEN))
    asked = street.asked()
    street.cloud.do(lambda uow: decline(uow, street.cloud.act(crowd(ANNA)), asked.id))
    street.cloud.now += CROWD_ANSWER
    street.cloud.do(lambda uow: time_out_offers(uow, street.cloud.act()))

    ended = street.errand(errand)

    assert (ended.outcome, ended.said) == ("nobody", "of 2 asked 1 declined, 1 did not answer in time")
    assert street.cloud.again(parcel).state is ParcelState.ANNOUNCED
    assert street.cloud.do(offered_parcels) == set()
    assert street.offer([parcel], street.tariff()).outcome is None


def test_a_candidate_who_cannot_any_more_is_passed_over(street: OutsideStreet) -> None:
    full, left = street.trip(parcels_max=1), street.trip(BEN)
    street.offer([street.parcel("P1")], full)
    street.accept()
    street.cloud.do(lambda uow: withdraw_trip(uow, street.cloud.act(crowd(BEN)), left.id))
    used_up = street.tariff(parcels_max=0)
    street.cloud.do(lambda uow: uow.change(Partner, {"id": "swift"}, active=True))

    errand = street.offer([street.parcel("P2")], full, left, used_up)

    assert street.states(errand) == ["withdrawn", "withdrawn", "withdrawn"]
    reasons = [one.reason for one in sorted(street.cloud.of(Offer, errand_id=errand.id), key=lambda one: one.rank)]
    assert reasons == ["the trip is full", "the trip has left or was withdrawn", "the tariff is used up"]


def test_a_parcel_that_is_offered_or_has_left_the_depot_is_offered_to_nobody_else(street: OutsideStreet) -> None:
    offered, away = street.parcel("P1"), street.parcel("P2", custodian=f"courier:{BEN}")
    trip = street.trip()
    street.offer([offered], trip)
    tasks = [OutsideTask(DAY, (one.id,), (candidate(trip),), 900) for one in (offered, away)]

    assert street.cloud.do(lambda uow: offer_tasks(uow, street.cloud.act(OPERATOR), tasks)) == ()


def test_a_task_has_parcels_and_candidates_and_no_partner_opens_a_locker(street: OutsideStreet) -> None:
    parcel, tariff = street.parcel(), street.tariff()
    wrong = [
        OutsideTask(DAY, (), (candidate(tariff),), 900),
        OutsideTask(DAY, (parcel.id, parcel.id), (candidate(tariff),), 900),
        OutsideTask(DAY, (parcel.id,), (), 900),
        OutsideTask(DAY, (parcel.id,), (candidate(tariff),), 900, locker_id="WAW-01"),
    ]
    for task in wrong:
        with pytest.raises(InvalidError):
            street.cloud.do(partial(offer_tasks, act=street.cloud.act(OPERATOR), tasks=[task]))


def test_only_planners_offer_and_only_the_asked_answer(street: OutsideStreet) -> None:
    parcel, trip = street.parcel(), street.trip()
    task = OutsideTask(DAY, (parcel.id,), (candidate(trip),), 900)
    with pytest.raises(ForbiddenError):
        street.cloud.do(lambda uow: offer_tasks(uow, street.cloud.act(crowd(ANNA)), [task]))
    street.offer([parcel], trip)
    asked = street.asked()

    for who in (crowd(BEN), SWIFT, actor(Role.PARTNER, ANNA), actor(Role.CARRIER, "acme")):
        with pytest.raises(ForbiddenError):
            street.cloud.do(partial(decline, act=street.cloud.act(who), offer_id=asked.id))


def test_a_tariff_says_what_it_still_takes_and_ends_when_it_is_used_up(street: OutsideStreet) -> None:
    tariff = street.tariff(parcels_max=2)
    street.offer([street.parcel("P1")], tariff)
    (left,) = street.cloud.do(lambda uow: tariffs(uow, DAY))
    assert left.parcels_max == 1

    street.offer([street.parcel("P2")], tariff)
    assert street.cloud.do(lambda uow: tariffs(uow, DAY)) == ()


def test_a_changed_tariff_replaces_the_one_before_and_only_its_own_partner_may(street: OutsideStreet) -> None:
    tariff = street.tariff()
    street.tariff(id=tariff.id, base_cents=700)
    assert [one.base_cents for one in street.cloud.do(lambda uow: tariffs(uow, DAY))] == [700]

    for stolen in (tariff, replace(tariff, partner_id="slow")):
        with pytest.raises(ForbiddenError):
            street.cloud.do(partial(set_tariff, act=street.cloud.act(actor(Role.PARTNER, "slow")), tariff=stolen))
    with pytest.raises(InvalidError, match="radius_m"):
        street.tariff(radius_m=100_001)
    with pytest.raises(InvalidError, match="promise_to"):
        street.tariff(promise_to=LEAVES)


def test_a_yes_at_the_tariffs_price_plans_the_parcel_for_the_partner(street: OutsideStreet) -> None:
    parcel = street.parcel()
    errand = street.offer([parcel], street.tariff())
    asked = street.asked()

    yes = street.cloud.do(lambda uow: accept_offer(uow, street.cloud.act(SWIFT), asked.id))

    assert (yes.state, yes.price_cents, street.states(errand)) == (OfferState.ACCEPTED, 500, ["accepted"])
    after = street.cloud.again(parcel)
    assert (after.state, after.custodian) == (ParcelState.PLANNED, "carrier:acme")


@pytest.mark.parametrize(
    ("cents", "hours", "said"),
    [
        (900, (1, 3), ""),
        (901, (1, 3), "the price is above what it is worth to us"),
        (700, (1, 5), "the time does not keep the window that was promised"),
        (700, (-1, 3), "the time does not keep the window that was promised"),
    ],
)
def test_a_quote_is_taken_when_it_is_worth_it_and_keeps_the_window(
    street: OutsideStreet, cents: int, hours: tuple[int, int], said: str
) -> None:
    window = (LEAVES, LEAVES + timedelta(hours=4))
    street.offer([street.parcel(window_from=window[0], window_to=window[1])], street.tariff())
    begins, ends = (LEAVES + timedelta(hours=hour) for hour in hours)
    asked = Quote(street.asked().id, cents, begins, ends)

    answer = street.cloud.do(lambda uow: quote(uow, street.cloud.act(SWIFT), asked))

    assert answer.reason == said
    assert answer.state is (OfferState.DECLINED if said else OfferState.ACCEPTED)
    assert answer.price_cents == (500 if said else 900)


def test_a_quote_without_an_honest_span_is_no_quote(street: OutsideStreet) -> None:
    street.offer([street.parcel()], street.tariff())
    asked = Quote(street.asked().id, 500, LEAVES, LEAVES)

    with pytest.raises(InvalidError, match="promise_to"):
        street.cloud.do(lambda uow: quote(uow, street.cloud.act(SWIFT), asked))


def test_an_operator_takes_an_errand_back_from_whoever_had_said_yes(street: OutsideStreet) -> None:
    parcel = street.parcel()
    errand = street.offer([parcel], street.trip(), street.tariff())
    street.accept()

    street.cloud.do(lambda uow: withdraw_errand(uow, street.cloud.act(OPERATOR), errand.id, "we drive there anyway"))

    assert street.states(errand) == ["withdrawn", "withdrawn"]
    assert street.errand(errand).outcome == "withdrawn"
    assert street.cloud.again(parcel).state is ParcelState.ANNOUNCED
    assert {one.state for one in street.cloud.of(StopTask)} == {TaskState.CANCELLED}
    assert {str(one.state) for one in street.cloud.of(ErrandParcel)} == {"back"}
    with pytest.raises(OfferEndedError):
        street.cloud.do(lambda uow: withdraw_errand(uow, street.cloud.act(OPERATOR), errand.id, "again"))


def test_two_answers_at_one_moment_only_the_first_counts(street: OutsideStreet) -> None:
    street.offer([street.parcel()], street.trip())
    asked = street.asked()
    street.accept()

    with pytest.raises(OfferEndedError, match="accepted cannot be declined"):
        street.cloud.do(lambda uow: decline(uow, street.cloud.act(crowd(ANNA)), asked.id))
    assert street.cloud.the(Errand).outcome is None
