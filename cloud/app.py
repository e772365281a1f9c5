"""The composition root of the cloud: ``latchmile-cloud`` opens everything, runs it under one TaskGroup, and closes it.

    keyring, authority -> database (migrated) -> writer, readers -> Rim -> link, ingest, dispatch, notifier,
    background work, timetable, API and pages on one port

Anything that breaks an invariant ends the process; whoever supervises it starts it again, and the database, the
outbox and the lockers' journals carry on where they were.
"""

import asyncio
import contextlib
import logging
import random
import signal
import socket
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import httpx
import uvicorn
import uvloop
from fastapi import FastAPI
from sqlalchemy import Engine

from cloud.api.application import create_app
from cloud.background import Background
from cloud.chance import SystemIds
from cloud.clock import SystemClock
from cloud.disruptions import remember_jams
from cloud.downlink.dispatch import Dispatch
from cloud.downlink.ingest import Desk, Ingest
from cloud.first_start import first_start
from cloud.hub import Hub
from cloud.jobs.jobs import all_jobs
from cloud.jobs.schedule import Timetable
from cloud.keyring import KeyringError, open_keyring
from cloud.learning import learned_times
from cloud.logs import begin_logging
from cloud.notify.mail import MailSender
from cloud.notify.notifier import Notifier, PostOffice
from cloud.notify.webhook_post import PostRoom, WebhookPost
from cloud.planning import make_ready
from cloud.replanning import improve_for_ever
from cloud.rim import Network, Rim
from cloud.routing.joint.planner import JointOptions, JointPlanner
from cloud.routing.travel.choice import open_travel_times
from cloud.routing.travel.graph import ExtractError
from cloud.routing.worker_client import VroomOptions, VroomPlanner
from cloud.services.ports import Keys
from cloud.services.records import LockerKey
from cloud.settings import Settings, read_settings
from cloud.settled import settle
from cloud.store.database import READERS_MAX, open_readers, open_writer
from cloud.store.migrate import migrate
from cloud.store.reader import Reader
from cloud.store.secrets import AesGcmBox
from cloud.store.writer import ThreadWriter
from cloud.web.pages import create_pages
from contract.link import LinkError, LinkStatus
from contract.link_settings import Reconnect
from contract.mqtt import MqttLink
from contract.mqtt_settings import MqttSettings, TlsFiles
from contract.topics import cloud_filters
from provisioning.authority import load_authority
from provisioning.bundle import CloudKey
from provisioning.files import make_directory
from provisioning.gate import BrokerGate
from provisioning.revocation import REVOKED, RevocationList, may_renew

NAME = "cloud"  # our name at the broker and in our certificate
RECONNECT = Reconnect(min_s=0.2, first_s=1.0, max_s=10.0)  # one client, not a fleet: lockers wait for it
DATABASE = "latchmile.sqlite"
STOP_S_MAX = 5  # open streams are cut after this; every honest request is answered in milliseconds

_log = logging.getLogger(__name__)


class StartError(Exception):
    """The cloud cannot start or go on; the message says what to do."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until SIGTERM or Ctrl-C. Exit codes: 0 stopped in order, 1 cannot run, 2 wrong settings."""
    settings = read_settings(arguments)
    begin_logging(verbose=settings.verbose)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_run(settings))
    except (StartError, KeyringError, ExtractError, OSError) as error:
        sys.stderr.write(f"latchmile-cloud: {error}\n")
        return 1
    return 0


async def _run(settings: Settings) -> None:
    make_directory(settings.data)
    async with open_rim(settings) as rim:
        made = await first_start(rim, settings.data)
        if made is not None:
            _say(f"first start: the operator's password and the API keys are in {made}")
        if not settings.init_only:
            await _serve(settings, rim)


@contextlib.asynccontextmanager
async def open_rim(settings: Settings) -> AsyncIterator[Rim]:
    """Open database, keys and planner; everything is closed again at the end of the block."""
    ring = open_keyring(settings.data / "keys")
    network = _network(settings, ring.public, ring.root_of_trust)
    path = settings.data / DATABASE
    await asyncio.to_thread(migrate, path)
    clock, ids = SystemClock(), SystemIds()
    hub = Hub(asyncio.get_running_loop())
    with _engines(path) as (writing, reading), ThreadWriter(writing) as writer:
        writer.on_commit(hub.tell)
        async with (
            VroomPlanner(VroomOptions(exploration=settings.exploration)) as planner,
            JointPlanner(JointOptions(keep_worker=False)) as joint,
            open_travel_times(settings.travel_times, settings.data / "cache") as travel,
        ):
            reader = Reader(reading)
            with ThreadPoolExecutor(READERS_MAX, "latchmile-reader") as readers:
                yield Rim(
                    reader=reader,
                    writer=writer,
                    readers=readers,
                    clock=clock,
                    ids=ids,
                    keys=Keys(ring.signer, AesGcmBox(ring.master)),
                    network=network,
                    planner=planner,
                    joint=joint,
                    travel=learned_times(travel, reader, readers),
                    hub=hub,
                    background=Background(writer, clock),
                    locality=settings.locality,
                    rules=settings.rules,
                )


@contextlib.contextmanager
def _engines(path: Path) -> Iterator[tuple[Engine, Engine]]:
    writing, reading = open_writer(path), open_readers(path)
    try:
        yield writing, reading
    finally:
        reading.dispose()
        writing.dispose()


def _network(settings: Settings, cloud_keys: tuple[CloudKey, ...], root_of_trust: bytes) -> Network:
    try:
        authority = load_authority(settings.tls_dir / "authority")
    except (OSError, ValueError) as error:
        raise StartError(
            f"{settings.tls_dir} holds no authority ({error}); start latchmile-broker --dir {settings.tls_dir} first"
        ) from error
    return Network(
        domain=authority.domain,
        ca_pem=authority.root_pem,
        broker_host=settings.broker_public_host,
        broker_port=settings.broker_port,
        cloud_keys=cloud_keys,
        root_of_trust=root_of_trust,
        issue_certificate=authority.issue_locker,
        may_renew=partial(may_renew, authority),
        gate=BrokerGate(
            authority,
            RevocationList(settings.tls_dir / REVOKED, authority),
            settings.broker_host,
            settings.broker_port,
        ),
    )


async def _serve(settings: Settings, rim: Rim) -> None:
    listener = _listen(settings)
    link = _link(settings)
    ingest = _ingest(rim, link)
    app = create_app(rim, create_pages(rim), lambda: {"broker": link.status is LinkStatus.CONNECTED})
    server = _Server(app, rim)
    await remember_jams(rim)
    with Timetable(all_jobs(rim), settings.locality.zone):
        try:
            async with asyncio.TaskGroup() as tasks:
                running = [
                    tasks.create_task(link.run(), name="link"),
                    tasks.create_task(ingest.run(), name="ingest"),
                    tasks.create_task(Dispatch(link, _desk(rim)).run(), name="dispatch"),
                    tasks.create_task(rim.background.run(), name="background"),
                    tasks.create_task(improve_for_ever(rim), name="replanning"),
                    tasks.create_task(make_ready(rim), name="joint engine"),
                    tasks.create_task(_post_webhooks(rim), name="webhooks"),
                    *([tasks.create_task(_notifier(settings, rim).run(), name="notifier")] if settings.smtp else []),
                ]
                await server.run_until_stopped(listener)
                for task in running:
                    task.cancel()
        except* LinkError as errors:
            raise StartError(str(errors.exceptions[0])) from errors
        finally:
            listener.close()
    _log.info("cloud.stopped")


def _desk(rim: Rim) -> Desk:
    return Desk(rim.reader, rim.writer, rim.clock, rim.ids, rim.keys.signer, rim.rules)


def _ingest(rim: Rim, link: MqttLink) -> Ingest:
    """Build ingest so that it looks device keys up again when one has changed."""
    ingest, loop = Ingest(link, _desk(rim)), asyncio.get_running_loop()

    def changed(kinds: frozenset[str]) -> None:
        if LockerKey.__name__ in kinds and not loop.is_closed():
            loop.call_soon_threadsafe(ingest.forget_keys)

    rim.writer.on_commit(changed)
    return ingest


def _notifier(settings: Settings, rim: Rim) -> Notifier:
    assert settings.smtp is not None  # noqa: S101 - asked before
    senders = {"email": MailSender(settings.smtp, rim.clock)}
    base_url, currency = settings.locality.base_url, settings.locality.currency
    return Notifier(PostOffice(rim.writer, rim.clock, rim.ids, rim.keys, senders, base_url, currency))


async def _post_webhooks(rim: Rim) -> None:
    """Tell partners' and carriers' programs; a demo's may be on this machine."""
    async with httpx.AsyncClient(trust_env=False) as client:
        await WebhookPost(PostRoom(rim.writer, rim.clock, rim.ids, rim.keys, client, rim.locality.is_demo)).run()


def _link(settings: Settings) -> MqttLink:
    directory = settings.tls_dir
    tls = TlsFiles(directory / "root.crt", directory / f"{NAME}.crt", directory / f"{NAME}.key")
    missing = [str(path) for path in (tls.ca, tls.certificate, tls.key) if not path.exists()]
    if missing:
        raise StartError(f"{', '.join(missing)} missing; start latchmile-broker --dir {directory} first")
    wishes = tuple((topic, 1) for topic in cloud_filters())
    return MqttLink(
        MqttSettings(
            client_id=NAME,
            subscriptions=wishes,
            host=settings.broker_host,
            port=settings.broker_port,
            tls=tls,
            reconnect=RECONNECT,
        ),
        random.SystemRandom(),
    )


def _listen(settings: Settings) -> socket.socket:
    """Take the port before anything else happens, so that a second cloud on it stops at once."""
    try:
        return socket.create_server((settings.host, settings.port), backlog=2_048)
    except OSError as error:
        raise StartError(f"cannot listen on {settings.host}:{settings.port}: {error.strerror}") from error


class _Server(uvicorn.Server):
    """uvicorn without its own ideas about signals."""

    def __init__(self, app: FastAPI, rim: Rim) -> None:
        config = uvicorn.Config(
            app,
            loop="none",
            http="httptools",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,  # addresses of tracking pages are secrets
            server_header=False,
            timeout_graceful_shutdown=STOP_S_MAX,
        )
        super().__init__(config)
        self._hub, self._where = rim.hub, rim.locality.base_url

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to ``run_until_stopped``."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        settle()
        _say(f"cloud ready on {self._where}")

    async def run_until_stopped(self, listener: socket.socket) -> None:
        """Serve until SIGTERM or SIGINT."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._stop)
        await self.serve(sockets=[listener])

    def _stop(self) -> None:
        self.should_exit = True
        self._hub.close()


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
