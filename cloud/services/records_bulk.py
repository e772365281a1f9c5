"""Records of opening in bulk: operators' own keys, the lists the offline root signed, and orders with signatures."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorKeyRecord:
    """The public half of a key in an operator's browser. It counts here once somebody else has confirmed it.

    At lockers it counts once it stands in a list that the offline root has signed, which is another person's work.
    """

    id: str
    account_id: str
    public_key: bytes
    registered_at: datetime
    confirmed_by: str | None
    confirmed_at: datetime | None
    revoked_by: str | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorListRecord:
    """A list of operators as the offline root signed it (``statement``, the envelope's bytes)."""

    number: int
    statement: bytes
    expires_at: datetime
    brought_by: str
    brought_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkOpening:
    """An order to open many doors: asked for, signed by one operator, signed by another and sent.

    ``order`` is the text both sign; the command that carries it has the same ``id``.
    """

    id: str
    locker_id: str
    order: bytes
    asked_by: str
    asked_at: datetime
    expires_at: datetime
    first_by: str | None
    first_key: str | None
    first_signature: bytes | None
    first_at: datetime | None
    second_by: str | None
    second_at: datetime | None
    withdrawn_by: str | None
    withdrawn_at: datetime | None
