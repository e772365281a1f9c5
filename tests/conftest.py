"""Heavy tests first, so that the last thing a worker gets is small and no core waits for another at the end."""

import pytest

# These stay together in one worker. Real processes wait more than they compute and take longest, so they start first.
GROUPS = ("processes", "web", "joint", "street", "house")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if hasattr(config, "workerinput"):  # only where workers share the tests: alone they run as they are written
        items.sort(key=_place)


def _place(item: pytest.Item) -> int:
    group = item.get_closest_marker("xdist_group")
    name = group.args[0] if group else ""
    if name in GROUPS:
        return GROUPS.index(name)
    return len(GROUPS) + (item.get_closest_marker("long") is None)
