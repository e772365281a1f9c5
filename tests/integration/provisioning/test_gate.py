"""A revoked locker's session at a real mosquitto comes to an end, and nobody else's does."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509

from contract.ids import LockerId
from contract.link import LinkStatus
from contract.mqtt_settings import TlsFiles
from provisioning.app import _keep_list
from provisioning.authority import create_authority
from provisioning.gate import BrokerGate, end_session
from tests.contract.link_worlds import reaches, started
from tests.integration.provisioning.test_broker import NOW, A, B, Site, failure_of, standing
from tests.unit.edge.uplink.builders import running

C = LockerId("WAW-C")


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with standing(tmp_path) as one:
        yield one


def serial(papers: TlsFiles) -> int:
    return x509.load_pem_x509_certificates(papers.certificate.read_bytes())[0].serial_number


async def test_a_revoked_locker_is_put_out_and_stays_out_while_others_stay(site: Site) -> None:
    # Certificates for ending a session live five minutes, and NOW is when this process began.
    place = site.broker.place
    gate = BrokerGate(site.setup.authority, site.setup.revoked, "localhost", place.port)
    papers, papers_c = site.papers(A), site.papers(C)
    other, locker, statuses = site.locker(B), site.locker(A, papers), list[LinkStatus]()
    stop = asyncio.Event()
    async with started(other), started(locker), running(lambda: _keep_list(site.setup, site.broker, stop, 0.05)):
        other.on_status(statuses.append)
        serials = frozenset({serial(papers), serial(papers_c)})
        assert await gate.shut_out(serials, [], NOW) == 2
        assert await failure_of(site, papers_c), "the broker reads the list by itself"
        assert locker.status is LinkStatus.CONNECTED, "a list alone ends no session"

        assert await gate.shut_out(serials, [A], datetime.now(UTC)) == 0
        await reaches(locker, LinkStatus.LOST)
        assert await failure_of(site, papers)
        assert (locker.status, other.status, statuses) == (LinkStatus.LOST, LinkStatus.CONNECTED, [])


async def test_a_stranger_s_authority_ends_no_session(site: Site, tmp_path: Path) -> None:
    strange = create_authority(tmp_path / "strange", site.setup.authority.domain, NOW)
    async with started(site.locker(A)) as locker:
        with pytest.raises(OSError, match=r"CERTIFICATE_VERIFY_FAILED|unknown ca"):
            await end_session(strange, A, ("localhost", site.broker.place.port), datetime.now(UTC))
        assert locker.status is LinkStatus.CONNECTED


async def test_a_broker_that_is_away_is_no_end_of_the_gate(site: Site) -> None:
    gate = BrokerGate(site.setup.authority, site.setup.revoked, "localhost", 1)

    assert await gate.shut_out(frozenset({7}), [A], NOW) == 1
    assert site.setup.revoked.serials() == {7}
