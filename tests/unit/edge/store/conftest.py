from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from edge.store.ports import Database
from tests.unit.edge.store.builders import Open, aio, sync


@pytest.fixture(params=[sync, aio], ids=["sync", "aio"])
def open_database(request: pytest.FixtureRequest) -> Open:
    opener: Open = request.param
    return opener


@pytest.fixture
async def database(open_database: Open, tmp_path: Path) -> AsyncIterator[Database]:
    opened = await open_database(tmp_path / "locker.db")
    yield opened
    await opened.close()
