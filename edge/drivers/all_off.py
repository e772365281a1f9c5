"""``python -m edge.drivers.all_off FILE``: drop every coil of a wiring, for systemd's ``ExecStopPost``.

The Pi's kernel keeps an output's level when a process dies, so an agent killed in the middle of a pulse leaves a coil
energised until somebody claims its pin again. This does, and nothing else.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from gpiozero import Factory

from edge.drivers.board import pin_factory
from edge.drivers.errors import DriverError
from edge.drivers.gpio import claim_coils
from edge.drivers.wiring import load_wiring


def main(arguments: Sequence[str] | None = None, factory: Factory | None = None) -> int:
    """Claim every lock pin at its inactive level; return 0 when all are, 1 when one is not, 2 without a file."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    if len(given) != 1:
        sys.stderr.write("usage: python -m edge.drivers.all_off FILE\n")
        return 2
    try:
        wiring = load_wiring(Path(given[0]))
        claimed = claim_coils(wiring.board, wiring.compartments, pin_factory(wiring, factory))
    except DriverError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    claimed.close()
    for label, failure in claimed.failures.items():
        sys.stderr.write(f"{label}: {failure}\n")
    return 1 if claimed.failures else 0


if __name__ == "__main__":
    sys.exit(main())
