"""Pick-up codes made ahead of need, because one Argon2id takes 50 ms and the single writer has better things to do.

A job asks ``lockers_needing_codes``, runs ``make_codes`` outside the writer, and hands the result to ``store_codes``.
``take_code`` uses one up, or makes one on the spot when the pool is dry.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from cloud.services.device_keys import LockerSecrets, newest_key, secrets_of
from cloud.services.ports import Act, Ids, Keys, UnitOfWork
from cloud.services.records import PreparedCode
from contract.codes import CODE_DIGITS, CODES, PickUpCode, StretchedCode, make_code, stretch

POOL_MIN = 8  # fewer left and the job refills
POOL_MAX = 24  # a locker's busy hour; 24 x 50 ms of work, 24 sealed rows of about 70 bytes


@dataclass(frozen=True, slots=True)
class FreshCode:
    code: PickUpCode
    stretched: StretchedCode


def lockers_needing_codes(uow: UnitOfWork, keys: Keys) -> list[tuple[str, bytes, int]]:
    """Return locker, salt and how many codes to make, for every locker whose pool runs low."""
    counted = uow.reads.prepared_codes()
    low = [(locker, left) for locker, left in counted.items() if left < POOL_MIN]
    return [(locker, secrets_of(keys, newest_key(uow, locker)).salt, POOL_MAX - left) for locker, left in low]


def make_codes(count: int, salt: bytes, ids: Ids) -> tuple[FreshCode, ...]:
    """Make codes; slow on purpose (50 ms each), so call it in a worker thread."""
    return tuple(_fresh(salt, ids) for _ in range(count))


def store_codes(uow: UnitOfWork, act: Act, keys: Keys, locker_id: str, codes: Sequence[FreshCode]) -> None:
    for fresh in codes:
        number = act.ids.new()
        sealed = keys.box.seal(fresh.code.encode() + fresh.stretched, _about(number))
        uow.add(PreparedCode(id=number, locker_id=locker_id, sealed=sealed, created_at=act.now))


def take_code(uow: UnitOfWork, act: Act, keys: Keys, locker_id: str, secrets: LockerSecrets) -> FreshCode:
    """Return a code nobody had before, from the pool or fresh."""
    prepared = uow.first(PreparedCode, locker_id=locker_id)
    if prepared is None:
        return _fresh(secrets.salt, act.ids)
    uow.remove(PreparedCode, id=prepared.id)
    plain = keys.box.unseal(prepared.sealed, _about(prepared.id))
    return FreshCode(PickUpCode(plain[:CODE_DIGITS].decode()), StretchedCode(plain[CODE_DIGITS:]))


def _fresh(salt: bytes, ids: Ids) -> FreshCode:
    code = make_code(ids.below(CODES))
    return FreshCode(code, stretch(code, salt))


def _about(number: str) -> str:
    return f"prepared_code:{number}"
