"""Many simulated lockers in one process and one event loop: each costs three mostly sleeping threads and 2 MB."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Self, assert_never

from contract.link import LinkStatus
from firmware_sim.deeds import (
    Break,
    Close,
    Deed,
    DoorPicture,
    LockerPicture,
    Look,
    Outcome,
    Power,
    Pull,
    PutIn,
    Restart,
    TakeOut,
    UnknownLockerError,
    Uplink,
)
from firmware_sim.locker import LockerPlace, LockerStartError, SimulatedLocker
from firmware_sim.physics import CompartmentFaults
from provisioning.bundle import BundleError

STARTS_AT_ONCE = 4  # a start is mostly opening a database; more at once only makes each of them slower

_log = logging.getLogger(__name__)


class Fleet:
    """Fits ``deeds.Lockers``. Use as an async context manager; lockers that cannot start are named in ``failed``."""

    def __init__(self, places: Sequence[LockerPlace]) -> None:
        """Nothing runs before the block begins."""
        self._places = places
        self._lockers: dict[str, SimulatedLocker] = {}
        self.failed: dict[str, str] = {}

    async def __aenter__(self) -> Self:
        """Start them all; raises ``LockerStartError`` when not a single one comes up."""
        gate = asyncio.Semaphore(STARTS_AT_ONCE)
        try:
            await asyncio.gather(*(self._start(place, gate) for place in self._places))
        except BaseException:
            await self.__aexit__()
            raise
        if self._places and not self._lockers:
            raise LockerStartError(f"no locker started: {'; '.join(self.failed.values())}")
        return self

    async def __aexit__(self, *exception: object) -> None:
        await asyncio.gather(*(locker.__aexit__() for locker in self._lockers.values()))

    @property
    def lockers(self) -> Mapping[str, SimulatedLocker]:
        return self._lockers

    async def pictures(self) -> tuple[LockerPicture, ...]:
        return tuple(picture(locker) for _, locker in sorted(self._lockers.items()))

    async def do(self, locker: str, deed: Deed) -> Outcome:
        found = self._lockers.get(locker)
        if found is None:
            raise UnknownLockerError(f"there is no locker {locker} here")
        return await perform(found, deed)

    async def _start(self, place: LockerPlace, gate: asyncio.Semaphore) -> None:
        async with gate:
            try:
                locker = SimulatedLocker(place)
                await locker.__aenter__()
            except (LockerStartError, BundleError, ValueError, OSError) as error:
                _log.error("locker_not_started", extra={"bundle": str(place.bundle), "error": str(error)})
                self.failed[place.bundle.name] = str(error)
                return
            self._lockers[locker.id] = locker


async def perform(locker: SimulatedLocker, deed: Deed) -> Outcome:
    """Do one deed at one locker; what cannot be done raises ``CabinetError`` or ``UnknownLockerError``."""
    match deed:
        case Uplink(cut=True, how=how):
            locker.cut_uplink(how)
            return Outcome()
        case Uplink():
            locker.restore_uplink()
            return Outcome()
        case Power(on=True):
            await locker.power_on()
            return Outcome()
        case Power():
            await locker.power_cut()
            return Outcome()
        case Restart():
            await locker.restart()
            return Outcome()
        case Pull() | Close() | PutIn() | TakeOut() | Look() | Break():
            return _at_the_door(locker, deed)
        case _ as never:
            assert_never(never)


def _at_the_door(locker: SimulatedLocker, deed: Pull | Close | PutIn | TakeOut | Look | Break) -> Outcome:
    label = next((plan.label for plan in locker.layout.compartments if plan.label == deed.label), None)
    if label is None:
        raise UnknownLockerError(f"{locker.id} has no compartment {deed.label}")
    caught, taken = False, None
    match deed:
        case Pull():
            locker.pull(label)
        case Close():
            caught = locker.close(label)
        case PutIn(parcel=parcel):
            locker.put_in(label, parcel)
        case TakeOut():
            taken = locker.take_out(label)
        case Break():
            faults = CompartmentFaults(deed.jams, deed.slow_ms, deed.spring_broken, deed.stuck_relay, deed.sensor)
            locker.cabinet.break_(label, faults)
        case Look():
            pass
        case _ as never:
            assert_never(never)
    inside = taken if isinstance(deed, TakeOut) else locker.contents(label)
    return Outcome(open=locker.is_open(label), caught=caught, parcel=inside)


def picture(locker: SimulatedLocker) -> LockerPicture:
    """Say how a locker looks now."""
    agent = locker.agent if locker.has_power else None
    uplink = agent.uplink if agent is not None else None
    store = agent.store if agent is not None else None
    cabinet = locker.cabinet.cabinet
    energised = set(cabinet.energised)
    return LockerPicture(
        id=locker.id,
        model=locker.layout.model,
        kiosk_url=locker.kiosk_url,
        power=locker.has_power,
        uplink_cut=locker.uplink_is_cut,
        online=uplink is not None and uplink.link.status is LinkStatus.CONNECTED,
        acknowledged=store.acknowledged.sequence if store is not None else -1,
        waiting=store.head.sequence - store.acknowledged.sequence if store is not None else -1,
        failure=str(locker.failure or ""),
        buzzing=locker.has_power and locker.cabinet.buzzing,
        screen=agent.front.screen() if agent is not None else None,
        doors=tuple(
            DoorPicture(
                label=plan.label,
                size=plan.size,
                low=plan.low,
                open=locker.is_open(plan.label),
                parcel=locker.contents(plan.label),
                coil_on=plan.label in energised,
                pulses=cabinet.pulses_given(plan.label),
            )
            for plan in locker.layout.compartments
        ),
        violations=tuple(f"{one.kind} at {'+'.join(one.labels)}" for one in cabinet.violations),
    )
