"""``python -m edge.drivers.check_wiring FILE``: an installer's question, answered before anything is energised."""

import sys
from collections.abc import Sequence
from pathlib import Path

from edge.drivers.errors import WiringError
from edge.drivers.wiring import load_wiring


def main(arguments: Sequence[str] | None = None) -> int:
    """Check one wiring file; return 0 when it is good, 1 when it is not, 2 when none was named."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    if len(given) != 1:
        sys.stderr.write("usage: python -m edge.drivers.check_wiring FILE\n")
        return 2
    try:
        wiring = load_wiring(Path(given[0]))
    except WiringError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{given[0]}: {len(wiring.compartments)} compartments, nothing wrong\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
