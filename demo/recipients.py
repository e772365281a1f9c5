"""The recipients: they read their mail, come when they have time, and type what it says or show its QR code."""

import asyncio
import random
from dataclasses import dataclass, field
from datetime import timedelta

import httpx

from contract.codes import CODES, make_code, show_code
from demo.cloud_client import CloudError
from demo.counters import hand_over
from demo.day_clock import slept
from demo.mailbox import Mail
from demo.scene import Counter, Scene
from firmware_sim.deeds import Uplink
from firmware_sim.kiosk_client import KioskError
from firmware_sim.people import PersonError, Recipient
from firmware_sim.scanner_eye import read_qr

QR_SHARE = 0.2
MISTYPING_SHARE = 0.04
EARLIEST, LATEST = timedelta(minutes=30), timedelta(hours=4)
FIRST_COME_S = 1.0  # the first one stands near by, with the cut uplink
KNOWN_S_MAX = 45.0  # until the cloud knows of a pick-up; reconnecting takes two seconds
LOOK_EVERY_S = 0.2
READY = "ready_for_pickup"
PICKED_UP = "picked_up"


@dataclass(slots=True)
class Neighbourhood:
    """Everybody who waits for a parcel. ``forgetful`` holds the barcodes nobody will come for."""

    scene: Scene
    forgetful: set[str] = field(default_factory=set)
    first_new: int = 0
    """Number of the first message of this run; older ones are fetched, but are no whole way of today."""
    _expected: set[str] = field(default_factory=set)
    _cutting: asyncio.Lock = field(default_factory=asyncio.Lock)
    _mistyped: bool = False

    async def live(self) -> None:
        """Read every message that comes; end when the demo does and everybody has gone home."""
        async with asyncio.TaskGroup() as people:
            reading = people.create_task(self._read(people))
            await self.scene.over.wait()
            reading.cancel()

    async def _read(self, people: asyncio.TaskGroup) -> None:
        fetched = self.scene.state.fetched
        async for mail in self.scene.mailbox.follow():
            barcode = mail.barcode
            if not mail.code or barcode in fetched or barcode in self._expected:
                continue
            self._expected.add(barcode)
            if barcode in self.forgetful:
                self.scene.tell(f"nobody has time to fetch {barcode}")
                continue
            people.create_task(self._fetch(mail))

    async def _fetch(self, mail: Mail) -> None:
        """Go to the place the message names; whatever goes wrong there is noted, as support would."""
        scene = self.scene
        locker = self.locker_of(mail)
        if locker is None:
            scene.tally.problems.append(f"{mail.id} names no pick-up point")
            return
        try:
            if locker in scene.counters:
                if await slept(self._delay_s(), scene.over):
                    await self._at_counter(mail, scene.counters[locker])
            elif int(mail.id) >= self.first_new and not scene.tally.whole_way and not self._cutting.locked():
                async with self._cutting:
                    await self._with_the_uplink_cut(mail, locker)
            elif await slept(self._delay_s(), scene.over):
                await self._alone(mail, locker)
        except (PersonError, KioskError, CloudError, httpx.HTTPError, TimeoutError) as error:
            scene.tally.problems.append(f"{mail.to} at {locker}: {error}")
        except asyncio.CancelledError:
            scene.tally.unfinished.add(locker)
            raise

    def locker_of(self, mail: Mail) -> str | None:
        """Find the place a message speaks of, by what is painted on it: two may share a name and an address."""
        places = (*self.scene.lockers, *self.scene.counters)
        return next((one for one in places if f"({one})" in mail.text), None)

    def _delay_s(self) -> float:
        clock, chance = self.scene.clock, self.scene.chance
        return chance.uniform(clock.real_s(EARLIEST), clock.real_s(LATEST))

    async def _alone(self, mail: Mail, locker: str) -> None:
        scene = self.scene
        person = Recipient(scene.pace())
        if not self._mistyped or scene.chance.random() < MISTYPING_SHARE:
            self._mistyped = True
            await self._mistype(person, locker)
        if mail.qr_png is not None and scene.chance.random() < QR_SHARE:
            taken = await person.pick_up(scene.spots[locker], qr=read_qr(mail.qr_png))
            how = "with the QR code"
        else:
            taken = await person.pick_up(scene.spots[locker], mail.code)
            how = "by code"
        self._note(mail, taken.parcel)
        scene.tell(f"{mail.to} fetches {taken.parcel} {how} from {taken.label} at locker {scene.name_of(locker)}")

    async def _at_counter(self, mail: Mail, counter: Counter) -> None:
        scene = self.scene
        shows = mail.qr_png is not None and scene.chance.random() < QR_SHARE
        barcode, place = await hand_over(counter, mail, read_qr(mail.qr_png) if shows and mail.qr_png else None)
        self._note(mail, barcode)
        scene.tell(f"{mail.to} is handed {barcode} from {place} at the counter {counter.name}")

    async def _mistype(self, person: Recipient, locker: str) -> None:
        scene = self.scene
        wrong = show_code(make_code(random.Random(scene.chance.random()).randrange(CODES)))
        shown = await person.mistype(scene.spots[locker], wrong)
        scene.tally.counts["wrong_codes"] += 1
        scene.tell(f"somebody types a wrong code at locker {scene.name_of(locker)}: {type(shown).__name__}")

    async def _with_the_uplink_cut(self, mail: Mail, locker: str) -> None:
        """Fetch a parcel while the locker hears of nobody; mend the uplink, and see the cloud learn it, once."""
        scene = self.scene
        where = scene.name_of(locker)
        if not await slept(FIRST_COME_S, scene.over):
            return
        await scene.simulator.do(locker, Uplink(cut=True))
        scene.tell(f"the uplink of locker {where} is cut")
        try:
            taken = await Recipient(scene.pace()).pick_up(scene.spots[locker], mail.code)
            self._note(mail, taken.parcel)
            scene.tell(f"{mail.to} fetches {taken.parcel} by code all the same, with the uplink cut")
            before = await self._state_of(taken.parcel)
        finally:
            await scene.simulator.do(locker, Uplink(cut=False))
        scene.tell(f"the uplink of locker {where} is mended")
        if before != READY:
            scene.tally.problems.append(f"the cloud called {taken.parcel} {before} while its locker was cut off")
            return
        await self._until_known(taken.parcel, locker)

    async def _until_known(self, barcode: str, locker: str) -> None:
        scene = self.scene
        async with asyncio.timeout(KNOWN_S_MAX):
            while await self._state_of(barcode) != PICKED_UP or await self._waits(locker):  # noqa: ASYNC110 - over HTTP
                await asyncio.sleep(LOOK_EVERY_S)
        scene.tally.whole_way.append(barcode)
        scene.tell(f"the cloud knows of {barcode} now and has acknowledged it: the whole way")

    async def _state_of(self, barcode: str) -> str:
        found = await self.scene.operator.get("/v1/parcels", barcode=barcode)
        return str(found["parcels"][0]["state"])

    async def _waits(self, locker: str) -> bool:
        pictures = await self.scene.simulator.pictures()
        return any(one.waiting != 0 for one in pictures if one.id == locker)

    def _note(self, mail: Mail, barcode: str) -> None:
        self.scene.state.fetched |= {mail.barcode, barcode}
        self.scene.state.save()
        self.scene.tally.picked_up(barcode)
        if barcode != mail.barcode:
            self.scene.tally.violations.append(f"{mail.to} waited for {mail.barcode} and was handed {barcode}")
