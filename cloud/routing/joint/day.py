"""A day on which some parcels may go to one of several places, and what the planner decides about it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cloud.routing.plan import Plan
from cloud.routing.problem import (
    Courier,
    Place,
    Problem,
    RouteCourierId,
    Soft,
    Stop,
    StopId,
    StopKind,
    Tariff,
    TimeWindow,
)
from cloud.routing.stops import Item, ServiceTimes, Site
from cloud.routing.tariffs import Quote
from contract.sizes import SizeClass

OFFERS_MAX = 20  # pick-up points one recipient accepts; beyond walking distance nobody names more


@dataclass(frozen=True, slots=True)
class Offer:
    """A pick-up point the recipient accepts. ``extra_cents`` is what it costs besides driving (the walk, a fee)."""

    site_id: str
    extra_cents: int = 0


@dataclass(frozen=True, slots=True)
class Choice:
    """A parcel that may go home (unless ``home`` is None) or to one of ``sites``.

    ``soft`` is of the door's window. ``home_extra_cents`` is what a door costs besides the driving: the risk of a
    failed attempt, for instance.
    """

    item: Item
    home: Place | None = None
    windows: tuple[TimeWindow, ...] = ()
    home_extra_cents: int = 0
    sites: tuple[Offer, ...] = ()
    size: SizeClass = SizeClass.M
    soft: Soft | None = None


@dataclass(frozen=True, slots=True)
class JointDay:
    """``stops`` are fixed already (collections, promised places); ``sites`` are those the choices name.

    ``tariffs`` are partner fleets that may get what goes to a door.
    """

    couriers: tuple[Courier, ...]
    stops: tuple[Stop, ...] = ()
    choices: tuple[Choice, ...] = ()
    sites: tuple[Site, ...] = ()
    service: ServiceTimes = field(default_factory=ServiceTimes)
    tariffs: tuple[Tariff, ...] = ()

    def places(self) -> tuple[Place, ...]:
        """Return every distinct place of the day."""
        more = [choice.home for choice in self.choices if choice.home is not None]
        more += [site.place for site in self.sites]
        return tuple(dict.fromkeys((*Problem(self.stops, self.couriers).places(), *more)))

    def home_stop(self, choice: Choice) -> Stop:
        """Return the stop a choice is if it goes to the door. Only choices with a home have one."""
        if choice.home is None:
            raise ValueError(f"parcel {choice.item.ref} has no door to go to")
        item = choice.item
        name = StopId(f"home:{item.ref}")
        priority, refs = item.priority, (item.ref,)
        whole = (choice.home, choice.windows, self.home_s(), item.amounts)
        return Stop(name, *whole, skills=item.skills, priority=priority, parcels=refs, soft=choice.soft)

    def home_s(self) -> int:
        return self.service.home_base_s + self.service.home_per_parcel_s

    def base_s(self, site: Site) -> int:
        """Return the seconds one visit of a pick-up point takes before the first parcel."""
        return self.service.partner_base_s if site.kind is StopKind.PARTNER else self.service.locker_base_s

    def each_s(self, site: Site) -> int:
        """Return the seconds one parcel takes there."""
        at_counter = site.kind is StopKind.PARTNER
        return self.service.partner_per_parcel_s if at_counter else self.service.locker_per_drop_off_s


@dataclass(frozen=True, slots=True)
class Running:
    """One thing of the plan in force: the parcel, the pick-up point it goes to (None for a door), about when."""

    ref: str
    site_id: str | None
    begin_s: int


Warm = Mapping[RouteCourierId, Sequence[Running]]
"""The plan in force, by courier and in its order; what it does not know of the new day is passed over."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One thing a van does: a fixed stop, or a choice made for its door (``site`` None) or a pick-up point.

    With a ``quote`` it is a partner that does it.
    """

    stop: Stop | None = None
    choice: Choice | None = None
    site: Site | None = None
    quote: Quote | None = None


@dataclass(frozen=True, slots=True)
class JointPlan:
    """``problem`` is the day with the choices made, ``plan`` answers it and passed the checker.

    ``decided`` says for each planned choice (by the parcel's ref) the pick-up point, None for the door; parcels that
    are not in it are in ``plan.unplanned``.
    """

    problem: Problem
    plan: Plan
    decided: Mapping[str, str | None]
