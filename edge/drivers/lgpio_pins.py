"""lgpio behind gpiozero, made safe for locks.

Four things gpiozero and lgpio do that a locker cannot live with, each mended here:

- gpiozero claims an output at level 0 and writes the wanted level afterwards: every lock on an active-low board is
  pulsed at start. ``quiet_pin_class`` claims at the wanted level.
- gpiozero turns a closed output into a floating input. A quiet pin stays an output at the level last written, and the
  Pi's kernel keeps it when the process ends.
- gpiozero falls back to another library with only a warning. Nothing is looked up here; lgpio works or we do not start.
- Importing lgpio changes the process's working directory to ``LG_WD`` (seen with 0.2.2.0). It is put back.
"""

import importlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gpiozero import Factory

from edge.drivers.errors import BoardSetupError

ClaimOutput = Callable[[int, int, int], object]


def quiet_pin_class(base: type[Any], claim_output: ClaimOutput) -> type[Any]:
    """Derive a pin that is claimed at the level asked for and keeps its level when closed.

    ``base`` is gpiozero's lgpio pin; ``claim_output(handle, gpio, level)`` is lgpio's ``gpio_claim_output``.
    """

    class QuietPin(base):  # type: ignore[misc]  # the base is only known where lgpio is installed
        def output_with_state(self, state: bool) -> None:  # noqa: FBT001 - gpiozero's own signature
            claim_output(self.factory._handle, self._number, int(state))  # noqa: SLF001 - gpiozero offers no other way

        def close(self) -> None:
            if self.function != "output":
                super().close()

    return QuietPin


def lgpio_factory(chip: int, work_dir: Path) -> Factory:
    """Open gpiochip ``chip`` through lgpio; ``work_dir`` receives lgpio's notification pipe.

    Raises ``BoardSetupError`` when lgpio is missing, is the empty shell that some package indexes carry, or cannot open
    the chip.
    """
    lgpio = _lgpio(work_dir)
    pins = importlib.import_module("gpiozero.pins.lgpio")
    try:
        factory = pins.LGPIOFactory(chip=chip)
    except (lgpio.error, OSError) as error:
        fact = f"gpiochip {chip} cannot be opened ({error}); is this user in the group gpio?"
        raise BoardSetupError(fact) from error
    factory.pin_class = quiet_pin_class(pins.LGPIOPin, lgpio.gpio_claim_output)
    return factory


def _lgpio(work_dir: Path) -> Any:
    if not os.access(work_dir, os.W_OK | os.X_OK):
        raise BoardSetupError(f"lgpio needs a writable directory and {work_dir} is none; set board.work_dir")
    os.environ["LG_WD"] = str(work_dir.resolve())
    here = Path.cwd()
    try:
        lgpio = importlib.import_module("lgpio")
    except ImportError as error:
        raise BoardSetupError(f"the wiring asks for lgpio, which is not installed ({error})") from error
    finally:
        os.chdir(here)
    require_lgpio(lgpio)
    return lgpio


def require_lgpio(module: object) -> None:
    """Refuse the empty ``lgpio`` (0.0.0.2) that wheels-only installs fall back to."""
    if not hasattr(module, "gpiochip_open"):
        raise BoardSetupError(
            "the installed lgpio is an empty package; install 0.2.2 or later, or Debian's python3-lgpio"
        )
