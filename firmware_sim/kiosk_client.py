"""A locker's kiosk as a person uses it: look at the screen, touch it, type a code, hold something to the scanner."""

import asyncio
import time
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx
import msgspec

from edge.kiosk.port import Entry
from edge.locker_controller.inputs import Answer
from edge.locker_controller.screens import Screen

LOOK_EVERY_S = 0.1  # people see a change in a quarter of a second; twelve lockers looked at cost 120 requests a second
ANSWER_S_MAX = 60.0  # the longest answer is an Argon2id on a machine that is busy with fifty agents

_SCREEN: "msgspec.json.Decoder[Any]" = msgspec.json.Decoder(Screen)
_ENTRY = msgspec.json.Decoder(dict[str, Entry])

Kind = TypeVar("Kind")


class KioskError(Exception):
    """The kiosk did not do what a person waits for; the message says what was awaited and what the screen showed."""

    def __init__(self, message: str, shown: Screen | None = None) -> None:
        """Keep the last screen that was ``shown``."""
        super().__init__(message)
        self.shown = shown


class Kiosk:
    """One kiosk's page. Use as an async context manager, or ``close`` it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._client = httpx.AsyncClient(base_url=url, timeout=ANSWER_S_MAX, trust_env=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        await self._client.aclose()

    async def screen(self) -> Screen:
        """Look at the screen; raises ``KioskError`` when it is dark."""
        answer = await self._ask("GET", "/screen")
        screen: Screen = _SCREEN.decode(answer.content)
        return screen

    async def wait_for(self, *kinds: type[Kind], within_s: float) -> Kind:
        """Look until one of these screens shows; raises ``KioskError`` with what showed instead."""
        ends_s = time.monotonic() + within_s
        while True:
            shown = await self._look()
            if isinstance(shown, kinds):
                return shown
            if time.monotonic() >= ends_s:
                wanted = " or ".join(kind.__name__ for kind in kinds)
                raise KioskError(f"waited {within_s:.0f} s at {self.url} for {wanted}, saw {shown}", shown)
            await asyncio.sleep(LOOK_EVERY_S)

    async def wait_lit(self, within_s: float) -> Screen:
        """Look until the screen shows anything; raises ``KioskError`` when it stays dark."""
        ends_s = time.monotonic() + within_s
        while (shown := await self._look()) is None:
            if time.monotonic() >= ends_s:
                raise KioskError(f"the kiosk at {self.url} has been dark for {within_s:.0f} s")
            await asyncio.sleep(LOOK_EVERY_S)
        return shown

    async def enter_code(self, typed: str) -> Entry:
        """Type a pick-up code and confirm it."""
        answer = await self._ask("POST", "/code", {"code": typed})
        return _ENTRY.decode(answer.content)["entry"]

    async def scan(self, text: str) -> None:
        """Hold a QR code or a parcel's label to the scanner."""
        await self._ask("POST", "/scan", {"text": text})

    async def answer(self, answer: Answer, label: str | None = None) -> None:
        """Touch one of the screen's choices."""
        await self._ask("POST", "/answer", {"answer": answer.value, "label": label})

    async def _look(self) -> Screen | None:
        """Look; None while the screen is dark, which a person waits out too."""
        try:
            return await self.screen()
        except KioskError:
            return None

    async def _ask(self, method: str, path: str, body: dict[str, str | None] | None = None) -> httpx.Response:
        try:
            answer = await self._client.request(method, path, json=body)
        except httpx.HTTPError as error:
            raise KioskError(f"the kiosk at {self.url} is dark: {error!r}") from error
        if answer.is_error:
            raise KioskError(f"the kiosk at {self.url} answered {answer.status_code} to {path}: {answer.text}")
        return answer
