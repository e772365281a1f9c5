"""How the agent tells systemd that it lives, and what it weighs.

The protocol is sd_notify(3): a datagram of ``KEY=VALUE`` to the socket named in the environment.
"""

import asyncio
import os
import socket
from collections.abc import Callable, Mapping
from pathlib import Path

STATM = Path("/proc/self/statm")
PINGS_PER_PERIOD = 3  # one lost turn of a busy loop must not restart a locker
CHECK_S = 5.0  # without systemd nobody asks, but the loop is watched all the same


def notify(message: str, environment: Mapping[str, str]) -> bool:
    """Send one notification; false when nobody listens."""
    address = environment.get("NOTIFY_SOCKET", "")
    if not address:
        return False
    if address.startswith("@"):  # an abstract socket's name begins with a zero byte
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as datagrams:
        try:
            datagrams.sendto(message.encode(), address)
        except OSError:
            return False
    return True


def watchdog_s(environment: Mapping[str, str]) -> float | None:
    """Return systemd's patience in seconds, or ``None`` when it has not asked for pings."""
    usec = environment.get("WATCHDOG_USEC", "")
    return int(usec) / 1_000_000 if usec.isdigit() and int(usec) else None


async def watch(is_alive: Callable[[], bool], environment: Mapping[str, str]) -> None:
    """Ping for as long as ``is_alive`` says so; when it does not, systemd will restart the agent."""
    patience_s = watchdog_s(environment)
    pause_s = CHECK_S if patience_s is None else patience_s / PINGS_PER_PERIOD
    while True:
        if is_alive():
            notify("WATCHDOG=1", environment)
        await asyncio.sleep(pause_s)


def resident_bytes() -> int:
    """Return the memory this process holds, 0 where the kernel does not say (proc(5), statm's second field)."""
    try:
        return int(STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0
