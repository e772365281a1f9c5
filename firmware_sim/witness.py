"""What is physically true of a cabinet, kept in a file: ``kill -9`` ends a simulator, not the doors on the street.

The file is replaced at every physical change, before the agent's thread that caused it goes on. It is not flushed:
it has to outlive a process, not this machine.
"""

from pathlib import Path

import msgspec

from firmware_sim.truth import CabinetTruth

FILE = "cabinet.json"

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
