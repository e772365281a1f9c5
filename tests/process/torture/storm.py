"""A storm: a town, people who use it, a proxy before the broker, a killer; then quiet, and the reckoning."""

import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import psutil

from contract.events import ReleaseIndeterminate
from edge.locker_controller.limits import BULK_ORDERS_PER_DAY_MAX
from firmware_sim.proxy.proxy import Proxy
from firmware_sim.proxy.seals import seals
from firmware_sim.proxy.weather import CALM, STORM, Weather
from firmware_sim.truth import CabinetTruth
from tests.process import ledger
from tests.process.programs import RISE_S, NeverError, until, until_told
from tests.process.torture.corner import Corner
from tests.process.torture.depot import Depot, locker_name, place_of
from tests.process.torture.goods import Fetch, Goods
from tests.process.torture.killer import GAP_S, Killer
from tests.process.torture.orders import Carried, Ordered, compare_orders
from tests.process.torture.reckoning import (
    Findings,
    compare_doors,
    compare_journals,
    compare_parcels,
    cut_short,
    known_parcels,
)
from tests.process.torture.signers import hire
from tests.process.torture.visits import Visits
from tests.process.town import Town, standing_town

AGREED_S_MAX = 300.0  # invariant 7: five minutes after the last fault edge and cloud agree
TELL_EVERY = 10
DROP_OFFS_MIN = 4  # before the kills count as kills among people
MODEL = "M20"  # twenty doors

_REBASED = "journal_rebased"

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What to try. ``gap_s`` is the mean time between two kills."""

    seed: int
    kills: int
    lockers: int = 4
    gap_s: float = GAP_S
    within_s: float = 24 * 3600.0
    save: str = ""

    @property
    def rest_s(self) -> float:
        """Return the time between two visits that spreads what the lockers take of orders over the whole storm."""
        return self.kills * self.gap_s / (self.lockers * BULK_ORDERS_PER_DAY_MAX)


@dataclass(slots=True)
class Report:
    """What happened, and what is wrong."""

    wish: Wish
    kills: Counter[str] = field(default_factory=Counter)
    weather: Counter[str] = field(default_factory=Counter)
    goods: Goods = field(default_factory=Goods)
    found: Findings = field(default_factory=Findings)
    events: int = 0
    cut_short: int = 0
    """Releases a kill fell into: the intent was stored, and no word says that the pulse was over."""
    unclear: int = 0
    """Tasks a kill left half done: the agent said that it does not know, and did not pulse again."""
    orders: list[Ordered] = field(default_factory=list)
    carried: list[Carried] = field(default_factory=list)
    """What lockers made of the orders to open many doors that they accepted."""
    seconds: float = 0.0
    quiet_s: float = 0.0

    @property
    def violations(self) -> list[str]:
        return [*self.found.all(), *(f"people: {one}" for one in self.goods.problems)]

    @property
    def has_seen_life(self) -> bool:
        """Whether people got something done: where everything is slow, the kills alone leave them no time for it."""
        parcels = list(self.goods.parcels.values())
        moved = sum(bool(one.told_in) for one in parcels) >= DROP_OFFS_MIN and any(one.fetched for one in parcels)
        return moved and any(one.sent for one in self.orders)

    def line(self) -> str:
        """Return the run in one line of JSON."""
        parcels = list(self.goods.parcels.values())
        return json.dumps(
            {
                "seed": self.wish.seed,
                "kills": dict(sorted(self.kills.items())),
                "killed": self.kills.total(),
                "weather": dict(sorted(self.weather.items())),
                "events": self.events,
                "dropped_off": sum(bool(one.told_in) for one in parcels),
                "picked_up": sum(one.fetched for one in parcels),
                "killed_in_mid_release": self.cut_short,
                "left_unclear_by_kills": self.unclear,
                "orders_sent": sum(one.sent for one in self.orders),
                "orders_accepted": len(self.carried),
                "orders_cut_short": sum(any(end.left for end in one.ended) for one in self.carried),
                "doors_by_orders": sum(len(one.released) for one in self.carried),
                "staff": sum(one.stuck or one.fetch is Fetch.STAFF for one in parcels),
                "nuisances": len(self.goods.nuisances),
                "seconds": round(self.seconds, 1),
                "agreed_after_s": round(self.quiet_s, 1),
                "lost": len(self.found.lost),
                "doubled": len(self.found.doubled),
                "forbidden": len(self.found.forbidden),
                "misplaced": len(self.found.misplaced),
                "violations": len(self.violations),
            }
        )


async def storm(wish: Wish, folder: Path, say: Say) -> Report:
    """Let it rage in ``folder`` and return what it came to; raises ``NeverError`` when something never rose again."""
    report, began_s = Report(wish), time.monotonic()
    chance = random.Random(wish.seed)
    async with AsyncExitStack() as stack:
        options = ["--save", wish.save] if wish.save else []
        town = await stack.enter_async_context(standing_town(folder, broker_options=options))
        proxy = await stack.enter_async_context(_proxy(town, Weather(random.Random(wish.seed))))
        passes = await _found(town, proxy, wish)
        say(f"{wish.lockers} lockers, a cloud and a broker stand after {time.monotonic() - began_s:.0f} s")
        corners = [
            Corner(locker, report.goods, passes[name], random.Random(f"{wish.seed}/{name}"))
            for name, locker in town.lockers.items()
        ]
        depot = Depot(town, report.goods, sorted(town.lockers), chance)
        signers = await hire(town, asyncio.Event(), stack)
        report.orders = signers.orders
        visits = Visits(signers, corners, random.Random(f"{wish.seed}/visits"), wish.rest_s)
        killer = Killer(town, chance, lambda nth, name: _tell(say, report, (nth, name), began_s), wish.gap_s)
        proxy.weather.climate = STORM
        await _rage(killer, report, [depot, visits, *corners])
        report.kills, report.weather = (
            killer.done,
            Counter({str(fate): count for fate, count in proxy.weather.counts.items()}),
        )
        say(f"quiet after {time.monotonic() - began_s:.0f} s")
        calm_s = time.monotonic()
        proxy.weather.climate = CALM
        proxy.tear()  # what the weather has swallowed would come again only after half a minute of silence
        try:
            await _until_agreed(town, report)
        except NeverError as error:
            report.found.lost.append(f"no agreement: {error}")
        report.quiet_s = time.monotonic() - calm_s
        await signers.read_pages()
        cabinets = {name: locker.truth() for name, locker in town.lockers.items()}
        codes = await town.stop()
        _reckon(town, cabinets, report)
        report.found.forbidden.extend(f"exit code {code}" for code in codes if code)
        report.found.forbidden.extend(f"left behind: {one}" for one in await _left_behind(town))
    report.seconds = time.monotonic() - began_s
    return report


async def _left_behind(town: Town) -> list[psutil.Process]:
    """Return what does not end by itself: a worker whose cloud was killed sees that only when its warm-up is over."""

    def left() -> list[psutil.Process]:
        return [one for program in town.programs for one in program.left()]

    with suppress(NeverError):
        await until(lambda: not left(), "every process to end", RISE_S)
    return left()


@asynccontextmanager
async def _proxy(town: Town, weather: Weather) -> AsyncIterator[Proxy]:
    ends = seals(town.folder / "tls", town.folder / "lockers", datetime.now(UTC))
    async with Proxy(("127.0.0.1", town.broker_port), weather=weather, seals=ends) as proxy:
        yield proxy


async def _found(town: Town, proxy: Proxy, wish: Wish) -> dict[str, list[str]]:
    """Build the lockers behind the proxy and hire a courier; return what the phone shows at each."""
    file = town.folder / "lockers.geojson"
    file.write_text(_geojson(wish.lockers))
    code, said = await town.take_file("latchmile-import-lockers", file, "operator_key")
    if code:
        raise NeverError(said)
    host, port = proxy.near
    names = [locker_name(nth) for nth in range(wish.lockers)]
    for name in names:
        await town.enrol(name, "--broker", f"{host}:{port}")
    for name in names:
        await town.until_locker(name, status="active", online=True)
    courier = await town.courier("Courier Burza", place_of(0))
    return {name: await town.passes(courier, name) for name in names}


def _geojson(count: int) -> str:
    features = [
        {
            "type": "Feature",
            "properties": {
                "amenity": "parcel_locker",
                "opening_hours": "24/7",
                "model": MODEL,
                "ref": locker_name(nth),
                "name": f"Storm {nth}",
                "addr:street": "Burzowa",
            },
            "geometry": {"type": "Point", "coordinates": place_of(nth)},
        }
        for nth in range(count)
    ]
    return json.dumps({"type": "FeatureCollection", "features": features})


class _Living(Protocol):
    @property
    def closing(self) -> asyncio.Event: ...

    async def live(self) -> None: ...


async def _rage(killer: Killer, report: Report, lives: Sequence[_Living]) -> None:
    """Kill as often as wished while everybody goes about their errands; then let them finish what they are at."""
    wish = report.wish
    async with asyncio.TaskGroup() as tasks:
        for one in lives:
            tasks.create_task(one.live())
        try:
            await killer.kill(wish.kills, wish.within_s)
            with suppress(NeverError):
                await until(lambda: report.has_seen_life, "people to get something done", RISE_S)
        finally:
            for one in lives:
                one.closing.set()


def _tell(say: Say, report: Report, kill: tuple[int, str], began_s: float) -> None:
    nth, name = kill
    if nth % TELL_EVERY:
        return
    parcels = list(report.goods.parcels.values())
    told, fetched = sum(bool(one.told_in) for one in parcels), sum(one.fetched for one in parcels)
    problems = len(report.goods.problems)
    after_s = time.monotonic() - began_s
    say(f"{after_s:6.0f} s  {nth:4d} kills, last {name}; {told} in, {fetched} out, {problems} problems")


async def _until_agreed(town: Town, report: Report) -> None:
    """Wait until every outbox is empty and the cloud knows of everything that people were told."""
    for locker in town.lockers.values():
        await until_told(locker.outbox_is_empty, f"the outbox of {locker.name} to be empty", AGREED_S_MAX)
    wanted = [one for one in report.goods.parcels.values() if one.told_in or one.told_out]

    async def is_known() -> bool:
        known = await asyncio.to_thread(known_parcels, town.database)
        return all(known[one.barcode].drops and (known[one.barcode].picks or not one.told_out) for one in wanted)

    await until_told(is_known, "the cloud to know what people were told", AGREED_S_MAX)


def _reckon(town: Town, cabinets: dict[str, CabinetTruth], report: Report) -> None:
    for name, cabinet in cabinets.items():
        edge, cloud = ledger.edge_journal(town.lockers[name].data), ledger.cloud_journal(town.database, name)
        compare_journals(name, edge, cloud, report.found)
        compare_doors(name, cloud.events, cabinet, report.found)
        orders = compare_orders(cloud.entries, (one for one in report.orders if one.locker == name), report.found)
        report.carried += [one for one in orders.values() if one.accepted]
        report.events += len(cloud.rows)
        report.cut_short += cut_short(cloud.events)
        report.unclear += sum(isinstance(one, ReleaseIndeterminate) for one in cloud.events)
        rebased = town.lockers[name].program.said().count(_REBASED)
        report.found.lost.extend([f"{name}: rebased {rebased} times"] if rebased else [])
    compare_parcels(report.goods, known_parcels(town.database), cabinets, report.found)
