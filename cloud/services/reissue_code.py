"""Code lost, or seen by somebody: tell it again, or issue another one in the same group.

A new code works once the locker has the new grant; until then the old one does, and the capability QR in the message
works at once because it belongs to the group. Using any of them spends the group.
"""

from datetime import timedelta

from cloud.domain.access import GrantIds, pick_up_grant
from cloud.domain.actors import Role, require
from cloud.domain.errors import ConflictError, LimitReachedError
from cloud.domain.ids import parcel_ref
from cloud.domain.parcel import Parcel
from cloud.services.device_keys import newest_key, secrets_of
from cloud.services.history import move
from cloud.services.notices import notice
from cloud.services.ports import Act, From, Keys, UnitOfWork
from cloud.services.prepare_codes import take_code
from cloud.services.promise import about_code, issued
from cloud.services.records import GrantState, IssuedGrant, SealedCode
from cloud.services.records_ops import Notification
from cloud.services.sending import send_grants
from cloud.services.withdrawal import live_pick_up
from contract.codes import verifier

MESSAGES_PER_DAY_MAX = 10  # a recipient needs two or three; a stranger with the link must not flood a mailbox
_DAY = timedelta(days=1)


def reissue_code(uow: UnitOfWork, act: Act, keys: Keys, parcel_id: str) -> None:
    """Replace the code; the group, the compartment and the deadline stay."""
    require(act.actor, Role.RECIPIENT, Role.OPERATOR, Role.SUPPORT)
    parcel, old = _waiting(uow, act, parcel_id)
    secrets = secrets_of(keys, newest_key(uow, old.locker_id))
    fresh = take_code(uow, act, keys, old.locker_id, secrets)
    ids = GrantIds(old.group_id, "", act.ids.new())
    proof = verifier(fresh.stretched, parcel_ref(parcel.id), secrets.key)
    grant = pick_up_grant(parcel, ids, proof, max(old.expires_at, parcel.deadline or old.expires_at))
    uow.change(IssuedGrant, {"id": old.id}, state=GrantState.SUPERSEDED, ended_at=act.now)
    uow.add(issued(act, grant, parcel.id, old.locker_id))
    sealed = keys.box.seal(fresh.code.encode(), about_code(old.group_id))
    uow.change(SealedCode, {"group_id": old.group_id}, code_sealed=sealed, created_at=act.now)
    send_grants(uow, act, keys, old.locker_id, (grant,))
    moved = move(uow, act, parcel, "code_reissued")
    note = notice(act, moved, "code_reissued", grant.id.hex())
    uow.add(*([note] if note else []))


def resend_code(uow: UnitOfWork, act: Act, parcel_id: str) -> None:
    """Tell the same code again."""
    require(act.actor, Role.RECIPIENT, Role.OPERATOR, Role.SUPPORT)
    parcel, _ = _waiting(uow, act, parcel_id)
    note = notice(act, parcel, "ready_for_pickup", act.ids.new())
    uow.add(*([note] if note else []))


def _waiting(uow: UnitOfWork, act: Act, parcel_id: str) -> tuple[Parcel, IssuedGrant]:
    parcel = uow.need(Parcel, parcel_id)
    grant = live_pick_up(uow, parcel_id)
    if grant is None or parcel.dropped_off_at is None:
        raise ConflictError(f"the parcel is {parcel.state}; there is no code to tell")
    told = uow.count(Notification, parcel_id=parcel_id, created_at=From(act.now - _DAY))
    if told >= MESSAGES_PER_DAY_MAX:
        raise LimitReachedError(f"{told} messages about this parcel went out within a day", _DAY)
    return parcel, grant
