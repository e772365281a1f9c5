"""A decision while it is being written: the one mutable thing here, born and finished inside one call of ``decide``."""

from collections.abc import Mapping
from typing import Any, TypeVar

from msgspec.structs import replace

from contract.events import CompartmentWithdrawn, Event, SensorSuspected
from contract.ids import CompartmentLabel, GrantId, GroupId
from contract.state import DoorLevel
from edge.locker_controller.effects import Buzz, Decision, Effect, Pattern, PublishReport
from edge.locker_controller.grants import sure_s
from edge.locker_controller.inputs import Moment
from edge.locker_controller.limits import (
    EVENTS_PER_DECISION_MAX,
    EVENTS_SPARE,
    GROUP_KEEP_S,
    GROUPS_KEPT_MAX,
    NOTICE_MS,
)
from edge.locker_controller.screens import Screen
from edge.locker_controller.state import GroupRecord, LockerRecord, Notice

Key = TypeVar("Key")
Value = TypeVar("Value")


class Draft:
    """The state so far, and what is to be journalled and done. ``cause`` is the document that led to it."""

    def __init__(self, state: LockerRecord, moment: Moment) -> None:
        self.before = self.state = state
        self.moment = moment
        self.events: list[Event] = []
        self.effects: list[Effect] = []
        self.cause: bytes | None = None
        self._door_moved = False

    @property
    def ms(self) -> int:
        """Monotonic milliseconds, for everything that takes seconds."""
        return self.moment.now.monotonic_ms

    @property
    def now_s(self) -> int:
        """Unix seconds by which rights are judged."""
        return sure_s(self.moment.now)

    @property
    def has_room(self) -> bool:
        """Whether another door's worth of events still fits this decision."""
        return len(self.events) <= EVENTS_PER_DECISION_MAX - EVENTS_SPARE

    def journal(self, *events: Event) -> None:
        self.events.extend(events)

    def ask(self, effect: Effect) -> None:
        self.effects.append(effect)

    def put(self, **fields: Any) -> None:
        self.state = replace(self.state, **fields)

    def compartment(self, label: CompartmentLabel, **fields: Any) -> None:
        record = replace(self.state.compartments[label], **fields)
        self.put(compartments=with_entry(self.state.compartments, label, record))

    def door(self, label: CompartmentLabel, **fields: Any) -> None:
        self._door_moved |= "level" in fields
        self.put(doors=with_entry(self.state.doors, label, replace(self.state.doors[label], **fields)))

    def group(self, group: GroupId, keep_s: int = GROUP_KEEP_S, **fields: Any) -> None:
        """Note what became of a group; when too many are kept, the one nearest to its end is forgotten."""
        known = self.state.groups.get(group, GroupRecord(keep_until_s=0))
        record = replace(known, keep_until_s=max(known.keep_until_s, self.now_s + keep_s), **fields)
        groups = with_entry(self.state.groups, group, record)
        if len(groups) > GROUPS_KEPT_MAX:
            del groups[min(groups, key=lambda one: groups[one].keep_until_s)]
        self.put(groups=groups)

    def drop_grant(self, grant: GrantId) -> None:
        self.put(grants={name: kept for name, kept in self.state.grants.items() if name != grant})

    def show(self, screen: Screen, for_ms: int = NOTICE_MS) -> None:
        """Put a sentence on the screen for a while."""
        self.put(notice=Notice(screen, self.ms + for_ms))

    def withdraw(self, label: CompartmentLabel, reason: str) -> None:
        """Take a compartment out of use; the first reason stays until somebody has looked."""
        if not self.state.compartments[label].withdrawn:
            self.compartment(label, withdrawn=reason)
            self.journal(CompartmentWithdrawn(label, reason))

    def suspect(self, label: CompartmentLabel, level: DoorLevel) -> None:
        """Stop believing a door's sensor; the parcel behind it is still handed out, and nothing sounds for it."""
        if not self.state.compartments[label].suspect:
            self.compartment(label, suspect=True)
            self.journal(SensorSuspected(label, level.value))
            self.ask(Buzz(label, Pattern.OFF))

    def decision(self) -> Decision:
        """Finish, asking for a new snapshot when what it shows has changed."""
        compartments_changed = self.state.compartments is not self.before.compartments
        configured = self.state.configuration is not self.before.configuration
        if compartments_changed or configured or self._door_moved:
            self.ask(PublishReport())
        effects = tuple(dict.fromkeys(self.effects)) if self.effects else ()
        return Decision(self.state, tuple(self.events), effects, self.cause)


def with_entry(entries: Mapping[Key, Value], key: Key, value: Value) -> dict[Key, Value]:
    """Return a copy of one map with one entry changed."""
    return {**entries, key: value}
