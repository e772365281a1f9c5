"""What if more people took a locker, or lockers stood elsewhere? The same files, changed, for the same planner.

New lockers are suggested where they reach most parcels that no locker reaches now: the maximal covering location
problem (R. Church, C. ReVelle, Papers of the Regional Science Association 32, 1974), solved greedily, which is never
worse than 63 % of the best there is (G. Nemhauser, L. Wolsey, M. Fisher, Mathematical Programming 14, 1978).
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cloud.domain.opening_hours import ALWAYS
from cloud.intake.lockers_geojson import LockerRow
from cloud.intake.parcels_csv import ParcelRow
from cloud.plan_files.day import Files
from cloud.routing.travel_times import haversine_m
from contract.ids import LockerId

CANDIDATES_MAX = 5_000  # homes looked at as places; 5,000 x 5,000 distances are 200 MB for a moment


@dataclass(frozen=True, slots=True)
class Suggested:
    """A place for a locker and how many of the day's parcels only it reaches."""

    lon: float
    lat: float
    parcels: int


def with_opt_in(files: Files, share: float) -> Files:
    """Return the files with a locker allowed for so large a share of the parcels, always the same ones.

    Whoever allows one already stays with it; the others join in the order of a digest of their barcode, so that thirty
    per cent contain the twenty.
    """
    wanted = round(share * len(files.parcels))
    allowed = sum(row.locker_allowed for row in files.parcels)
    others = sorted((row for row in files.parcels if not row.locker_allowed), key=_lot)
    joining = {row.barcode for row in others[: max(0, wanted - allowed)]}
    parcels = [replace(row, locker_allowed=True) if row.barcode in joining else row for row in files.parcels]
    return replace(files, parcels=parcels)


def _lot(row: ParcelRow) -> bytes:
    return hashlib.sha256(row.barcode.encode()).digest()


def with_lockers(files: Files, places: Sequence[tuple[float, float]], model: str) -> Files:
    """Return the files with a locker of ``model`` at each of ``places`` (longitude, latitude)."""
    new = [
        LockerRow(
            line=0,
            id=LockerId(f"NEW-{number:02d}"),
            name=f"new locker {number}",
            lon=lon,
            lat=lat,
            address="",
            opening_hours=ALWAYS,
            model=model,
        )
        for number, (lon, lat) in enumerate(places, start=1)
    ]
    return replace(files, lockers=[*files.lockers, *new])


def suggest(files: Files, count: int, walk_m: int, compartments: int) -> list[Suggested]:
    """Return up to ``count`` places, best first; each counts at most as many parcels as it has compartments."""
    open_rows = [row for row in files.parcels if row.locker_allowed and not row.perishable][:CANDIDATES_MAX]
    if not open_rows:
        return []
    homes = np.radians(np.array([(row.lon, row.lat) for row in open_rows], dtype=np.float64))
    left = np.ones(len(open_rows), dtype=bool)
    if files.lockers:
        walls = np.radians(np.array([(row.lon, row.lat) for row in files.lockers], dtype=np.float64))
        left = haversine_m(homes, walls).min(axis=1) > walk_m
    near = haversine_m(homes, homes) <= walk_m
    return [_suggested(open_rows[place], parcels) for place, parcels in _greedy(near, left, (count, compartments))]


def _greedy(near: NDArray[np.bool_], left: NDArray[np.bool_], limits: tuple[int, int]) -> list[tuple[int, int]]:
    count, compartments = limits
    left = left.copy()
    found = []
    for _ in range(count):
        reached = near @ left.astype(np.int64)
        place = int(reached.argmax())
        parcels = min(int(reached[place]), compartments)
        if parcels == 0:
            break
        found.append((place, parcels))
        left[np.flatnonzero(near[place] & left)[:compartments]] = False
    return found


def _suggested(row: ParcelRow, parcels: int) -> Suggested:
    return Suggested(row.lon, row.lat, parcels)
