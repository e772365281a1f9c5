"""The lockers of a simulated week: what is free, kept and inside, by the product's own rules of capacity."""

import heapq
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from cloud.domain.capacity import choose_size, left_by_size
from cloud.domain.dwell import STANDARD_DWELL
from cloud.routing.dwell_forecast import Dwell, Waiting, freed, learn
from cloud.services.forecast_capacity import with_forecast
from contract.sizes import SizeClass
from firmware_sim.city_day import HOUR_S, CityLocker, CityParcel, Rooms

DWELL_S_MAX = round(STANDARD_DWELL.default.dwell.total_seconds())


@dataclass(frozen=True, slots=True)
class Move:
    """A parcel went into a compartment of this size, or came out (``is_in`` False): the week's own journal."""

    at_s: int
    locker_id: str
    size: SizeClass
    ref: str
    is_in: bool


@dataclass(frozen=True, slots=True)
class Inside:
    """One occupied compartment; ``fetched_s`` is when its recipient would come."""

    parcel: CityParcel
    size: SizeClass
    since_s: int
    fetched_s: int

    @property
    def deadline_s(self) -> int:
        return self.since_s + DWELL_S_MAX

    @property
    def is_fetched(self) -> bool:
        return self.fetched_s < self.deadline_s


@dataclass(slots=True)
class Walls:
    """All lockers. Times are seconds of the week; ``advance`` must be told them before anything is asked."""

    lockers: tuple[CityLocker, ...]
    moves: list[Move] = field(default_factory=list)
    _free: dict[str, Counter[SizeClass]] = field(init=False)
    _kept: dict[str, dict[str, SizeClass]] = field(init=False)
    _inside: dict[str, dict[str, Inside]] = field(init=False)
    _comings: list[tuple[int, str, str]] = field(default_factory=list)
    _dwells: list[Dwell] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._free = {one.id: Counter(one.doors) for one in self.lockers}
        self._kept = {one.id: {} for one in self.lockers}
        self._inside = {one.id: {} for one in self.lockers}

    def advance(self, now_s: int) -> None:
        """Let everybody fetch who comes until now."""
        while self._comings and self._comings[0][0] <= now_s:
            at_s, locker_id, ref = heapq.heappop(self._comings)
            self._take(locker_id, ref, at_s)

    def left(self, locker_id: str) -> dict[SizeClass, int]:
        """Return what may still be promised there."""
        return left_by_size(self._free[locker_id], self._kept[locker_id].values())

    def keep(self, locker_id: str, parcel: CityParcel) -> bool:
        """Keep a compartment that is empty now; False when none large enough is left."""
        size = choose_size(parcel.size, self.left(locker_id))
        if size is not None:
            self._kept[locker_id][parcel.ref] = size
        return size is not None

    def put(self, locker_id: str, parcel: CityParcel, now_s: int, fetched_s: int) -> bool:
        """Put a parcel in, into what is kept for it or is left; False when nothing large enough is."""
        size = self._kept[locker_id].pop(parcel.ref, None) or choose_size(parcel.size, self.left(locker_id))
        if size is None:
            return False
        self._free[locker_id][size] -= 1
        inside = Inside(parcel, size, now_s, fetched_s)
        self._inside[locker_id][parcel.ref] = inside
        self.moves.append(Move(now_s, locker_id, size, parcel.ref, is_in=True))
        if inside.is_fetched:
            heapq.heappush(self._comings, (fetched_s, locker_id, parcel.ref))
        return True

    def forget_promises(self) -> None:
        """End what was kept and not used, as night does."""
        for kept in self._kept.values():
            kept.clear()

    def overdue(self, now_s: int) -> list[tuple[str, CityParcel]]:
        """Return what nobody came for in time, to be collected."""
        return [
            (locker_id, one.parcel)
            for locker_id, inside in self._inside.items()
            for one in inside.values()
            if one.deadline_s <= now_s
        ]

    def collect(self, locker_id: str, ref: str, now_s: int) -> None:
        """Let a courier take it out."""
        self._take(locker_id, ref, now_s)

    def count_inside(self) -> int:
        return sum(map(len, self._inside.values()))

    def rooms(self, now_s: int, ahead_s: int) -> Rooms:
        """Return the room there will be in ``ahead_s``: what is left, and what can be counted on to be fetched."""
        learned = learn([*self._dwells, *self._lasting(now_s)])
        found: dict[str, dict[SizeClass, int]] = {}
        for locker_id, inside in self._inside.items():
            waiting = [
                Waiting(locker_id, one.size, (now_s - one.since_s) / HOUR_S, (one.deadline_s - now_s) / HOUR_S)
                for one in inside.values()
            ]
            more = freed(learned, waiting, now_s / HOUR_S, ahead_s / HOUR_S)
            found[locker_id] = with_forecast(self.left(locker_id), more)
        return found

    def _lasting(self, now_s: int) -> Iterable[Dwell]:
        for locker_id, inside in self._inside.items():
            for one in inside.values():
                yield _dwell(locker_id, one, now_s, fetched=False)

    def _take(self, locker_id: str, ref: str, at_s: int) -> None:
        one = self._inside[locker_id].pop(ref)
        self._free[locker_id][one.size] += 1
        self.moves.append(Move(at_s, locker_id, one.size, ref, is_in=False))
        self._dwells.append(_dwell(locker_id, one, at_s, fetched=one.is_fetched))


def _dwell(locker_id: str, inside: Inside, until_s: int, *, fetched: bool) -> Dwell:
    return Dwell(locker_id, inside.since_s / HOUR_S, (until_s - inside.since_s) / HOUR_S, fetched)
