"""For your own tests: ``def test_mine(latchmile_locker)`` gives a locker with doors to pull. Loaded by pytest itself.

Everything is imported when the fixture is first used: whoever does not use it must not pay for it at every start.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from contract.layout import Layout
    from firmware_sim.in_a_thread import LockerInAThread


@pytest.fixture
def latchmile_layout() -> "Layout":
    """Say how the wall is built; override it to have another one (at most 22 doors)."""
    from firmware_sim.paper_cloud import small_layout  # noqa: PLC0415 - see the module's first lines

    return small_layout()


@pytest.fixture
def latchmile_locker(latchmile_layout: "Layout", tmp_path: Path) -> "Iterator[LockerInAThread]":
    """Put up a simulated locker that runs the real agent: drop off, pick up, pull doors, cut the power."""
    from firmware_sim.in_a_thread import LockerInAThread  # noqa: PLC0415 - see the module's first lines

    with LockerInAThread(tmp_path / "latchmile", latchmile_layout) as locker:
        yield locker
