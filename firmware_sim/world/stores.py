"""Where a world's cloud keeps its tables: SQLite as in the product, or dictionaries that are thirty times faster."""

from dataclasses import dataclass
from typing import Any

from cloud.store.database import open_memory
from cloud.store.memory import MemoryTables
from cloud.store.memory_writer import MemoryReader, MemoryWriter
from cloud.store.reader import Reader
from cloud.store.writer import InlineWriter
from firmware_sim.world.signing import CHEAP, REAL, KeyKind


@dataclass(frozen=True, slots=True)
class Stored:
    """A cloud's tables."""

    writer: InlineWriter | MemoryWriter
    reader: Reader


@dataclass(frozen=True, slots=True)
class Craft:
    """What a world is made of: tables in SQL or in dictionaries, and how its keys are made. Traces do not differ."""

    sql: bool
    keys: KeyKind

    def store(self) -> Stored:
        """Return new, empty tables."""
        if self.sql:
            engine: Any = open_memory()
            return Stored(InlineWriter(engine), Reader(engine))
        tables = MemoryTables()
        return Stored(MemoryWriter(tables), MemoryReader(tables))


GENUINE = Craft(sql=True, keys=REAL)
LIGHT = Craft(sql=False, keys=CHEAP)
