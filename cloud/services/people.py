"""Couriers and their shifts, accounts that sign in, keys for machines. Passwords and keys come here digested."""

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from cloud.domain.actors import Actor, Role, require
from cloud.domain.errors import ForbiddenError, InvalidError
from cloud.services import audit
from cloud.services.ports import Act, UnitOfWork
from cloud.services.records import Courier, Shift
from cloud.services.records_ops import Account, ApiKey

KEY_BYTES = 32  # 256 bits
KEY_PREFIX = "lm_"
SHOWN_CHARACTERS = 8  # of a key, so that its owner can tell which one it is
_IS_ID = re.compile("[0-9a-f]{32}")
SHIFT_MAX = timedelta(hours=16)
LOADS_MAX = 10  # of one van in one shift: the first, and as many as a plan may come back for (problem.RELOADS_MAX)
RELOAD_MAX = timedelta(hours=2)  # longer is a break between two shifts
BREAK_MIN, BREAK_MAX = timedelta(minutes=1), timedelta(hours=4)  # longer is a second shift (intake.couriers_csv)


@dataclass(frozen=True, slots=True)
class KeyMade:
    """``secret`` is shown once."""

    key: ApiKey
    secret: str


def create_courier(uow: UnitOfWork, act: Act, courier: Courier) -> Courier:
    """Add a courier; the id is 32 hex digits, because it travels in the courier's pass as 16 bytes."""
    require(act.actor, Role.OPERATOR, Role.PLANNER)
    if not _IS_ID.fullmatch(courier.id):
        raise InvalidError("id", "a courier's id has 32 hex digits")
    uow.add(courier)
    audit.note(uow, act, "create_courier", f"courier:{courier.id}")
    return courier


def check_shift(shift: Shift) -> None:
    """Raise ``InvalidError`` for working times and loads that cannot be."""
    if not timedelta(0) < shift.ends_at - shift.starts_at <= SHIFT_MAX:
        raise InvalidError("ends_at", f"a shift lasts up to {SHIFT_MAX}")
    if not 1 <= shift.loads_max <= LOADS_MAX:
        raise InvalidError("loads_max", f"a van is loaded 1 to {LOADS_MAX} times")
    if not 0 <= shift.reload_s <= RELOAD_MAX.total_seconds():
        raise InvalidError("reload_min", f"loading again takes up to {RELOAD_MAX}")
    _check_break(shift)


def _check_break(shift: Shift) -> None:
    begins, latest, lasts = shift.break_from, shift.break_to, timedelta(seconds=shift.break_s)
    if begins is None and latest is None and not lasts:
        return
    if begins is None or latest is None or not lasts:
        missing = "break_from" if begins is None else "break_to" if latest is None else "break_min"
        raise InvalidError(missing, "a break needs break_from, break_to and break_min")
    if not BREAK_MIN <= lasts <= BREAK_MAX:
        raise InvalidError("break_min", f"a break lasts up to {BREAK_MAX}")
    if not shift.starts_at <= begins < latest:
        raise InvalidError("break_from", "a break begins after the shift does, and before break_to")
    if latest + lasts > shift.ends_at:
        raise InvalidError("break_to", "the break would end after the shift")


def create_account(uow: UnitOfWork, act: Act, account: Account) -> Account:
    """Add an account; ``password_hash`` is Argon2id, made by the API."""
    require(act.actor, Role.OPERATOR)
    unknown = [role for role in account.roles.split() if role not in set(Role)]
    if unknown or not account.roles:
        raise InvalidError("roles", f"choose from {', '.join(Role)}")
    uow.add(account)
    audit.note(uow, act, "create_account", f"account:{account.id}", detail=account.roles)
    return account


def actor_of(account: Account) -> Actor:
    """Return who an account acts as; a courier acts under the courier's id, everybody else under the account's.

    A counter's staff act under both: ``COUNTER/account``.
    """
    roles = frozenset(Role(role) for role in account.roles.split())
    if account.counter_id is not None:
        return Actor(f"{account.counter_id}/{account.id}", roles)
    return Actor(account.courier_id or account.id, roles)


def create_api_key(uow: UnitOfWork, act: Act, carrier: str, scopes: tuple[str, ...]) -> KeyMade:
    """Make a key that acts as one carrier, for a year."""
    require(act.actor, Role.OPERATOR)
    secret = KEY_PREFIX + act.ids.bytes(KEY_BYTES).hex()
    key = ApiKey(
        id=act.ids.new(),
        prefix=secret[: len(KEY_PREFIX) + SHOWN_CHARACTERS],
        digest=_digest(secret),
        carrier=carrier,
        scopes=" ".join(sorted(scopes)),
        created_at=act.now,
        expires_at=act.now + timedelta(days=365),
        revoked_at=None,
    )
    uow.add(key)
    audit.note(uow, act, "create_api_key", f"carrier:{carrier}", detail=key.prefix)
    return KeyMade(key, secret)


def api_key_of(uow: UnitOfWork, now: datetime, secret: str) -> ApiKey:
    """Return the live key with this secret; raises ``ForbiddenError``."""
    key = uow.first(ApiKey, digest=_digest(secret), revoked_at=None)
    if key is None or (key.expires_at is not None and key.expires_at <= now):
        raise ForbiddenError("this key is unknown, expired or revoked")
    return key


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
