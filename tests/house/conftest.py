"""The house tests share one pytest worker, so that each file of the repository is parsed once, not once per worker."""

from pathlib import Path

import pytest

HERE = Path(__file__).parent


def pytest_itemcollected(item: pytest.Item) -> None:
    if item.path.is_relative_to(HERE):
        item.add_marker(pytest.mark.xdist_group("house"))
