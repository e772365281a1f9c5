"""Who asks: services check the role here, not only the pages."""

from dataclasses import dataclass
from enum import StrEnum

from cloud.domain.errors import ForbiddenError


class Role(StrEnum):
    OPERATOR = "operator"
    SUPPORT = "support"
    INSTALLER = "installer"
    PLANNER = "planner"
    COURIER = "courier"
    CARRIER = "carrier"
    PARTNER = "partner"
    STAFF = "staff"
    RECIPIENT = "recipient"
    LOCKER = "locker"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Actor:
    """``name`` is an account, courier, carrier, parcel (for its recipient), locker or job; never a person's name.

    A counter's staff are ``COUNTER/account``, so that it is known both where they work and who it was.
    """

    name: str
    roles: frozenset[Role]

    def __str__(self) -> str:
        return f"{min(self.roles)}:{self.name}" if self.roles else f"nobody:{self.name}"

    def may_be(self, *roles: Role) -> bool:
        return not self.roles.isdisjoint(roles)


def actor(role: Role, name: str) -> Actor:
    return Actor(name, frozenset({role}))


SYSTEM = actor(Role.SYSTEM, "cloud")


def require(who: Actor, *roles: Role) -> None:
    """Raise ``ForbiddenError`` unless ``who`` has one of ``roles``; the cloud's own jobs may do everything."""
    if not who.may_be(Role.SYSTEM, *roles):
        raise ForbiddenError(f"{who} may not do this; it needs the role {' or '.join(roles)}")
