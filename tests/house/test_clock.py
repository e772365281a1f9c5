"""Time is an argument: the wall clock and the monotonic clock are read in the clock modules and at the rim only."""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.house import exceptions
from tests.house.shrinking import law_holds
from tests.house.sources import Finding, Source, dotted, example, product_sources

MAY_READ_CLOCKS = re.compile(r"(edge|cloud)/clock\.py|.*/app\.py|(firmware_sim|demo)/.*")
CLOCKS = frozenset(
    [
        "time.time",
        "time.time_ns",
        "time.monotonic",
        "time.monotonic_ns",
        "time.perf_counter",
        "time.perf_counter_ns",
        "time.localtime",
        "time.gmtime",
        "datetime.now",
        "datetime.utcnow",
        "datetime.today",
        "date.today",
    ]
)


def renamed(source: Source) -> dict[str, str]:
    """Local name -> full name for what ``from x import y as z`` and ``import x as z`` bring in."""
    names: dict[str, str] = {}
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ImportFrom) and node.module in ("time", "datetime"):
            names |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            names |= {alias.asname: alias.name for alias in node.names if alias.asname}
    return names


def clock_readings(source: Source) -> Iterator[Finding]:
    if MAY_READ_CLOCKS.fullmatch(source.path):
        return
    names = renamed(source)
    for node in ast.walk(source.tree):
        # Not only calls: a clock handed on as a default argument is read just the same.
        if isinstance(node, ast.Attribute | ast.Name):
            first, _, rest = dotted(node).partition(".")
            full = ".".join(part for part in (names.get(first, first), rest) if part)
            if ".".join(full.split(".")[-2:]) in CLOCKS:
                yield Finding(
                    f"{source.path}::{'.'.join(full.split('.')[-2:])}", f"a clock is read in line {node.lineno}"
                )


@pytest.mark.parametrize(
    "text",
    [
        "import time\nx = time.time()",
        "import time as t\nx = t.monotonic()",
        "from time import perf_counter\nx = perf_counter()",
        "from time import time_ns as now\nx = now()",
        "from datetime import datetime, UTC\nx = datetime.now(UTC)",
        "import datetime as dt\nx = dt.datetime.now()",
        "import datetime\nx = datetime.date.today()",
        "import time\ndef f(clock=time.monotonic): ...",
    ],
)
def test_a_clock_that_is_read_is_found(text: str) -> None:
    assert list(clock_readings(example(text, "cloud/services/expire_parcels.py")))


@pytest.mark.parametrize(
    "text",
    [
        "import time\ntime.sleep(1)",
        "x = loop.time()",
        "from datetime import datetime\nx = datetime.fromtimestamp(0)",
        "def f(now): return now",
    ],
)
def test_what_is_no_clock_is_left_alone(text: str) -> None:
    assert list(clock_readings(example(text, "cloud/services/expire_parcels.py"))) == []


@pytest.mark.parametrize("path", ["edge/clock.py", "cloud/clock.py", "cloud/app.py", "firmware_sim/world.py"])
def test_the_clock_modules_and_the_rim_may_read_it(path: str) -> None:
    assert list(clock_readings(example("import time\nx = time.time()", path))) == []


def test_only_clock_modules_and_the_rim_read_a_clock() -> None:
    found = [finding for source in product_sources() for finding in clock_readings(source)]
    law_holds(found, exceptions.CLOCK_READERS)
