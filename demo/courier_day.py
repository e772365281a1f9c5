"""A courier's day: stop by stop along the plan, at doors and at lockers, until the van is empty."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from demo.cloud_client import CONFLICT, CloudClient, CloudError
from demo.counters import give_back, take_in
from demo.day_clock import slept
from demo.on_the_way import EVERY_S, OnTheWay
from demo.scene import Counter, CourierFacts, Scene
from firmware_sim.kiosk_client import KioskError
from firmware_sim.people import Courier, PersonError, Visit

FAILED_SHARE = 0.08  # of home deliveries at which nobody opens, as carriers in European cities report
TOO_BIG_SHARE = 0.03  # of drop-offs for which the courier asks for a larger compartment
PENDING = "pending"
STOPS_MAX = 1_000  # of one route, however often it is changed under way

Stop = dict[str, Any]
Task = dict[str, Any]


@dataclass(slots=True)
class Van:
    """One route of one courier. ``fails_first`` makes the first parcel that may go to a locker a failed attempt.

    ``reached`` waits until the courier is at a stop, by the day's clock if nobody says otherwise, and is false when the
    scene is over. What is brought is also counted under ``brought_as``.
    """

    scene: Scene
    facts: CourierFacts
    phone: CloudClient
    route_id: str
    fails_first: bool = False
    handled: set[str] = field(default_factory=set)
    reached: Callable[[Stop], Awaitable[bool]] | None = None
    brought_as: str = ""
    way: OnTheWay = field(init=False)

    def __post_init__(self) -> None:
        """Let the phone show the van, as its courier has agreed."""
        self.way = OnTheWay(self.facts.id, self.phone)

    async def drive(self, stops: list[Stop]) -> None:
        """Load the van, visit every stop at its time, and bring back what is left."""
        await self.phone.post(f"/v1/routes/{self.route_id}/start")
        ahead = self._ahead(stops)
        for _ in range(STOPS_MAX):
            stop = next(ahead, None)
            if stop is None:
                break
            if not await (self.reached or self._on_time)(stop):
                return
            if await self._visit(stop):
                ahead = self._ahead(await self._route())
        await self.bring_back()

    async def bring_back(self) -> None:
        """Give the carrier back what is still in the van."""
        day = await self._day()
        for parcel in day["carried"]:
            await self._say(f"/v1/parcels/{parcel['id']}/bring-back")
            self.scene.tally.counts["brought_back"] += 1

    async def _on_time(self, stop: Stop) -> bool:
        """Drive to a stop, showing where the van is; false when the scene is over before."""
        clock, eta = self.scene.clock, datetime.fromisoformat(stop["eta"])
        left = clock.now()
        while clock.real_s(eta - clock.now()) > EVERY_S:
            await self.way.tell(clock, (clock.now() - left) / (eta - left), stop)
            if not await slept(EVERY_S, self.scene.over):
                return False
        there = await clock.wait_until(eta, self.scene.over)
        if there:
            await self.way.arrive(clock, stop)
        return there

    def _ahead(self, stops: list[Stop]) -> Iterator[Stop]:
        """Yield the stops at which something is left to do, in order."""
        for stop in stops:
            if self._todo(stop):
                yield stop

    def _todo(self, stop: Stop) -> list[Task]:
        return [task for task in stop["tasks"] if task["state"] == PENDING and _key(task) not in self.handled]

    async def _visit(self, stop: Stop) -> bool:
        """Do what is to be done at a stop; return whether the route has changed meanwhile."""
        if stop["locker_id"]:
            await self._at_locker(stop)
            return False
        changed = False
        for task in self._todo(stop):
            self.handled.add(_key(task))
            changed |= await self._at_door(stop, task["parcel"])
        return changed

    async def _at_door(self, stop: Stop, parcel: dict[str, Any]) -> bool:
        scene = self.scene
        wanted = self.fails_first and parcel["locker_allowed"]
        if not wanted and scene.chance.random() >= FAILED_SHARE:
            if await self._say(f"/v1/parcels/{parcel['id']}/deliver-home", {"proof": "handed over at the door"}):
                scene.tally.counts["delivered_home"] += 1
                self._brought(1)
            return False
        self.fails_first &= not wanted
        return await self._nobody_home(stop, parcel)

    async def _nobody_home(self, stop: Stop, parcel: dict[str, Any]) -> bool:
        scene = self.scene
        scene.tally.counts["failed_attempts"] += 1
        body = {"parcel_id": parcel["id"], "reason": "nobody at home", "lon": stop["lon"], "lat": stop["lat"]}
        answer = await self._say("/v1/attempts", body)
        if not answer or answer["assigned"] is None:
            scene.tell(f"{self.facts.name} rings in vain at {parcel['address']}; no locker may or can take it")
            return False
        scene.tally.counts["sent_to_locker"] += 1
        where = scene.name_of(answer["assigned"]["locker_id"])
        scene.tell(f"{self.facts.name} rings in vain at {parcel['address']}; it goes to locker {where}")
        return True

    async def _at_locker(self, stop: Stop) -> None:
        """Sign in with the phone's QR codes, put the day's parcels in, take out what is to be collected."""
        scene, locker = self.scene, stop["locker_id"]
        todo = self._todo(stop)
        self.handled.update(_key(task) for task in todo)
        bring = [task["parcel"]["barcode"] for task in todo if task["task"] == "drop_off"]
        if locker in scene.counters:
            fetch = [task["parcel"] for task in todo if task["task"] == "collect"]
            await self._at_counter(scene.counters[locker], bring, fetch)
            return
        papers = await self.phone.get(f"/v1/couriers/{self.facts.id}/passes/{locker}")
        courier = Courier(scene.pace(), TOO_BIG_SHARE)
        try:
            done = await courier.visit(scene.spots[locker], papers["qr_texts"], bring)
        except (PersonError, KioskError) as error:
            scene.tally.problems.append(f"{self.facts.name} at {locker}: {error}")
            return
        except asyncio.CancelledError:
            scene.tally.unfinished.add(locker)
            raise
        self._note(locker, done)

    async def _at_counter(self, counter: Counter, bring: list[str], fetch: list[dict[str, Any]]) -> None:
        """Hand parcels over the counter: its staff scan them, and give back what nobody fetched."""
        scene = self.scene
        papers = await self.phone.get(f"/v1/couriers/{self.facts.id}/passes/{counter.id}")
        try:
            brought = await take_in(scene, counter, bring)
            taken = await give_back(scene, counter, fetch, papers["qr_texts"][0])
        except CloudError as error:
            scene.tally.problems.append(f"{self.facts.name} at {counter.id}: {error}")
            return
        self._brought(brought)
        scene.tell(f"{self.facts.name} leaves {brought} and takes {taken} at the counter {counter.name}")

    def _note(self, locker: str, done: Visit) -> None:
        scene = self.scene
        for barcode, label in done.dropped_off.items():
            scene.tally.dropped_off(barcode, locker, label)
            scene.clock.settle()
        for barcode in done.collected.values():
            scene.tally.collected(barcode)
        for barcode, reason in done.refused.items():
            scene.tell(f"locker {scene.name_of(locker)} refuses {barcode}: {reason}")
            scene.tally.counts["refused"] += 1
        brought, taken = len(done.dropped_off), len(done.collected)
        self._brought(brought)
        said = [f"puts {brought} in"] * bool(brought) + [f"takes {taken} out"] * bool(taken)
        if said:
            scene.tell(f"{self.facts.name} {' and '.join(said)} at locker {scene.name_of(locker)}")

    def _brought(self, number: int) -> None:
        if self.brought_as:
            self.scene.tally.counts[self.brought_as] += number

    async def _route(self) -> list[Stop]:
        day = await self._day()
        stops: list[Stop] = day["stops"] if day["route_id"] == self.route_id else []
        return stops

    async def _day(self) -> dict[str, Any]:
        found: dict[str, Any] = await self.phone.get(f"/v1/couriers/{self.facts.id}/days/{self.scene.day}")
        return found

    async def _say(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any] | None:
        """Tell the cloud; what it no longer agrees with (someone else was faster) is noted and passed over."""
        try:
            answer: dict[str, Any] = await self.phone.post(path, body)
        except CloudError as error:
            if error.status != CONFLICT:
                raise
            self.scene.tally.problems.append(f"{self.facts.name}: {error}")
            return None
        return answer


def _key(task: Task) -> str:
    """Name a task; a failed delivery that becomes a drop-off is another one."""
    return f"{task['task']}:{task['parcel']['id']}"


async def on_time(van: Van, stops: list[Stop]) -> None:
    """Drive; whatever the cloud refuses ends this courier's day and is noted, not everybody's."""
    try:
        await van.drive(stops)
    except CloudError as error:
        van.scene.tally.problems.append(f"{van.facts.name} gave up: {error}")
