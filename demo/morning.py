"""The morning of a day: vans emptied, a carrier's file imported, recipients who opt in, shifts, the plan."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from demo.cloud_client import CONFLICT, CloudClient, CloudError
from demo.courier_day import Van
from demo.operations import SHIFT, add_shift, plan_day
from demo.parcels import Order, make_parcels
from demo.scene import Scene
from demo.setting_up import HURRIED_CARRIER, Stage, import_file, lockers_of
from firmware_sim.city_day import METRES_PER_DEGREE

PAGE = 200
NEW_MIN = 40  # even when plenty is left over, a new day brings something new
HURRIED = 4
AT_A_COUNTER = 3  # a quiet first day at each partner's counter
BEGUN = frozenset({"driving", "home"})  # states of a shift somebody has set off in
AT_DEPOT = ("announced", "planned", "delivery_failed")
NOT_TODAY = frozenset({CONFLICT, 422})  # no room, too far, too large: the parcel stays a home delivery


@dataclass(slots=True)
class Morning:
    """``phones`` are the couriers' signed-in apps, in the order of the scene's couriers."""

    stage: Stage
    scene: Scene
    phones: list[CloudClient]

    async def find_the_day(self) -> None:
        """Bring back what an interrupted day has left in the vans, and go on with the first day nobody has driven on.

        A courier has one shift at a time: a day that was begun is over, however early it was interrupted.
        """
        scene = self.scene
        while True:
            for courier, phone in zip(scene.couriers, self.phones, strict=True):
                await Van(scene, courier, phone, "").bring_back()
            shifts = (await scene.operator.get(f"/v1/shifts/{scene.day}"))["shifts"]
            if not any(one["state"] in BEGUN for one in shifts):
                return
            scene.day += timedelta(days=1)

    async def prepare(self) -> None:
        """Have the day's parcels at the depot, their recipients asked, and the couriers there."""
        scene, say = self.scene, self.stage.say
        new = await self._import_parcels()
        say(f"Asking {len(new)} recipients where they want their parcels")
        scene.tally.counts["opted_in"] += await self._opt_in(new)
        drive = {one["courier_id"] for one in (await scene.operator.get(f"/v1/shifts/{scene.day}"))["shifts"]}
        for courier in scene.couriers[: scene.settings.couriers]:
            if courier.id not in drive:  # a day that ended before it began has its shifts already
                await add_shift(scene, courier.id, SHIFT)

    async def plan(self) -> dict[str, Any]:
        """Have the day planned and return its plan."""
        scene = self.scene
        self.stage.say("Planning the day")
        plan = await plan_day(scene.operator, scene.day)
        scene.tally.counts["planned"] += len(_planned(plan))
        scene.tally.counts["unplanned"] += len(plan["unplanned"])
        scene.tally.counts["parcels"] = len(await all_parcels(scene.operator))
        return plan

    async def _import_parcels(self) -> list[dict[str, Any]]:
        """Let the carriers announce as many parcels as a full day still needs; return the new ones."""
        scene, stage = self.scene, self.stage
        known = {one["id"] for one in await all_parcels(scene.operator)}
        left = sum([len(await all_parcels(scene.operator, state=state)) for state in AT_DEPOT])
        wanted = max(NEW_MIN, scene.settings.parcels - left) - HURRIED
        stage.say(f"Importing a carrier's file of {wanted} parcels, and {HURRIED} of one that does not wait long")
        await self._file("parcels", Order(wanted, scene.day, self._seed(0)), "carrier")
        await self._file("hurried", Order(HURRIED, scene.day, self._seed(50)), HURRIED_CARRIER)
        return [one for one in await all_parcels(scene.operator) if one["id"] not in known]

    def _seed(self, offset: int) -> int:
        """Return a seed nobody has used on this day yet; the barcodes carry its last two digits."""
        return offset + self.stage.state.runs % 50

    async def _file(self, name: str, order: Order, carrier: str) -> None:
        rows = lockers_of(self.stage.settings.lockers)
        file = self.stage.state.path("files") / f"{name}-{order.day}-{order.seed:02d}.csv"
        file.write_text(make_parcels(rows, order), encoding="utf-8")
        await import_file(self.stage, "latchmile-import-parcels", file, "--carrier", carrier)

    async def _opt_in(self, new: list[dict[str, Any]]) -> int:
        """Let recipients who have a favourite locker say so, on the page their link leads to."""
        count = 0
        for parcel in new:
            hurried = parcel["carrier"] == HURRIED_CARRIER
            locker = parcel["preferred_locker"] or (self._nearest(parcel) if hurried else None)
            if locker is not None and await self._asks_for(parcel, locker):
                count += 1
        return count + await self._opt_in_at_counters(new)

    async def _opt_in_at_counters(self, new: list[dict[str, Any]]) -> int:
        """Let those who live next to a counter have their parcels brought there."""
        count = 0
        free = [one for one in new if one["preferred_locker"] is None and one["carrier"] != HURRIED_CARRIER]
        for counter in self.scene.counters.values():
            near = sorted(free, key=lambda one: (one["lon"] - counter.lon) ** 2 + (one["lat"] - counter.lat) ** 2)
            for parcel in near[:AT_A_COUNTER]:
                free.remove(parcel)
                count += await self._asks_for(parcel, counter.id)
        return count

    async def _asks_for(self, parcel: dict[str, Any], locker: str) -> bool:
        link = await self.scene.operator.get(f"/v1/parcels/{parcel['id']}/tracking-link")
        self.scene.addresses.setdefault("tracking", link["url"])
        wish = {"scope": "this_locker", "locker_id": locker}
        try:
            await self.scene.operator.post(f"/v1/tracking/{link['token']}/opt-in", wish)
        except CloudError as error:
            if error.status not in NOT_TODAY:
                raise
            return False
        return True

    def _nearest(self, parcel: dict[str, Any]) -> str:
        def far(locker: Any) -> float:
            across, up = locker.lon - parcel["lon"], locker.lat - parcel["lat"]
            return float((across * 0.6) ** 2 + up**2) * METRES_PER_DEGREE

        return min(self.scene.lockers.values(), key=far).id


async def all_parcels(operator: CloudClient, **conditions: str) -> list[dict[str, Any]]:
    """Return all parcels, page by page."""
    found: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        page = await operator.get("/v1/parcels", limit=PAGE, **conditions, **cursor)
        found += page["parcels"]
        if page["next_cursor"] is None:
            return found
        cursor = {"cursor": page["next_cursor"]}


def _planned(plan: dict[str, Any]) -> set[str]:
    """Return the parcels on routes that have yet to be driven."""
    waiting = [route for route in plan["routes"] if route["started_at"] is None]
    return {task["parcel"]["id"] for route in waiting for stop in route["stops"] for task in stop["tasks"]}
