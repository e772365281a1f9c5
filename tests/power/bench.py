"""A fitter's bench: the shipped command that enrols a device, before the cloud's real endpoint, in one process."""

import asyncio
import io
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, redirect_stderr, redirect_stdout, suppress
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

import msgspec

from cloud.domain.locker import Locker, LockerStatus
from cloud.services.device_keys import newest_key, secrets_of
from cloud.services.ports import UnitOfWork
from cloud.services.records import LockerKey
from cloud.services.records_ops import Alarm
from contract.ids import BootId
from edge.app import identity_of, mqtt_link, signer_of
from edge.settings import Settings
from provisioning.bundle import SLOTS, check_bundle, load_bundle
from provisioning.client import Exit, main
from provisioning.device_keys import CSR, load_or_make_keys
from provisioning.files import SECRET
from provisioning.signing_key import SIGNING_KEY, load_signing_key
from tests.power.halting import Halt, Told, halted
from tests.unit.cloud.api.office import Office

LOCKER = "WAW-CEN"
DEVICE = "device"
FOR_ALL = ("ca.crt", "tls.crt", "tls.csr")  # everything else is for the owner alone


class Wire(StrEnum):
    """What becomes of one exchange."""

    WHOLE = "whole"
    REQUEST_LOST = "the request is lost"
    ANSWER_LOST = "the answer is lost"
    ANSWER_TORN = "half the answer arrives"


class Bench:
    """``wire`` is the fate of the next exchange; later ones are whole."""

    def __init__(self, office: Office, root: Path) -> None:
        """Work with this cloud and put each device's folder under ``root``."""
        self.office, self.root = office, root
        self.wire = Wire.WHOLE
        self.port = 0
        self.claims = 0
        self.claim = ""
        self._open: set[asyncio.Task[None]] = set()

    async def new_claim(self) -> Path:
        """Have the console make a claim a minute later; return the folder of a device that knows nothing yet."""
        self.office.clock.move_to(self.office.clock.now() + timedelta(minutes=1))
        async with self.office.client("installer") as http:
            made = await http.post(f"/v1/lockers/{LOCKER}/claims")
        self.claim = str(made.json()["claim"])
        self.claims += 1
        fresh = self.root / str(self.claims)
        fresh.mkdir()
        return fresh

    async def enrol(self, root: Path, halt: Halt | None = None) -> Told:
        """Run ``latchmile-enrol`` and the agent's first look at its files, in a copy of this process if halted."""
        url, claim = f"http://127.0.0.1:{self.port}", self.claim
        if halt is None:
            return await asyncio.to_thread(_undisturbed, url, claim, root / DEVICE)
        with halted(lambda: _enrolled(url, claim, root / DEVICE), root, halt) as pipe:
            told = msgspec.msgpack.decode(await asyncio.to_thread(pipe.read), type=Told)
        await self.settled()
        return told

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Hand one request to the real endpoint."""
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            head = await reader.readuntil(b"\r\n\r\n")
            fields = dict(line.lower().split(b": ", 1) for line in head.splitlines()[1:] if line)
            body = await reader.readexactly(int(fields[b"content-length"]))
            writer.write(await self._answer(head.split(b" ")[1].decode(), body))
            await writer.drain()
        writer.close()
        self._open.discard(task)

    async def _answer(self, path: str, body: bytes) -> bytes:
        wire, self.wire = self.wire, Wire.WHOLE
        if wire is Wire.REQUEST_LOST:
            return b""
        async with self.office.client("nobody") as http:
            answer = await http.post(path, content=body, headers={"Content-Type": "application/json"})
        raw = f"HTTP/1.1 {answer.status_code} x\r\nContent-Length: {len(answer.content)}\r\n\r\n".encode()
        return {Wire.ANSWER_LOST: b"", Wire.ANSWER_TORN: raw + answer.content[: len(answer.content) // 2]}.get(
            wire, raw + answer.content
        )

    async def settled(self) -> None:
        """Wait until the cloud is done with every connection made so far: they are taken in the order they came."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(b"POST / HTTP/1.1\r\nContent-Length: x")
        writer.write_eof()
        await reader.read()
        writer.close()
        while self._open:
            await asyncio.wait(set(self._open))

    # ------------------------------------------------------------------ what must hold

    def whole(self, root: Path) -> None:
        """See that what lies in a device's folder is whole and for its owner alone, however far it came."""
        folder = root / DEVICE
        for path in folder.glob("*"):
            if not path.name.lstrip(".").startswith(FOR_ALL):
                assert stat.S_IMODE(path.stat().st_mode) == SECRET, path
        if (folder / CSR).exists():
            load_or_make_keys(folder)
        elif (folder / SIGNING_KEY).exists():
            load_signing_key(folder)
        if any((folder / slot).exists() for slot in SLOTS):
            check_bundle(load_bundle(folder), folder)

    async def one_device(self, root: Path, keys_before: int) -> None:
        """See that the cloud knows one device for this claim, this one, and that nobody was alarmed."""
        folder = root / DEVICE
        bundle = load_bundle(folder)
        check_bundle(bundle, folder)
        assert [path.name for path in folder.iterdir() if path.name.startswith(".")] == []

        def look(uow: UnitOfWork) -> tuple[int, list[LockerKey], Locker, int]:
            valid = uow.find(LockerKey, locker_id=LOCKER, revoked_at=None)
            keys = uow.count(LockerKey, locker_id=LOCKER)
            return keys, list(valid), uow.need(Locker, LOCKER), uow.count(Alarm, locker_id=LOCKER)

        keys, valid, locker, alarms = await self.office.rim.look(look)
        public = load_signing_key(folder).public_key().public_bytes_raw()
        assert ([one.signing_public for one in valid], keys, alarms) == ([public], keys_before + 1, 0)
        assert locker.status is LockerStatus.ENROLLING
        secrets = await self.office.rim.look(lambda uow: secrets_of(self.office.rim.keys, newest_key(uow, LOCKER)))
        assert (secrets.key, secrets.salt) == (bundle.k_locker, bundle.salt_locker)

    async def keys(self) -> int:
        return await self.office.rim.look(lambda uow: uow.count(LockerKey, locker_id=LOCKER))


def _undisturbed(url: str, claim: str, folder: Path) -> Told:
    with redirect_stderr(io.StringIO()) as said, redirect_stdout(io.StringIO()):
        return Told(_enrolled(url, claim, folder), said.getvalue())


def _enrolled(url: str, claim: str, folder: Path) -> int:
    """Do what a fitter types, and what the agent then does before it connects for the first time."""
    code = main(["--cloud", url, "--claim", claim, "--out", str(folder)])
    if code == Exit.ENROLLED:
        bundle = load_bundle(folder)
        identity_of(bundle, BootId(b"b" * 16))
        signer_of(bundle, folder)
        mqtt_link(Settings(bundle=folder, wiring=folder, data=folder), bundle)
    return code


@asynccontextmanager
async def bench_of(office: Office, root: Path) -> AsyncIterator[Bench]:
    """Serve the endpoint on a free port of this machine."""
    await office.lockers()
    bench = Bench(office, root)
    server = await asyncio.start_server(bench.serve, "127.0.0.1", 0)
    bench.port = server.sockets[0].getsockname()[1]
    try:
        yield bench
    finally:
        server.close()
        await server.wait_closed()
