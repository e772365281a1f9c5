from pathlib import Path
from types import SimpleNamespace

import pytest

from edge.drivers.errors import BoardSetupError
from edge.drivers.lgpio_pins import lgpio_factory, quiet_pin_class, require_lgpio


class LoudPin:
    """What gpiozero's lgpio pin does to a line, written down."""

    def __init__(self) -> None:
        self.factory = SimpleNamespace(_handle=7)
        self._number = 17
        self.function = "input"
        self.done: list[str] = []

    def output_with_state(self, state: bool) -> None:  # noqa: FBT001 - gpiozero's own signature
        self.done += ["claimed at 0", f"wrote {int(state)}"]

    def close(self) -> None:
        self.done.append("made an input")


@pytest.mark.parametrize("inactive", [False, True])
def test_a_quiet_pin_is_claimed_at_the_level_asked_for(inactive: bool) -> None:  # noqa: FBT001 - a level
    claims: list[tuple[int, int, int]] = []
    pin = quiet_pin_class(LoudPin, lambda *claim: claims.append(claim))()
    pin.output_with_state(inactive)
    assert claims == [(7, 17, int(inactive))]
    assert pin.done == []


def test_a_quiet_output_keeps_its_level_when_it_is_closed() -> None:
    pin = quiet_pin_class(LoudPin, lambda *_claim: None)()
    pin.function = "output"
    pin.close()
    assert pin.done == []


def test_a_quiet_input_is_closed_as_ever() -> None:
    pin = quiet_pin_class(LoudPin, lambda *_claim: None)()
    pin.close()
    assert pin.done == ["made an input"]


def test_the_empty_lgpio_is_refused() -> None:
    with pytest.raises(BoardSetupError, match="empty package"):
        require_lgpio(SimpleNamespace())
    require_lgpio(SimpleNamespace(gpiochip_open=lambda _chip: 0))


def test_lgpio_needs_a_directory_it_may_write_to(tmp_path: Path) -> None:
    with pytest.raises(BoardSetupError, match=r"set board\.work_dir"):
        lgpio_factory(0, tmp_path / "nowhere")
