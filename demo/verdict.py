"""The end of a run: what it came to, and whether anything happened that must never happen."""

import asyncio
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import httpx

from demo.cloud_client import CloudError
from demo.day_clock import slept
from demo.morning import all_parcels
from demo.scene import Scene
from firmware_sim.deeds import LockerPicture, Uplink

DRAIN_S_MAX = 60.0  # outboxes empty themselves within a reconnect or two, which a loaded machine takes its time for
LOOK_EVERY_S = 0.2
ASKED_AT_ONCE = 4
IN_LOCKER = frozenset({"ready_for_pickup", "expired"})


@dataclass(slots=True)
class Verdict:
    """``violations`` are sentences; an empty list is what the demo is there to show."""

    counts: dict[str, int]
    whole_way: list[str]
    violations: list[str] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        """Whether at least one parcel went the whole way and nothing forbidden happened."""
        return bool(self.whole_way) and not self.violations

    def as_json(self) -> str:
        return json.dumps(self.counts)


async def judge(scene: Scene) -> Verdict:
    """Let the outboxes empty themselves, then compare what is behind the doors with what the cloud believes."""
    violations = []
    try:
        pictures = await _drained(scene)
        violations += await _found(scene, pictures)
    except (CloudError, httpx.HTTPError) as error:
        violations.append(f"the end could not be looked at: {error}")
        pictures = ()
    acknowledged = sum(max(0, one.acknowledged) for one in pictures)
    return verdict(scene, acknowledged, violations)


def verdict(scene: Scene, acknowledged: int, violations: Sequence[str]) -> Verdict:
    """Sum up."""
    counts = scene.tally.counts
    told = {
        "lockers": len(scene.spots),
        **{name: counts[name] for name in ("parcels", "planned", "dropped_off", "picked_up", "failed_attempts")},
        "events_acknowledged": acknowledged,
        "violations": len(violations),
        "whole_way": len(scene.tally.whole_way),
        **{
            name: counts[name]
            for name in (
                "delivered_home",
                "by_partner",
                "by_crowd",
                "opted_in",
                "collected",
                "wrong_codes",
                "remote_opened",
            )
        },
        "problems": len(scene.tally.problems),
    }
    return Verdict(told, scene.tally.whole_way, list(violations))


async def _drained(scene: Scene) -> tuple[LockerPicture, ...]:
    """Mend every uplink and wait until the cloud has acknowledged every journal."""
    for one in await scene.simulator.pictures():
        if one.uplink_cut:
            await scene.simulator.do(one.id, Uplink(cut=False))
    never = asyncio.Event()
    pictures = await scene.simulator.pictures()
    for _ in range(int(DRAIN_S_MAX / LOOK_EVERY_S)):
        if all(one.waiting == 0 for one in pictures):
            break
        await slept(LOOK_EVERY_S, never)
        pictures = await scene.simulator.pictures()
    return pictures


async def _found(scene: Scene, pictures: Iterable[LockerPicture]) -> list[str]:
    parcels = await all_parcels(scene.operator)
    barcodes = {one["id"]: one["barcode"] for one in parcels}
    found = [*_two_in_one(parcels), *scene.tally.violations]
    for picture in pictures:
        found += [f"{picture.id}: {one}" for one in picture.violations]
        if picture.waiting:
            found.append(f"{picture.id}: {picture.waiting} events were never acknowledged")
        if picture.failure:
            found.append(f"{picture.id}: the agent died of {picture.failure}")
        page = await scene.operator.get(f"/v1/lockers/{picture.id}")
        if picture.id not in scene.tally.unfinished:
            found += _differences(picture, page["compartments"], barcodes)
        found += await _gaps(scene, picture)
    return found + await _not_once(scene, {one["barcode"]: one["id"] for one in parcels})


def _two_in_one(parcels: Iterable[dict[str, Any]]) -> list[str]:
    places = Counter((one["locker_id"], one["compartment"]) for one in parcels if one["state"] in IN_LOCKER)
    return [f"{count} parcels in {label} of {locker}" for (locker, label), count in places.items() if count > 1]


def _differences(picture: LockerPicture, believed: list[dict[str, Any]], barcodes: dict[str, str]) -> list[str]:
    """Compare what lies behind each door with what the cloud believes lies there."""
    thought = {one["label"]: barcodes.get(one["parcel_id"] or "") for one in believed}
    return [
        f"{picture.id} {door.label} holds {door.parcel or 'nothing'}, the cloud believes {thought.get(door.label)}"
        for door in picture.doors
        if door.parcel != thought.get(door.label)
    ]


async def _gaps(scene: Scene, picture: LockerPicture) -> list[str]:
    """Look for holes in what the cloud recorded, and for acknowledged events it does not have."""
    timeline = await scene.operator.get(f"/v1/lockers/{picture.id}/timeline")
    sequences = [one["sequence"] for one in timeline["events"]]
    found = [f"{picture.id}: no event between {b} and {a}" for a, b in pairwise(sequences) if a != b + 1]
    if picture.acknowledged > 0 and (not sequences or sequences[0] < picture.acknowledged):
        found.append(f"{picture.id}: event {picture.acknowledged} was acknowledged and is not there")
    return found


async def _not_once(scene: Scene, ids: dict[str, str]) -> list[str]:
    """Every parcel that was put in or taken out by hand is so exactly once in the cloud's history."""
    gate = asyncio.Semaphore(ASKED_AT_ONCE)

    async def check(barcode: str) -> list[str]:
        async with gate:
            parcel = await scene.operator.get(f"/v1/parcels/{ids[barcode]}")
        happened = Counter(line["happened"] for line in parcel["history"])
        taken = happened["picked_up"] + happened["collected"]
        found = [f"{barcode} was dropped off {happened['dropped_off']} times"] * (happened["dropped_off"] != 1)
        wanted = int(barcode in scene.tally.taken)
        return found + [f"{barcode} was taken out {taken} times, not {wanted}"] * (taken != wanted)

    sure = [one for one, (locker, _) in scene.tally.dropped.items() if locker not in scene.tally.unfinished]
    return [line for lines in await asyncio.gather(*map(check, sure)) for line in lines]
