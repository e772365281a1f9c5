"""A scenario: one line of what goes wrong in the street, played once and held against every promise.

``scenario`` makes the test and keeps the scenario for docs/street.md, so that the page tells what the tests saw.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cache

from firmware_sim.world.virtual_time import VirtualLoop
from tests.simulation.street.operator_desk import Sight
from tests.simulation.street.rig import Street
from tests.simulation.street.speech import Said, said
from tests.survives import survived

LANGUAGES = ("en", "pl", "de")
ROW = "Everyday trouble in the street: named scenarios"

Play = Callable[[Street], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Scenario:
    """``title`` is the trouble, ``ends`` how it is resolved; ``about`` is its line of ``lines``."""

    name: str
    title: str
    about: str
    ends: str
    play: Play


@dataclass(frozen=True, slots=True)
class Played:
    """What people read (English) and what the operator saw."""

    scenario: Scenario
    sentences: tuple[Said, ...]
    sights: tuple[Sight, ...]


SCENARIOS: dict[str, Scenario] = {}


def scenario(title: str, ends: str, about: str = "") -> Callable[[Play], Callable[[], None]]:
    """Make a test of a scenario."""

    def register(play: Play) -> Callable[[], None]:
        name = play.__name__
        one = SCENARIOS[name] = Scenario(name, title, about or title, ends, play)

        def test() -> None:
            played(one)
            survived(ROW, name, tried=1, broken=0, shown_by="tests/simulation/street")

        test.__name__, test.__doc__, test.__module__ = name, play.__doc__, play.__module__
        return test

    return register


@cache
def played(one: Scenario) -> Played:
    """Play a scenario; raises when a sentence, a sight, an invariant or the end is not as it must be."""
    logging.disable(logging.CRITICAL)
    street = Street(one.name)
    asyncio.set_event_loop(street.loop)
    try:
        street.loop.run_until_complete(_play(one, street))
    finally:
        _close(street.loop, street)
        logging.disable(logging.NOTSET)
    assert street.chronicle.violations == [], [f"{v.invariant}: {v.what}" for v in street.chronicle.violations]
    assert street.reads_, "nobody reads anything"
    assert street.sees_, "the operator sees nothing"
    return Played(one, _sentences(street), tuple(street.sees_))


async def _play(one: Scenario, street: Street) -> None:
    await street.begin()
    await one.play(street)
    await street.quiet()
    street.auditor.final()


def _close(loop: VirtualLoop, street: Street) -> None:
    loop.run_until_complete(street.end())
    asyncio.set_event_loop(None)
    loop.close()


def _sentences(street: Street) -> tuple[Said, ...]:
    """Hold what was expected against the kiosk's own words: there in every language, and the English ones as told."""
    spoken = said([(one.screen, one.view) for one in street.reads_])
    for place, one in enumerate(street.reads_):
        english, *others = (spoken[language][place] for language in LANGUAGES)
        assert english.title == one.title, f"the kiosk says: {english.title}"
        assert all(other.title and other.title != english.title for other in others), others
        assert all(bool(other.lead) == bool(english.lead) for other in others), others
    return tuple(dict.fromkeys(spoken["en"]))
