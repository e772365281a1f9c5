"""A locker's keys as the cloud holds them: what its signature is checked with, and the secrets behind its codes."""

from collections.abc import Sequence
from dataclasses import dataclass

from cloud.domain.errors import LockerUnavailableError
from cloud.services.ports import Act, Keys, UnitOfWork
from cloud.services.records import LockerKey


@dataclass(frozen=True, slots=True)
class LockerSecrets:
    """``key`` is K_locker (32 bytes), ``salt`` its Argon2id salt (16 bytes); neither is ever logged."""

    key: bytes
    salt: bytes


def signing_keys(uow: UnitOfWork, lockers: Sequence[str]) -> dict[str, bytes]:
    """Return the raw Ed25519 public key of each locker's newest unrevoked identity."""
    found = uow.find(LockerKey, order="created_at", locker_id=tuple(lockers), revoked_at=None)
    return {key.locker_id: key.signing_public for key in found if key.signing_public is not None}


def newest_key(uow: UnitOfWork, locker_id: str) -> LockerKey:
    """Return the key in force; raises ``LockerUnavailableError`` for a locker that never enrolled or was revoked."""
    found = uow.first(LockerKey, order="-created_at", locker_id=locker_id, revoked_at=None)
    if found is None:
        raise LockerUnavailableError(f"locker {locker_id} has no key: it has not been enrolled, or it was revoked")
    return found


def secrets_of(keys: Keys, found: LockerKey) -> LockerSecrets:
    return LockerSecrets(
        keys.box.unseal(found.key_sealed, about_key(found.id)), keys.box.unseal(found.salt_sealed, about_key(found.id))
    )


def revoke_keys(uow: UnitOfWork, act: Act, locker_id: str) -> int:
    """Stop believing anything signed by this locker's keys."""
    return uow.change(LockerKey, {"locker_id": locker_id, "revoked_at": None}, revoked_at=act.now)


def about_key(key_id: str) -> str:
    """Return what a sealed secret of this key is bound to."""
    return f"locker_key:{key_id}"
