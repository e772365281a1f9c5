"""Counters in the demo: staff who scan, look codes up and hand parcels over by the API their pages use."""

from collections.abc import Iterable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from cloud.intake.lockers_geojson import LockerRow
from contract.codes import PickUpCode, show_code
from demo.cloud_client import CONFLICT, CloudClient, CloudError
from demo.mailbox import Mail
from demo.scene import Counter, Scene

COUNTERS_FILE = Path(__file__).with_name("warsaw-counters.geojson")


def account_of(shop: str) -> tuple[str, str]:
    """Return the sign-in name and the password of who works at a counter."""
    login = f"staff-{shop.lower()}"
    return login, f"{login}-in-the-demo"


async def staffed(stack: AsyncExitStack, operator: CloudClient, shops: Iterable[LockerRow]) -> dict[str, Counter]:
    """Have somebody work at each counter, who signs in on the counter's own page."""
    counters: dict[str, Counter] = {}
    for shop in shops:
        login, password = account_of(shop.id)
        account = {"login": login, "name": f"Staff of {shop.name}"[:200], "password": password}
        try:
            await operator.post("/v1/accounts", {**account, "roles": ["staff"], "counter_id": shop.id})
        except CloudError as error:
            if error.status != CONFLICT:
                raise
        desk = await stack.enter_async_context(CloudClient(operator.url))
        await desk.sign_in(login, account["password"])
        counters[shop.id] = Counter(shop.id, shop.name, shop.lon, shop.lat, desk)
    return counters


async def take_in(scene: Scene, counter: Counter, barcodes: Iterable[str]) -> int:
    """Put a courier's parcels on the counter one by one; return how many stayed there."""
    taken = 0
    for barcode in barcodes:
        answer = await counter.ask("arrivals", {"barcode": barcode})
        if answer["arrival"] == "taken_in":
            taken += 1
            scene.tally.dropped_off(barcode, counter.id, answer["place"])
            scene.clock.settle()
        else:
            scene.tell(f"the counter {counter.name} does not take {barcode}: {answer['arrival']}")
            scene.tally.counts["refused"] += 1
    return taken


async def give_back(scene: Scene, counter: Counter, parcels: Iterable[dict[str, Any]], shown: str) -> int:
    """Hand the courier, who shows a pass, what nobody fetched; return how many parcels went along."""
    gone = 0
    for parcel in parcels:
        await counter.ask("returns", {"parcel_id": parcel["id"], "courier_pass": shown})
        scene.tally.collected(parcel["barcode"])
        gone += 1
    return gone


async def hand_over(counter: Counter, mail: Mail, qr: str | None) -> tuple[str, str]:
    """Show the code or the QR code at the counter; return the barcode handed over and its place on the shelf."""
    found = await counter.ask("codes", {"code": qr or show_code(PickUpCode(mail.code))})
    if found["outcome"] != "found":
        raise CloudError(CONFLICT, f"the counter {counter.name} found nothing for {mail.id}: {found['outcome']}")
    await counter.ask("hand-overs", {"proof": found["proof"]})
    return str(found["barcode"]), str(found["place"])
