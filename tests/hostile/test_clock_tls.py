"""TLS with a clock that is wrong by ten years: the locker connects, and still believes no certificate that is over.

The machine's own clock cannot be turned in a test, so the network's certificates are: an authority of ten years from
now is what a Pi sees that woke up ten years ago.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from contract.ids import LockerId
from contract.mqtt_settings import TlsFiles
from contract.mqtt_wire import open_wire
from contract.state import LockerState
from edge.app import sure_s
from edge.settings import BUILT_AT_S
from edge.uplink.presence import Presence
from provisioning.authority import create_authority, write_identity
from provisioning.device_keys import load_or_make_keys
from tests.survives import survived
from tests.unit.edge.uplink.builders import DEVICE, state

NOW = datetime.now(UTC)  # OpenSSL compares certificates with the real clock
TEN_YEARS = timedelta(days=3_652)
LOCKER = LockerId("WAW-01")
ROW, SHOWN_BY = "Clock a day or ten years wrong", "tests/hostile/test_clock*.py"


@dataclass(frozen=True, slots=True)
class Network:
    """A broker's door: TLS as it would be at ``when``."""

    port: int
    papers: TlsFiles


@asynccontextmanager
async def network(folder: Path, when: datetime) -> AsyncIterator[Network]:
    authority = create_authority(folder / "authority", "lockers.example", when)
    write_identity(folder, "broker", authority.issue_server(("localhost",), when))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "broker.crt", folder / "broker.key")
    home = folder / "locker"
    issued = authority.issue_locker(load_or_make_keys(home).csr_pem, LOCKER, when)
    (home / "tls.crt").write_text(issued.chain_pem)
    (home / "ca.crt").write_text(authority.root_pem)
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0, ssl=context)
    async with server:
        yield Network(server.sockets[0].getsockname()[1], TlsFiles(home / "ca.crt", home / "tls.crt", home / "tls.key"))


def seconds(when: datetime) -> int:
    return int(when.timestamp())


async def test_a_pi_that_wakes_up_ten_years_ago_connects(tmp_path: Path) -> None:
    async with network(tmp_path, NOW + TEN_YEARS) as there:
        with pytest.raises(OSError, match="not yet valid"):
            await open_wire("localhost", there.port, there.papers)
        (await open_wire("localhost", there.port, there.papers, lambda: BUILT_AT_S)).close()
    survived(ROW, "TLS behind", tried=1, broken=0, shown_by=SHOWN_BY)


async def test_a_pi_that_believes_to_be_ten_years_ahead_connects(tmp_path: Path) -> None:
    async with network(tmp_path, NOW - TEN_YEARS) as there:
        with pytest.raises(OSError, match="expired"):
            await open_wire("localhost", there.port, there.papers)
        (await open_wire("localhost", there.port, there.papers, lambda: seconds(NOW - TEN_YEARS))).close()
    survived(ROW, "TLS ahead", tried=1, broken=0, shown_by=SHOWN_BY)


async def test_a_certificate_that_is_surely_over_is_refused(tmp_path: Path) -> None:
    async with network(tmp_path, NOW - TEN_YEARS) as there:
        with pytest.raises(OSError, match="had expired before"):
            await open_wire("localhost", there.port, there.papers, lambda: seconds(NOW))


async def test_a_doubtful_clock_excuses_no_other_fault(tmp_path: Path) -> None:
    async with network(tmp_path / "theirs", NOW) as there, network(tmp_path / "ours", NOW) as ours:
        with pytest.raises(OSError, match="CERTIFICATE_VERIFY_FAILED"):
            await open_wire("localhost", there.port, ours.papers, lambda: BUILT_AT_S)
        with pytest.raises(OSError, match="CERTIFICATE_VERIFY_FAILED"):
            await open_wire("127.0.0.1", there.port, there.papers, lambda: BUILT_AT_S)


@pytest.mark.parametrize(
    ("quality", "told_s"), [("synced", 2_000_000_000), ("holdover", 2_000_000_000), ("untrusted", BUILT_AT_S)]
)
def test_only_a_clock_that_somebody_vouched_for_may_call_a_certificate_over(quality: str, told_s: int) -> None:
    def presence() -> LockerState:
        return LockerState(LOCKER, True, state().boot, 1, "1", 2_000_000_000_000, quality)  # noqa: FBT003 - a wire record

    assert sure_s(Presence(DEVICE, presence)) == told_s
