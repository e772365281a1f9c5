"""How a locker's wall of compartments is built: agreed at enrolment, compared with the first snapshot."""

import msgspec

from contract.ids import CompartmentLabel
from contract.sizes import SizeClass

COMPARTMENTS_MAX = 400  # the largest machines in the field have about 300 doors


class CompartmentPlan(msgspec.Struct, frozen=True):
    """One box: its painted label, size class and whether it is reached sitting (EN 301 549: 380 to 1220 mm)."""

    label: CompartmentLabel
    size: SizeClass
    low: bool = False


class Layout(msgspec.Struct, frozen=True):
    """A model's compartments in the order in which they are painted."""

    model: str
    compartments: tuple[CompartmentPlan, ...]

    def sizes(self) -> dict[CompartmentLabel, SizeClass]:
        """Return the size class by label."""
        return {plan.label: plan.size for plan in self.compartments}
