"""What the kiosk needs from the locker, and nothing else, so that the page can be driven by the real loop or by a fake.

The controller stands below the kiosk and cannot import from here; it fits this shape by its methods alone. That is why
``Entry`` is made of plain words and not an enumeration of its own.
"""

from collections.abc import AsyncIterator
from typing import Literal, Protocol

import msgspec

from contract.ids import CompartmentLabel
from contract.layout import Layout
from edge.locker_controller.inputs import Answer
from edge.locker_controller.screens import Screen

Entry = Literal["accepted", "slip", "locked"]
"""``slip``: no code at all (a digit wrong or swapped), costs nothing. ``locked``: nobody looked at it."""


class About(msgspec.Struct, frozen=True):
    """What the page says about this locker; the composition root fills it in from bundle and configuration.

    ``languages`` begins with the one the page starts in.
    """

    locker: str
    name: str
    languages: tuple[str, ...]
    support_phone: str
    layout: Layout


class KioskPort(Protocol):
    """The locker as a person in front of it meets it."""

    async def enter_code(self, typed: str) -> Entry:
        """Try a pick-up code that was typed."""

    async def scan(self, text: str) -> None:
        """Take what the scanner read: a QR code or a parcel's barcode."""

    async def answer(self, answer: Answer, label: CompartmentLabel | None) -> None:
        """Take a touch on one of the screen's choices."""

    def screen(self) -> Screen:
        """Say what the screen shows now."""

    def watch(self) -> AsyncIterator[Screen]:
        """Yield the screen now and then after every change, for as long as somebody listens."""
