"""Lockers spread over several processes: each child is a ``latchmile-sim`` of its own, and this one speaks for all."""

import asyncio
import sys
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from firmware_sim.control_client import RemoteLockers
from firmware_sim.deeds import Deed, LockerPicture, Outcome, UnknownLockerError
from firmware_sim.locker import LockerStartError

START_S_MAX = 120.0  # a child with a thousand lockers; fifty take some seconds
STOP_S_MAX = 40.0  # agents stop in well below a second each, on a quiet machine
LOOK_EVERY_S = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """One child: the lockers it runs and the options every child gets."""

    folder: Path
    lockers: Sequence[str]
    options: Sequence[str]
    url_file: Path


class ManyProcesses:
    """Fits ``deeds.Lockers``. Use as an async context manager; children are ended with the block."""

    def __init__(self, shares: Sequence[Share]) -> None:
        """Start nothing yet."""
        self._shares = shares
        self._children: list[asyncio.subprocess.Process] = []
        self._homes: dict[str, RemoteLockers] = {}
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Start all children; raises ``LockerStartError`` when one ends before it serves."""
        try:
            for share in self._shares:
                share.url_file.unlink(missing_ok=True)
                self._children.append(await asyncio.create_subprocess_exec(*_command(share)))
            for share, child in zip(self._shares, self._children, strict=True):
                url = await _url_of(share, child)
                remote = await self._stack.enter_async_context(RemoteLockers(url))
                self._homes |= dict.fromkeys((one.id for one in await remote.pictures()), remote)
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self._stack.aclose()
        for child in self._children:
            with suppress(ProcessLookupError):
                child.terminate()
        await asyncio.gather(*(_ended(child) for child in self._children))

    @property
    def lockers(self) -> Mapping[str, RemoteLockers]:
        return self._homes

    async def pictures(self) -> tuple[LockerPicture, ...]:
        parts = await asyncio.gather(*(remote.pictures() for remote in dict.fromkeys(self._homes.values())))
        return tuple(sorted((one for part in parts for one in part), key=lambda one: one.id))

    async def do(self, locker: str, deed: Deed) -> Outcome:
        home = self._homes.get(locker)
        if home is None:
            raise UnknownLockerError(f"there is no locker {locker} here")
        return await home.do(locker, deed)


def shared_out(lockers: Sequence[str], processes: int) -> list[list[str]]:
    """Deal lockers out to at most this many processes, as evenly as can be."""
    hands = [list(lockers[nth::processes]) for nth in range(processes)]
    return [hand for hand in hands if hand]


def _command(share: Share) -> list[str]:
    only = [word for locker in share.lockers for word in ("--only", locker)]
    begin = [sys.executable, "-m", "firmware_sim.app", "--bundles", str(share.folder), "--port", "0"]
    return [*begin, "--url-file", str(share.url_file), *share.options, *only]


async def _url_of(share: Share, child: asyncio.subprocess.Process) -> str:
    """Wait until a child has said where it serves."""
    try:
        async with asyncio.timeout(START_S_MAX):
            while not share.url_file.exists():
                if child.returncode is not None:
                    raise LockerStartError(f"a simulator process ended with code {child.returncode}")
                await asyncio.sleep(LOOK_EVERY_S)
    except TimeoutError as error:
        raise LockerStartError(f"a simulator process said nothing for {START_S_MAX:.0f} s") from error
    return share.url_file.read_text().strip()


async def _ended(child: asyncio.subprocess.Process) -> None:
    try:
        async with asyncio.timeout(STOP_S_MAX):
            await child.wait()
    except TimeoutError:
        child.kill()
        await child.wait()
