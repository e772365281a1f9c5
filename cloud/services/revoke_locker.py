"""An operator takes a locker's identity back: a card was stolen, a machine is missing, two devices claim to be one.

From then on nothing it signs is believed, its certificate is no longer taken, and its session at the broker ends. What
lies in it stays reachable for people: a locker that is cut off serves on. After a new claim a device is it again.
"""

from cloud.domain.actors import Role, require
from cloud.domain.errors import ConflictError, InvalidError
from cloud.domain.locker import Locker, LockerStatus, change_status, require_machine
from cloud.services import audit
from cloud.services.certificates import ENDING
from cloud.services.device_keys import revoke_keys
from cloud.services.ports import Act, UnitOfWork
from cloud.services.records_ops import Alarm
from cloud.services.remote_open import REASON_MAX, REASON_MIN


def revoke_locker(uow: UnitOfWork, act: Act, locker_id: str, reason: str) -> Locker:
    """Revoke every key of the locker and quarantine it."""
    require(act.actor, Role.OPERATOR)
    if not REASON_MIN <= len(reason.strip()) <= REASON_MAX:
        raise InvalidError("reason", f"write {REASON_MIN} to {REASON_MAX} characters")
    locker = uow.need(Locker, locker_id)
    require_machine(locker)
    if not revoke_keys(uow, act, locker_id):
        raise ConflictError(f"{locker_id} has no identity that could be taken back")
    if locker.status is not LockerStatus.QUARANTINED:
        status = change_status(locker.status, LockerStatus.QUARANTINED)
        uow.change(Locker, {"id": locker_id}, status=status, intake_open=False, online=False, updated_at=act.now)
    uow.change(Alarm, {"locker_id": locker_id, "kind": ENDING, "cleared_at": None}, cleared_at=act.now)
    audit.note(uow, act, "revoke_locker", locker_id, reason=reason)
    return uow.need(Locker, locker_id)
