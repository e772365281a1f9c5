"""Simulated lockers that run in another process, reached through its control server."""

from dataclasses import dataclass
from typing import Self

import httpx
import msgspec

from firmware_sim.control import Fleet
from firmware_sim.deeds import (
    Close,
    Deed,
    LockerPicture,
    Look,
    Outcome,
    PutIn,
    TakeOut,
    UnknownLockerError,
)
from firmware_sim.locker import LockerStartError
from firmware_sim.physics import CabinetError

ANSWER_S_MAX = 120.0  # the longest deed is a boot, which has ninety seconds

_NOT_FOUND, _CONFLICT = 404, 409

_FLEET = msgspec.json.Decoder(Fleet)
_OUTCOME = msgspec.json.Decoder(Outcome)


class RemoteLockers:
    """Fits ``deeds.Lockers``. Use as an async context manager."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._client = httpx.AsyncClient(base_url=url, timeout=ANSWER_S_MAX, trust_env=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self._client.aclose()

    async def pictures(self) -> tuple[LockerPicture, ...]:
        """Return all lockers; raises ``httpx.HTTPError`` when the simulator does not answer."""
        answer = await self._client.get("/lockers")
        return _FLEET.decode(answer.raise_for_status().content).lockers

    async def do(self, locker: str, deed: Deed) -> Outcome:
        answer = await self._client.post(
            f"/lockers/{locker}/deeds",
            content=msgspec.json.encode(deed),
            headers={"Content-Type": "application/json"},
        )
        if answer.is_success:
            return _OUTCOME.decode(answer.content)
        if answer.status_code == _NOT_FOUND:
            raise UnknownLockerError(answer.text)
        if answer.status_code == _CONFLICT:
            raise CabinetError(answer.text)
        raise LockerStartError(f"{answer.status_code} {answer.text}")


@dataclass(frozen=True, slots=True)
class RemoteDoors:
    """Fits ``people.Doors`` for one locker of ``lockers``."""

    lockers: RemoteLockers
    locker: str

    async def is_open(self, label: str) -> bool:
        return (await self.lockers.do(self.locker, Look(label))).open

    async def close(self, label: str) -> bool:
        return (await self.lockers.do(self.locker, Close(label))).caught

    async def put_in(self, label: str, parcel: str) -> None:
        await self.lockers.do(self.locker, PutIn(label, parcel))

    async def take_out(self, label: str) -> str | None:
        return (await self.lockers.do(self.locker, TakeOut(label))).parcel
