"""Which compartment a parcel goes into: only the locker knows what is physically true, so only it can choose."""

from collections.abc import Container

from contract.ids import CompartmentLabel
from contract.layout import CompartmentPlan
from edge.locker_controller.compartment import takes_parcels
from edge.locker_controller.state import DropOffAim, LockerRecord


def choose(state: LockerRecord, aim: DropOffAim) -> CompartmentLabel | None:
    """Return the best compartment for a drop-off, or ``None`` when none can take it.

    Smallest first, so that large ones stay for large parcels. Low doors are kept for people who need them and for what
    is heavy to lift; who needs one gets it before a tighter fit. Among equals the least used, then the first painted.
    """
    tried: Container[CompartmentLabel] = aim.tried
    fitting = [
        plan
        for plan in state.setup.layout.compartments
        if plan.size.rank >= aim.rank_min and plan.label not in tried and takes_parcels(state, plan.label)
    ]
    return min(fitting, key=lambda plan: _cost(state, aim, plan)).label if fitting else None


def _cost(state: LockerRecord, aim: DropOffAim, plan: CompartmentPlan) -> tuple[bool, int, bool, int]:
    """Order of preference; ``min`` keeps the first of equals, which is the layout's order."""
    must_be_low = aim.grant.low_door and not plan.low
    unwanted_height = plan.low != (aim.grant.low_door or aim.grant.heavy)
    return must_be_low, plan.size.rank, unwanted_height, state.compartments[plan.label].uses
