"""The edge's only clock. Everything else is told the time, which is what lets a simulated week take seconds."""

import time
from typing import Protocol

from provisioning.kernel_time import clock_synchronised, followed

__all__ = ["Clock", "SystemClock", "clock_synchronised", "followed", "local_minute"]


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
