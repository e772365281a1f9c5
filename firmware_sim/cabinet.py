"""A cabinet's physics: current frees a hook, a spring pushes a leaf, a contact bounces, a person closes the door.

Pure and deterministic: time is integer milliseconds handed in and never goes back, chance is an argument. The same
calls give the same edges, which is what lets a seed be replayed. Nothing here knows of pins, threads or the agent.
"""

import heapq
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Self

from contract.ids import CompartmentLabel
from firmware_sim.compartment import Compartment, Happening
from firmware_sim.physics import (
    CabinetError,
    Chance,
    CoilPulse,
    CompartmentFaults,
    CompartmentPhysics,
    SensorEdge,
    SensorFault,
    Violation,
    ViolationKind,
)
from firmware_sim.truth import CabinetTruth, CompartmentTruth

CHATTER_MS = 7  # how often a broken contact changes its mind: faster than any debounce
BOUNCES_MAX = 5
HELD_MS = 100  # a killed agent's outputs stay as they were until systemd's ExecStopPost drops them, this much later
RECORDS_KEPT_MAX = 1_000  # a checker looks after every step; totals are counted apart

Event = tuple[int, int, CompartmentLabel, Happening, int]  # when, serial, where, what, of which pulse


class Cabinet:
    """One locker's doors, locks and contacts."""

    def __init__(
        self,
        layout: Sequence[CompartmentPhysics],
        faults: Mapping[CompartmentLabel, CompartmentFaults] | None = None,
        chance: Chance | None = None,
    ) -> None:
        """Build it with every door closed at time 0. Without ``chance`` every bounce is the same."""
        self._compartments = {one.label: Compartment(one) for one in layout}
        self._chance = chance
        self._laws: dict[Happening, Callable[[Compartment, int, int], None]] = {
            Happening.HOOK_FREES: self._hook_frees,
            Happening.LEAF_MOVES: self._leaf_moves,
            Happening.CONTACT_BOUNCES: self._contact_bounces,
            Happening.CONTACT_SETTLES: self._contact_settles,
            Happening.CONTACT_CHATTERS: self._contact_chatters,
            Happening.PULSE_EXPIRES: self._pulse_expires,
        }
        self._now_ms = 0
        self._powered = True
        self._events: list[Event] = []
        self._serial = 0
        self._edges: list[SensorEdge] = []
        self.pulses: deque[CoilPulse] = deque(maxlen=RECORDS_KEPT_MAX)
        self.violations: deque[Violation] = deque(maxlen=RECORDS_KEPT_MAX)
        for label, fault in (faults or {}).items():
            self.break_(label, fault, 0)

    @classmethod
    def resumed(cls, layout: Sequence[CompartmentPhysics], truth: CabinetTruth) -> Self:
        """Build the cabinet that an agent left behind when it died.

        Outputs were held for a moment and then dropped; whatever a coil had begun by then has run its course.
        """
        cabinet = cls(layout)
        cabinet.violations.extend(truth.violations)
        for one in truth.compartments:
            cabinet._resume(one)
        compartments = cabinet._compartments.values()
        cabinet._run_to(HELD_MS)
        for compartment in compartments:
            if not compartment.faults.stuck_relay:
                cabinet._current_off(compartment, HELD_MS)
        swings = (one.physics.swing_ms + one.faults.slow_ms + one.physics.bounce_ms for one in compartments)
        cabinet._run_to(HELD_MS + max(swings, default=0))
        for compartment in compartments:
            compartment.says_closed = compartment.truth_for_sensor
            if compartment.faults.sensor is SensorFault.CHATTERING:
                cabinet._schedule(cabinet.now_ms + CHATTER_MS, compartment, Happening.CONTACT_CHATTERS)
        cabinet._edges.clear()
        return cabinet

    @property
    def now_ms(self) -> int:
        """The cabinet's own time; it began at 0."""
        return self._now_ms

    @property
    def labels(self) -> tuple[CompartmentLabel, ...]:
        return tuple(self._compartments)

    # ------------------------------------------------------------------ what the electronics do

    def energise(self, label: CompartmentLabel, on: bool, now_ms: int) -> None:  # noqa: FBT001 - a level, as on a wire
        """Switch a coil's driver. Current flows only while the cabinet has power."""
        self._run_to(now_ms)
        compartment = self._compartments[label]
        if on == compartment.commanded:
            return
        compartment.commanded = on
        if on and self._powered:
            self._current_on(compartment, now_ms)
        elif not on and not compartment.faults.stuck_relay:
            self._current_off(compartment, now_ms)

    def power(self, on: bool, now_ms: int) -> None:  # noqa: FBT001 - a level, as on a wire
        """Cut or restore the supply: without it no coil holds, and drivers come back switched off."""
        self._run_to(now_ms)
        self._powered = on
        for compartment in self._compartments.values():
            compartment.commanded = False
            if not on:
                self._current_off(compartment, now_ms)

    def advance(self, now_ms: int) -> list[SensorEdge]:
        """Let time pass to ``now_ms``; return every contact edge since the last call, in order."""
        self._run_to(now_ms)
        edges, self._edges = self._edges, []
        return edges

    def levels(self, now_ms: int) -> dict[CompartmentLabel, bool]:
        """Return what every contact says now (``True``: closed); edges stay for ``advance``."""
        self._run_to(now_ms)
        return {label: one.says_closed for label, one in self._compartments.items()}

    def says_closed(self, label: CompartmentLabel, now_ms: int) -> bool:
        """Return what one contact says now (``True``: closed)."""
        self._run_to(now_ms)
        return self._compartments[label].says_closed

    @property
    def energised(self) -> tuple[CompartmentLabel, ...]:
        """The labels whose coils carry current."""
        return tuple(label for label, one in self._compartments.items() if one.energised)

    def pulses_given(self, label: CompartmentLabel) -> int:
        """How often this coil has been energised since the cabinet was built."""
        return self._compartments[label].pulse

    def next_at_ms(self) -> int | None:
        """Return when something will happen by itself, or ``None`` if the cabinet is at rest."""
        return self._events[0][0] if self._events else None

    # ------------------------------------------------------------------ what people and fate do

    def pull_door(self, label: CompartmentLabel, now_ms: int) -> bool:
        """Pull at a door; return whether it is open now. A locked door does not move."""
        self._run_to(now_ms)
        compartment = self._compartments[label]
        if not compartment.door_open and compartment.hook_free:
            self._set_leaf(compartment, now_ms, is_open=True)
        return compartment.door_open

    def close_door(self, label: CompartmentLabel, now_ms: int) -> bool:
        """Push a door shut; return whether the hook caught it. Under current it springs open again."""
        self._run_to(now_ms)
        compartment = self._compartments[label]
        if compartment.door_open:
            compartment.hook_free = False
            self._set_leaf(compartment, now_ms, is_open=False)
            if compartment.energised:
                self._schedule(now_ms + compartment.physics.hook_ms, compartment, Happening.HOOK_FREES)
        # A leaf that the last current set free is still on its way out, though the current has gone.
        return not compartment.energised and not compartment.leaf_moving

    def put_in(self, label: CompartmentLabel, thing: str, now_ms: int) -> None:
        """Put something in through an open door; raise ``CabinetError`` if that cannot be."""
        compartment = self._reach(label, now_ms)
        if compartment.contents is not None:
            raise CabinetError(f"{label} is full: {compartment.contents} lies in it")
        compartment.contents = thing

    def take_out(self, label: CompartmentLabel, now_ms: int) -> str | None:
        """Take out what lies in an open compartment; ``None`` if it is empty."""
        compartment = self._reach(label, now_ms)
        thing, compartment.contents = compartment.contents, None
        return thing

    def leave_behind(self, label: CompartmentLabel, thing: str | None) -> None:
        """Set what lies inside, whatever the door: for worlds that begin with a forgotten umbrella."""
        self._compartments[label].contents = thing

    def contents(self, label: CompartmentLabel) -> str | None:
        return self._compartments[label].contents

    def truth(self) -> CabinetTruth:
        """Return what is physically so, for a cabinet that is to be resumed."""
        due = {(label, pulse) for _, _, label, what, pulse in self._events if what is Happening.HOOK_FREES}
        return CabinetTruth(
            tuple(
                CompartmentTruth(
                    label=label,
                    open=one.door_open,
                    contents=one.contents,
                    pulses=one.pulse,
                    coil_on=one.energised,
                    hook_due=one.energised and (label, one.pulse) in due,
                    leaf_moving=one.leaf_moving,
                    faults=one.faults,
                )
                for label, one in self._compartments.items()
            ),
            tuple(self.violations),
        )

    def is_open(self, label: CompartmentLabel, now_ms: int) -> bool:
        """Whether the leaf stands open, whatever its contact says."""
        self._run_to(now_ms)
        return self._compartments[label].door_open

    def open_doors(self, now_ms: int) -> list[CompartmentLabel]:
        """Return the labels of all leaves that stand open."""
        self._run_to(now_ms)
        return [label for label, one in self._compartments.items() if one.door_open]

    def break_(self, label: CompartmentLabel, faults: CompartmentFaults, now_ms: int) -> None:
        """Set what is broken in a compartment; a fresh ``CompartmentFaults()`` mends it."""
        self._run_to(now_ms)
        compartment = self._compartments[label]
        was, compartment.faults = compartment.faults, faults
        if was.stuck_relay and not faults.stuck_relay and not compartment.commanded:
            self._current_off(compartment, now_ms)
        self._say(compartment, now_ms, closed=compartment.truth_for_sensor)
        if faults.sensor is SensorFault.CHATTERING is not was.sensor:
            self._schedule(now_ms + CHATTER_MS, compartment, Happening.CONTACT_CHATTERS)

    # ------------------------------------------------------------------ laws

    def _reach(self, label: CompartmentLabel, now_ms: int) -> Compartment:
        self._run_to(now_ms)
        compartment = self._compartments[label]
        if not compartment.door_open:
            raise CabinetError(f"{label} is closed")
        return compartment

    def _resume(self, truth: CompartmentTruth) -> None:
        """Put a compartment back to where it was time 0, with what it was about to do; ignore unknown labels."""
        compartment = self._compartments.get(CompartmentLabel(truth.label))
        if compartment is None:
            return
        compartment.contents, compartment.door_open = truth.contents, truth.open
        compartment.faults, compartment.pulse = truth.faults, truth.pulses
        compartment.energised_since_ms = 0 if truth.coil_on else None
        compartment.hook_free = compartment.leaf_moving = truth.leaf_moving
        if truth.hook_due:
            self._schedule(compartment.physics.hook_ms, compartment, Happening.HOOK_FREES)
        if truth.leaf_moving:
            self._schedule(compartment.physics.swing_ms + truth.faults.slow_ms, compartment, Happening.LEAF_MOVES)

    def _run_to(self, now_ms: int) -> None:
        if now_ms < self._now_ms:
            raise CabinetError(f"time went back from {self._now_ms} to {now_ms} ms")
        while self._events and self._events[0][0] <= now_ms:
            at_ms, _, label, happening, pulse = heapq.heappop(self._events)
            self._happen(self._compartments[label], happening, at_ms, pulse)
        self._now_ms = now_ms

    def _happen(self, compartment: Compartment, happening: Happening, at_ms: int, pulse: int) -> None:
        self._laws[happening](compartment, at_ms, pulse)

    def _current_on(self, compartment: Compartment, now_ms: int) -> None:
        if compartment.energised:  # a stuck relay was on already: the driver's pulse changes nothing
            return
        others = [one for one in self._compartments.values() if one.energised]
        compartment.energised_since_ms = now_ms
        compartment.pulse += 1
        if others:
            labels = (*(one.physics.label for one in others), compartment.physics.label)
            commanded = any(one.commanded for one in others)
            self.violations.append(Violation(now_ms, ViolationKind.TWO_COILS, labels, commanded))
        self._schedule(now_ms + compartment.physics.hook_ms, compartment, Happening.HOOK_FREES)
        self._schedule(now_ms + compartment.physics.pulse_ms_max + 1, compartment, Happening.PULSE_EXPIRES)

    def _current_off(self, compartment: Compartment, now_ms: int) -> None:
        if compartment.energised_since_ms is None:
            return
        self.pulses.append(CoilPulse(compartment.physics.label, compartment.energised_since_ms, now_ms))
        compartment.energised_since_ms = None
        if not compartment.leaf_moving and not compartment.door_open:
            compartment.hook_free = False

    def _hook_frees(self, compartment: Compartment, at_ms: int, pulse: int) -> None:
        if not compartment.energised or pulse != compartment.pulse or compartment.door_open:
            return
        if compartment.faults.jams != 0:
            remaining = compartment.faults.jams - 1 if compartment.faults.jams > 0 else -1
            compartment.faults = replace(compartment.faults, jams=remaining)
            return
        compartment.hook_free = True
        if not compartment.faults.spring_broken:
            compartment.leaf_moving = True
            swing_ms = compartment.physics.swing_ms + compartment.faults.slow_ms
            self._schedule(at_ms + swing_ms, compartment, Happening.LEAF_MOVES)

    def _leaf_moves(self, compartment: Compartment, at_ms: int, pulse: int) -> None:
        if compartment.leaf_moving and pulse == compartment.pulse:
            self._set_leaf(compartment, at_ms, is_open=True)

    def _set_leaf(self, compartment: Compartment, at_ms: int, *, is_open: bool) -> None:
        """Move the leaf; its contact bounces for a while and then says where the leaf is."""
        compartment.door_open, compartment.leaf_moving = is_open, False
        if compartment.faults.sensor is not SensorFault.NONE:
            return
        self._say(compartment, at_ms, closed=not is_open)
        for after_ms in self._bounces(compartment.physics.bounce_ms):
            self._schedule(at_ms + after_ms, compartment, Happening.CONTACT_BOUNCES)
        self._schedule(at_ms + compartment.physics.bounce_ms, compartment, Happening.CONTACT_SETTLES)

    def _bounces(self, bounce_ms: int) -> list[int]:
        """Return the moments (ms after the first touch) at which the contact flips."""
        if bounce_ms <= 1:
            return []
        if self._chance is None:
            return [bounce_ms // 4, bounce_ms // 2]
        flips = self._chance.randint(0, BOUNCES_MAX)
        return sorted(self._chance.randint(1, bounce_ms - 1) for _ in range(flips))

    def _contact_bounces(self, compartment: Compartment, at_ms: int, _pulse: int) -> None:
        if compartment.faults.sensor is SensorFault.NONE:
            self._say(compartment, at_ms, closed=not compartment.says_closed)

    def _contact_settles(self, compartment: Compartment, at_ms: int, _pulse: int) -> None:
        if compartment.faults.sensor is SensorFault.NONE:
            self._say(compartment, at_ms, closed=not compartment.door_open)

    def _contact_chatters(self, compartment: Compartment, at_ms: int, _pulse: int) -> None:
        if compartment.faults.sensor is SensorFault.CHATTERING:
            self._say(compartment, at_ms, closed=not compartment.says_closed)
            self._schedule(at_ms + CHATTER_MS, compartment, Happening.CONTACT_CHATTERS)

    def _pulse_expires(self, compartment: Compartment, at_ms: int, pulse: int) -> None:
        if compartment.energised and pulse == compartment.pulse:
            labels = (compartment.physics.label,)
            self.violations.append(Violation(at_ms, ViolationKind.TOO_LONG, labels, compartment.commanded))

    def _say(self, compartment: Compartment, at_ms: int, *, closed: bool) -> None:
        if closed != compartment.says_closed:
            compartment.says_closed = closed
            self._edges.append(SensorEdge(at_ms, compartment.physics.label, closed))

    def _schedule(self, at_ms: int, compartment: Compartment, happening: Happening) -> None:
        self._serial += 1
        heapq.heappush(self._events, (at_ms, self._serial, compartment.physics.label, happening, compartment.pulse))
