"""A depot with crowd couriers and a partner fleet: what the tests of offers begin with."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from cloud.domain.actors import Actor, Role, actor
from cloud.domain.outside import CrowdTrip, OfferKind, OfferState, PartnerTariff
from cloud.domain.parcel import Parcel
from cloud.domain.places import distance_m
from cloud.services.crowd import announce_trip
from cloud.services.crowd_route import Spot, accept_crowd
from cloud.services.offers import Candidate, OutsideTask, offer_tasks
from cloud.services.partners import create_partner, set_tariff
from cloud.services.records import Courier, CourierKind
from cloud.services.records_outside import Errand, Offer, Partner
from tests.unit.cloud.small_cloud import MORNING, OPERATOR, SmallCloud

DAY = MORNING.date().isoformat()
ANNA, BEN = "a1" * 16, "b2" * 16
SWIFT = actor(Role.PARTNER, "swift")
LEAVES = MORNING + timedelta(hours=1)


def crowd(courier_id: str) -> Actor:
    return actor(Role.COURIER, courier_id)


def legs(a: Spot, b: Spot) -> tuple[int, int]:
    """Straight on at 10 m/s."""
    metres = distance_m(*a, *b)
    return round(metres), round(metres / 10)


class OutsideStreet:
    """``cloud`` with the depot at 20.95, 52.2; trips go east along the parallel."""

    def __init__(self, *, quick: bool = False) -> None:
        self.cloud = SmallCloud(quick=quick)
        for one in (ANNA, BEN):
            self._courier(one)
        partner = Partner(id="swift", name="Swift Bikes", active=True, created_at=MORNING)
        self.cloud.do(lambda uow: create_partner(uow, self.cloud.act(OPERATOR), partner))

    def _courier(self, courier_id: str) -> None:
        one = Courier(
            id=courier_id,
            name="Anna" if courier_id == ANNA else "Ben",
            email=f"{courier_id[:2]}@example.test",
            phone=None,
            language="en",
            active=True,
            created_at=MORNING,
            kind=CourierKind.CROWD,
        )
        self.cloud.do(lambda uow: uow.add(one))

    def a_trip(self, courier_id: str = ANNA, **changes: Any) -> CrowdTrip:
        trip = CrowdTrip(
            id=self.cloud.ids.new(),
            courier_id=courier_id,
            leaves_at=LEAVES,
            arrives_by=LEAVES + timedelta(hours=2),
            start_lon=20.95,
            start_lat=52.2,
            end_lon=21.05,
            end_lat=52.2,
            detour_m_max=4_000,
            parcels_max=3,
            weight_g_max=20_000,
            volume_l_max=100,
            per_parcel_cents=300,
            day=DAY,
        )
        return replace(trip, **changes)

    def trip(self, courier_id: str = ANNA, **changes: Any) -> CrowdTrip:
        trip = self.a_trip(courier_id, **changes)
        return self.cloud.do(lambda uow: announce_trip(uow, self.cloud.act(crowd(courier_id)), trip))

    def tariff(self, **changes: Any) -> PartnerTariff:
        tariff = PartnerTariff(
            id=self.cloud.ids.new(),
            partner_id="swift",
            day=DAY,
            centre_lon=21.0,
            centre_lat=52.2,
            radius_m=8_000,
            base_cents=450,
            per_km_cents=20,
            promise_from=LEAVES,
            promise_to=LEAVES + timedelta(hours=4),
            parcels_max=5,
            weight_g_max=20_000,
        )
        tariff = replace(tariff, **changes)
        return self.cloud.do(lambda uow: set_tariff(uow, self.cloud.act(SWIFT), tariff))

    def parcel(self, barcode: str = "P1", **changes: Any) -> Parcel:
        return self.cloud.parcel(barcode, **({"lon": 21.0, "lat": 52.205} | changes))

    def offer(self, parcels: list[Parcel], *who: CrowdTrip | PartnerTariff, own_cents: int = 900) -> Errand:
        """Offer the parcels of one stop to trips and tariffs, in this order."""
        task = OutsideTask(DAY, tuple(one.id for one in parcels), tuple(map(candidate, who)), own_cents)
        made = self.cloud.do(lambda uow: offer_tasks(uow, self.cloud.act(OPERATOR), [task]))
        return self.cloud.the(Errand, id=made[0])

    def asked(self) -> Offer:
        """Return the one offer that waits for an answer."""
        return self.cloud.the(Offer, state=OfferState.OFFERED)

    def states(self, errand: Errand) -> list[str]:
        found = sorted(self.cloud.of(Offer, errand_id=errand.id), key=lambda one: one.rank)
        return [str(one.state) for one in found]

    def accept(self, courier_id: str = ANNA) -> Offer:
        asked = self.asked()
        return self.cloud.do(lambda uow: accept_crowd(uow, self.cloud.act(crowd(courier_id)), asked.id, legs))

    def errand(self, errand: Errand) -> Errand:
        return self.cloud.the(Errand, id=errand.id)


def candidate(who: CrowdTrip | PartnerTariff) -> Candidate:
    if isinstance(who, CrowdTrip):
        return Candidate(OfferKind.CROWD, who.id, 300, who.leaves_at, who.arrives_by)
    return Candidate(OfferKind.PARTNER, who.id, 500, who.promise_from, who.promise_to)
