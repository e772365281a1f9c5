"""Keeps a mosquitto running as a child process: started, watched, started again, and gone when we are."""

import asyncio
import contextlib
import logging
import random
import shutil
import signal
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from contract.link_settings import Reconnect
from contract.mqtt_settings import TlsFiles
from contract.mqtt_wire import open_wire

STOP_S_MAX = 5.0  # mosquitto writes its database at SIGTERM: well below a second for a million messages
READY_S_MAX = 20.0  # a start takes 50 ms; loading a large database, a few seconds
PROBE_EVERY_S = 0.05
LOG_LINES_KEPT = 50

_RESTART = Reconnect(min_s=0.2, first_s=0.5, max_s=10.0, stable_s=10.0)
_SEARCH = ("mosquitto", "/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto")  # Debian keeps it off people's path
_log = logging.getLogger(__name__)


class BrokerError(Exception):
    """The broker cannot be started or does not answer; the message carries what it last said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerPlace:
    """A configuration and how to reach the broker it makes; ``tls`` is any client's identity, used to probe."""

    config: Path
    port: int
    host: str = "127.0.0.1"
    tls: TlsFiles | None = None


class Broker:
    """``run`` it in a task; ``running`` does that for the length of a block."""

    def __init__(self, place: BrokerPlace, chance: random.Random) -> None:
        """Start nothing yet; ``chance`` draws the delays between restarts."""
        self.place = place
        self._chance = chance
        self._process: asyncio.subprocess.Process | None = None
        self._said: deque[str] = deque(maxlen=LOG_LINES_KEPT)

    @property
    def pid(self) -> int | None:
        """The child's process id while it lives."""
        alive = self._process is not None and self._process.returncode is None
        return self._process.pid if alive and self._process else None

    async def run(self) -> None:
        """Keep the broker up until cancelled, then stop it; raises ``BrokerError`` without mosquitto."""
        loop, failures = asyncio.get_running_loop(), 0
        while True:
            began_s = loop.time()
            await self._live_once()
            failures = 1 if loop.time() - began_s >= _RESTART.stable_s else failures + 1
            _log.warning("broker_died", extra={"failures": failures, "said": self._last_words()})
            await asyncio.sleep(_RESTART.delay_s(failures, self._chance.random))

    async def wait_ready(self) -> None:
        """Return once the broker accepts connections (TCP, then TLS); raises ``BrokerError`` after ``READY_S_MAX``."""
        try:
            async with asyncio.timeout(READY_S_MAX):
                while not await self._answers():  # noqa: ASYNC110 - another process has no event to wait for
                    await asyncio.sleep(PROBE_EVERY_S)
        except TimeoutError as error:
            raise BrokerError(
                f"no answer on port {self.place.port} for {READY_S_MAX} s: {self._last_words()}"
            ) from error

    def kill(self) -> None:
        """End the child with SIGKILL, as a power cut would; ``run`` starts it again."""
        self._signal(signal.SIGKILL)

    def reload(self) -> None:
        """Let mosquitto read its access list and revocation list again. Live sessions stay."""
        self._signal(signal.SIGHUP)

    def suspend(self) -> None:
        """Freeze the child: connections stay open and nothing answers, as behind a dead router."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    async def _live_once(self) -> None:
        process = self._process = await asyncio.create_subprocess_exec(
            *_command(self.place.config),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,  # a Ctrl-C in the terminal is for us; we stop the child after everything else
        )
        try:
            await self._listen(process)
            await process.wait()
        finally:
            await _stop(process)

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        assert process.stderr is not None  # noqa: S101 - PIPE was asked for
        async for line in process.stderr:
            text = line.decode(errors="replace").strip()
            self._said.append(text)
            _log.debug("broker_said", extra={"line": text})

    async def _answers(self) -> bool:
        if self.pid is None:
            return False
        try:
            wire = await open_wire(self.place.host, self.place.port, self.place.tls)
        except OSError:
            return False
        wire.close()
        return self.pid is not None

    def _signal(self, number: signal.Signals) -> None:
        if self.pid is not None and self._process is not None:
            self._process.send_signal(number)

    def _last_words(self) -> str:
        return " | ".join(list(self._said)[-3:]) or "nothing"


@contextlib.asynccontextmanager
async def running(broker: Broker) -> AsyncIterator[Broker]:
    """Run ``broker`` for the length of the block, ready at its beginning and gone at its end."""
    supervision = asyncio.create_task(broker.run())
    ready = asyncio.create_task(broker.wait_ready())
    try:
        await asyncio.wait({supervision, ready}, return_when=asyncio.FIRST_COMPLETED)
        if supervision.done():
            supervision.result()
        await ready
        yield broker
    finally:
        for task in (ready, supervision):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError, BrokerError):
                await task


def _command(config: Path) -> list[str]:
    mosquitto = next((found for name in _SEARCH if (found := shutil.which(name))), None)
    if mosquitto is None:
        raise BrokerError("mosquitto is not installed; on Debian: apt-get install mosquitto")
    # If we are killed, the kernel ends the child too; else it would keep the port and the next start would fail.
    setpriv = shutil.which("setpriv")
    return [*([setpriv, "--pdeathsig", "TERM"] if setpriv else []), mosquitto, "-c", str(config)]


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.send_signal(signal.SIGCONT)  # a suspended child would not hear the next signal
    process.terminate()
    try:
        async with asyncio.timeout(STOP_S_MAX):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
