"""Before the day begins: authority and broker, mail, cloud, files imported, lockers enrolled, couriers hired."""

import asyncio
import hashlib
import json
import random
import shutil
import sys
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cloud.domain.locker import PointKind
from cloud.intake.lockers_geojson import LockerRow, read_lockers
from demo import mail_page
from demo.children import Child, Errand, run_to_end, running
from demo.cloud_client import CONFLICT, CloudClient, CloudError
from demo.counters import COUNTERS_FILE, staffed
from demo.day_clock import DayClock
from demo.mailbox import Mailbox, receiving
from demo.operations import SHIFT, ZONE
from demo.scene import CourierFacts, LockerFacts, Scene
from demo.settings import LOCKERS_FILE, Settings
from demo.state import LOOPBACK, DemoError, State
from demo.tally import Tally
from firmware_sim.control_client import RemoteLockers
from provisioning.broker import Broker
from provisioning.broker import running as running_broker
from provisioning.bundle import has_bundle
from provisioning.files import write_atomically
from provisioning.setup import SetupWish, set_up

MODEL = "M20"  # for lockers whose file names no model: a simulated Pi can wire it
CARRIER, HURRIED_CARRIER = "carrier", "Ekspres"
DWELL_OF_THE_HURRIED = 4 * 3600  # seconds of the day: long enough to be reminded, short enough to see it end
DWELL_S_MIN = 8
PACE = 600  # jobs run every second or so: a day passes in a minute
PLAN_SECONDS = 60  # two are enough on an idle machine
ACTIVE_S_MAX = 60.0
RECONNECT_S_MAX = 2  # a hurried day has no patience for an honest fleet's two minutes
LOOK_EVERY_S = 0.1
KIOSKS_FROM = 10  # after PORT_BASE, where the other servers stand
NAMES, EVENING_NAME = ("Ewa", "Jan", "Zofia", "Piotr", "Lena", "Adam"), "Maria"

Say = Callable[[str], None]


@dataclass(slots=True)
class Stage:
    """What setting up hands from step to step."""

    settings: Settings
    state: State
    stack: AsyncExitStack
    say: Say
    children: list[Child] = field(default_factory=list)

    @property
    def cloud_url(self) -> str:
        return f"http://{LOOPBACK}:{self.state.ports['cloud']}"

    def errand(self, name: str, *command: str, **environment: str) -> Errand:
        """Return a process to run, with a log of its own."""
        log = self.state.path("logs") / f"{name}.log"
        return Errand(name=name, command=command, log=log, environment=environment)


async def set_the_scene(stage: Stage) -> Scene:
    """Bring everything up; it comes down again with ``stage.stack``. Raises ``DemoError``."""
    mailbox = await _mail(stage)
    await _broker(stage)
    operator = await _cloud(stage)
    lockers, shops = await _import_points(stage)
    counters = await staffed(stage.stack, operator, shops)
    simulator = await _lockers(stage, operator)
    couriers = await _couriers(operator, stage.settings.couriers)
    day = datetime.now(ZONE).date()
    seed = stage.state.runs
    scene = Scene(
        settings=stage.settings,
        state=stage.state,
        operator=operator,
        lockers={one.id: LockerFacts(one.id, one.name, one.lon, one.lat) for one in lockers},
        simulator=simulator,
        mailbox=mailbox,
        couriers=couriers,
        clock=DayClock(datetime.combine(day, SHIFT[0], ZONE), stage.settings.speed),
        day=day,
        chance=random.Random(seed),
        tally=Tally(),
        counters=counters,
    )
    scene.place(await simulator.pictures())
    stage.stack.push_async_callback(scene.close)
    return scene


async def _mail(stage: Stage) -> Mailbox:
    stage.say("Opening everybody's mailbox")
    mailbox = Mailbox(stage.state.path("mails"))
    await stage.stack.enter_async_context(receiving(mailbox, stage.state.ports["smtp"]))
    await stage.stack.enter_async_context(mail_page.serving(mailbox, stage.state.ports["mails"]))
    return mailbox


async def _broker(stage: Stage) -> None:
    stage.say("Starting a broker with the demo's own certificate authority")
    wish = SetupWish(directory=stage.state.path("broker"), port=stage.state.ports["broker"])
    setup = set_up(wish, datetime.now(UTC))
    await stage.stack.enter_async_context(running_broker(Broker(setup.place, random.SystemRandom())))


async def _cloud(stage: Stage) -> CloudClient:
    stage.say("Starting the cloud")
    data = stage.state.path("cloud")
    ports, speed = stage.state.ports, stage.settings.speed
    hurried_s = max(DWELL_S_MIN, round(DWELL_OF_THE_HURRIED / speed))
    errand = stage.errand(
        "cloud",
        *(sys.executable, "-m", "cloud.app", "--data", str(data), "--tls-dir", str(stage.state.path("broker"))),
        *("--port", str(ports["cloud"]), "--broker-host", "localhost", "--broker-port", str(ports["broker"])),
        *("--smtp-host", LOOPBACK, "--smtp-port", str(ports["smtp"]), "--zone", ZONE.key, "--demo"),
        *("--pace", str(PACE), "--plan-seconds", str(PLAN_SECONDS), "--plan-exploration", "0"),
        *("--carrier-dwell", f"{HURRIED_CARRIER}={hurried_s}s"),
    )
    async with CloudClient(stage.cloud_url) as visitor:
        stage.children.append(await stage.stack.enter_async_context(running(errand, visitor.is_ready)))
    secrets = json.loads((data / "first-start.json").read_text())
    stage.state.secrets |= {
        "operator_key": secrets["operator_key"],
        "operator_login": secrets["operator"]["login"],
        "operator_password": secrets["operator"]["password"],
    }
    stage.state.save()
    return await stage.stack.enter_async_context(CloudClient(stage.cloud_url, secrets["operator_key"]))


async def _import_points(stage: Stage) -> tuple[list[LockerRow], list[LockerRow]]:
    """Import lockers and counters; a file of one's own brings its own counters."""
    file = stage.settings.lockers
    files = [file, COUNTERS_FILE] if file == LOCKERS_FILE else [file]
    stage.say(f"Importing {' and '.join(one.name for one in files)}")
    async with asyncio.TaskGroup() as importing:  # each is a process: side by side they cost no more than one
        for one in files:
            importing.create_task(import_file(stage, "latchmile-import-lockers", one, "--model", MODEL))
    return lockers_of(file), [row for one in files for row in points_of(one, PointKind.COUNTER)]


def lockers_of(file: Path) -> list[LockerRow]:
    """Return the lockers of a file, as the import lands them."""
    return points_of(file, PointKind.LOCKER)


def points_of(file: Path, kind: PointKind) -> list[LockerRow]:
    rows = [one for one in read_lockers(file.read_bytes()) if isinstance(one, LockerRow)]
    return [one for one in rows if one.kind is kind]


async def import_file(stage: Stage, program: str, file: Path, *options: str) -> None:
    """Run a real import command; raises ``DemoError`` when not everything in the file landed."""
    command = str(Path(sys.executable).with_name(program))
    if shutil.which(command) is None:
        raise DemoError(f"{command} is missing: run make setup")
    key = stage.state.secrets["operator_key"]
    name = f"{program}-{file.stem}"
    errand = stage.errand(name, command, str(file), "--cloud", stage.cloud_url, *options, LATCHMILE_KEY=key)
    if code := await run_to_end(errand):
        raise DemoError(f"{program} {file} ended with code {code}; see {errand.log}")


async def _lockers(stage: Stage, operator: CloudClient) -> RemoteLockers:
    bundles = stage.state.path("lockers")
    claims = await _claims(operator, bundles)
    stage.say(f"Enrolling {len(claims)} lockers" if claims else "Starting the lockers")
    claims_file, url_file = stage.state.folder / "claims.json", stage.state.folder / "simulator.url"
    write_atomically(claims_file, json.dumps(claims).encode())
    url_file.unlink(missing_ok=True)
    errand = stage.errand(
        "simulator",
        *(sys.executable, "-m", "firmware_sim.app", "--bundles", str(bundles), "--port"),
        *(str(stage.state.ports["simulator"]), "--enrol", str(claims_file), "--cloud", stage.cloud_url),
        *("--url-file", str(url_file), "--broker", f"localhost:{stage.state.ports['broker']}"),
        *("--reconnect-max", str(RECONNECT_S_MAX), "--processes", str(stage.settings.processes)),
        *("--kiosk-base", str(kiosk_base(stage.settings))),
    )

    async def is_ready() -> bool:
        return url_file.exists()

    stage.children.append(await stage.stack.enter_async_context(running(errand, is_ready)))
    claims_file.unlink()
    await _until_active(operator)
    return await stage.stack.enter_async_context(RemoteLockers(url_file.read_text().rstrip("/")))


def kiosk_base(settings: Settings) -> int:
    """Return the port of the first kiosk; 0 lets each take a free one."""
    return settings.port_base + KIOSKS_FROM if settings.port_base else 0


async def _claims(operator: CloudClient, bundles: Path) -> dict[str, str]:
    """Make a one-time claim for every locker that has no bundle yet."""
    fleet = await operator.get("/v1/lockers")
    machines = [one["locker_id"] for one in fleet["lockers"] if one["kind"] == PointKind.LOCKER]
    names = [one for one in machines if not has_bundle(bundles / one)]
    made = [await operator.post(f"/v1/lockers/{name}/claims") for name in names]
    return {one["locker_id"]: one["claim"] for one in made}


async def _until_active(operator: CloudClient) -> None:
    try:
        async with asyncio.timeout(ACTIVE_S_MAX):
            while not await _all_active(operator):  # noqa: ASYNC110 - the cloud is asked over HTTP
                await asyncio.sleep(LOOK_EVERY_S)
    except TimeoutError as error:
        raise DemoError("not every locker became active; see the simulator's and the cloud's log") from error


async def _all_active(operator: CloudClient) -> bool:
    fleet = (await operator.get("/v1/lockers"))["lockers"]
    return all(one["status"] == "active" and one["online"] for one in fleet)


async def _couriers(operator: CloudClient, count: int) -> list[CourierFacts]:
    """Hire the couriers, or meet them again: ids and passwords follow from their names. The last drives evenings."""
    couriers = [_courier(_name(nth)) for nth in range(count)] + [_courier(EVENING_NAME)]
    for one in couriers:
        account = {"login": one.login, "name": one.name, "password": one.password, "roles": ["courier"]}
        await _once(operator, "/v1/couriers", {"id": one.id, "name": one.name, "language": "pl"})
        await _once(operator, "/v1/accounts", {**account, "courier_id": one.id})
    return couriers


def _name(nth: int) -> str:
    again, which = divmod(nth, len(NAMES))
    return f"{NAMES[which]} {again + 1}" if again else NAMES[which]


def _courier(name: str) -> CourierFacts:
    number = hashlib.sha256(f"latchmile demo courier {name}".encode()).hexdigest()[:32]
    login = name.lower().replace(" ", "-")
    return CourierFacts(number, name, login, f"{login}-in-the-demo")


async def _once(operator: CloudClient, path: str, body: dict[str, Any]) -> None:
    try:
        await operator.post(path, body)
    except CloudError as error:
        if error.status != CONFLICT:
            raise
