"""What one day of a simulated week came to: the product's own figures, and what became of the rest."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from cloud.services.kpis import Kpi, Tally

SUMMED = (
    "vans",
    "given",
    "unplanned",
    "refused",
    "rerouted",
    "late",
    "returned",
    "collected",
    "overtime_s",
    "reordered",
    "unanswered",
)


@dataclass(slots=True)
class DayTally:
    """Counts of one day. ``kpi`` is as ``cloud.services.kpis`` counts: its parcels are those brought today.

    ``given`` were handed over for today. ``unplanned`` found no van; ``refused`` a locker had no room for when the
    courier came; ``rerouted`` failed at a door and went to a locker the same day; ``late`` were brought a day or more
    after the first one meant for them; ``returned`` to the counter where their recipients may fetch them. A second
    thought ``reordered`` that many routes, and had no answer (``unanswered``) for others.
    """

    day: int
    kpi: Tally = field(default_factory=Tally)
    vans: int = 0
    given: int = 0
    unplanned: int = 0
    refused: int = 0
    rerouted: int = 0
    late: int = 0
    returned: int = 0
    collected: int = 0
    overtime_s: int = 0
    reordered: int = 0
    unanswered: int = 0
    carried_over: int = 0

    @property
    def cents_per_parcel(self) -> float:
        return self.kpi.cents / self.kpi.parcels if self.kpi.parcels else 0.0


def summed(days: Sequence[DayTally]) -> DayTally:
    """Return all days as one; what is carried over is what the last day left."""
    whole = DayTally(len(days))
    for day in days:
        whole.kpi.add(day.kpi)
        for name in SUMMED:
            setattr(whole, name, getattr(whole, name) + getattr(day, name))
        whole.carried_over = day.carried_over
    return whole


def kpi_of(tally: DayTally) -> Kpi:
    """Return the figures with the shares the product computes from them."""
    return Kpi("", "", tally.kpi)
