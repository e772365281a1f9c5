"""Who wants to know what has been committed. Called in the loop right after the commit; must not block."""

from typing import Protocol


class Observer(Protocol):
    """The uplink's view of the loop."""

    def journal_grew(self) -> None: ...

    def state_changed(self) -> None: ...

    def picture_changed(self) -> None: ...


class Nobody:
    """The observer of a locker without an uplink."""

    def journal_grew(self) -> None:
        """Ignore it."""

    def state_changed(self) -> None:
        """Ignore it."""

    def picture_changed(self) -> None:
        """Ignore it."""
