"""What decides touches nothing: pure modules import no clock, wire, disk or chance, and only other pure modules."""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.house import exceptions
from tests.house.shrinking import law_holds
from tests.house.sources import PRODUCT, Finding, Source, dotted, example, imported_modules, product_sources

PURE = re.compile(
    r"""contract(\..+)?
    | edge\.locker_controller(\..+)?
    | edge\.drivers\.ports           # the shapes of hardware, not the hardware
    | cloud\.domain(\..+)?
    | cloud\.routing\.(problem|validation|plan|schedule|checker|explain|stops|insertion|lateness|locker_choice|replan)
    | firmware_sim\.(cabinet|compartment|physics|truth)
    """,
    re.VERBOSE,
)
RIMS = re.compile(r"contract\.(mqtt|mqtt_\w+|memory_link|healing_link)|edge\.locker_controller\.controller")
# A package's own __init__ says only a sentence; `from edge import x` names the package on the way to a module.
NAMED_ON_THE_WAY = {"edge", "edge.drivers", "cloud", "cloud.routing", "firmware_sim"}
TOUCHES_THE_WORLD = frozenset(
    [
        "asyncio",
        "concurrent",
        "multiprocessing",
        "queue",
        "sched",
        "select",
        "selectors",
        "signal",
        "socket",
        "socketserver",
        "ssl",
        "subprocess",
        "threading",
        "time",
        "random",
        "secrets",
        "sqlite3",
        "logging",
        "os",
        "pathlib",
        "shutil",
        "tempfile",
        "http",
        "urllib",
        "smtplib",
        "email",
        "sys",
        "paho",
        "gpiozero",
        "lgpio",
        "vroom",
        "pandas",
        "sqlalchemy",
        "alembic",
        "aiosqlite",
        "fastapi",
        "starlette",
        "uvicorn",
        "microdot",
        "httpx",
        "apscheduler",
        "jinja2",
        "rich",
        "psutil",
    ]
)
IMPURE_CALLS = frozenset({"open", "print", "input", "datetime.now", "datetime.utcnow", "date.today", "uuid4", "uuid1"})


def is_pure(module: str) -> bool:
    return PURE.fullmatch(module) is not None and RIMS.fullmatch(module) is None


def impurities(source: Source, modules: frozenset[str]) -> Iterator[Finding]:
    """Everything in a pure module that touches the world, or leads to something that does."""
    if not is_pure(source.module):
        return
    for name in sorted(set(imported_modules(source))):
        top = name.split(".", 1)[0]
        if top in TOUCHES_THE_WORLD or name == "numpy.random":
            yield Finding(f"{source.path}::{top}", "imported by a module that must touch nothing")
        elif top in PRODUCT and name in modules and not is_pure(name) and name not in NAMED_ON_THE_WAY:
            yield Finding(f"{source.path}::{name}", "not pure itself, imported by a module that must be")
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call):
            called = dotted(node.func)
            if called in IMPURE_CALLS or ".".join(called.split(".")[-2:]) in IMPURE_CALLS or ".random." in called:
                yield Finding(f"{source.path}::{called}", "called by a module that must touch nothing")


KNOWN = frozenset({"contract.mqtt", "contract.ids", "edge.store", "edge.store.journal", "edge.drivers.ports"})


@pytest.mark.parametrize(
    "text",
    [
        "import time",
        "import os.path",
        "from asyncio import Queue",
        "from contract import mqtt",
        "from contract.mqtt import PahoLink",
        "from edge.store.journal import Journal",
        "from datetime import datetime\nx = datetime.now()",
        "import datetime\nx = datetime.datetime.now()",
        "x = open('/etc/passwd')",
        "import numpy as np\nx = np.random.default_rng()",
        "from numpy import random",
        "def f():\n    import random",
    ],
)
def test_what_touches_the_world_is_found_in_a_pure_module(text: str) -> None:
    assert list(impurities(example(text, "edge/locker_controller/decide.py"), KNOWN))


@pytest.mark.parametrize(
    "text",
    [
        "from contract.ids import LockerId",
        "from edge.drivers.ports import LockBoard",
        "import hashlib, hmac, datetime",
        "import numpy as np\nx = np.zeros(3)",
        "from datetime import datetime\nx = datetime.fromtimestamp(0)",
    ],
)
def test_what_touches_nothing_is_left_alone(text: str) -> None:
    assert list(impurities(example(text, "cloud/domain/capacity.py"), KNOWN)) == []


def test_the_rims_may_touch_the_world() -> None:
    assert list(impurities(example("import asyncio", "contract/mqtt.py"), KNOWN)) == []
    assert list(impurities(example("import asyncio", "edge/locker_controller/controller.py"), KNOWN)) == []


def test_the_pure_modules_are_pure() -> None:
    modules = frozenset(source.module for source in product_sources())
    found = [finding for source in product_sources() for finding in impurities(source, modules)]
    law_holds(dict.fromkeys(found), exceptions.IMPURE)


def test_there_are_pure_modules_to_speak_of() -> None:
    pure = {source.module for source in product_sources() if is_pure(source.module)}
    assert {"contract.grants", "cloud.domain.capacity"} <= pure
