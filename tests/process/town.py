"""A whole town in one folder: broker, cloud, mail and lockers as real processes, on free ports of this machine."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import psutil

from tests.contract.link_worlds import free_port
from tests.process.mailbox import Mailbox
from tests.process.programs import RISE_S, SOON_S, NeverError, Program, is_alive, run, until, until_told
from tests.process.street import StreetLocker

MID_MORNING = 10  # o'clock in the town's own time zone, whenever the test runs: its day never ends under a plan
PACE = 300  # jobs that run every five minutes run every second


@dataclass(slots=True)
class Town:
    """``api`` speaks as the operator; ``secrets`` are those of the cloud's first start."""

    folder: Path
    zone: str
    broker: Program
    cloud: Program
    mailbox: Mailbox
    url: str
    broker_port: int = 0
    secrets: Mapping[str, Any] = field(default_factory=dict)
    lockers: dict[str, StreetLocker] = field(default_factory=dict)
    api: httpx.AsyncClient = field(default_factory=httpx.AsyncClient)

    @property
    def programs(self) -> list[Program]:
        return [self.broker, self.cloud, *(locker.program for locker in self.lockers.values())]

    @property
    def today(self) -> date:
        return datetime.now(ZoneInfo(self.zone)).date()

    @property
    def database(self) -> Path:
        return self.folder / "cloud" / "latchmile.sqlite"

    async def start_cloud(self) -> None:
        """Begin a life of the cloud; returns once it would do work."""
        self.cloud.start()
        await until_told(self._is_ready, "the cloud to be ready", RISE_S)
        self.secrets = json.loads((self.folder / "cloud" / "first-start.json").read_text())
        self.api.headers["Authorization"] = f"Bearer {self.secrets['operator_key']}"

    async def _is_ready(self) -> bool:
        if not self.cloud.is_running:
            raise NeverError(f"the cloud ended: {self.cloud.said()[-3000:]}")
        try:
            return (await self.api.get("/readyz")).is_success
        except httpx.TransportError:
            return False

    async def get(self, path: str) -> Any:
        """Ask the API as the operator."""
        answer = await self.api.get(path)
        assert answer.is_success, f"{path}: {answer.status_code} {answer.text}"
        return answer.json()

    async def post(self, path: str, body: object = None) -> Any:
        """Tell the API something as the operator."""
        answer = await self.api.post(path, json=body)
        assert answer.is_success, f"{path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    async def take_file(self, command: str, file: Path, key: str, *options: str) -> tuple[int, str]:
        """Import a file as its owner does; return the exit code and what the command said."""
        environment = {"LATCHMILE_KEY": str(self.secrets[key])}
        return await run(command, str(file), "--cloud", self.url, *options, environment=environment)

    async def enrol(self, name: str, *options: str) -> StreetLocker:
        """Make a claim in the console, hand it to the device, and switch the locker on, told ``options`` besides."""
        claim = (await self.post(f"/v1/lockers/{name}/claims"))["claim"]
        bundles = self.folder / "lockers"
        code, said = await run(
            "latchmile-enrol", "--cloud", self.url, "--claim", "-", "--out", str(bundles / name), say=f"{claim}\n"
        )
        assert code == 0, said
        locker = self.lockers[name] = StreetLocker(name, bundles, self.folder / f"{name}.log", options)
        await locker.start()
        return locker

    async def plan(self) -> Any:
        """Have today planned; return the plan in force."""
        job = (await self.post("/v1/plans", {"day": self.today.isoformat()}))["id"]

        async def finished() -> Any:
            found = await self.get(f"/v1/jobs/{job}")
            return found if found["state"] in ("done", "failed") else None

        found = await until_told(finished, "the plan")
        assert found["state"] == "done", found
        return await self.get(f"/v1/plans/{self.today.isoformat()}")

    async def courier(self, name: str, place: tuple[float, float]) -> str:
        """Hire a courier who drives from now until the evening; return the id."""
        courier = (await self.post("/v1/couriers", {"name": name}))["id"]
        now = datetime.now(UTC)
        lon, lat = place
        shift = {"starts_at": now.isoformat(), "ends_at": (now + timedelta(hours=8)).isoformat()}
        there = {"start_lon": lon, "start_lat": lat, "end_lon": lon, "end_lat": lat}
        await self.post(f"/v1/couriers/{courier}/shifts", {**shift, **there})
        return str(courier)

    async def stops(self, courier: str) -> list[Any]:
        day = await self.get(f"/v1/couriers/{courier}/days/{self.today.isoformat()}")
        return list(day["stops"])

    async def passes(self, courier: str, locker: str) -> list[str]:
        """Return what the courier's phone shows to a kiosk."""
        return list((await self.get(f"/v1/couriers/{courier}/passes/{locker}"))["qr_texts"])

    async def parcel(self, barcode: str) -> Any:
        (found,) = (await self.get(f"/v1/parcels?barcode={barcode}"))["parcels"]
        return found

    async def until_parcel(self, barcode: str, state: str) -> Any:
        async def there() -> Any:
            found = await self.parcel(barcode)
            return found if found["state"] == state else None

        try:
            return await until_told(there, f"{barcode} to be {state}")
        except NeverError as error:
            raise NeverError(f"{error}: {(await self.parcel(barcode))['state']}") from error

    async def history(self, barcode: str) -> list[str]:
        """Return what happened to a parcel, oldest first."""
        found = await self.get(f"/v1/parcels/{(await self.parcel(barcode))['id']}")
        return [line["happened"] for line in found["history"]]

    async def until_locker(self, name: str, **wanted: object) -> Any:
        async def there() -> Any:
            found = await self.get(f"/v1/lockers/{name}")
            return found if all(found[key] == value for key, value in wanted.items()) else None

        return await until_told(there, f"{name} to be {wanted}")

    async def until_command(self, command: Mapping[str, Any], *states: str, within_s: float = SOON_S) -> Any:
        async def there() -> Any:
            found = await self.get(f"/v1/lockers/{command['locker_id']}/commands/{command['id']}")
            return found if found["state"] in states else None

        return await until_told(there, f"the command to be {' or '.join(states)}", within_s)

    async def until_acknowledged(self, *names: str) -> None:
        """Wait until the cloud has confirmed everything these lockers ever wrote down."""
        for name in names:
            await until_told(self.lockers[name].outbox_is_empty, f"the outbox of {name} to be empty")

    def mosquitto(self) -> psutil.Process:
        return self.broker.child("mosquitto")

    async def kill_broker(self) -> None:
        """``kill -9`` the broker; whoever supervises it starts another."""
        old = self.mosquitto()
        old.kill()
        await until(lambda: not is_alive(old), "the broker to die")

    async def stop(self) -> list[int]:
        """End everything in an orderly way; return the exit codes."""
        for locker in self.lockers.values():
            await locker.close()
        return [await asyncio.to_thread(program.stop) for program in (*self.programs[2:], self.cloud, self.broker)]

    def sweep(self) -> None:
        """End what should have ended by itself, so that a failing test leaves nothing behind."""
        for program in self.programs:
            for one in program.left():
                one.kill()


@contextlib.asynccontextmanager
async def standing_town(
    folder: Path, options: Sequence[str] = (), broker_options: Sequence[str] = ()
) -> AsyncIterator[Town]:
    """Start broker, mail and cloud; at the end of the block everything is stopped, however the block ended."""
    zone, ports = town_zone(datetime.now(UTC)), [free_port() for _ in range(3)]
    async with AsyncExitStack() as stack:
        mailbox = stack.enter_context(Mailbox(ports[2]))
        url = f"http://127.0.0.1:{ports[1]}"
        api = await stack.enter_async_context(httpx.AsyncClient(base_url=url, timeout=SOON_S, trust_env=False))
        broker = Program("broker", [*_broker(folder, ports[0]), *broker_options], folder / "broker.log")
        cloud = Program("cloud", [*_cloud(folder, ports), "--zone", zone, *options], folder / "cloud.log")
        town = Town(folder, zone, broker, cloud, mailbox, url, broker_port=ports[0], api=api)
        stack.callback(town.sweep)
        stack.push_async_callback(town.stop)
        broker.start()
        await until(lambda: "broker ready" in broker.said() or not broker.is_running, "the broker", RISE_S)
        await town.start_cloud()
        yield town


def _broker(folder: Path, port: int) -> list[str]:
    return ["latchmile-broker", "--dir", str(folder / "tls"), "--port", str(port), "--verbose"]


def _cloud(folder: Path, ports: Sequence[int]) -> list[str]:
    files = ["--data", str(folder / "cloud"), "--tls-dir", str(folder / "tls")]
    there = ["--port", str(ports[1]), "--broker-host", "127.0.0.1", "--broker-port", str(ports[0])]
    mail = ["--smtp-host", "127.0.0.1", "--smtp-port", str(ports[2])]
    return ["latchmile-cloud", *files, *there, *mail, "--pace", str(PACE), "--plan-seconds", "60"]


def town_zone(now: datetime) -> str:
    """Return a time zone in which it is mid-morning; POSIX's names count hours westwards."""
    ahead = (MID_MORNING - now.hour + 12) % 24 - 12
    return f"Etc/GMT{-ahead:+d}" if ahead else "Etc/GMT"
