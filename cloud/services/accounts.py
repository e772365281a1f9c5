"""Who may sign in, and who may no more: an account is ended, not erased, so that the audit trail keeps its name."""

from cloud.domain.actors import Role, require
from cloud.domain.errors import ConflictError
from cloud.services import audit
from cloud.services.operator_keys import revoke_keys_of
from cloud.services.ports import Act, UnitOfWork
from cloud.services.records_ops import Account

ACCOUNTS_MAX = 500  # listed at once; couriers and counters have pages of their own


def standing_accounts(uow: UnitOfWork, act: Act) -> list[Account]:
    """Return everybody who may sign in, by name."""
    require(act.actor, Role.OPERATOR)
    return uow.find(Account, order="name id", limit=ACCOUNTS_MAX, disabled_at=None)


def end_account(uow: UnitOfWork, act: Act, account_id: str) -> None:
    """Let somebody in no more: sessions count no longer, and their keys for opening in bulk are revoked.

    Raises ``ConflictError`` for the last operator, after whom nobody could let anybody in.
    """
    require(act.actor, Role.OPERATOR)
    account = uow.need(Account, account_id)
    if account.disabled_at is not None:
        return
    if runs_the_fleet(account) and not _others(uow, account_id):
        raise ConflictError("this is the last operator; make an account for another one first")
    uow.change(Account, {"id": account_id, "disabled_at": None}, disabled_at=act.now)
    audit.note(uow, act, "end_account", f"account:{account_id}", detail=account.counter_id or account.roles)
    revoke_keys_of(uow, act, account_id)


def runs_the_fleet(account: Account) -> bool:
    return Role.OPERATOR in account.roles.split()


def _others(uow: UnitOfWork, account_id: str) -> bool:
    """Return whether another operator may still sign in."""
    standing = uow.find(Account, disabled_at=None)
    return any(runs_the_fleet(one) for one in standing if one.id != account_id)
