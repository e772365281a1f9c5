"""How long a parcel may stay in a compartment, when its recipient is reminded, and when the clock stands still."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from contract.sizes import SizeClass

SILENT_GRACE = timedelta(days=7)  # a locker must serve that long without us; its parcels may be gone, nobody drives yet


@dataclass(frozen=True, slots=True)
class DwellPolicy:
    """``remind_at`` are fractions of the dwell, rising; each extension adds ``extension``."""

    dwell: timedelta = timedelta(hours=48)
    remind_at: tuple[float, ...] = (0.5, 0.85)
    extension: timedelta = timedelta(hours=24)
    extensions_max: int = 2


@dataclass(frozen=True, slots=True)
class DwellPolicies:
    """Policies as data: the first that matches of (carrier, size), carrier, default."""

    default: DwellPolicy = DwellPolicy()
    by_carrier: Mapping[str, DwellPolicy] = field(default_factory=dict)
    by_carrier_and_size: Mapping[tuple[str, SizeClass], DwellPolicy] = field(default_factory=dict)

    def policy_for(self, carrier: str, size: SizeClass | None) -> DwellPolicy:
        if size is not None and (carrier, size) in self.by_carrier_and_size:
            return self.by_carrier_and_size[carrier, size]
        return self.by_carrier.get(carrier, self.default)


STANDARD_DWELL = DwellPolicies()


def dwell_of(policy: DwellPolicy, dwell_h_max: int | None) -> timedelta:
    """Return the dwell of one parcel: the policy's, or less when the content allows only less."""
    return policy.dwell if dwell_h_max is None else min(policy.dwell, timedelta(hours=dwell_h_max))


def reminders_due(policy: DwellPolicy, begun: datetime, deadline: datetime, now: datetime) -> int:
    """Return how many reminders should have gone out by ``now``."""
    if now >= deadline:
        return len(policy.remind_at)
    passed = (now - begun) / (deadline - begun)
    return sum(1 for fraction in policy.remind_at if passed >= fraction)


def is_over(deadline: datetime, now: datetime, *, silent: bool) -> bool:
    """Whether a dwell or a reservation has ended.

    While its locker is silent the recipient or the courier may have come and the cloud would not know, so nothing is
    taken back and nobody is sent before ``SILENT_GRACE`` has passed on top.
    """
    return now >= deadline + (SILENT_GRACE if silent else timedelta(0))


def stopped_for(unserved_since: datetime | None, dropped_off_at: datetime, served_again: datetime) -> timedelta:
    """Return by how much a deadline moves because the locker could not be opened until ``served_again``."""
    if unserved_since is None:
        return timedelta(0)
    return max(timedelta(0), served_again - max(unserved_since, dropped_off_at))
