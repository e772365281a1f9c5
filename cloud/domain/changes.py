"""A recipient's change of mind about a parcel that somebody else has aboard: asked, then accepted or refused.

::

    asked -> accepted
       | refused
       `--> moot: delivered or brought back before there was an answer, or asked for something else meanwhile

Until there is a yes everything promised stays as it was: nobody else is sent, nothing is kept free.
"""

from enum import StrEnum

from cloud.domain.errors import ChangeAnsweredError


class ChangeKind(StrEnum):
    LOCKER = "locker"
    WINDOW = "window"
    CANCEL = "cancel"


class ChangeState(StrEnum):
    ASKED = "asked"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    MOOT = "moot"


def answered(state: ChangeState, *, accepts: bool) -> ChangeState:
    """Return the state after an answer; raises ``ChangeAnsweredError`` for a second one."""
    if state is not ChangeState.ASKED:
        raise ChangeAnsweredError(state)
    return ChangeState.ACCEPTED if accepts else ChangeState.REFUSED
