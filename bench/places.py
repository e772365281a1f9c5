"""A scratch directory with a mosquitto in it: the product's durability settings, plain TCP on a free loopback port."""

import contextlib
import random
import socket
import tempfile
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from provisioning.broker import Broker, BrokerPlace, running


@dataclass(frozen=True, slots=True)
class Place:
    directory: Path
    port: int


def free_port() -> int:
    """Return a loopback port nobody uses at this moment."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextlib.asynccontextmanager
async def broker(*, no_delay: bool = True, saving: Sequence[str] = ()) -> AsyncIterator[Place]:
    """Run a broker for the length of the block; ``saving`` are more lines of its configuration."""
    with tempfile.TemporaryDirectory(prefix="latchmile-bench-") as folder:
        place = Place(Path(folder), free_port())
        config = place.directory / "mosquitto.conf"
        config.write_text("\n".join([_config(place, no_delay=no_delay), *saving, ""]), encoding="ascii")
        async with running(Broker(BrokerPlace(config=config, port=place.port), random.Random(1))):
            yield place


def _config(place: Place, *, no_delay: bool) -> str:
    lines = (
        f"listener {place.port} 127.0.0.1",
        "allow_anonymous true",
        f"set_tcp_nodelay {'true' if no_delay else 'false'}",
        "persistence true",
        f"persistence_location {place.directory}/",
        "max_queued_messages 1000000",
        "max_inflight_messages 20",
        "sys_interval 0",
        "user root",
        "log_type error",
    )
    return "\n".join(lines) + "\n"
