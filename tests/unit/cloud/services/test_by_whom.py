"""Who of the others brings what, for the page of a plan: asked, agreed, refused."""

import pytest

from cloud.domain.outside import OfferKind
from cloud.services.by_whom import Share, hands_of, shares
from cloud.services.offer_steps import decline
from tests.unit.cloud.services.outside_street import ANNA, DAY, OutsideStreet, crowd


@pytest.fixture
def street() -> OutsideStreet:
    return OutsideStreet()


def test_what_is_asked_and_what_is_agreed_are_told_apart(street: OutsideStreet) -> None:
    trip, tariff = street.trip(), street.tariff()
    street.offer([street.parcel("P1")], trip)
    street.accept()
    street.offer([street.parcel("P2"), street.parcel("P3")], tariff)

    anna, swift = street.cloud.do(lambda uow: hands_of(uow, DAY))

    assert (anna.kind, anna.name, anna.start) == (OfferKind.CROWD, "Anna", (20.95, 52.2))
    assert (anna.parcels, anna.cents, anna.asked) == (1, 300, 0)
    assert (swift.kind, swift.name, swift.start) == (OfferKind.PARTNER, "Swift Bikes", None)
    assert shares((anna, swift)) == (Share(OfferKind.CROWD, 1, 300, 0), Share(OfferKind.PARTNER, 2, 500, 2))


def test_who_has_refused_brings_nothing(street: OutsideStreet) -> None:
    street.offer([street.parcel()], street.trip())
    asked = street.asked()
    street.cloud.do(lambda uow: decline(uow, street.cloud.act(crowd(ANNA)), asked.id, "no"))

    assert street.cloud.do(lambda uow: hands_of(uow, DAY)) == ()
    assert shares(()) == ()
