"""Who may do what at the broker: real mosquitto, real certificates, the configuration that ships."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from contract.ids import LockerId
from contract.link import Link, LinkError, LinkStatus, Outgoing
from contract.mqtt import MqttLink
from contract.mqtt_settings import MqttSettings, TlsFiles
from contract.mqtt_wire import open_wire
from contract.topics import Branch, build, cloud_filters, device_filters
from provisioning.authority import LOCKER_LIFE, Authority, create_authority
from provisioning.broker import Broker, running
from provisioning.device_keys import load_or_make_keys
from provisioning.setup import Setup, SetupWish, set_up
from tests.contract.link_worlds import QUICK, Reader, free_port, reaches, started

A, B = LockerId("WAW-A"), LockerId("WAW-B")
NOW = datetime.now(UTC)  # mosquitto compares certificates with the real clock


@dataclass
class Site:
    """A broker set up as in production, and a place to make lockers in."""

    setup: Setup
    broker: Broker
    directory: Path

    def papers(self, locker: LockerId, *, authority: Authority | None = None, when: datetime = NOW) -> TlsFiles:
        """Give a locker its key and certificate, as enrolment would."""
        home = self.directory / f"{locker}-{random.getrandbits(32):x}"
        keys = load_or_make_keys(home)
        issued = (authority or self.setup.authority).issue_locker(keys.csr_pem, locker, when)
        (home / "tls.crt").write_text(issued.chain_pem)
        (home / "ca.crt").write_text(self.setup.authority.root_pem)
        return TlsFiles(home / "ca.crt", home / "tls.crt", home / "tls.key")

    def link(
        self, client_id: str, tls: TlsFiles, filters: tuple[str, ...] = (), will: Outgoing | None = None
    ) -> MqttLink:
        settings = MqttSettings(
            client_id=client_id,
            host="localhost",
            port=self.broker.place.port,
            tls=tls,
            subscriptions=tuple((name, 1) for name in filters),
            reconnect=QUICK,
            will=(lambda: will) if will else None,
        )
        return MqttLink(settings, random.Random(1))

    def locker(
        self,
        locker: LockerId,
        tls: TlsFiles | None = None,
        filters: tuple[str, ...] = (),
        will: Outgoing | None = None,
    ) -> MqttLink:
        return self.link(locker, tls or self.papers(locker), filters or device_filters(locker), will)

    def cloud(self, filters: tuple[str, ...] = ()) -> MqttLink:
        return self.link("cloud", self.setup.services["cloud"], filters or cloud_filters())


@contextlib.asynccontextmanager
async def standing(folder: Path, *, saves_every_change: bool = False) -> AsyncIterator[Site]:
    wish = SetupWish(directory=folder / "broker", port=free_port(), saves_every_change=saves_every_change)
    setup = set_up(wish, NOW)
    async with running(Broker(setup.place, random.Random(1))) as broker:
        yield Site(setup, broker, folder)


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with standing(tmp_path) as one:
        yield one


@contextlib.asynccontextmanager
async def refused(link: MqttLink) -> AsyncIterator[None]:
    """Run a link until its second attempt has failed too."""
    task = asyncio.create_task(link.run())
    try:
        async with asyncio.timeout(60):
            while not link.last_failure:  # noqa: ASYNC110 - the link tells no observer of a first attempt that failed
                await asyncio.sleep(0)
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})


def to(locker: LockerId, branch: Branch, text: str) -> Outgoing:
    return Outgoing(build(locker, branch), text.encode())


async def test_a_locker_and_the_cloud_talk_both_ways(site: Site) -> None:
    async with started(site.cloud()) as cloud, started(site.locker(A)) as locker:
        for branch in (Branch.STATE, Branch.EVENTS, Branch.REPORT, Branch.TELEMETRY):
            await locker.publish(to(A, branch, branch))
        for branch in (Branch.ACK, Branch.COMMAND, Branch.DESIRED):
            await cloud.publish(to(A, branch, branch))

        up, down = await Reader(cloud).payloads(4), await Reader(locker).payloads(3)

    assert up == [b"state", b"up/events", b"up/report", b"up/telemetry"]
    assert down == [b"down/ack", b"down/command", b"down/desired"]


async def test_the_cloud_may_share_its_subscriptions_among_workers(site: Site) -> None:
    async with started(site.cloud(cloud_filters("ingest"))) as cloud, started(site.locker(A)) as locker:
        await locker.publish(to(A, Branch.EVENTS, "event"))

        assert (await Reader(cloud).take()).payload == b"event"


async def test_a_burst_over_tls_arrives_whole(site: Site) -> None:
    async with started(site.cloud()) as cloud, started(site.locker(A)) as locker:
        taking = asyncio.create_task(Reader(cloud).payloads(300))
        await asyncio.gather(*(locker.publish(to(A, Branch.EVENTS, "x" * number)) for number in range(300)))

        assert sorted(map(len, await taking)) == list(range(300))


@pytest.mark.parametrize(
    ("victim", "branch"),
    [(B, Branch.STATE), (B, Branch.EVENTS), (B, Branch.COMMAND), (A, Branch.COMMAND), (A, Branch.ACK)],
)
async def test_a_locker_publishes_on_its_own_way_up_and_nowhere_else(
    site: Site, victim: LockerId, branch: Branch
) -> None:
    async with started(site.locker(A)) as locker:
        with pytest.raises(LinkError, match="Not authorized"):
            await locker.publish(to(victim, branch, "forged"))


@pytest.mark.parametrize("branch", [Branch.EVENTS, Branch.STATE])
async def test_the_cloud_does_not_speak_for_a_locker(site: Site, branch: Branch) -> None:
    async with started(site.cloud()) as cloud:
        with pytest.raises(LinkError, match="Not authorized"):
            await cloud.publish(to(A, branch, "forged"))


@pytest.mark.parametrize("greedy", [device_filters(B), ("lm/v1/+/down/#",), ("#",), ("$share/x/lm/v1/+/down/#",)])
async def test_a_locker_hears_nothing_of_another_whatever_it_subscribes_to(site: Site, greedy: tuple[str, ...]) -> None:
    spy = site.locker(A, filters=(*greedy, *device_filters(A)))
    async with started(spy), started(site.locker(B)) as other, started(site.cloud()) as cloud:
        await cloud.publish(to(B, Branch.COMMAND, "secret"))
        await other.publish(to(B, Branch.EVENTS, "private"))
        await cloud.publish(to(A, Branch.COMMAND, "yours"))

        assert (await Reader(spy).take()).payload == b"yours"
        assert (await Reader(other).take()).payload == b"secret"


async def test_a_locker_cannot_take_over_anothers_session_by_its_name(site: Site) -> None:
    statuses: list[LinkStatus] = []
    victim = site.locker(B)
    async with started(victim), started(site.cloud()) as cloud:
        victim.on_status(statuses.append)
        async with started(site.link(B, site.papers(A), device_filters(A))) as impostor:
            await cloud.publish(to(B, Branch.COMMAND, "for B"))
            await cloud.publish(to(A, Branch.COMMAND, "for A"))

            assert (await Reader(victim).take()).payload == b"for B"
            assert (await Reader(impostor).take()).payload == b"for A"
        assert statuses == []


async def test_a_certificate_of_another_authority_is_refused(site: Site, tmp_path: Path) -> None:
    stranger = create_authority(tmp_path / "stranger", site.setup.authority.domain, NOW)
    link = site.locker(A, site.papers(A, authority=stranger))

    async with refused(link):
        assert link.status is LinkStatus.CONNECTING


async def test_an_expired_certificate_is_refused(site: Site) -> None:
    link = site.locker(A, site.papers(A, when=NOW - LOCKER_LIFE - timedelta(days=1)))

    async with refused(link):
        assert link.status is LinkStatus.CONNECTING


async def test_a_certificate_for_another_domain_is_refused(site: Site) -> None:
    ours = site.setup.authority
    elsewhere = Authority("elsewhere.example", ours.root, ours.issuing, ours.key)
    link = site.locker(A, site.papers(A, authority=elsewhere))

    async with refused(link):
        assert link.status is LinkStatus.CONNECTING


async def test_nobody_connects_without_a_certificate(site: Site) -> None:
    plain = MqttSettings(client_id="nobody", host="localhost", port=site.broker.place.port, reconnect=QUICK)
    link = MqttLink(plain, random.Random(1))

    async with refused(link):
        assert link.status is LinkStatus.CONNECTING


async def test_a_device_believes_no_broker_of_another_authority(site: Site, tmp_path: Path) -> None:
    stranger = create_authority(tmp_path / "stranger", site.setup.authority.domain, NOW)
    papers = site.papers(A)
    papers.ca.write_text(stranger.root_pem)

    with pytest.raises(OSError, match="CERTIFICATE_VERIFY_FAILED"):
        await open_wire("localhost", site.broker.place.port, papers)


async def test_a_revoked_certificate_is_refused_once_the_broker_has_reloaded(site: Site) -> None:
    papers = site.papers(A)
    async with started(site.locker(A, papers)), started(site.locker(B)) as other:
        serial = x509.load_pem_x509_certificates(papers.certificate.read_bytes())[0].serial_number
        site.setup.revoked.revoke(serial, NOW)
        site.broker.kill()
        await reaches(other, LinkStatus.LOST)
        await reaches(other, LinkStatus.CONNECTED)

        again = site.locker(A, papers)
        async with refused(again):
            assert again.status is LinkStatus.CONNECTING


async def test_a_reload_is_enough_for_the_revocation_list_and_keeps_everybody_else(site: Site) -> None:
    papers = site.papers(A)
    other = site.locker(B)
    statuses: list[LinkStatus] = []
    async with started(other):
        other.on_status(statuses.append)
        serial = x509.load_pem_x509_certificates(papers.certificate.read_bytes())[0].serial_number
        site.setup.revoked.revoke(serial, NOW)
        site.broker.reload()

        assert await failure_of(site, papers)
        assert statuses == []


async def failure_of(site: Site, papers: TlsFiles) -> str:
    """Connect again and again until the broker, which reloads in its own time, refuses. Return why."""
    async with asyncio.timeout(60):
        while True:
            link = site.locker(A, papers)
            task = asyncio.create_task(link.run())
            while not link.last_failure and link.status is not LinkStatus.CONNECTED:  # noqa: ASYNC110 - as above
                await asyncio.sleep(0)
            failure = link.last_failure
            task.cancel()
            await asyncio.wait({task})
            if failure:
                return failure


async def test_a_killed_broker_that_saved_every_change_comes_back_with_its_sessions(tmp_path: Path) -> None:
    async with standing(tmp_path, saves_every_change=True) as site, started(site.cloud()) as cloud:
        async with started(site.locker(A, will=to(A, Branch.STATE, "offline"))):
            pass
        await Reader(cloud).take()  # mosquitto saves what it queues, not what it believes to be on its way
        await cloud.publish(to(A, Branch.COMMAND, "queued"))
        await cloud.publish(to(A, Branch.COMMAND, "queued later"))
        before = site.broker.pid
        site.broker.kill()
        await reaches(cloud, LinkStatus.LOST)
        await reaches(cloud, LinkStatus.CONNECTED)

        async with started(site.locker(A)) as locker:
            assert (await Reader(locker).take()).payload == b"queued"
        assert site.broker.pid != before


async def test_a_killed_broker_comes_back_and_is_found_again(site: Site) -> None:
    async with started(site.cloud()) as cloud, started(site.locker(A)) as locker:
        site.broker.kill()
        await reaches(cloud, LinkStatus.LOST)
        await reaches(cloud, LinkStatus.CONNECTED)
        heard = Reader(locker).peek()
        async with asyncio.timeout(60):
            while not heard.done():  # as the cloud does: again until the locker, not the broker, has said something
                await cloud.publish(to(A, Branch.COMMAND, "again"))
                await asyncio.wait({heard}, timeout=0.2)
        assert heard.result().payload == b"again"


async def test_the_set_up_can_be_repeated_and_keeps_everybody(site: Site) -> None:
    papers = site.papers(A)
    again = set_up(SetupWish(directory=site.directory / "broker", port=site.broker.place.port), NOW)
    site.broker.kill()

    link: Link = site.locker(A, papers)
    async with started(link):
        assert again.authority.root_pem == site.setup.authority.root_pem
        assert link.status is LinkStatus.CONNECTED


async def test_two_brokers_with_names_and_ports_of_their_own_live_side_by_side(site: Site, tmp_path: Path) -> None:
    second = set_up(SetupWish(directory=tmp_path / "second", port=free_port(), domain="second.example"), NOW)
    async with running(Broker(second.place, random.Random(2))) as broker:
        assert {broker.pid, site.broker.pid} > {broker.pid}
