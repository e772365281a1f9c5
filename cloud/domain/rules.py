"""The numbers an operator of the service may choose, in one record with defaults that work."""

from dataclasses import dataclass
from datetime import timedelta

from cloud.domain.dwell import STANDARD_DWELL, DwellPolicies


@dataclass(frozen=True, slots=True)
class Rules:
    """``reservation_life``: a courier's shift and the night after it; the grant dies with the reservation."""

    dwell: DwellPolicies = STANDARD_DWELL
    reservation_life: timedelta = timedelta(hours=24)
    pass_life: timedelta = timedelta(hours=16)  # one shift with overtime; a phone found tomorrow opens nothing
    collect_life: timedelta = timedelta(days=3)  # over a long weekend
    claim_life: timedelta = timedelta(hours=24)
    walk_m_max: int = 1_500  # a quarter of an hour on foot, for recipients who gave no number
    candidates_max: int = 20  # lockers ranked for one failed attempt; the courier passes at most a few
    detour_cents_max: int = 500  # another attempt tomorrow costs about 200 (make week); a day less is not worth more
    trip_detour_m_max: int = 50_000  # a crowd courier's: once across a city and back; more is no detour


STANDARD = Rules()
