"""What of a day others bring, or were asked to: for the page and the figures of a plan."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cloud.domain.outside import TAKEN, CrowdTrip, OfferKind
from cloud.services.many import by_id
from cloud.services.offers_view import ERRANDS_MAX, ErrandView, errand_views
from cloud.services.ports import UnitOfWork
from cloud.services.records_outside import Errand

Spot = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Share:
    """What one kind of others brings, what it gets for that, and how many of the parcels it has not said yes to."""

    kind: OfferKind
    parcels: int = 0
    cents: int = 0
    asked: int = 0


@dataclass(frozen=True, slots=True)
class Hand:
    """One crowd courier's trip or one partner with what it brings or is asked to, in the order of the way.

    ``start`` is where a trip begins; a partner's way is its own.
    """

    kind: OfferKind
    name: str
    start: Spot | None
    errands: tuple[ErrandView, ...]

    @property
    def parcels(self) -> int:
        return sum(len(one.parcels) for one in self.errands)

    @property
    def cents(self) -> int:
        return sum(one.current.price_cents for one in self.errands if one.current)

    @property
    def asked(self) -> int:
        """How many of the parcels nobody has said yes to."""
        return sum(len(one.parcels) for one in self.errands if one.current and one.current.state not in TAKEN)


def hands_of(uow: UnitOfWork, day: str) -> tuple[Hand, ...]:
    """Return who of the others has something to do on a day, crowd couriers first."""
    errands = uow.find(Errand, order="created_at id", limit=ERRANDS_MAX, day=day)
    busy = [one for one in errand_views(uow, errands) if one.current is not None]
    trips = by_id(uow, CrowdTrip, (one.current.source_id for one in busy if one.current))
    groups: dict[tuple[OfferKind, str], list[ErrandView]] = {}
    for one in busy:
        if one.current is not None:
            groups.setdefault((one.current.kind, _whose(one)), []).append(one)
    return tuple(_hand(kind, several, trips.get(whose)) for (kind, whose), several in sorted(groups.items()))


def shares(hands: Iterable[Hand]) -> tuple[Share, ...]:
    """Return crowd couriers' and partners' part, those of them who have any."""
    found = []
    for kind in OfferKind:
        theirs = [hand for hand in hands if hand.kind is kind]
        parcels, cents, asked = (sum(getattr(one, name) for one in theirs) for name in ("parcels", "cents", "asked"))
        found += [Share(kind, parcels, cents, asked)] if theirs else []
    return tuple(found)


def _whose(one: ErrandView) -> str:
    """Return the trip of a crowd courier's errand, the partner of a partner's."""
    offer = one.current
    if offer is None:
        return ""
    return offer.source_id if offer.kind is OfferKind.CROWD else offer.asked


def _hand(kind: OfferKind, errands: Sequence[ErrandView], trip: CrowdTrip | None) -> Hand:
    in_order = sorted(errands, key=lambda one: one.current.position if one.current else 0)
    first = in_order[0]
    who = first.current.asked if first.current else ""
    start = (trip.start_lon, trip.start_lat) if trip else None
    return Hand(kind, first.names.get(who, who), start, tuple(in_order))
