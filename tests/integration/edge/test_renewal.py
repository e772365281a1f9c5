"""The real agent, a real mosquitto with mutual TLS and certificates that end: it serves on, renews, and is back.

The cloud's endpoint is stood in for by the rules it uses; ``tests/power/test_renewal.py`` has the endpoint itself.
"""

import http.server
import random
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from contract.link import LinkStatus
from contract.memory_link import MemoryBroker
from edge.agent import Fittings
from edge.app import mqtt_link, renewal_of
from edge.drivers.board import Board
from edge.locker_controller.screens import Idle
from edge.settings import Settings
from provisioning.authority import LOCKER_LIFE, Authority
from provisioning.broker import Broker, running
from provisioning.bundle import Bundle, save_bundle
from provisioning.cloud_place import CloudPlace, keep_place
from provisioning.device_keys import load_or_make_keys
from provisioning.papers import Pair, pairs
from provisioning.renewal import RenewalAnswer, RenewalRequest, is_proven, issued_at, read_request
from provisioning.revocation import Renewal, may_renew
from provisioning.setup import SetupWish, set_up
from tests.contract.link_worlds import QUICK, free_port, reaches
from tests.integration.edge.builders import BARCODE, LOCKER, Site
from tests.integration.edge.test_agent import _drop_off, _pick_up
from tests.survives import survived
from tests.unit.provisioning.examples import Office

pytestmark = pytest.mark.long
SHORT = timedelta(seconds=10)  # renewed after five, which a loaded machine also needs to connect in


@dataclass
class Desk:
    """The cloud's rules over HTTP. ``is_open`` False answers as a cloud in trouble does."""

    authority: Authority
    signing_public: bytes
    life: timedelta
    is_open: bool = True
    verdicts: list[str] = field(default_factory=list)

    def answer(self, body: bytes) -> tuple[int, bytes]:
        asked, now = read_request(msgspec.json.decode(body, type=RenewalRequest)), datetime.now(UTC)
        if not self.is_open or asked is None:
            return 503, b""
        csr = asked.request.csr_pem.encode()
        verdict = may_renew(self.authority, asked.certificate, csr, (), now)
        assert is_proven(asked, self.signing_public)
        self.verdicts.append(verdict)
        if verdict is not Renewal.GRANTED:
            return 409, msgspec.json.encode({"reason": verdict})
        issued = self.authority.issue_locker(csr, asked.locker, now, self.life)
        leaf = issued.certificate
        ends = int(leaf.not_valid_after_utc.timestamp())
        made = int(issued_at(leaf).timestamp())
        return 201, msgspec.json.encode(
            RenewalAnswer(certificate_chain_pem=issued.chain_pem, issued_at=made, ends_at=ends)
        )


@contextmanager
def serving(desk: Desk) -> Iterator[str]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            status, body = desk.answer(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the library's
            """Keep quiet in the test's output."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class WiredSite(Site):
    """A locker with the wire and the renewal of ``edge.app``."""

    def __init__(self, folder: Path, bundle: Bundle) -> None:
        super().__init__(folder, MemoryBroker())
        self.bundle, self.papers = bundle, folder / "bundle"

    def _fittings(self, board: Board, kiosk_port: int | None) -> Fittings:
        settings = Settings(bundle=self.papers, wiring=self.papers, data=self.folder, reconnect=QUICK)
        link, renewal = mqtt_link(settings, self.bundle), renewal_of(settings, self.bundle)
        return replace(super()._fittings(board, kiosk_port), make_link=link, renewal=renewal)

    @property
    def newest(self) -> Pair:
        return pairs(self.papers, self.bundle)[0]


@dataclass
class Street:
    site: WiredSite
    desk: Desk


@asynccontextmanager
async def street(folder: Path, age: timedelta, life: timedelta) -> AsyncIterator[Street]:
    """Put up a broker and a locker whose certificate was made ``age`` ago for ``life``."""
    now = datetime.now(UTC)
    setup = set_up(SetupWish(directory=folder / "broker", port=free_port()), now)
    papers = folder / "locker" / "bundle"
    keys = load_or_make_keys(papers)
    issued = setup.authority.issue_locker(keys.csr_pem, LOCKER, now - age, life)
    began, ends = issued_at(issued.certificate), issued.certificate.not_valid_after_utc
    bundle = msgspec.structs.replace(
        Office(setup.authority).bundle(keys.request("x"), LOCKER, setup.place.port),
        certificate_chain_pem=issued.chain_pem,
        certificate_from=int(began.timestamp()),
        certificate_until=int(ends.timestamp()),
    )
    save_bundle(papers, bundle)
    desk = Desk(setup.authority, keys.signing_public_key, life)
    site = WiredSite(folder / "locker", bundle)
    with serving(desk) as url:
        keep_place(papers, CloudPlace(url=url))
        async with running(Broker(setup.place, random.Random(1))):
            try:
                yield Street(site, desk)
            finally:
                site.cabinet.stop()


async def test_with_a_certificate_that_has_ended_it_serves_people_and_comes_back_by_itself(tmp_path: Path) -> None:
    async with street(tmp_path, LOCKER_LIFE + timedelta(days=10), LOCKER_LIFE) as here:
        here.desk.is_open = False
        async with here.site.running() as agent:
            assert agent.uplink is not None
            await _drop_off(here.site)
            assert await _pick_up(here.site) == BARCODE
            assert agent.uplink.link.status is LinkStatus.CONNECTING

        here.desk.is_open = True
        async with here.site.running() as agent:
            assert agent.uplink is not None
            await reaches(agent.uplink.link, LinkStatus.CONNECTED)
            await here.site.shows(Idle)
        assert (here.site.newest.number, here.desk.verdicts) == (1, [Renewal.GRANTED])
    assert not here.site.cabinet.cabinet.violations
    survived(
        "A certificate that ended ten days ago: people are served, and the locker is back by itself",
        "real mosquitto",
        tried=1,
        broken=0,
        shown_by="tests/integration/edge/test_renewal.py",
    )


async def test_certificates_that_live_for_seconds_follow_one_another_at_a_real_broker(tmp_path: Path) -> None:
    async with street(tmp_path, timedelta(0), SHORT) as here, here.site.running() as agent:
        assert agent.uplink is not None
        link, ups = agent.uplink.link, list[int]()
        link.on_status(lambda told: ups.append(here.site.newest.number) if told is LinkStatus.CONNECTED else None)
        while not ups or ups[-1] < 2:
            await reaches(link, LinkStatus.LOST)
            await reaches(link, LinkStatus.CONNECTED)

    assert here.desk.verdicts[:2] == [Renewal.GRANTED] * 2
    assert ups == sorted(ups)
