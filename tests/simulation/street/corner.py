"""The corner's own things: a witness with a watch, a forgetful lock board, a lossy wire, a locker with a buzzer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from contract.codec import decode_entry
from contract.events import Entry
from contract.ids import CompartmentLabel
from contract.link import Outgoing
from edge.agent import Fittings
from edge.drivers.errors import BoardError
from edge.drivers.memory import MemoryBuzzer
from edge.drivers.ports import LockBoard, PulseResult
from edge.locker_controller.identity import TICK_MS, Hardware
from edge.store.ports import Statement
from firmware_sim.world.ledger import Ledger
from firmware_sim.world.machine import Machine
from firmware_sim.world.plug import Plug
from firmware_sim.world.site import Site
from firmware_sim.world.wire import WorldBroker


@dataclass
class TimedLedger(Ledger):
    """Also notes when the locker knew what."""

    known: list[tuple[int, Any]] = field(default_factory=list)

    def committed(self, statements: Sequence[Statement]) -> None:
        first = len(self.raws)
        super().committed(statements)
        for raw in self.raws[first:]:
            entry = decode_entry(raw)
            if isinstance(entry, Entry):
                self.known.append((self.now_ms(), entry.event))


@dataclass
class ForgetfulBoard:
    """A lock board whose answers get lost on their way back, though the lock has moved, or whose coils are dead."""

    inner: LockBoard
    dead: set[CompartmentLabel]
    losing: int = 0

    @property
    def labels(self) -> tuple[CompartmentLabel, ...]:
        return self.inner.labels

    @property
    def faults(self) -> Mapping[CompartmentLabel, str]:
        return self.inner.faults

    async def release(self, label: CompartmentLabel, pulse_ms: int | None = None) -> PulseResult:
        """Pulse, and answer only if the answer is not lost."""
        if label in self.dead:
            raise BoardError("the coil could not be claimed", label)
        result = await self.inner.release(label, pulse_ms)
        if self.losing:
            self.losing -= 1
            raise BoardError("no answer from the board", label)
        return result

    def all_off(self) -> None:
        self.inner.all_off()


class Wire(WorldBroker):
    """A broker that may lose every acknowledgement of the cloud, and says things again."""

    losing_acknowledgements = False

    def route(self, message: Outgoing) -> None:
        if not (self.losing_acknowledgements and message.topic.endswith("/down/ack")):
            super().route(message)


@dataclass
class Corner(Site):
    """A site with a buzzer, a board that may forget to answer, and coils that could not be claimed."""

    buzzer: MemoryBuzzer = field(default_factory=MemoryBuzzer)
    dead: set[CompartmentLabel] = field(default_factory=set)
    faults: dict[CompartmentLabel, str] = field(default_factory=dict)
    locks: ForgetfulBoard | None = None

    def _fittings(self, plug: Plug, machine: Machine) -> Fittings:
        fittings = super()._fittings(plug, machine)
        self.locks = ForgetfulBoard(machine, self.dead)
        hardware = Hardware(self.locks, machine, self.buzzer)
        world = replace(fittings.world, rest=None, tick_ms=TICK_MS)  # the product's own: the buzzer beats by it
        return replace(fittings, hardware=hardware, faults=self.faults, world=world)
