"""A real agent on a real file whose card stops taking writes, as a process of its own: its limits are its own.

``python -m tests.power.full_card FOLDER`` prints one JSON object: for each kind what the screen said and what opened.
"""

import asyncio
import json
import logging
import resource
import sys
from collections.abc import Coroutine
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from contract.ids import CompartmentLabel
from contract.layout import CompartmentPlan, Layout
from contract.sizes import SizeClass
from edge.locker_controller.screens import OutOfOrder
from firmware_sim.in_a_thread import LockerInAThread

LAYOUT = Layout("two", tuple(CompartmentPlan(CompartmentLabel(name), SizeClass.S, low=True) for name in ("A01", "A02")))
ENTRIES_MAX = 1_000  # some thirty fill a page
T = TypeVar("T")


class Kind(StrEnum):
    """In which way the card refuses."""

    FILE_LIMIT = "no file may grow"
    FULL = "no page is left"
    READ_ONLY = "nothing may be written"


@dataclass
class Street:
    """A locker with a parcel inside, its card, and what is seen from the street."""

    locker: LockerInAThread

    def refuse(self, kind: Kind) -> None:
        """Make the card refuse to take another byte."""
        match kind:
            case Kind.FILE_LIMIT:
                resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
            case Kind.FULL:
                (pages,) = self._ask("PRAGMA page_count")[0]
                self._ask(f"PRAGMA max_page_count={pages}")
                self._fill()
            case Kind.READ_ONLY:
                self._ask("PRAGMA query_only=ON")

    def relent(self, kind: Kind) -> None:
        """Let it take writes again."""
        match kind:
            case Kind.FILE_LIMIT:
                resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            case Kind.FULL:
                self._ask("PRAGMA max_page_count=1000000")
            case Kind.READ_ONLY:
                self._ask("PRAGMA query_only=OFF")

    def type(self, code: str) -> None:
        """Let the recipient type the code, whatever comes of it."""
        self._do(self.locker._spot.kiosk.enter_code(code))

    def wait_out_of_order(self) -> OutOfOrder:
        """Stand there until the screen says that nobody is served."""
        return self._do(self.locker._spot.kiosk.wait_for(OutOfOrder, within_s=60))

    def alarms(self) -> int:
        """Count in the journal what tells the operator of a card that failed."""
        return sum(b"store_failed" in raw for (raw,) in self._ask("SELECT bytes FROM entry"))

    def _fill(self) -> None:
        """Have the agent write to its journal until there is no page left for it."""
        agent: Any = self.locker.locker._agent
        for number in range(ENTRIES_MAX):
            if isinstance(self.locker.screen(), OutOfOrder):
                return
            asyncio.run_coroutine_threadsafe(agent.controller.raise_alarm("test", f"entry {number}"), self.locker._loop)

    @property
    def _database(self) -> Any:
        agent: Any = self.locker.locker._agent
        return agent.store._database

    def _ask(self, sql: str) -> list[tuple[Any, ...]]:
        return list(self._do(self._database.fetch(sql)))

    def _do(self, what: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(what, self.locker._loop).result(60)


def lived(street: Street, kind: Kind) -> dict[str, Any]:
    """Live through a card that refuses while a recipient stands there, recovers, and is pulled and put back."""
    locker, name = street.locker, kind.name
    code, other = locker.drop_off(name), locker.drop_off("other")
    label, told_before = locker.where(name), street.alarms()
    street.refuse(kind)
    street.type(code)
    shown = street.wait_out_of_order()
    opened = locker.pull(label)
    street.relent(kind)
    after = locker.pick_up(code)
    told = street.alarms() - told_before
    locker.power_cut()
    locker.power_on()
    return {
        "reason": shown.reason,
        "opened": opened,
        "after": after,
        "told": told,
        "after_restart": locker.pick_up(other),
    }


def main(folder: Path) -> None:
    """Tell what each kind came to, one after the other on the same card."""
    logging.disable(logging.CRITICAL)
    with LockerInAThread(folder, LAYOUT) as locker:
        street = Street(locker)
        sys.stdout.write(json.dumps({kind.name: lived(street, kind) for kind in Kind}) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
