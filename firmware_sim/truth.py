"""What is physically true of a cabinet, kept in a file: ``kill -9`` ends a simulator, not the doors on the street.

The file is replaced at every physical change, before the agent's thread that caused it goes on. It is not flushed:
it has to outlive a process, not this machine.
"""

from pathlib import Path

import msgspec

from firmware_sim.physics import CompartmentFaults, Violation

FILE = "cabinet.json"


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


_TRUTH = msgspec.json.Decoder(CabinetTruth)


def read_truth(folder: Path) -> CabinetTruth:
    """Return what was true when the last simulator here ended, however it did; nothing where none has been."""
    try:
        return _TRUTH.decode((folder / FILE).read_bytes())
    except (FileNotFoundError, msgspec.DecodeError):
        return CabinetTruth()


class Witness:
    """Writes a cabinet's truth into a folder whenever it has changed. Call it under the cabinet's lock."""

    def __init__(self, folder: Path) -> None:
        """Write nothing yet."""
        self._path = folder / FILE
        self._aside = folder / f".{FILE}.new"
        self._known: CabinetTruth | None = None

    def __call__(self, truth: CabinetTruth) -> None:
        if truth != self._known:
            self._aside.write_bytes(msgspec.json.encode(truth))
            self._aside.replace(self._path)
            self._known = truth
