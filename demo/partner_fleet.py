"""A partner fleet in the demo: a program that answers offers by the API, fetches parcels and reports on each."""

import hashlib
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any

from demo.cloud_client import CONFLICT, CloudClient, CloudError
from demo.day_clock import slept
from demo.operations import ZONE
from demo.scene import Scene

PARTNER, NAME = "swift-bikes", "Swift Bikes"
CENTRE, RADIUS_M = (21.012, 52.230), 12_000  # the city within the ring road, where bicycles are as quick as vans
CENTS = 190  # a parcel; a van that passes anyway is cheaper, a detour of ten minutes is dearer
PARCELS_MAX = 6  # a day: a few bicycles, and most parcels stay with the couriers one watches
PROMISE = (time(8), time(23, 59))
NOTICE = timedelta(minutes=10)  # the cloud lives by the real clock, whatever the demo's day shows
LOOK_EVERY_S = 2.0
RIDE_S = (3.0, 9.0)  # real seconds from the depot to a door
FAILED_SHARE = 0.08  # as our own couriers' attempts


@dataclass(slots=True)
class Fleet:
    """``program`` acts with the partner's own key."""

    program: CloudClient
    riding: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    async def say_prices(self, scene: Scene) -> None:
        """Set the day's tariff."""
        begins, ends = (datetime.combine(scene.day, one, ZONE) for one in PROMISE)
        begins = max(begins, datetime.now(ZONE) + NOTICE)
        if begins >= ends:
            return  # the demo runs into the night: who should still come?
        lon, lat = CENTRE
        area = {"centre_lon": lon, "centre_lat": lat, "radius_m": RADIUS_M}
        promise = {"promise_from": begins.isoformat(), "promise_to": ends.isoformat()}
        price = {"base_cents": CENTS, **promise, "parcels_max": PARCELS_MAX}
        name = hashlib.sha256(f"{PARTNER} {scene.day}".encode()).hexdigest()[:32]
        await self.program.put(
            f"/v1/partners/{PARTNER}/tariffs/{name}", {"day": scene.day.isoformat(), **area, **price}
        )

    async def live(self, scene: Scene) -> None:
        """Take what is offered and bring it, until the scene is over."""
        while await slept(LOOK_EVERY_S, scene.over):
            try:
                offers = (await self.program.get(f"/v1/partners/{PARTNER}/offers/{scene.day}"))["offers"]
                for one in offers:
                    if one["state"] == "offered":
                        await self._fetch(scene, one)
                if not await self._ride(scene):
                    return
            except CloudError as error:
                scene.tally.problems.append(f"{NAME}: {error}")

    async def _fetch(self, scene: Scene, offer: dict[str, Any]) -> None:
        try:
            await self.program.post(f"/v1/offers/{offer['id']}/accept")
            taken = await self.program.post(f"/v1/offers/{offer['id']}/hand-over")
        except CloudError as error:
            if error.status != CONFLICT:
                raise
            return  # somebody was quicker, or the parcel is wanted elsewhere by now
        self.riding += [(taken["id"], parcel) for parcel in taken["parcels"]]
        price = taken["price_cents"] / 100
        scene.tell(f"{NAME} fetches {len(taken['parcels'])} for {taken['address']}, at {price:.2f}")

    async def _ride(self, scene: Scene) -> bool:
        """Bring what was fetched; false when the scene is over."""
        while self.riding:
            if not await slept(scene.chance.uniform(*RIDE_S), scene.over):
                return False
            offer_id, parcel = self.riding.pop()
            failed = scene.chance.random() < FAILED_SHARE
            for status, said in (("failed", "nobody_home"), ("returned", "")) if failed else (("delivered", "signed"),):
                told = {"parcel_id": parcel["id"], "status": status, "said": said}
                await self.program.post(f"/v1/offers/{offer_id}/status", told)
            scene.tally.counts["partner_failed" if failed else "by_partner"] += 1
            what = "brings back" if failed else "delivers"
            scene.tell(f"{NAME} {what} {parcel['barcode']}")
        return True


async def joined(stack: AsyncExitStack, operator: CloudClient) -> Fleet:
    """Have the partner be known and hold a key of its own."""
    try:
        await operator.post("/v1/partners", {"id": PARTNER, "name": NAME})
    except CloudError as error:
        if error.status != CONFLICT:
            raise
    key = (await operator.post("/v1/api-keys", {"carrier": PARTNER, "scopes": ["partner"]}))["secret"]
    return Fleet(await stack.enter_async_context(CloudClient(operator.url, key)))
