"""The configuration wanted for a locker: its version only grows, and the locker says when it applies it."""

import msgspec

from cloud.domain.access import unix
from cloud.domain.actors import Role, require
from cloud.domain.ids import message_id
from cloud.domain.locker import Locker, require_machine
from cloud.services import audit
from cloud.services.ports import Act, Keys, Signing, UnitOfWork
from cloud.services.projection_messages import configuration_about
from cloud.services.records import UNDER_WAY, MessageState
from cloud.services.records_ops import DesiredConfiguration, OutboxMessage
from cloud.services.sending import message
from contract.codec import encode
from contract.ids import LockerId
from contract.state import Configuration, Desired
from contract.topics import Branch

KIND = "desired"


def desire_configuration(
    uow: UnitOfWork, act: Act, keys: Keys, locker_id: str, configuration: Configuration
) -> DesiredConfiguration:
    """Store and send; the version given is replaced by the next one."""
    require(act.actor, Role.OPERATOR, Role.INSTALLER)
    require_machine(uow.need(Locker, locker_id))
    current = uow.get(DesiredConfiguration, locker_id)
    version = current.version + 1 if current else 1
    wanted = msgspec.structs.replace(configuration, configuration_version=version)
    row = DesiredConfiguration(
        locker_id=locker_id,
        version=version,
        applied_version=current.applied_version if current else 0,
        body=msgspec.json.encode(wanted).decode(),
        updated_at=act.now,
    )
    uow.remove(DesiredConfiguration, locker_id=locker_id)
    # An older version that is still under way is never applied any more, nor said to be, once this one is.
    waiting = {"locker_id": locker_id, "kind": KIND, "state": UNDER_WAY}
    uow.change(OutboxMessage, waiting, state=MessageState.DEAD, confirmed_at=act.now)
    uow.add(row, _signed(act, keys, locker_id, wanted))
    audit.note(uow, act, "desire_configuration", locker_id, detail=row.body)
    return row


def send_current(uow: UnitOfWork, act: Act, keys: Signing, locker_id: str) -> None:
    """Send the configuration in force once more, if anybody ever wished for one: the locker has lost what it had."""
    row = uow.get(DesiredConfiguration, locker_id)
    if row is not None:
        uow.add(_signed(act, keys, locker_id, msgspec.json.decode(row.body, type=Configuration)))


def _signed(act: Act, keys: Signing, locker_id: str, wanted: Configuration) -> OutboxMessage:
    about = configuration_about(locker_id, wanted.configuration_version)
    document = Desired(
        aud=LockerId(locker_id),
        id=message_id(act.ids.new()),
        issued_at=unix(act.now),
        configuration=wanted,
    )
    signed = keys.signer.sign(encode(document))
    return message(act, locker_id, Branch.DESIRED, (KIND, about), signed)
