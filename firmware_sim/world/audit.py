"""What must agree once faults stop, and what must hold whenever somebody looks: invariants 3, 4, 6 and 7."""

from collections.abc import Mapping
from dataclasses import dataclass

from contract.link import LinkStatus
from firmware_sim.world.chronicle import Chronicle
from firmware_sim.world.office import Office
from firmware_sim.world.parcels import Thing
from firmware_sim.world.site import Site

LATE_MS = 900_000  # jobs run every five minutes, a silent locker's reservations get an hour's grace of their own


@dataclass
class Auditor:
    """Compares the cloud's tables with the lockers, and both with what is physically so."""

    office: Office
    sites: tuple[Site, ...]
    things: Mapping[str, Thing]
    chronicle: Chronicle

    def __post_init__(self) -> None:
        self._active = 0
        self.office.writer.on_commit(self._committed)

    # ------------------------------------------------------------------ after every commit of the cloud

    def _committed(self, kinds: frozenset[str]) -> None:
        if "Reservation" in kinds:
            self._check_capacity()
        if "Compartment" in kinds:
            self._check_compartments()

    def _check_capacity(self) -> None:
        """See that the promise just made is covered; doors that break later may leave older ones uncovered."""
        active = self.office.number("SELECT count(*) FROM reservation WHERE state = 'active'")
        if active > self._active:
            over = self.office.rows(
                "SELECT r.locker_id, r.size, count(*) FROM reservation r WHERE r.state = 'active'"
                " AND (r.locker_id, r.size) = (SELECT locker_id, size FROM reservation ORDER BY rowid DESC LIMIT 1)"
                " GROUP BY 1, 2 HAVING count(*) > (SELECT count(*) FROM compartment c WHERE c.locker_id = r.locker_id"
                " AND c.size = r.size AND c.status = 'in_service' AND c.contents = 'empty')"
            )
            for locker, size, count in over:
                self.chronicle.violated(6, f"{count} compartments of size {size} are promised at {locker}")
        self._active = active

    def _check_compartments(self) -> None:
        twice = self.office.rows(
            "SELECT parcel_id, count(*) FROM compartment WHERE parcel_id IS NOT NULL GROUP BY 1 HAVING count(*) > 1"
        )
        for parcel, count in twice:
            self.chronicle.violated(3, f"the cloud has one parcel in {count} compartments ({self._name(parcel)})")

    # ------------------------------------------------------------------ when it is quiet

    def disagreement(self) -> str | None:
        """Return the first thing that edge and cloud do not agree on yet."""
        for site in self.sites:
            different = self._locker(site)
            if different:
                return f"{site.id}: {different}"
        waiting = self.office.number(
            "SELECT count(*) FROM outbox_message WHERE state IN ('queued', 'claimed', 'sent') AND expires_at > ?",
            int(self.office.clock.now().timestamp() * 1000),
        )
        return f"{waiting} messages are not confirmed" if waiting else None

    def _locker(self, site: Site) -> str | None:
        agent = site.boot.agent if site.boot else None
        if agent is None or agent.controller is None or agent.store is None or agent.uplink is None:
            return "not up"
        if agent.uplink.link.status is not LinkStatus.CONNECTED:
            return "not connected"
        if agent.store.head != agent.store.acknowledged:
            return f"{agent.store.head.sequence - agent.store.acknowledged.sequence} entries in the outbox"
        if not self.office.number("SELECT online FROM locker WHERE id = ?", site.id):
            return "the cloud takes it for offline"
        return self._wall(site)

    def _wall(self, site: Site) -> str | None:
        assert site.boot is not None and site.boot.agent.controller is not None  # noqa: S101, PT018 - just looked
        state = site.boot.agent.controller.state
        theirs = {
            label: (parcel, status)
            for label, parcel, status in self.office.rows(
                "SELECT label, parcel_id, status FROM compartment WHERE locker_id = ?", site.id
            )
        }
        for label, record in state.compartments.items():
            parcel, status = theirs[label]
            ours = record.parcel.hex() if record.parcel else None
            if parcel != ours:
                return f"{label} holds {self._name(ours)}, the cloud has {self._name(parcel)}"
            if (status == "in_service") != (not record.withdrawn and not record.suspect):
                return f"{label} is {record.withdrawn or record.suspect or 'in service'}, the cloud says {status}"
        return None

    def final(self) -> None:
        """Look at everything once, after the agreement."""
        for site in self.sites:
            if self.office.entries(site.id, 1, 1 << 40) != site.ledger.raws:
                self.chronicle.violated(4, f"the cloud's log of {site.id} is not its journal")
            self._check_cabinet(site)
            self._check_memory(site)
        now_ms = int(self.office.clock.now().timestamp() * 1000)
        for parcel, state in self.office.rows(
            "SELECT r.parcel_id, p.state FROM reservation r JOIN parcel p ON p.id = r.parcel_id WHERE"
            " r.state = 'active' AND (p.state <> 'assigned_to_locker' OR r.expires_at < ?)",
            now_ms - LATE_MS,
        ):
            self.chronicle.violated(6, f"a reservation for {self._name(parcel)} does not end, the parcel is {state}")
        self._check_custody()

    def _check_cabinet(self, site: Site) -> None:
        for one in site.cabinet.violations:
            if one.commanded:
                self.chronicle.violated(1, f"{site.id}: {one.kind} at {'+'.join(one.labels)}")
        site.cabinet.violations.clear()

    def _check_memory(self, site: Site) -> None:
        """See that what the agent remembers is what its journal says."""
        controller = site.boot.agent.controller if site.boot else None
        if controller is None:
            return
        held = {label: one.parcel for label, one in controller.state.compartments.items() if one.parcel}
        if held != site.ledger.holds:
            self.chronicle.violated(3, f"{site.id} remembers other parcels than its journal")

    def _check_custody(self) -> None:
        """Whoever holds a parcel answers for it; parcels that no sensor could follow are left out."""
        for parcel, custodian in self.office.rows("SELECT id, custodian FROM parcel"):
            thing = self.things.get(parcel)
            if thing is None or thing.odd or not thing.holder:
                continue
            locker, _, label = thing.holder.partition("/")
            if label:
                site = next(one for one in self.sites if one.id == locker)
                if label in site.tainted or site.cabinet.contents(label) != thing.barcode:  # type: ignore[arg-type]  # a label
                    continue
            expected = "recipient" if thing.holder == "recipient" else f"locker:{locker}" if label else ""
            if expected and custodian != expected:
                self.chronicle.violated(3, f"{thing.barcode} is with {thing.holder}, the cloud says {custodian}")

    def _name(self, parcel: str | None) -> str:
        thing = self.things.get(parcel or "")
        return thing.barcode if thing else str(parcel)
