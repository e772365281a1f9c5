"""Every refusal of the cloud, in one tree; the API maps each kind to one HTTP problem in one place.

DomainError
|-- NotFoundError            404  the thing named does not exist (or is not the asker's)
|-- ForbiddenError           403  this actor may not do this
|-- ConflictError            409  true about the world now, and in the way
|   |-- TransitionRefusedError      the parcel is in the wrong state
|   |-- NoCapacityError             no compartment of a fitting size is free
|   |-- AssignmentRefusedError      a rule forbids this parcel at this locker
|   |-- OfferEndedError             an offer cannot be answered so any more
|   |-- ChangeAnsweredError         a recipient's change of mind has been answered
|   |-- LockerUnavailableError      the locker cannot do it now
|   `-- AlreadyExistsError          the name or key is taken
|-- InvalidError             422  what was given cannot be right
|   `-- ShiftOverlapsError          the courier drives at that time already
|-- LimitReachedError        429  too often; says when again
|-- OverloadedError          503  the writer's queue is full
`-- BrokenChainError         409  a locker's events do not continue what we have
"""

from datetime import datetime, timedelta


class DomainError(Exception):
    """Something the cloud refuses; the message is a sentence a person may read."""


class NotFoundError(DomainError):
    """Nothing of this kind has this name."""

    def __init__(self, what: str, name: str) -> None:
        """Say ``what`` kind of thing was looked for and under which ``name``."""
        super().__init__(f"there is no {what} {name!r}")
        self.what, self.name = what, name


class ForbiddenError(DomainError):
    """The actor lacks the role; which one would do stands in the message."""


class ConflictError(DomainError):
    """The world is not in the state this would need."""


class TransitionRefusedError(ConflictError):
    """A parcel cannot go this way from where it is."""

    def __init__(self, state: str, happening: str) -> None:
        """Keep the ``state`` the parcel is in and the ``happening`` it refused."""
        super().__init__(f"a parcel that is {state} cannot be {happening}")
        self.state, self.happening = state, happening


class OfferEndedError(ConflictError):
    """An offer to somebody outside cannot go this way from where it is."""

    def __init__(self, state: str, happening: str) -> None:
        """Keep the ``state`` the offer is in and the ``happening`` it refused."""
        super().__init__(f"an offer that is {state.replace('_', ' ')} cannot be {happening}")
        self.state, self.happening = state, happening


class ChangeAnsweredError(ConflictError):
    """What a recipient asked for has been answered, or has come too late."""

    def __init__(self, state: str) -> None:
        """Keep the ``state`` it ended in."""
        super().__init__(f"this change was {state} already" if state != "moot" else "this change comes too late")
        self.state = state


class NoCapacityError(ConflictError):
    """No compartment that would fit is free."""

    def __init__(self, locker: str, size: str) -> None:
        """Keep the ``locker`` asked and the smallest fitting ``size``."""
        super().__init__(f"locker {locker} has no free compartment of size {size} or larger")
        self.locker, self.size = locker, size


class AssignmentRefusedError(ConflictError):
    """A rule forbids this parcel at this locker; ``reasons`` are short words, stable for machines."""

    def __init__(self, reasons: tuple[str, ...]) -> None:
        """Keep all ``reasons``, so that a person can put them right in one go."""
        super().__init__("this parcel may not go to this locker: " + ", ".join(reasons))
        self.reasons = reasons


class LockerUnavailableError(ConflictError):
    """The locker is not in a status in which this can be done."""


class AlreadyExistsError(ConflictError):
    """A unique name, key or right is taken already."""


class InvalidError(DomainError):
    """A value that cannot be right; ``field`` names it."""

    def __init__(self, field: str, why: str) -> None:
        """Name the ``field`` and say ``why`` its value cannot stand."""
        super().__init__(f"{field}: {why}")
        self.field, self.why = field, why


class ShiftOverlapsError(InvalidError):
    """A shift falls into another one of the same courier: nobody drives two vans at once."""

    def __init__(self, shift: str, begins: datetime, ends: datetime) -> None:
        """Keep which ``shift`` it is; ``begins`` and ``ends`` are told as they are given, in the reader's zone."""
        super().__init__("starts_at", f"this courier drives from {begins:%H:%M} to {ends:%H:%M} already")
        self.shift, self.begins, self.ends = shift, begins, ends


class LimitReachedError(DomainError):
    """Asked too often; ``again_in`` says when it may be tried again."""

    def __init__(self, what: str, again_in: timedelta) -> None:
        """Name ``what`` is limited and how long to wait."""
        super().__init__(f"{what}; try again in {max(1, round(again_in.total_seconds()))} s")
        self.again_in = again_in


class OverloadedError(DomainError):
    """The single writer has more work queued than it may promise to do."""


class BrokenChainError(DomainError):
    """A batch of events does not continue the chain the cloud has committed for this locker."""

    def __init__(self, locker: str, sequence: int, why: str) -> None:
        """Keep ``locker``, the ``sequence`` at which it breaks, and ``why``."""
        super().__init__(f"events of locker {locker} break at sequence {sequence}: {why}")
        self.locker, self.sequence, self.why = locker, sequence, why
