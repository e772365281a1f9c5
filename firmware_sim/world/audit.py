"""What must agree once faults stop, and what must hold whenever somebody looks: invariants 3, 4, 6 and 7."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from cloud.domain.capacity import Reservation, ReservationState
from cloud.domain.locker import Compartment, CompartmentStatus, Contents, Locker
from cloud.domain.parcel import Parcel, ParcelState
from cloud.services.ports import NOT_NULL, UnitOfWork
from cloud.services.projection_messages import MANY
from cloud.services.records import UNDER_WAY, CommandState, MessageState
from cloud.services.records_ops import CommandSent, OutboxMessage
from contract.link import LinkStatus
from contract.sizes import SizeClass
from firmware_sim.world.chronicle import Chronicle
from firmware_sim.world.office import Office
from firmware_sim.world.parcels import Thing
from firmware_sim.world.site import Site
from firmware_sim.world.wire import Weather

LATE = timedelta(
    minutes=15
)  # jobs run every five minutes, a silent locker's reservations get an hour's grace of their own
UNCONFIRMED = timedelta(minutes=10)  # ten times what the product waits before it says something again
LOOK_S, CALM_LOOKS = 300.0, 3


@dataclass
class Auditor:
    """Compares the cloud's tables with the lockers, and both with what is physically so."""

    office: Office
    sites: tuple[Site, ...]
    things: Mapping[str, Thing]
    chronicle: Chronicle

    def __post_init__(self) -> None:
        self._active = 0
        self._faults, self._calm = -1, 0
        self.office.writer.on_commit(self._committed)

    # ------------------------------------------------------------------ after every commit of the cloud

    def _committed(self, kinds: frozenset[str]) -> None:
        if "Reservation" in kinds:
            self._check_capacity()
        if "Compartment" in kinds:
            self._check_compartments()

    def _check_capacity(self) -> None:
        """See that the promise just made is covered; doors that break later may leave older ones uncovered."""
        active = self.office.ask(lambda uow: uow.find(Reservation, state=ReservationState.ACTIVE))
        if len(active) > self._active:
            newest = max(one.created_at for one in active)
            for locker, size in sorted({(one.locker_id, one.size) for one in active if one.created_at == newest}):
                promised = sum((one.locker_id, one.size) == (locker, size) for one in active)
                if promised > self.office.ask(partial(_free, locker, size)):
                    self.chronicle.violated(6, f"{promised} compartments of size {size} are promised at {locker}")
        self._active = len(active)

    def _check_compartments(self) -> None:
        full = self.office.ask(lambda uow: uow.find(Compartment, parcel_id=NOT_NULL))
        for parcel, count in Counter(one.parcel_id for one in full).items():
            if count > 1:
                self.chronicle.violated(3, f"the cloud has one parcel in {count} compartments ({self._name(parcel)})")

    # ------------------------------------------------------------------ now and then

    def look(self) -> None:
        """See, once nothing has gone wrong for three looks, that whoever is there has confirmed what was sent."""
        faults = sum(self.chronicle.faults.values())
        self._calm = self._calm + 1 if faults == self._faults else 0
        self._faults = faults
        broker = self.office.broker
        if self._calm < CALM_LOOKS or broker.weather != Weather() or not (broker.is_up and self.office.is_up):
            return
        now = self.office.clock.now()
        for one in self.office.ask(lambda uow: uow.find(OutboxMessage, state=MessageState.SENT)):
            site = next(site for site in self.sites if site.id == one.locker_id)
            waited = one.sent_at is not None and one.sent_at <= now - UNCONFIRMED
            if waited and one.expires_at > now and site.clock.synced and self._locker(site) is None:
                self.chronicle.violated(7, f"{site.id} is there and has not confirmed a message of {one.sent_at}")

    # ------------------------------------------------------------------ when it is quiet

    def disagreement(self) -> str | None:
        """Return the first thing that edge and cloud do not agree on yet."""
        for site in self.sites:
            different = self._locker(site)
            if different:
                return f"{site.id}: {different}"
        now = self.office.clock.now()
        unanswered = self.office.ask(lambda uow: uow.find(OutboxMessage, state=UNDER_WAY))
        waiting = sum(one.expires_at > now for one in unanswered)
        return f"{waiting} messages are not confirmed" if waiting else None

    def _locker(self, site: Site) -> str | None:
        agent = site.boot.agent if site.boot else None
        if agent is None or agent.controller is None or agent.store is None or agent.uplink is None:
            return "not up"
        if agent.uplink.link.status is not LinkStatus.CONNECTED:
            return "not connected"
        if agent.store.head != agent.store.acknowledged:
            return f"{agent.store.head.sequence - agent.store.acknowledged.sequence} entries in the outbox"
        known = self.office.ask(lambda uow: uow.need(Locker, site.id))
        if not known.online:
            return "the cloud takes it for offline"
        return self._operators(site, known) or self._wall(site)

    def _operators(self, site: Site, known: Locker) -> str | None:
        """Hold the list of operators against the newest, and every order it accepted against a word of its end."""
        newest = max(self.office.lists, default=0)
        if (known.operators_number, site.ledger.orders.pinned) != (newest, newest):
            return f"its list of operators is {site.ledger.orders.pinned}, the newest is {newest}"
        accepted = self.office.ask(
            lambda uow: uow.find(CommandSent, kind=MANY, locker_id=site.id, state=CommandState.ACCEPTED)
        )
        return f"{len(accepted)} orders were accepted and have no end" if accepted else None

    def _wall(self, site: Site) -> str | None:
        assert site.boot is not None and site.boot.agent.controller is not None  # noqa: S101, PT018 - just looked
        state = site.boot.agent.controller.state
        rows = self.office.ask(lambda uow: uow.find(Compartment, locker_id=site.id))
        theirs = {one.label: (one.parcel_id, one.status) for one in rows}
        for label, record in state.compartments.items():
            parcel, status = theirs[label]
            ours = record.parcel.hex() if record.parcel else None
            if parcel != ours:
                return f"{label} holds {self._name(ours)}, the cloud has {self._name(parcel)}"
            if (status == CompartmentStatus.IN_SERVICE) != (not record.withdrawn and not record.suspect):
                return f"{label} is {record.withdrawn or record.suspect or 'in service'}, the cloud says {status}"
        return None

    def final(self) -> None:
        """Look at everything once, after the agreement."""
        for site in self.sites:
            if self.office.entries(site.id, 1, 1 << 40) != site.ledger.raws:
                self.chronicle.violated(4, f"the cloud's log of {site.id} is not its journal")
            self._check_cabinet(site)
            self._check_memory(site)
        self._check_reservations()
        self._check_custody()

    def _check_reservations(self) -> None:
        """See that a promise ends with its reason, or in time."""
        late = self.office.clock.now() - LATE
        for one in self.office.ask(lambda uow: uow.find(Reservation, state=ReservationState.ACTIVE)):
            parcel = self.office.ask(partial(_parcel, one.parcel_id))
            if parcel.state != ParcelState.ASSIGNED_TO_LOCKER or one.expires_at < late:
                what = f"a reservation for {self._name(parcel.id)} does not end, the parcel is {parcel.state}"
                self.chronicle.violated(6, what)

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
        records = controller.state.compartments
        held = {label: one.parcel for label, one in records.items() if one.parcel is not None}
        if held != site.ledger.holds:
            self.chronicle.violated(3, f"{site.id} remembers other parcels than its journal")

    def _check_custody(self) -> None:
        """Whoever holds a parcel answers for it; parcels that no sensor could follow are left out."""
        for parcel in self.office.ask(lambda uow: uow.find(Parcel)):
            custodian, thing = parcel.custodian, self.things.get(parcel.id)
            if thing is None or thing.odd or not thing.holder:
                continue
            locker, _, label = thing.holder.partition("/")
            if label:
                site = next(one for one in self.sites if one.id == locker)
                if site.unsure(label) or site.cabinet.contents(label) != thing.barcode:  # type: ignore[arg-type]  # a label
                    continue
                if site.is_busy():  # somebody has just put it in, and the door is still open
                    continue
            expected = "recipient" if thing.holder == "recipient" else f"locker:{locker}" if label else ""
            if expected and custodian != expected:
                self.chronicle.violated(3, f"{thing.barcode} is with {thing.holder}, the cloud says {custodian}")

    def _name(self, parcel: str | None) -> str:
        thing = self.things.get(parcel or "")
        return thing.barcode if thing else str(parcel)


def _free(locker: str, size: SizeClass, uow: UnitOfWork) -> int:
    in_service = CompartmentStatus.IN_SERVICE
    return uow.count(Compartment, locker_id=locker, size=size, status=in_service, contents=Contents.EMPTY)


def _parcel(number: str, uow: UnitOfWork) -> Parcel:
    return uow.need(Parcel, number)
