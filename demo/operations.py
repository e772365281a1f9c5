"""What the operator does in a day: opens a door from afar, and sends somebody for the parcels nobody fetched."""

import asyncio
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from demo.cloud_client import CloudClient, CloudError
from demo.courier_day import Van, on_time
from demo.day_clock import slept
from demo.recipients import LOOK_EVERY_S
from demo.scene import CourierFacts, Scene
from demo.state import DemoError
from firmware_sim.deeds import Close, Look
from firmware_sim.people import PersonError

ZONE = ZoneInfo("Europe/Warsaw")
DEPOT = (20.9640, 52.1853)  # the logistics estate by the airport, where Warsaw's parcels really begin their day
SHIFT = (time(8), time(18))
EVENING = (time(18), time(23))
OPENED_S_MAX = 20.0
PLAN_S_MAX = 600.0  # the cloud plans for up to 60 s; a loaded machine, making machine code beside it, took 98 s
QUIET_AT = timedelta(hours=1)  # of the day: when the operator looks into a compartment
OVER = frozenset({"opened", "done", "refused", "expired", "not_opened"})
EXPIRED = "expired"


async def open_one_door(scene: Scene) -> None:
    """Open an empty compartment remotely with a reason, and see what became of it."""
    if not await slept(scene.clock.real_s(QUIET_AT), scene.over):
        return
    for locker, spot in sorted(scene.spots.items(), key=lambda one: one[1].queue.locked()):
        async with spot.queue:
            try:
                await spot.wait_for_turn()
                if await _open(scene, locker):
                    return
            except (PersonError, CloudError, DemoError) as error:
                scene.tally.problems.append(f"remote open at {locker}: {error}")


async def _open(scene: Scene, locker: str) -> bool:
    page = await scene.operator.get(f"/v1/lockers/{locker}")
    label = next((one["label"] for one in page["compartments"] if one["contents"] == "empty"), None)
    if label is None:
        return False
    body = {"compartment": label, "reason": "A neighbour says that this door rattles"}
    command = await scene.operator.post(f"/v1/lockers/{locker}/remote-opens", body)
    try:
        async with asyncio.timeout(OPENED_S_MAX):
            while command["state"] not in OVER:
                await asyncio.sleep(LOOK_EVERY_S)
                command = await scene.operator.get(f"/v1/lockers/{locker}/commands/{command['id']}")
    except TimeoutError as error:
        raise DemoError(f"still {command['state']} after {OPENED_S_MAX:.0f} s") from error
    scene.tell(f"the operator opens {label} at locker {scene.name_of(locker)} from afar: {command['state']}")
    scene.tally.counts[f"remote_{command['state']}"] += 1
    while (await scene.simulator.do(locker, Look(label))).open:
        await scene.simulator.do(locker, Close(label))
    return bool(command["state"] == "opened")


async def send_for_the_forgotten(scene: Scene, courier: CourierFacts, phone: CloudClient) -> None:
    """Wait for parcels to expire and the evening to come, plan an evening shift, and drive it."""
    evening = datetime.combine(scene.day, EVENING[0], ZONE)
    if not await scene.clock.wait_until(evening, scene.over) or not await _something_expired(scene):
        return
    await add_shift(scene, courier.id, EVENING)
    plan = await plan_day(scene.operator, scene.day)
    for route in plan["routes"]:
        if route["courier_id"] == courier.id and route["started_at"] is None:
            collections = sum(task["task"] == "collect" for stop in route["stops"] for task in stop["tasks"])
            scene.tell(f"{courier.name} sets off in the evening with {collections} parcels to collect")
            await on_time(Van(scene, courier, phone, route["id"]), route["stops"])


async def _something_expired(scene: Scene) -> bool:
    while not (await scene.operator.get("/v1/parcels", state=EXPIRED))["parcels"]:
        if not await slept(LOOK_EVERY_S, scene.over):
            return False
    return True


async def add_shift(scene: Scene, courier: str, hours: tuple[time, time]) -> None:
    """Let a courier drive from the depot and back."""
    begins, ends = (datetime.combine(scene.day, one, ZONE).isoformat() for one in hours)
    lon, lat = DEPOT
    van: dict[str, Any] = {"parcels_max": scene.settings.van_parcels}
    place = van | {"start_lon": lon, "start_lat": lat, "end_lon": lon, "end_lat": lat}
    await scene.operator.post(f"/v1/couriers/{courier}/shifts", {"starts_at": begins, "ends_at": ends, **place})


async def plan_day(operator: CloudClient, day: Any, within_s: float = PLAN_S_MAX) -> dict[str, Any]:
    """Have the day planned and return the plan; raises ``DemoError`` when no plan comes of it."""
    job = await operator.post("/v1/plans", {"day": day.isoformat()})
    try:
        async with asyncio.timeout(within_s):
            while job["state"] not in ("done", "failed"):
                await asyncio.sleep(LOOK_EVERY_S)
                job = await operator.get(f"/v1/jobs/{job['id']}")
    except TimeoutError as error:
        raise DemoError(f"{day} is not planned after {within_s:g} s; is this machine busy?") from error
    if job["state"] == "failed":
        raise DemoError(job["detail"])
    plan: dict[str, Any] = await operator.get(f"/v1/plans/{day}")
    return plan
