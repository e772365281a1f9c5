"""Deliveries by others: people on their way (crowd couriers) and partner fleets, and what one offer to them can become.

::

    offered -> accepted -> handed over -> delivered
       |           |             | failed
       |           | given up    `----------> failed
       | declined, timed out, withdrawn
       `--> the next candidate, at last our own courier
"""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CrowdTrip:
    """A person who drives from the depot to somewhere anyway and takes parcels along for a price each.

    The trip begins at the depot (``start``) no earlier than ``leaves_at`` and ends by ``arrives_by`` at ``end``, or
    wherever the last parcel goes when there is no ``end``. ``detour_m_max`` is what may be driven more than straight
    from start to end (than nothing, without an end). Places in degrees, money in cents, volume in litres.
    """

    id: str
    courier_id: str
    leaves_at: datetime
    arrives_by: datetime
    start_lon: float
    start_lat: float
    end_lon: float | None
    end_lat: float | None
    detour_m_max: int
    parcels_max: int
    weight_g_max: int
    volume_l_max: int
    per_parcel_cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerTariff:
    """What a partner fleet asks for a parcel within its area, and by when it promises to be there.

    The price of one parcel is ``base_cents`` plus ``per_km_cents`` for the great circle from the area's centre, rounded
    up. ``promise_from`` and ``promise_to`` are when on the day it is delivered; ``parcels_max`` counts the day's.
    """

    id: str
    partner_id: str
    day: str
    centre_lon: float
    centre_lat: float
    radius_m: int
    base_cents: int
    per_km_cents: int
    promise_from: datetime
    promise_to: datetime
    parcels_max: int
    weight_g_max: int
