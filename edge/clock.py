"""The edge's only clock. Everything else is told the time, which is what lets a simulated week take seconds."""

import ctypes
import time
from typing import Protocol

_ADJTIMEX_ERROR = 5  # TIME_ERROR of adjtimex(2): the kernel's clock is not synchronised
_TIMEX_BYTES = 512  # struct timex is 208 bytes on 64-bit kernels and less on 32-bit ones; room to spare


class Clock(Protocol):
    """Wall time may jump either way; monotonic time never goes back and means nothing after a reboot."""

    def now_ms(self) -> int:
        """Unix milliseconds as the machine believes them."""

    def monotonic_ms(self) -> int:
        """Milliseconds since some moment of this boot; safe from any thread."""


class SystemClock:
    """The machine's own clocks."""

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def monotonic_ms(self) -> int:
        return time.monotonic_ns() // 1_000_000


def local_minute(now_ms: int) -> int:
    """Return the minutes after midnight in the machine's own time zone, which the installer sets."""
    local = time.localtime(now_ms // 1000)
    return local.tm_hour * 60 + local.tm_min


def clock_synchronised() -> bool:
    """Whether the wall clock follows a time source, whichever daemon steers it (timesyncd, chrony, ntpd).

    Asks adjtimex(2) without changing anything (modes = 0). The kernel forgets its synchronisation by itself some nine
    hours after the last correction (its error bound grows by 500 ppm up to 16 s), which a flag file would not. A kernel
    that will not say counts as not synchronised.
    """
    answer = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))
    return followed(int(answer))


def followed(answer: int) -> bool:
    """Read adjtimex(2)'s answer: 0 to 4 are clocks that are steered (leap seconds included), -1 is a refusal."""
    return 0 <= answer < _ADJTIMEX_ERROR
