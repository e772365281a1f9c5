"""What is physically true of a cabinet, as data: ``cabinet`` tells it, ``witness`` keeps it in a file."""

import msgspec

from firmware_sim.physics import CompartmentFaults, Violation


class CompartmentTruth(msgspec.Struct, frozen=True, omit_defaults=True):
    """One compartment as a camera inside it would see it.

    ``pulses`` counts how often its coil was energised; ``hook_due`` and ``leaf_moving`` are what was about to happen.
    """

    label: str
    open: bool = False
    contents: str | None = None
    pulses: int = 0
    coil_on: bool = False
    hook_due: bool = False
    leaf_moving: bool = False
    faults: CompartmentFaults = CompartmentFaults()


class CabinetTruth(msgspec.Struct, frozen=True, omit_defaults=True):
    """A whole cabinet, with every law that was ever broken in it."""

    compartments: tuple[CompartmentTruth, ...] = ()
    violations: tuple[Violation, ...] = ()

    def of(self, label: str) -> CompartmentTruth:
        """Return one compartment; raises ``LookupError`` for one that is not there."""
        found = next((one for one in self.compartments if one.label == label), None)
        if found is None:
            raise LookupError(label)
        return found
