"""Where parcels come from during a storm: a carrier's files, consents, and the messages that recipients read.

The cloud may die under every call. Each is repeated until it is answered, as an honest client does: files are
idempotent by content and consents by their key.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.process.torture.goods import Goods, Parcel, csv_of
from tests.process.town import Town

READY = "is ready at"
AHEAD = 3  # parcels in the van for each locker
BATCH = 2  # for each locker in one file
AGAIN_S = 0.4
LOOK_EVERY_S = 0.5
FULL_REST_S = 5.0  # until a full locker is asked again
NO_ROOM = 409
FIRST_LON, FIRST_LAT, STEP = 21.0, 52.2, 0.004


def locker_name(nth: int) -> str:
    return f"STORM-{nth:02d}"


def place_of(nth: int) -> tuple[float, float]:
    return (round(FIRST_LON + STEP * nth, 4), FIRST_LAT)


@dataclass(slots=True)
class Depot:
    """Keeps a few parcels ahead of every courier until told to close."""

    town: Town
    goods: Goods
    lockers: Sequence[str]
    chance: random.Random
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    made: int = 0
    _letters: int = 0
    _full_until_s: dict[str, float] = field(default_factory=dict)

    async def live(self) -> None:
        """Announce, assign and deliver mail until told to close."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._keep_mail())
            while not self.closing.is_set():
                short = [one for one in self.lockers if self._wants(one)]
                if short:
                    await self._announce([self._new(one) for one in short for _ in range(BATCH)])
                await asyncio.sleep(LOOK_EVERY_S)

    def _wants(self, locker: str) -> bool:
        has_rested = asyncio.get_running_loop().time() >= self._full_until_s.get(locker, 0.0)
        return has_rested and len(self.goods.to_drop(locker)) < AHEAD

    def _new(self, locker: str) -> Parcel:
        self.made += 1
        return Parcel(f"LM-STORM-{self.made:05d}", locker, place_of(self.lockers.index(locker)))

    async def _announce(self, parcels: Sequence[Parcel]) -> None:
        """Send the file until its import has been done: one that a kill interrupted is asked for again."""
        body, state, tried = csv_of(parcels).encode(), "", 0
        while state != "done" and not self.closing.is_set():
            tried += 1
            state = await self._import(f"storm-{self.made}.csv", f"{self.made}-{tried}", body)
        for one in parcels:
            await self._promise(one)

    async def _import(self, name: str, key: str, body: bytes) -> str:
        api, there = self.town.api, {"carrier": "storm", "file_name": name}
        headers = {"Idempotency-Key": key, "Content-Type": "text/csv"}
        taken = await self._say(lambda: api.post("/v1/imports/parcels", params=there, content=body, headers=headers))
        state = ""
        while taken is not None and state not in ("done", "failed") and not self.closing.is_set():
            await asyncio.sleep(AGAIN_S)
            job = await self._say(lambda: api.get(f"/v1/jobs/{taken.json()['id']}"))
            state = job.json()["state"] if job else ""
        return state

    async def _promise(self, parcel: Parcel) -> None:
        """Have a compartment kept for it."""
        api = self.town.api
        answer = await self._say(lambda: api.get("/v1/parcels", params={"barcode": parcel.barcode}))
        if answer is None:
            return
        found = answer.json()["parcels"]
        wish = {"scope": "this_locker", "locker_id": parcel.locker}
        headers = {"Idempotency-Key": f"consent-{parcel.barcode}"}
        answer = await self._say(lambda: api.post(f"/v1/parcels/{found[0]['id']}/opt-in", json=wish, headers=headers))
        if answer is not None and answer.is_success:
            parcel.promised = True
            self.goods.parcels[parcel.barcode] = parcel
        elif answer is not None and answer.status_code == NO_ROOM:
            self._full_until_s[parcel.locker] = asyncio.get_running_loop().time() + FULL_REST_S
        elif answer is not None:
            self.goods.problems.append(f"{parcel.barcode}: no promise, {answer.status_code} {answer.text}")

    async def _say(self, call: Callable[[], Awaitable[httpx.Response]]) -> httpx.Response | None:
        return await repeated(call, self.closing)

    async def _keep_mail(self) -> None:
        """Hand every message with a code to the person who waits for it."""
        while not self.closing.is_set():
            self.read_mail()
            await asyncio.sleep(LOOK_EVERY_S)

    def read_mail(self) -> None:
        """Take the letters that have come since the last time."""
        letters = self.town.mailbox.letters
        by_address = {one.address: one for one in self.goods.parcels.values()} if self._letters < len(letters) else {}
        for letter in letters[self._letters :]:
            parcel = by_address.get(letter.to)
            if parcel is not None and READY in letter.subject and letter.code:
                self._hand_over(parcel, letter.code, letter)
        self._letters = len(letters)

    def _hand_over(self, parcel: Parcel, code: str, letter: Any) -> None:
        if parcel.letter is not None and parcel.letter.code != code:
            self.goods.problems.append(f"{parcel.barcode}: a second code for the same parcel")
        parcel.letter = letter


async def repeated(call: Callable[[], Awaitable[httpx.Response]], closing: asyncio.Event) -> httpx.Response | None:
    """Repeat until there is an answer that is not the cloud's own trouble; None once ``closing`` is set."""
    while not closing.is_set():
        try:
            answer = await call()
        except httpx.TransportError:
            answer = None
        if answer is not None and not _is_trouble(answer):
            return answer
        await asyncio.sleep(AGAIN_S)
    return None


def _is_trouble(answer: httpx.Response) -> bool:
    return answer.is_server_error or answer.status_code == httpx.codes.TOO_MANY_REQUESTS
