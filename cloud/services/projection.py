"""What a group of events changes, gathered first and written at once: the cloud's picture follows the journals.

Handlers (``projection_doors``, ``_parcels``, ``_messages``) look at one event each and note their changes here; the
database is read twice and written a dozen times for a whole group, however many lockers spoke.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from cloud.domain.capacity import Reservation, ReservationState
from cloud.domain.locker import Compartment, CompartmentStatus, Contents, Locker
from cloud.domain.parcel import Parcel
from cloud.services import attention
from cloud.services.ports import Act, Change, UnitOfWork, UpTo
from cloud.services.records import (
    Assignment,
    CommandState,
    GrantState,
    HistoryEntry,
    IssuedGrant,
    MessageState,
    SealedCode,
    StopTask,
    Task,
    TaskState,
)
from cloud.services.records_ops import (
    Alarm,
    CommandSent,
    DesiredConfiguration,
    Notification,
    OutboxMessage,
)

Door = tuple[str, str]
READY = "ready_for_pickup"


@dataclass(frozen=True, slots=True)
class Seen:
    """One event where and when it happened; ``at`` is never later than now and is now when the locker had no clock."""

    locker_id: str
    sequence: int
    at: datetime
    cause: bytes | None


@dataclass(slots=True)
class Projection:
    """The changes so far. ``parcels`` and ``commands`` hold what was read; changed ones are written back.

    ``revoked`` parcels have lost a right to be picked up, ``live`` are those, each with its locker, that have one.
    ``left_last`` says which parcel was the last known in a compartment that a courier refused, and what happened to it,
    by locker and sequence of the refusal. ``standing`` are the doors that already have an alarm for standing open.
    ``hours`` are opening hours and time zone of the points that are not always open.
    """

    act: Act
    parcels: dict[str, Parcel]
    commands: dict[str, CommandSent]
    revoked: frozenset[str] = frozenset()
    left_last: Mapping[tuple[str, int], tuple[str, str]] = field(default_factory=dict)
    standing: set[Door] = field(default_factory=set)
    live: frozenset[Door] = frozenset()
    hours: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    changed_parcels: dict[str, Parcel] = field(default_factory=dict)
    changed_commands: dict[str, CommandSent] = field(default_factory=dict)
    doors: dict[Door, str] = field(default_factory=dict)
    contents: dict[Door, tuple[Contents, str | None]] = field(default_factory=dict)
    left: list[Change] = field(default_factory=list)
    service: dict[Door, tuple[CompartmentStatus, str | None]] = field(default_factory=dict)
    reservations: list[Change] = field(default_factory=list)
    assignments: list[Change] = field(default_factory=list)
    spent_drop_offs: list[Change] = field(default_factory=list)
    spent_groups: list[Change] = field(default_factory=list)
    spent_elsewhere: list[Change] = field(default_factory=list)
    spent_parcels: list[Change] = field(default_factory=list)
    wiped_codes: set[str] = field(default_factory=set)
    pinned: dict[str, int] = field(default_factory=dict)
    tasks: list[Change] = field(default_factory=list)
    messages: list[Change] = field(default_factory=list)
    configurations: list[Change] = field(default_factory=list)
    raised_alarms: list[Change] = field(default_factory=list)
    cleared_alarms: list[Change] = field(default_factory=list)
    doors_left_open: dict[Door, Alarm] = field(default_factory=dict)
    nudges: dict[Door, Notification] = field(default_factory=dict)
    added: list[Any] = field(default_factory=list)

    def change_parcel(self, seen: Seen, parcel: Parcel, happened: str, actor: str, detail: str = "") -> None:
        """Note the parcel's new shape and one line of its history."""
        parcel = replace(parcel, updated_at=self.act.now)
        self.parcels[parcel.id] = self.changed_parcels[parcel.id] = parcel
        self.added.append(
            HistoryEntry(
                parcel_id=parcel.id,
                at=seen.at,
                recorded_at=self.act.now,
                happened=happened,
                state=parcel.state,
                custodian=parcel.custodian,
                actor=actor,
                locker_id=seen.locker_id,
                compartment=parcel.compartment,
                detail=detail,
            )
        )

    def lies_in(self, seen: Seen, compartment: str, parcel: str) -> None:
        """Have a parcel lie where staff saw it, and nowhere else in this locker."""
        for door, (_, known) in self.contents.items():
            if known == parcel and door[0] == seen.locker_id:
                self.contents[door] = (Contents.EMPTY, None)
        where = {"locker_id": seen.locker_id, "parcel_id": parcel}
        self.left.append(Change(where, {"contents": Contents.EMPTY, "parcel_id": None, "updated_at": self.act.now}))
        self.contents[seen.locker_id, compartment] = (Contents.OCCUPIED, parcel)

    def end_reservation(self, seen: Seen, parcel: str, state: ReservationState, *, anywhere: bool) -> None:
        where: dict[str, Any] = {"parcel_id": parcel, "state": ReservationState.ACTIVE}
        if not anywhere:
            where["locker_id"] = seen.locker_id
        self.reservations.append(Change(where, {"state": state, "ended_at": self.act.now}))

    def end_assignment(self, parcel: str, outcome: str) -> None:
        where = {"parcel_id": parcel, "ended_at": None}
        self.assignments.append(Change(where, {"ended_at": self.act.now, "outcome": outcome}))

    def end_task(self, parcel: str, task: Task, state: TaskState) -> None:
        where = {"parcel_id": parcel, "task": task, "state": TaskState.PENDING}
        self.tasks.append(Change(where, {"state": state, "done_at": self.act.now}))

    def spend_drop_off(self, parcel: str) -> None:
        """End every right to put this parcel in, whichever of them was used: it is in."""
        values = {"state": GrantState.SPENT, "ended_at": self.act.now}
        where = {"parcel_id": parcel, "kind": "drop_off", "state": GrantState.ISSUED}
        self.spent_drop_offs.append(Change(where, values))

    def spend_group(self, group: bytes) -> None:
        values = {"state": GrantState.SPENT, "ended_at": self.act.now}
        self.spent_groups.append(Change({"group_id": group.hex(), "state": GrantState.ISSUED}, values))

    def spend_at(self, parcel: str, locker: str) -> None:
        """End the rights a parcel has at a locker it did not come to."""
        where = {"parcel_id": parcel, "locker_id": locker, "state": GrantState.ISSUED}
        self.spent_elsewhere.append(Change(where, {"state": GrantState.SPENT, "ended_at": self.act.now}))

    def spend_parcel(self, parcel: str) -> None:
        """End every grant that is still about this parcel, and forget its code."""
        values = {"state": GrantState.SPENT, "ended_at": self.act.now}
        self.spent_parcels.append(Change({"parcel_id": parcel, "state": GrantState.ISSUED}, values))
        self.wiped_codes.add(parcel)

    def confirm(self, seen: Seen, about: str) -> None:
        """Note that the locker has what the message ``about`` was to bring; whether it was sent once or ten times."""
        where = {"locker_id": seen.locker_id, "about": about}
        self.messages.append(Change(where, {"state": MessageState.CONFIRMED, "confirmed_at": self.act.now}))

    def alarm(self, seen: Seen, kind: str, severity: str, compartment: str | None, detail: str = "") -> None:
        self.added.append(attention.alarm(self.act, (seen.locker_id, compartment), (kind, severity), detail, seen.at))

    def case(self, seen: Seen, kind: str, parcel: str | None, compartment: str | None, detail: str) -> None:
        self.added.append(attention.case(self.act, kind, parcel, (seen.locker_id, compartment), detail))

    def nothing_to_fetch(self, parcel: str) -> None:
        """Keep back "it is ready" where the same group of events says that it is gone again: a week came at once."""
        self.added = [
            one
            for one in self.added
            if not (isinstance(one, Notification) and (one.parcel_id, one.template) == (parcel, READY))
        ]

    def tell(self, note: Notification | None) -> None:
        if note is not None:
            self.added.append(note)

    def write(self, uow: UnitOfWork) -> None:
        """Write everything that was noted."""
        for kind, changes in self._changes():
            if changes:  # most groups are one event, which changes one or two kinds
                uow.change_many(kind, changes)
        for locker, number in self.pinned.items():
            uow.change(Locker, {"id": locker, "operators_number": UpTo(number)}, operators_number=number)
        if self.wiped_codes:
            uow.remove(SealedCode, parcel_id=tuple(self.wiped_codes))
        uow.add(*self.added, *self.doors_left_open.values(), *self.nudges.values())

    def _changes(self) -> Iterable[tuple[type[Any], list[Change]]]:
        """Yield what changes by kind, in the order in which it must be written."""
        now = {"updated_at": self.act.now}
        yield Parcel, [_parcel_change(parcel) for parcel in self.changed_parcels.values()]
        yield CommandSent, [_command_change(command) for command in self.changed_commands.values()]
        yield Compartment, _at_doors((d, {"door": level} | now) for d, level in self.doors.items())
        yield Compartment, self.left
        contents = self.contents.items()
        yield Compartment, _at_doors((d, {"contents": what, "parcel_id": p} | now) for d, (what, p) in contents)
        service = self.service.items()
        yield Compartment, _at_doors((d, {"status": status, "fault": why} | now) for d, (status, why) in service)
        yield from ((Reservation, shape) for shape in _same_shape(self.reservations))
        yield Assignment, self.assignments
        yield IssuedGrant, self.spent_drop_offs
        yield IssuedGrant, self.spent_groups
        yield IssuedGrant, self.spent_elsewhere
        yield IssuedGrant, self.spent_parcels
        yield StopTask, self.tasks
        yield from ((OutboxMessage, shape) for shape in _same_shape(self.messages))
        yield DesiredConfiguration, self.configurations
        alarms = _same_shape(self.raised_alarms) + _same_shape(self.cleared_alarms)
        yield from ((Alarm, shape) for shape in alarms)


def _at_doors(changes: Iterable[tuple[Door, dict[str, Any]]]) -> list[Change]:
    return [Change({"locker_id": locker, "label": label}, values) for (locker, label), values in changes]


def _same_shape(changes: list[Change]) -> list[list[Change]]:
    shapes: dict[tuple[str, ...], list[Change]] = {}
    for change in changes:
        shapes.setdefault((*change.where, *change.values), []).append(change)
    return list(shapes.values())


def _parcel_change(parcel: Parcel) -> Change:
    return Change(
        {"id": parcel.id},
        {
            "state": parcel.state,
            "custodian": parcel.custodian,
            "locker_id": parcel.locker_id,
            "compartment": parcel.compartment,
            "dropped_off_at": parcel.dropped_off_at,
            "deadline": parcel.deadline,
            "updated_at": parcel.updated_at,
        },
    )


def _command_change(command: CommandSent) -> Change:
    return Change(
        {"id": command.id},
        {
            "state": command.state,
            "accepted_at": command.accepted_at,
            "opened_at": command.opened_at,
            "ended_at": command.ended_at,
            "refusal": command.refusal,
        },
    )


OVER = (CommandState.OPENED, CommandState.DONE, CommandState.REFUSED, CommandState.NOT_OPENED)
