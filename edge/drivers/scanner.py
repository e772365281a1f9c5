"""Barcode and QR readers: a serial port that writes one text per line, or anything that can call ``feed``."""

import asyncio
import os
import termios
from collections.abc import AsyncIterator

from edge.drivers.errors import BoardSetupError
from edge.drivers.wiring_records import SCANNER_BAUDS, ScannerWiring

SCAN_CHARACTERS_MAX = 4_296  # the largest QR code holds that many alphanumeric characters
SCANS_WAITING_MAX = 8  # a person holds up one code at a time; what piles up beyond that is noise

_SPEEDS = {baud: getattr(termios, f"B{baud}") for baud in SCANNER_BAUDS}


class FedScanner:
    """A scanner that is fed by code: the kiosk page's camera, a test, a simulated person."""

    def __init__(self) -> None:
        """Start with nothing waiting."""
        self._waiting: asyncio.Queue[str | None] = asyncio.Queue(SCANS_WAITING_MAX + 1)  # one place for the end

    def feed(self, text: str) -> bool:
        """Take one scan, in the loop's thread; return whether it was taken: not empty, not too long, not too many."""
        if not text or len(text) > SCAN_CHARACTERS_MAX or self._waiting.qsize() >= SCANS_WAITING_MAX:
            return False
        self._waiting.put_nowait(text)
        return True

    async def __aiter__(self) -> AsyncIterator[str]:
        """Yield scans as they come; end when the scanner is gone, so that its owner opens it again."""
        while (text := await self._waiting.get()) is not None:
            yield text


class LineSplitter:
    """Cuts a byte stream into lines at CR or LF; a line that never ends is dropped whole, not kept in memory."""

    def __init__(self) -> None:
        """Start at the beginning of a line."""
        self._line = bytearray()
        self._overlong = False

    def split(self, received: bytes) -> list[str]:
        """Take bytes as they came; return the texts they completed."""
        texts: list[str] = []
        for byte in received:
            if byte in b"\r\n":
                if self._line and not self._overlong:
                    texts.append(self._line.decode("utf-8", "replace").strip())
                self._line.clear()
                self._overlong = False
            elif len(self._line) < SCAN_CHARACTERS_MAX:
                self._line.append(byte)
            else:
                self._overlong = True
        return [text for text in texts if text]


class SerialScanner(FedScanner):
    """A scanner on a serial port (USB CDC or UART), 8N1, one scan per line."""

    def __init__(self, wiring: ScannerWiring, loop: asyncio.AbstractEventLoop) -> None:
        """Open the port and read it from ``loop``; raise ``BoardSetupError`` when it cannot be opened."""
        super().__init__()
        self._loop, self._splitter = loop, LineSplitter()
        try:
            self._port = os.open(wiring.device, os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK)
            _make_raw(self._port, _SPEEDS[wiring.baud])
        except (OSError, termios.error) as error:
            raise BoardSetupError(f"the scanner at {wiring.device} cannot be opened ({error})") from error
        loop.add_reader(self._port, self._readable)

    def close(self) -> None:
        """Stop reading; safe to call twice."""
        if self._port >= 0:
            self._loop.remove_reader(self._port)
            os.close(self._port)
            self._port = -1
            self._waiting.put_nowait(None)

    def _readable(self) -> None:
        try:
            received = os.read(self._port, SCAN_CHARACTERS_MAX)
        except BlockingIOError:
            return
        except OSError:  # pulled out: EIO
            received = b""
        if not received:
            self.close()
            return
        for text in self._splitter.split(received):
            self.feed(text)


def _make_raw(port: int, speed: int) -> None:
    """Set 8N1 without any translation, echo or line editing (termios(3), cfmakeraw)."""
    settings = termios.tcgetattr(port)
    settings[0] = settings[1] = settings[3] = 0  # input, output and local modes: nothing is interpreted
    settings[2] = termios.CS8 | termios.CREAD | termios.CLOCAL
    settings[4] = settings[5] = speed
    termios.tcsetattr(port, termios.TCSANOW, settings)
