"""Others carry parcels: custody moves to them and on, failures find lockers, offers follow where the parcels are."""

from datetime import timedelta
from functools import partial

import pytest

from cloud.domain.actors import Role, actor
from cloud.domain.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from cloud.domain.outside import OfferState
from cloud.domain.parcel import Parcel, ParcelState
from cloud.services.cancel_parcel import cancel_parcel
from cloud.services.complete_stop import bring_back, deliver_home
from cloud.services.courier_pass import courier_pass
from cloud.services.follow_offers import NO_SHOW, follow_offers
from cloud.services.offers_view import earned, offers_of
from cloud.services.partner_status import PartnerSays, Status, hand_to_partner, nearest_first, report_status
from cloud.services.partners import accept_offer
from cloud.services.records import Attempt, Route
from cloud.services.records_ops import Notification
from cloud.services.records_outside import Errand, Offer
from cloud.services.report_failed_attempt import FailedAttempt, report_failed_attempt
from cloud.services.start_route import start_route
from contract.events import ParcelDroppedOff
from contract.ids import CourierRef, ParcelRef
from tests.unit.cloud.services.outside_street import ANNA, BEN, DAY, LEAVES, SWIFT, OutsideStreet, crowd
from tests.unit.cloud.small_cloud import A01, GRANT, OPERATOR


@pytest.fixture
def street() -> OutsideStreet:
    return OutsideStreet()


def with_partner(street: OutsideStreet, *parcels: Parcel) -> Offer:
    """Have the partner accept the parcels of one stop and fetch them."""
    street.offer(list(parcels), street.tariff())
    asked = street.asked()
    street.cloud.do(lambda uow: accept_offer(uow, street.cloud.act(SWIFT), asked.id))
    return street.cloud.do(lambda uow: hand_to_partner(uow, street.cloud.act(OPERATOR), asked.id))


def says(street: OutsideStreet, offer: Offer, parcel: Parcel, what: PartnerSays, said: str = "") -> Parcel:
    status = Status(offer.id, parcel.id, what, said)
    return street.cloud.do(lambda uow: report_status(uow, street.cloud.act(SWIFT), street.cloud.keys, status))


def follow(street: OutsideStreet) -> int:
    return street.cloud.do(lambda uow: follow_offers(uow, street.cloud.act()))


# ------------------------------------------------------------------ partners


def test_handing_over_makes_the_partner_answer_for_the_parcels(street: OutsideStreet) -> None:
    parcel = street.parcel()

    offer = with_partner(street, parcel)

    after = street.cloud.again(parcel)
    assert (after.state, after.custodian) == (ParcelState.OUT_FOR_DELIVERY, "partner:swift")
    assert offer.state is OfferState.HANDED_OVER


def test_the_offer_is_delivered_with_its_last_parcel_and_twice_said_is_once(street: OutsideStreet) -> None:
    first, second = street.parcel("P1"), street.parcel("P2")
    offer = with_partner(street, first, second)

    says(street, offer, first, PartnerSays.DELIVERED, "signed by A.")
    assert street.cloud.the(Offer).state is OfferState.HANDED_OVER
    says(street, offer, second, PartnerSays.DELIVERED, "signed by A.")
    says(street, offer, second, PartnerSays.DELIVERED, "signed by A.")

    assert street.cloud.the(Errand).outcome == "delivered"
    after = street.cloud.again(second)
    assert (after.state, after.custodian) == (ParcelState.DELIVERED_HOME, "recipient")


@pytest.mark.parametrize(("way_m", "co2_g"), [(-1, None), (200_001, None), (None, 200_001)])
def test_a_way_that_cannot_be_is_refused(street: OutsideStreet, way_m: int | None, co2_g: int | None) -> None:
    parcel = street.parcel()
    offer = with_partner(street, parcel)
    status = Status(offer.id, parcel.id, PartnerSays.DELIVERED, "signed", way_m, co2_g)

    with pytest.raises(InvalidError, match="is between 0 and 200000"):
        street.cloud.do(lambda uow: report_status(uow, street.cloud.act(SWIFT), street.cloud.keys, status))


def test_a_failed_delivery_finds_a_locker_and_comes_back_to_the_depot_for_it(street: OutsideStreet) -> None:
    street.cloud.locker(lon=21.0, lat=52.206)
    street.cloud.codes("WAW-01", 7)
    parcel = street.parcel()
    offer = with_partner(street, parcel)

    says(street, offer, parcel, PartnerSays.FAILED, "nobody_home")

    after = street.cloud.again(parcel)
    assert (after.state, after.locker_id, after.custodian) == (
        ParcelState.ASSIGNED_TO_LOCKER,
        "WAW-01",
        "partner:swift",
    )
    assert street.cloud.the(Attempt).courier_id == "partner:swift"
    assert [one.template for one in street.cloud.of(Notification)] == ["attempt_failed_locker"]
    assert street.cloud.the(Errand).outcome == "failed"

    back = says(street, offer, parcel, PartnerSays.RETURNED)
    assert (back.state, back.custodian) == (ParcelState.ASSIGNED_TO_LOCKER, "carrier:acme")


def test_without_a_locker_a_failed_parcel_waits_for_another_plan(street: OutsideStreet) -> None:
    parcel = street.parcel(consent=False)
    offer = with_partner(street, parcel)

    says(street, offer, parcel, PartnerSays.FAILED, "nobody_home")
    back = says(street, offer, parcel, PartnerSays.RETURNED)

    assert (back.state, back.custodian) == (ParcelState.DELIVERY_FAILED, "carrier:acme")
    assert street.cloud.the(Attempt).outcome == "locker_takes_no_parcels"


def test_what_is_brought_back_without_an_attempt_has_failed_too(street: OutsideStreet) -> None:
    parcel = street.parcel()
    offer = with_partner(street, parcel)

    assert says(street, offer, parcel, PartnerSays.RETURNED).state is ParcelState.DELIVERY_FAILED
    assert street.cloud.the(Errand).outcome == "failed"


def test_a_partner_speaks_only_of_what_it_carries(street: OutsideStreet) -> None:
    mine, other = street.parcel("P1"), street.parcel("P2")
    offer = with_partner(street, mine)
    with pytest.raises(NotFoundError):
        says(street, offer, other, PartnerSays.DELIVERED, "proof")
    with pytest.raises(InvalidError, match="proof"):
        says(street, offer, mine, PartnerSays.DELIVERED, " ")
    status = Status(offer.id, mine.id, PartnerSays.DELIVERED, "proof")
    strangers = (actor(Role.PARTNER, "slow"), crowd(ANNA))
    for who in strangers:
        with pytest.raises(ForbiddenError):
            street.cloud.do(partial(report_status, act=street.cloud.act(who), keys=street.cloud.keys, status=status))
    says(street, offer, mine, PartnerSays.RETURNED)
    with pytest.raises(ConflictError, match="carrier:acme answers"):
        says(street, offer, mine, PartnerSays.DELIVERED, "proof")


def test_a_partner_who_has_not_fetched_the_parcels_in_half_the_promised_time_has_given_up(
    street: OutsideStreet,
) -> None:
    errand = street.offer([street.parcel()], street.tariff())
    asked = street.asked()
    street.cloud.do(lambda uow: accept_offer(uow, street.cloud.act(SWIFT), asked.id))
    street.cloud.now = LEAVES + timedelta(hours=2)
    assert follow(street) == 0

    street.cloud.later(seconds=1)

    assert follow(street) == 1
    assert street.states(errand) == ["given_up"]
    assert street.errand(errand).said == "of 1 asked 1 gave it up"


def test_a_crowd_courier_takes_parcels_over_by_setting_out_only(street: OutsideStreet) -> None:
    street.offer([street.parcel()], street.trip())
    yes = street.accept()

    with pytest.raises(ConflictError, match="setting out"):
        street.cloud.do(lambda uow: hand_to_partner(uow, street.cloud.act(OPERATOR), yes.id))


# ------------------------------------------------------------------ crowd couriers


def set_out(street: OutsideStreet) -> None:
    route = street.cloud.the(Route)
    street.cloud.now = LEAVES
    street.cloud.do(lambda uow: start_route(uow, street.cloud.act(crowd(ANNA)), route.id))


def test_an_offer_follows_its_parcel_out_and_to_the_door(street: OutsideStreet) -> None:
    parcel = street.parcel()
    street.offer([parcel], street.trip())
    street.accept()
    assert follow(street) == 0

    set_out(street)
    assert follow(street) == 1
    assert street.cloud.the(Offer).state is OfferState.HANDED_OVER
    assert follow(street) == 0

    street.cloud.do(lambda uow: deliver_home(uow, street.cloud.act(crowd(ANNA)), parcel.id, "Ada took it"))
    assert follow(street) == 1
    assert (street.cloud.the(Offer).state, street.cloud.the(Errand).outcome) == (OfferState.DELIVERED, "delivered")


def test_nobody_at_home_sends_a_crowd_courier_to_a_locker_and_pays_all_the_same(street: OutsideStreet) -> None:
    cloud = street.cloud
    journal = cloud.locker(lon=21.0, lat=52.206)
    cloud.codes("WAW-01", 7)
    parcel = street.parcel()
    street.offer([parcel], street.trip())
    street.accept()
    set_out(street)
    follow(street)
    failed = FailedAttempt(parcel.id, ANNA, "nobody_home")
    cloud.do(lambda uow: report_failed_attempt(uow, cloud.act(crowd(ANNA)), cloud.keys, failed, nearest_first))
    assert follow(street) == 0, "still with the courier, now for the locker"
    texts = cloud.do(lambda uow: courier_pass(uow, cloud.act(crowd(ANNA)), cloud.keys, ANNA, "WAW-01"))
    assert texts

    courier = CourierRef(bytes.fromhex(ANNA))
    journal.say(ParcelDroppedOff(ParcelRef(bytes.fromhex(parcel.id)), A01, GRANT, courier))

    assert follow(street) == 1
    (view,) = cloud.do(lambda uow: offers_of(uow, cloud.act(crowd(ANNA)), ANNA, DAY))
    assert (view.offer.state, earned([view])) == (OfferState.DELIVERED, (300, 0))


def test_what_a_crowd_courier_brings_back_has_failed(street: OutsideStreet) -> None:
    first, second = street.parcel("P1"), street.parcel("P2")
    street.offer([first, second], street.trip())
    street.accept()
    set_out(street)
    follow(street)

    street.cloud.do(lambda uow: deliver_home(uow, street.cloud.act(crowd(ANNA)), first.id, "Ada took it"))
    street.cloud.do(lambda uow: bring_back(uow, street.cloud.act(crowd(ANNA)), second.id))

    assert follow(street) == 1
    assert street.cloud.the(Errand).outcome == "failed"


def test_who_does_not_come_within_half_an_hour_has_given_up(street: OutsideStreet) -> None:
    errand = street.offer([street.parcel()], street.trip(), street.tariff())
    street.accept()
    street.cloud.now = LEAVES + NO_SHOW
    assert follow(street) == 0

    street.cloud.later(seconds=1)

    assert follow(street) == 1
    assert street.states(errand) == ["given_up", "offered"]


def test_a_cancelled_parcel_is_nobodys_errand(street: OutsideStreet) -> None:
    parcel = street.parcel()
    errand = street.offer([parcel], street.trip(), street.trip(BEN))
    street.cloud.do(
        lambda uow: cancel_parcel(uow, street.cloud.act(OPERATOR), street.cloud.keys, parcel.id, "sold out")
    )

    assert street.states(errand) == ["withdrawn", "withdrawn"], "at once, before anybody sets out with it"
    assert street.cloud.again(parcel).state is ParcelState.CANCELLED
    assert follow(street) == 0


def test_a_parcel_its_recipient_sent_to_a_locker_goes_to_no_partner(street: OutsideStreet) -> None:
    street.cloud.locker()
    parcel = street.parcel()
    street.offer([parcel], street.tariff())
    there = {"state": ParcelState.ASSIGNED_TO_LOCKER, "locker_id": "WAW-01"}
    street.cloud.do(lambda uow: uow.change(Parcel, {"id": parcel.id}, **there))

    assert follow(street) == 1
    assert street.cloud.the(Errand).outcome == "withdrawn"
    assert street.cloud.again(parcel).state is ParcelState.ASSIGNED_TO_LOCKER
    street.cloud.now += timedelta(minutes=1)
    assert follow(street) == 0
