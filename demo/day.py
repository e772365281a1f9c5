"""The days of the demo: couriers, recipients and the operator live them, until the time is over."""

import asyncio
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from demo.cloud_client import CloudClient
from demo.courier_day import Van, on_time
from demo.crowd_courier import Person
from demo.day_clock import DayClock, slept
from demo.morning import Morning, all_parcels
from demo.operations import SHIFT, ZONE, open_one_door, send_for_the_forgotten
from demo.partner_fleet import Fleet
from demo.recipients import Neighbourhood
from demo.scene import Scene
from demo.setting_up import HURRIED_CARRIER, Stage
from demo.settings import DAY_S

GRACE_S = 10.0  # for what people have in hand when the time is over: the longest is a courier's stop at a locker
CHECK_S = 1.0
DAY_SHARE_MIN = 0.7  # of a day that must still fit in before another one begins
OVER = frozenset({"picked_up", "collected", "returned", "cancelled"})


@dataclass(frozen=True, slots=True)
class Others:
    """Who else brings parcels: a partner fleet, and somebody who is on the way anyway."""

    fleet: Fleet
    passer_by: Person


@dataclass(slots=True)
class Days:
    """Lives one day after the other; ``set_off`` is set when the first couriers drive."""

    stage: Stage
    scene: Scene
    phones: list[CloudClient]
    others: Others
    set_off: asyncio.Event

    async def live(self) -> None:
        """Live until the scene is over; raises ``DemoError`` or ``CloudError`` when the demo itself breaks."""
        living = asyncio.create_task(self._live())
        watching = asyncio.create_task(self._watch())
        timing = asyncio.create_task(self._time())
        try:
            over = asyncio.create_task(self.scene.over.wait())
            await asyncio.wait((living, watching, over), return_when=asyncio.FIRST_COMPLETED)
            if watching.done():
                watching.result()
            self.scene.over.set()
            await asyncio.wait((living,), timeout=GRACE_S if self.set_off.is_set() else 0)
            if living.done():
                living.result()
        finally:
            for task in (living, watching, timing, over):
                task.cancel()
            await asyncio.gather(living, watching, timing, over, return_exceptions=True)

    async def _live(self) -> None:
        neighbourhood = Neighbourhood(self.scene, first_new=self.scene.mailbox.next)
        async with asyncio.TaskGroup() as people:
            while self._is_time_for_a_day():
                morning = Morning(self.stage, self.scene, self.phones)
                await morning.find_the_day()
                await self.others.fleet.say_prices(self.scene)
                plan = await self._prepared(morning)
                await self._mark_forgetful(neighbourhood)
                if not self.set_off.is_set():
                    people.create_task(neighbourhood.live())
                    people.create_task(self.others.fleet.live(self.scene))
                    people.create_task(self.others.passer_by.live(self.scene))
                self._begin()
                await self._one_day(plan)
                self.scene.day += timedelta(days=1)
            await self.scene.over.wait()

    async def _prepared(self, morning: Morning) -> dict[str, Any]:
        """Prepare the day and return its plan, which counts on everybody who has said a price or a way by then."""
        began_s = time.monotonic()
        await morning.prepare()
        await self.others.passer_by.announce(self.scene, timedelta(seconds=time.monotonic() - began_s))
        return await morning.plan()

    def _is_time_for_a_day(self) -> bool:
        """Whether another day is worth beginning; what is left of a short demo belongs to the recipients."""
        left_s = self.scene.left_s()
        wanted_s = DAY_S / self.scene.settings.speed * DAY_SHARE_MIN
        return not self.scene.over.is_set() and (left_s is None or left_s > wanted_s)

    async def _one_day(self, plan: dict[str, Any]) -> None:
        scene = self.scene
        by_id = {courier.id: nth for nth, courier in enumerate(scene.couriers)}
        scene.tell(f"{sum(route['started_at'] is None for route in plan['routes'])} couriers set off")
        async with asyncio.TaskGroup() as people:
            people.create_task(open_one_door(scene))
            people.create_task(send_for_the_forgotten(scene, scene.couriers[-1], self.phones[-1]))
            for nth, route in enumerate(plan["routes"]):
                if route["started_at"] is None:
                    number = by_id[route["courier_id"]]
                    van = Van(scene, scene.couriers[number], self.phones[number], route["id"], fails_first=nth == 0)
                    people.create_task(on_time(van, route["stops"]))

    def _begin(self) -> None:
        """Let the day's clock run; until now it showed the evening before."""
        scene = self.scene
        scene.clock = DayClock(datetime.combine(scene.day, SHIFT[0], ZONE), scene.settings.speed)
        scene.clock.start()
        self.set_off.set()

    async def _mark_forgetful(self, neighbourhood: Neighbourhood) -> None:
        """Choose who will never come, the recipients of the carrier that does not wait long, and who has been."""
        found = await all_parcels(self.scene.operator)
        self.scene.state.fetched |= {one["barcode"] for one in found if one["state"] in OVER}
        neighbourhood.forgetful |= {one["barcode"] for one in found if one["carrier"] == HURRIED_CARRIER}

    async def _time(self) -> None:
        """End after DURATION, counted from when the first couriers set off."""
        await self.set_off.wait()
        duration_s = self.scene.settings.duration_s
        if duration_s:
            self.scene.ends_s = time.monotonic() + duration_s
            await slept(duration_s, self.scene.over)
            self.scene.over.set()

    async def _watch(self) -> None:
        """Notice a process that has died."""
        while await slept(CHECK_S, self.scene.over):
            for child in self.stage.children:
                child.check()
