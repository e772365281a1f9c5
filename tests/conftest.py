"""Heavy tests first, so that the last thing a worker gets is small and no core waits for another at the end.

And garbage is looked for as seldom as in the product that serves (cloud/settled.py), never among what imports brought:
with Python's own numbers, two thirds of the time in which the house's rules parse the sources went into looking.

And no example is timed: hypothesis fails a test of which one takes 200 ms, or some are slow to be drawn, and
on a busy machine any one may.
"""

import gc

import pytest
from hypothesis import HealthCheck, settings

# These stay together in one worker. Real processes wait more than they compute and take longest, so they start first.
GROUPS = ("processes", "web", "joint", "street", "house")
GC_THRESHOLDS = (50_000, 20, 10)  # Python's own are 700, 10, 10


def pytest_configure() -> None:
    gc.set_threshold(*GC_THRESHOLDS)
    settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("untimed")


def pytest_collection_finish() -> None:
    gc.collect()
    gc.freeze()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if hasattr(config, "workerinput"):  # only where workers share the tests: alone they run as they are written
        items.sort(key=_place)


def _place(item: pytest.Item) -> int:
    group = item.get_closest_marker("xdist_group")
    name = group.args[0] if group else ""
    if name in GROUPS:
        return GROUPS.index(name)
    return len(GROUPS) + (item.get_closest_marker("long") is None)
