"""Where simulated people meet lockers that run in their own process."""

from dataclasses import dataclass

from firmware_sim.locker import SimulatedLocker


@dataclass(frozen=True, slots=True)
class LocalDoors:
    """Fits ``people.Doors``."""

    locker: SimulatedLocker

    async def is_open(self, label: str) -> bool:
        return self.locker.is_open(label)

    async def close(self, label: str) -> bool:
        return self.locker.close(label)

    async def put_in(self, label: str, parcel: str) -> None:
        self.locker.put_in(label, parcel)

    async def take_out(self, label: str) -> str | None:
        return self.locker.take_out(label)
