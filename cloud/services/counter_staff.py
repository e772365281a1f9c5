"""Who works at a partner's counter: an account bound to it. With the first one the counter begins to take parcels.

Until somebody can sign in there, a parcel sent to it would meet nobody who can scan it.
"""

from cloud.domain.actors import Role, require
from cloud.domain.errors import ConflictError, ForbiddenError, InvalidError
from cloud.domain.locker import Locker, LockerStatus, change_status, is_counter
from cloud.services import accounts
from cloud.services.device_keys import about_key
from cloud.services.people import create_account
from cloud.services.ports import Act, Keys, UnitOfWork
from cloud.services.records import LockerKey
from cloud.services.records_ops import Account
from contract.codes import KEY_BYTES, SALT_BYTES


def create_staff(uow: UnitOfWork, act: Act, keys: Keys, account: Account) -> Account:
    """Add an account that works at ``account.counter_id`` and nowhere else, and open the counter if it is new."""
    require(act.actor, Role.OPERATOR)
    if account.roles != Role.STAFF or account.counter_id is None:
        raise InvalidError("counter_id", "staff work at one counter and have no other role")
    counter = counter_of(uow, account.counter_id)
    made = create_account(uow, act, account)
    if counter.status is LockerStatus.ANNOUNCED:
        _open(uow, act, keys, counter)
    return made


def end_account(uow: UnitOfWork, act: Act, counter_id: str, account_id: str) -> None:
    """Let somebody work there no more: from now on they cannot sign in, and no session of theirs counts."""
    require(act.actor, Role.OPERATOR)
    account = uow.need(Account, account_id)
    if account.counter_id != counter_id:
        raise ForbiddenError("this is another counter's")
    accounts.end_account(uow, act, account_id)


def counter_of(uow: UnitOfWork, counter_id: str) -> Locker:
    """Return a counter; raises ``ConflictError`` for a machine, which has no staff."""
    found = uow.need(Locker, counter_id)
    if not is_counter(found):
        raise ConflictError(f"{counter_id} is a locker, not a counter")
    return found


def check_works_there(uow: UnitOfWork, act: Act, counter_id: str, *others: Role) -> Locker:
    """Return the counter when the actor works there or has one of the ``others`` roles."""
    require(act.actor, Role.STAFF, *others)
    if not act.actor.may_be(Role.SYSTEM, *others) and workplace(act.actor.name) != counter_id:
        raise ForbiddenError("this is another counter's")
    return counter_of(uow, counter_id)


def workplace(name: str) -> str:
    """Return the counter at which staff of this actor's name work."""
    return name.partition("/")[0]


def _open(uow: UnitOfWork, act: Act, keys: Keys, counter: Locker) -> None:
    """Give the counter the secrets behind its recipients' codes, which stay in the cloud, and let parcels come."""
    number = act.ids.new()
    uow.add(
        LockerKey(
            id=number,
            locker_id=counter.id,
            key_sealed=keys.box.seal(act.ids.bytes(KEY_BYTES), about_key(number)),
            salt_sealed=keys.box.seal(act.ids.bytes(SALT_BYTES), about_key(number)),
            signing_public=None,
            certificate_serial=None,
            certificate_until=None,
            created_at=act.now,
            revoked_at=None,
        )
    )
    status = change_status(change_status(counter.status, LockerStatus.ENROLLING), LockerStatus.ACTIVE)
    uow.change(Locker, {"id": counter.id}, status=status, intake_open=True, updated_at=act.now)
