r"""A seed becomes a world: lockers, cloud, people and faults; its invariants are checked after every step.

::

    people -> kiosk -> [real agent x N] <-> broker in memory <-> [real cloud services] -> mail -> people
                 \-> locks, doors (cabinet's physics)                  ^ operators
    faults: power, wire, broker, cloud, card, clock, hardware, hostility      checkers: ledger, people, audit

An era of trouble ends with quiet: faults stop, everybody goes home, and edge and cloud must agree within five minutes.
"""

import asyncio
import gc
import json
import logging
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from firmware_sim.world import audit
from firmware_sim.world.audit import Auditor
from firmware_sim.world.chronicle import Chronicle, Violation
from firmware_sim.world.disk import Card
from firmware_sim.world.enrolling import enrolled
from firmware_sim.world.faults import Troubles
from firmware_sim.world.ledger import Ledger
from firmware_sim.world.maintaining import VISIT_H, Maintenance
from firmware_sim.world.office import Office
from firmware_sim.world.site import Site
from firmware_sim.world.stores import GENUINE, LIGHT
from firmware_sim.world.town import Town
from firmware_sim.world.virtual_time import VirtualLoop
from firmware_sim.world.wire import WorldBroker

GARBAGE = 100_000  # objects before a look for cycles: a world makes few, and looking costs it a tenth of its time
ERA_H = 8.0
DAY_H, SHIFTS = 24.0, 3  # worlds shorter than a day begin at six, at fourteen or at twenty-two o'clock
CONVERGED_S_MAX = 300
PATIENCE_S = 2_400  # how long a violation of the five minutes is watched before the world goes on without agreement
LOOK_S = 5
LEAVING_S = 400  # the last people finish; it is not counted


@dataclass(frozen=True, slots=True)
class Plan:
    """Which world. ``trouble`` False leaves out all faults and bad behaviour of operators and strangers.

    ``without`` names kinds of fault that are left out; the others stay as they are.
    ``genuine`` True has SQL and Ed25519 instead of dictionaries and hashes, and tears write-ahead logs: ten times
    slower, and not a step different. ``visit_h`` is how many locker-hours lie between two orders to open many doors.
    """

    seed: int
    lockers: int = 5
    hours: float = 8.0
    trouble: bool = True
    stop_at_first: bool = False
    genuine: bool = False
    begin_h: float | None = None
    without: tuple[str, ...] = ()
    visit_h: float = VISIT_H

    @property
    def begin_s(self) -> float:
        """When it begins, in seconds after six in the morning: shorter worlds share out the day among their seeds."""
        if self.begin_h is not None:
            return self.begin_h * 3600
        return 0.0 if self.hours >= DAY_H else self.seed % SHIFTS * (DAY_H / SHIFTS) * 3600


@dataclass(frozen=True, slots=True)
class Result:
    """How it went; two runs of one plan give equal results."""

    plan: Plan
    steps: int
    faults: dict[str, int]
    deeds: dict[str, int]
    violations: tuple[Violation, ...]
    slowest_convergence_s: int
    trace: str

    def to_json(self) -> str:
        """Return one line."""
        return json.dumps(
            {
                "seed": self.plan.seed,
                "lockers": self.plan.lockers,
                "hours": self.plan.hours,
                "steps": self.steps,
                "faults": self.faults,
                "deeds": self.deeds,
                "violations": [f"{one.invariant}: {one.what} (at {one.at_s:.0f} s)" for one in self.violations],
                "slowest_convergence_s": self.slowest_convergence_s,
                "trace": self.trace,
            },
            ensure_ascii=False,
        )


def run_world(plan: Plan, say: Callable[[str], None] | None = None) -> Result:
    """Live through one world and return how it went."""
    silenced = logging.root.manager.disable
    if silenced < logging.CRITICAL:  # it goes through thousands of loggers
        logging.disable(logging.CRITICAL)
    thresholds = gc.get_threshold()
    gc.set_threshold(GARBAGE, *thresholds[1:])
    loop = VirtualLoop(plan.begin_s)
    try:
        world = World(plan, loop, say)
        asyncio.set_event_loop(loop)
        life = loop.create_task(world.live())
        if plan.stop_at_first:
            world.chronicle.halt = life.cancel
        with suppress(asyncio.CancelledError):
            loop.run_until_complete(life)
        result = world.result()
        loop.run_until_complete(world.end())
    finally:
        asyncio.set_event_loop(None)
        loop.close()
        gc.set_threshold(*thresholds)
        if silenced < logging.CRITICAL:
            logging.disable(silenced)
    return result


class World:
    """One run."""

    def __init__(self, plan: Plan, loop: VirtualLoop, say: Callable[[str], None] | None) -> None:
        """Build everything; nothing moves before ``live``."""
        self.plan, self.loop = plan, loop
        self.chronicle = Chronicle(lambda: loop.now_ms, say)
        loop.set_exception_handler(self._broken)
        self.broker = WorldBroker(self._chance("wire"), self.chronicle)
        self.office = Office(
            loop, self.broker, self.chronicle, self._chance("cloud"), GENUINE if plan.genuine else LIGHT
        )
        self.sites = tuple(self._site(number) for number in range(1, plan.lockers + 1))
        self.town = Town(self.office, self.sites, self._chance("people"), plan.trouble)
        self.town.without = frozenset(plan.without)
        self.maintenance = Maintenance(self.town, self._chance("orders"), plan.visit_h)
        self.auditor = Auditor(self.office, self.sites, self.town.things, self.chronicle)
        self.slowest_s = 0

    def _chance(self, about: str) -> random.Random:
        return random.Random(f"{self.plan.seed}/{about}")

    def _site(self, number: int) -> Site:
        chance = self._chance(f"locker {number}")
        secrets = enrolled(self.office, number, chance)
        ledger = Ledger(secrets.locker, self.chronicle, self.office, lambda: self.loop.now_ms)
        return Site(secrets, self.broker, ledger, self.loop, chance, Card(tears=self.plan.genuine))

    async def live(self) -> None:
        """Let eras of trouble and quiet follow each other until the hours are over."""
        self.office.start()
        for site in self.sites:
            site.power_on()
        self.town.begin()
        self.maintenance.begin()
        troubles = Troubles(self.town, self.office, self.sites, self._chance("faults"), frozenset(self.plan.without))
        end_s = self.loop.time() + self.plan.hours * 3600
        while self.loop.time() < end_s and not self._halted():
            self.town.open_for_business = True
            if self.plan.trouble:
                troubles.begin()
            await self._until(min(end_s, self.loop.time() + ERA_H * 3600))
            self.town.open_for_business = False
            troubles.over()
            await self._quiet()
        self.auditor.final()

    async def _until(self, at_s: float) -> None:
        while (left_s := at_s - self.loop.time()) > 0:
            await asyncio.sleep(min(left_s, audit.LOOK_S))
            self.auditor.look()

    async def _quiet(self) -> None:
        """Wait for the agreement and time it; people at the machines may finish first."""
        self.maintenance.holders.say_again()
        for _ in range(LEAVING_S // LOOK_S):
            if not any(site.pavement.locked() for site in self.sites):
                break
            await asyncio.sleep(LOOK_S)
        self._shut_doors()
        await asyncio.sleep(LOOK_S)
        began_s, late = self.loop.time(), False
        different = self.auditor.disagreement()
        while different and self.loop.time() - began_s < PATIENCE_S and not self._halted():
            self._shut_doors()  # an order to open many opens the next when one is shut
            await asyncio.sleep(LOOK_S)
            different = self.auditor.disagreement()
            if different and not late and self.loop.time() - began_s >= CONVERGED_S_MAX:
                late = True
                what = f"after {CONVERGED_S_MAX} quiet seconds edge and cloud disagree: {different}"
                self.chronicle.violated(7, what)
        took_s = round(self.loop.time() - began_s)
        self.slowest_s = max(self.slowest_s, took_s)
        self.chronicle.tell(f"edge and cloud agree after {took_s} s" if not different else f"no agreement: {different}")

    def _shut_doors(self) -> None:
        for site in self.sites:
            for label in site.open_doors():
                self.chronicle.tell(f"the last to leave shuts {label} at {site.id}")
                site.close(label)

    async def end(self) -> None:
        """Take everybody's power and let every coroutine end, so that nothing outlives the world."""
        for site in self.sites:
            site.power_off()
        self.office.stop()
        rest = sorted(asyncio.all_tasks(self.loop) - {asyncio.current_task(self.loop)}, key=hash)
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)

    def _broken(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Somebody's coroutine ended in an error nobody awaited: the world, or the product, is broken."""
        error = context.get("exception")
        if not isinstance(error, asyncio.CancelledError):
            self.chronicle.violated(0, f"{context['message']}: {error!r}")

    def _halted(self) -> bool:
        return self.plan.stop_at_first and bool(self.chronicle.violations)

    def result(self) -> Result:
        """Return what is known by now."""
        chronicle = self.chronicle
        deeds = sum((site.ledger.events for site in self.sites), start=type(chronicle.deeds)())
        kept = (
            *("ParcelDroppedOff", "ParcelPickedUp", "ParcelCollected", "AgentStarted"),
            *("CodeRefused", "DoorOpened", "BulkEnded"),
        )
        return Result(
            plan=self.plan,
            steps=chronicle.steps,
            faults=dict(sorted(chronicle.faults.items())),
            deeds={name: deeds[name] for name in kept},
            violations=tuple(chronicle.violations),
            slowest_convergence_s=self.slowest_s,
            trace=chronicle.trace,
        )
