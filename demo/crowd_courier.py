"""Somebody on the way home in the demo: announces a trip on the phone, answers offers, brings what was said yes to."""

import hashlib
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any

from demo.cloud_client import CONFLICT, CloudClient, CloudError
from demo.courier_day import Stop, Van
from demo.day_clock import slept
from demo.morning import all_parcels
from demo.operations import DEPOT, ZONE
from demo.scene import CourierFacts, Scene

NAME = "Olga"
HOME = (20.936, 52.287)  # Bielany: from the depot across the whole city, so that much lies on the way
DETOUR_M, PARCELS_MAX, EACH_CENTS = 9_000, 5, 120  # a car's back seat, for less than a van asks for a stop of its own
LEAVES_AFTER = timedelta(seconds=40)  # real ones: the day is planned by then, and who has not answered is asked no more
TRIP = timedelta(hours=3)
LAST = time(23, 59)
OVERLOOKED_SHARE = 0.25  # of offers: the phone was in the bag, the time runs out and the next candidate is asked
PATIENCE = timedelta(minutes=2)  # nobody who watches waits longer for a time to run out: such an offer is declined
LOOK_EVERY_S = 2.0
RIDE_S = (2.0, 5.0)  # real seconds from door to door


@dataclass(slots=True)
class Person:
    """``phone`` is signed in as the courier; ``seen`` are the offers already thought about."""

    facts: CourierFacts
    phone: CloudClient
    seen: set[str] = field(default_factory=set)

    async def announce(self, scene: Scene, preparing: timedelta) -> None:
        """Say when the way home begins; the plan of the day may count on it.

        A machine that took long for ``preparing`` the day takes about as long to plan it.
        """
        now = datetime.now(ZONE)  # the cloud lives by the real clock, whatever the demo's day shows
        leaves = max(now + LEAVES_AFTER + preparing, datetime.combine(scene.day, time(8), ZONE))
        arrives = min(leaves + TRIP, datetime.combine(leaves.date(), LAST, ZONE))
        if leaves.date() != scene.day or leaves >= arrives:
            return  # the demo runs into the night
        (lon, lat), (end_lon, end_lat) = DEPOT, HOME
        way = {"start_lon": lon, "start_lat": lat, "end_lon": end_lon, "end_lat": end_lat, "end_address": "Bielany"}
        room = {"detour_m_max": DETOUR_M, "parcels_max": PARCELS_MAX, "per_parcel_cents": EACH_CENTS}
        times = {"leaves_at": leaves.isoformat(), "arrives_by": arrives.isoformat()}
        try:
            await self.phone.post("/v1/trips", {**times, **way, **room, "weight_g_max": 60_000, "volume_l_max": 300})
        except CloudError as error:
            if error.status != CONFLICT:  # the trip of before is still under way
                raise

    async def live(self, scene: Scene) -> None:
        """Answer what is offered, set out when everything is answered, until the scene is over."""
        while await slept(LOOK_EVERY_S, scene.over):
            try:
                offers = await self._offers(scene)
                for one in offers:
                    if one["state"] == "offered" and one["id"] not in self.seen:
                        await self._answer(scene, one)
                if any(one["state"] == "accepted" for one in offers):
                    await self._set_out(scene)
            except CloudError as error:
                scene.tally.problems.append(f"{self.facts.name}: {error}")

    async def _offers(self, scene: Scene) -> list[dict[str, Any]]:
        answer = await self.phone.get(f"/v1/couriers/{self.facts.id}/offers/{scene.day}")
        found: list[dict[str, Any]] = answer["offers"]
        return found

    async def _answer(self, scene: Scene, offer: dict[str, Any]) -> None:
        """Say yes, most of the time."""
        self.seen.add(offer["id"])
        name, price = self.facts.name, offer["price_cents"] / 100
        if scene.chance.random() < OVERLOOKED_SHARE:
            scene.tally.counts["offers_overlooked"] += 1
            if datetime.fromisoformat(offer["answer_by"]) > datetime.now(ZONE) + PATIENCE:
                await self._say(f"/v1/offers/{offer['id']}/decline", {})
            else:
                scene.tell(f"{name} overlooks an offer of {price:.2f}: the next candidate will be asked")
            return
        taken = await self._say(f"/v1/offers/{offer['id']}/accept")
        if taken:
            km = offer["far_m"] / 1_000
            scene.tell(
                f"{name}, on her way home, takes {offer['number']} to {taken['address']}: {price:.2f}, {km:.1f} km"
            )

    async def _set_out(self, scene: Scene) -> None:
        """Fetch everything said yes to at the depot, bring it stop by stop, and bring back what nobody took."""
        day = await self.phone.get(f"/v1/couriers/{self.facts.id}/days/{scene.day}")
        if day["route_id"] is None or day["started_at"] is not None:
            return

        scene.tell(f"{self.facts.name} fetches at the depot what she said yes to: {len(day['stops'])} stops on her way")

        async def rides(_: Stop) -> bool:
            return await slept(scene.chance.uniform(*RIDE_S), scene.over)

        van = Van(scene, self.facts, self.phone, day["route_id"], reached=rides, brought_as="by_crowd")
        await van.drive(day["stops"])

    async def _say(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any] | None:
        """Answer; None when somebody or the clock was quicker."""
        try:
            answer: dict[str, Any] = await self.phone.post(path, body)
        except CloudError as error:
            if error.status != CONFLICT:
                raise
            return None
        return answer


async def met(stack: AsyncExitStack, scene: Scene) -> Person:
    """Have somebody join who drives home past the depot: each start of the demo somebody else, as a crowd is."""
    runs = scene.state.runs
    facts = _facts(runs)
    await _emptied(scene, {f"courier:{_facts(run).id}" for run in range(runs)})
    courier = {"id": facts.id, "name": facts.name, "language": "pl", "kind": "crowd"}
    await scene.operator.post("/v1/couriers", courier)
    account = {"login": facts.login, "name": facts.name, "password": facts.password, "roles": ["courier"]}
    await scene.operator.post("/v1/accounts", {**account, "courier_id": facts.id})
    phone = await stack.enter_async_context(CloudClient(scene.operator.url))
    await phone.sign_in(facts.login, facts.password)
    return Person(facts, phone)


async def _emptied(scene: Scene, people: set[str]) -> None:
    """Fetch from those of before what an interrupted demo has left with them."""
    for parcel in await all_parcels(scene.operator):
        if parcel["custodian"] in people:
            await scene.operator.post(f"/v1/parcels/{parcel['id']}/bring-back")


def _facts(run: int) -> CourierFacts:
    number = hashlib.sha256(f"latchmile demo crowd courier {run}".encode()).hexdigest()[:32]
    login = f"{NAME.lower()}-{run}"
    return CourierFacts(number, f"{NAME} {run}" if run > 1 else NAME, login, f"{login}-in-the-demo")
