"""Staff before a locker whose card is of before: they look into every compartment and say what lies there.

Now and then they mix two parcels up. What they said counts then, here and there alike; whoever finds another parcel
behind the door says so, and no witness holds that against the locker.
"""

import asyncio
import random
from functools import partial

from cloud.domain.actors import Role, actor
from cloud.services.ports import UnitOfWork
from cloud.services.set_service import ServiceWish, set_service
from contract.ids import CompartmentLabel
from firmware_sim.world.parcels import Thing
from firmware_sim.world.site import Site
from firmware_sim.world.town import Town

STAFF = actor(Role.SUPPORT, "sam")
MIXED_UP = 0.1  # of the compartments with a parcel in them
STAY_S = 60.0  # nobody is served while they are at it


async def inspect(town: Town, site: Site) -> None:
    """Look into every compartment of a locker that lost its memory, once it knows that it has."""
    chance = random.Random(town.chance.randbytes(8))
    await asyncio.sleep(round(chance.uniform(900, 7_200), 3))
    async with site.pavement:
        controller = site.boot.agent.controller if site.boot else None
        if controller is None or site.ledger.of_before:
            return
        site.chronicle.tell(f"staff look into every compartment of {site.id}")
        things = {thing.barcode: thing for thing in town.things.values()}
        for label, record in controller.state.compartments.items():
            found = things.get(site.cabinet.contents(label) or "")
            if record.withdrawn and (found is not None or record.parcel is None):
                seen = None if found is None else _named(site, label, found, (things, chance)).id
                wish = ServiceWish(site.id, label, in_service=True, reason="looked into", parcel_id=seen)
                town.verb(partial(_serve, town, wish))
        await asyncio.sleep(STAY_S)


def _named(site: Site, label: CompartmentLabel, found: Thing, about: tuple[dict[str, Thing], random.Random]) -> Thing:
    """Return the parcel that staff name for the one they found; seldom another one of this locker."""
    things, chance = about
    others = [one for one in things.values() if one.holder.startswith(f"{site.id}/") and one is not found]
    if not others or chance.random() >= MIXED_UP:
        return found
    said = chance.choice(others)
    found.odd = said.odd = True
    site.tainted.add(label)
    site.chronicle.tell(f"staff take {found.barcode} in {label} for {said.barcode}")
    return said


def _serve(town: Town, wish: ServiceWish, uow: UnitOfWork) -> object:
    return set_service(uow, town.office.act(STAFF), town.office.keys, wish)
