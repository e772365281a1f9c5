"""Events about what the cloud had sent: received, refused, done. Only these turn *sent* into something known."""

from dataclasses import replace

from cloud.services.ports import Change
from cloud.services.projection import OVER, Projection, Seen
from cloud.services.records import CommandState, MessageState
from contract.commands import RefusalReason
from contract.events import (
    BulkEnded,
    CommandAccepted,
    CommandDone,
    CommandRefused,
    ConfigurationApplied,
    GrantsAccepted,
    MessageRefused,
    OperatorsPinned,
)

MANY = "open_many"
_HAS_IT = frozenset({RefusalReason.REPLAYED, RefusalReason.SPENT, RefusalReason.REVOKED})


def grants_accepted(changes: Projection, seen: Seen, event: GrantsAccepted) -> None:
    changes.confirm(seen, event.message.hex())


def message_refused(changes: Projection, seen: Seen, event: MessageRefused) -> None:
    """Take a refused copy of what the locker has as receipt; anything else is ours gone wrong, or an attack."""
    if event.message is not None and event.reason in _HAS_IT:
        changes.confirm(seen, event.message.hex())
        return
    changes.alarm(seen, "message_refused", "warning", None, event.reason)
    if event.message is not None:
        values = {"state": MessageState.DEAD, "confirmed_at": changes.act.now}
        # Only its own: a broker that hands one locker's messages to another must not end them for the first.
        where = {"locker_id": seen.locker_id, "about": event.message.hex()}
        changes.messages.append(Change(where, values))


def command_accepted(changes: Projection, seen: Seen, event: CommandAccepted) -> None:
    changes.confirm(seen, event.command.hex())
    command_went(changes, seen, event.command, CommandState.ACCEPTED)


def command_refused(changes: Projection, seen: Seen, event: CommandRefused) -> None:
    changes.confirm(seen, event.command.hex())
    if event.reason != RefusalReason.REPLAYED:
        command_went(changes, seen, event.command, CommandState.REFUSED, event.reason)


def command_done(changes: Projection, seen: Seen, event: CommandDone) -> None:
    changes.confirm(seen, event.command.hex())
    command_went(changes, seen, event.command, CommandState.DONE)


def bulk_ended(changes: Projection, seen: Seen, event: BulkEnded) -> None:
    """End an order to open many doors; what was not opened, and why, stands with it and is told."""
    if event.command.hex() not in changes.commands:
        changes.alarm(seen, "bulk_unknown", "critical", None, f"{event.begun} doors by an order that is not ours")
    left = f"{event.reason}: {len(event.left)} doors not opened" if event.left else None
    _went(changes, seen, event.command, CommandState.DONE, left)
    if left is not None:
        changes.alarm(seen, "bulk_stopped", "warning", None, f"{event.begun} opened; {left} ({' '.join(event.left)})")


def configuration_applied(changes: Projection, seen: Seen, event: ConfigurationApplied) -> None:
    changes.confirm(seen, configuration_about(seen.locker_id, event.configuration_version))
    changes.configurations.append(
        Change({"locker_id": seen.locker_id}, {"applied_version": event.configuration_version})
    )


def operators_pinned(changes: Projection, seen: Seen, event: OperatorsPinned) -> None:
    """Know which list of operators a locker believes: its presence says so too, and can get lost on the way."""
    changes.pinned[seen.locker_id] = max(event.number, changes.pinned.get(seen.locker_id, 0))


def configuration_about(locker_id: str, version: int) -> str:
    """Return the name under which a configuration message waits for its confirmation."""
    return f"{locker_id}/configuration/{version}"


def command_went(
    changes: Projection, seen: Seen, command: bytes, state: CommandState, refusal: str | None = None
) -> None:
    """Move a command's timeline on; one door of many ends no order to open them all."""
    known = changes.commands.get(command.hex())
    of_many = known is not None and known.kind == MANY and state in (CommandState.OPENED, CommandState.NOT_OPENED)
    if not of_many:
        _went(changes, seen, command, state, refusal)


def _went(changes: Projection, seen: Seen, command: bytes, state: CommandState, refusal: str | None = None) -> None:
    """Move it on; what is over stays over, except that an opened door always counts."""
    known = changes.commands.get(command.hex())
    if known is None or (known.state in OVER and state is not CommandState.OPENED):
        return
    after = replace(
        known,
        state=state,
        accepted_at=seen.at if state is CommandState.ACCEPTED else known.accepted_at,
        opened_at=seen.at if state is CommandState.OPENED else known.opened_at,
        ended_at=seen.at if state in OVER else None,
        refusal=refusal,
    )
    changes.commands[known.id] = changes.changed_commands[known.id] = after
