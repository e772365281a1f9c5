"""A card that is put back from a copy taken hours ago: the locker remembers what is no longer so.

It happens only while everything the locker has journalled is acknowledged: what nobody but the card knew would be lost
with any card. Until the locker has heard from the cloud that its journal is of before, its memory binds nobody
(docs/offline-rules.md), so the witness keeps silent about codes and parcels; never about pulses and forged words.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from contract.ids import CompartmentLabel
from contract.link import LinkStatus
from edge.store.sqlite_sync import SyncDatabase
from edge.store.store import Store
from firmware_sim.world.ledger import Remembered
from firmware_sim.world.parcels import Thing
from firmware_sim.world.site import Site


@dataclass(frozen=True, slots=True)
class Image:
    """A copy of a card, and of what its journal said then."""

    database: SyncDatabase
    remembered: Remembered
    inside: dict[CompartmentLabel, str | None]

    @classmethod
    def of(cls, site: Site) -> "Image":
        """Copy the card of ``site``."""
        inside = {label: site.cabinet.contents(label) for label in site.cabinet.labels}
        return cls(site.card.database.image(), site.ledger.remembered(), inside)

    def is_older(self, site: Site) -> bool:
        """Whether ``site`` has since journalled more, and the cloud has all of it, and nobody stands before it."""
        store = _store_of(site)
        if store is None or site.pavement.locked() or site.open_doors() or site.ledger.of_before:
            return False
        return store.head == store.acknowledged and store.head.sequence > len(self.remembered.raws)

    def put_back(self, site: Site, things: Mapping[str, Thing]) -> None:
        """Take the power, change the card and leave the locker dark; call only when this is older.

        What a card that took no writes was never told of goes with the agent's memory. Staff find it missing, and who
        has it nobody can know.
        """
        for label in site.cabinet.labels:
            inside, said = site.cabinet.contents(label), things.get(site.ledger.holds.get(label, b"").hex())
            if said is not None and said.barcode != inside:
                said.odd = True
        site.power_off()
        site.card.database = self.database
        site.card.sick = site.card.tear = None
        site.ledger.remember(self.remembered)
        changed = {label for label, held in self.inside.items() if site.cabinet.contents(label) != held}
        site.tainted |= changed
        site.chronicle.fault("restored card", f"the card of {site.id} is put back from a copy of hours ago")


def _store_of(site: Site) -> Store | None:
    """Return the store of an agent that is connected."""
    agent = site.boot.agent if site.boot else None
    if agent is None or agent.store is None or agent.uplink is None:
        return None
    return agent.store if agent.uplink.link.status is LinkStatus.CONNECTED else None
