"""The demo's own processes: started in sessions of their own, watched, and ended by their process id, never by name."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from demo.state import DemoError

STOP_S_MAX = 40.0  # the cloud gives open streams five seconds; a loaded machine takes several times as long
READY_S_MAX = 90.0  # the first start makes keys and tables; on a loaded machine that takes its time
LOOK_EVERY_S = 0.05
LAST_WORDS = 1_500  # characters of a child's log that an error quotes


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """What to run; its output goes to ``log``."""

    name: str
    command: Sequence[str]
    log: Path
    environment: dict[str, str]


class Child:
    """One process."""

    def __init__(self, errand: Errand, process: asyncio.subprocess.Process) -> None:
        self.errand, self.process = errand, process

    @property
    def is_alive(self) -> bool:
        return self.process.returncode is None

    def check(self) -> None:
        """Raise ``DemoError`` with its last words if it has ended."""
        if not self.is_alive:
            raise DemoError(f"{self.errand.name} ended with code {self.process.returncode}: {self.last_words()}")

    def last_words(self) -> str:
        with suppress(OSError):
            return self.errand.log.read_text(errors="replace")[-LAST_WORDS:].strip() or "it said nothing"
        return "it said nothing"

    async def stop(self) -> None:
        """Ask it to end; after ``STOP_S_MAX`` it is ended."""
        if not self.is_alive:
            return
        with suppress(ProcessLookupError):
            self.process.terminate()
        try:
            async with asyncio.timeout(STOP_S_MAX):
                await self.process.wait()
        except TimeoutError:
            with suppress(ProcessLookupError):
                self.process.kill()
            await self.process.wait()


async def start(errand: Errand) -> Child:
    """Start a process that dies with us, whatever kills us, where the machine can arrange that."""
    setpriv = shutil.which("setpriv")
    leash = [setpriv, "--pdeathsig", "TERM"] if setpriv else []
    with errand.log.open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            *leash,
            *errand.command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=_plain_environment() | errand.environment,
            start_new_session=True,  # a Ctrl-C in the terminal is for us; children are ended in their order
        )
    return Child(errand, process)


def _plain_environment() -> dict[str, str]:
    """Return our environment without settings that are meant for somebody's real cloud."""
    return {name: value for name, value in os.environ.items() if not name.startswith("LATCHMILE_")}


@asynccontextmanager
async def running(errand: Errand, is_ready: Callable[[], Awaitable[bool]]) -> AsyncIterator[Child]:
    """Run a process for the length of the block, ready at its beginning and gone at its end."""
    child = await start(errand)
    try:
        await _until_ready(child, is_ready)
        yield child
    finally:
        await child.stop()


async def run_to_end(errand: Errand) -> int:
    """Run a command and return its exit code; it is ended when we are cancelled."""
    child = await start(errand)
    try:
        return await child.process.wait()
    finally:
        await child.stop()


async def _until_ready(child: Child, is_ready: Callable[[], Awaitable[bool]]) -> None:
    try:
        async with asyncio.timeout(READY_S_MAX):
            while not await is_ready():
                child.check()
                await asyncio.sleep(LOOK_EVERY_S)
    except TimeoutError as error:
        raise DemoError(f"{child.errand.name} was not ready after {READY_S_MAX:.0f} s: {child.last_words()}") from error
