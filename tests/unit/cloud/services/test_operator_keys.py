"""Operators' own keys: registered, confirmed by another, carried to the offline root, and brought to the lockers."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cloud.domain.actors import Role, actor
from cloud.domain.errors import ConflictError, ForbiddenError, InvalidError
from cloud.domain.locker import Locker, LockerStatus
from cloud.services.operator_keys import (
    KEYS_PER_ACCOUNT_MAX,
    bring_list,
    confirm_key,
    person_bytes,
    pin_missing,
    register_key,
    registered,
    revoke_key,
)
from cloud.services.records_bulk import OperatorKeyRecord
from cloud.services.records_ops import AuditEntry, OutboxMessage
from cloud.services.technician_pass import technician_pass
from contract import codec, envelope
from contract.bulk import OPERATOR_LIST_LIFE_S, PinOperators, operator_key_id, read_list, read_statement
from contract.grants import Presence
from tests.contract.bulk_papers import public
from tests.unit.cloud.services.bulk_street import OLGA, OLGAS, PAUL, PAULS, RITA, ROOT, SPARE, BulkCloud


@pytest.fixture
def cloud() -> BulkCloud:
    return BulkCloud()


def pins(cloud: BulkCloud) -> list[str]:
    return sorted(one.locker_id for one in cloud.of(OutboxMessage, kind="pin_operators"))


def test_nobody_confirms_a_key_of_their_own_or_twice(cloud: BulkCloud) -> None:
    cloud.registers(RITA, SPARE)
    with pytest.raises(ForbiddenError):
        cloud.confirms(RITA, SPARE)
    cloud.confirms(OLGA, SPARE)
    with pytest.raises(ConflictError):
        cloud.confirms(PAUL, SPARE)
    actions = {one.action for one in cloud.of(AuditEntry, subject=operator_key_id(public(SPARE)))}
    assert actions == {"register_operator_key", "confirm_operator_key"}


def test_a_key_is_the_right_length_and_nobody_keeps_many(cloud: BulkCloud) -> None:
    with pytest.raises(InvalidError):
        cloud.do(lambda uow: register_key(uow, cloud.act(RITA), b"short"))
    for number in range(KEYS_PER_ACCOUNT_MAX):
        cloud.registers(RITA, Ed25519PrivateKey.from_private_bytes(bytes([100 + number]) * 32))
    with pytest.raises(ConflictError):
        cloud.registers(RITA, SPARE)


def test_keys_are_for_operators_who_are_persons(cloud: BulkCloud) -> None:
    for who in (actor(Role.SUPPORT, "olga"), actor(Role.OPERATOR, "key-lm_1234")):
        with pytest.raises(ForbiddenError):
            cloud.registers(who, SPARE)


def test_a_revoked_key_is_on_no_list_and_is_not_confirmed_again(cloud: BulkCloud) -> None:
    name = operator_key_id(public(OLGAS))
    cloud.do(lambda uow: revoke_key(uow, cloud.act(PAUL), name))
    assert cloud.do(lambda uow: revoke_key(uow, cloud.act(RITA), name)).revoked_by == "paul"
    assert [one.public_key for one in cloud.do(registered).keys] == [public(PAULS)]
    with pytest.raises(ConflictError):
        cloud.do(lambda uow: confirm_key(uow, cloud.act(PAUL), name))
    assert cloud.the(OperatorKeyRecord, id=name).confirmed_by == "paul"


def test_the_file_for_the_root_names_people_and_the_signed_list_does_not(cloud: BulkCloud) -> None:
    assert [one.name for one in cloud.do(registered).keys] == ["Olga", "Paul"]
    brought = cloud.brings()
    listed = read_list(read_statement(brought.statement), public(ROOT))
    assert [one.person for one in listed.keys] == [person_bytes("olga"), person_bytes("paul")]
    assert b"Olga" not in brought.statement


def test_a_list_goes_to_every_locker_that_has_an_older_one(cloud: BulkCloud) -> None:
    cloud.locker("WAW-02")
    cloud.locker("WAW-03", status=LockerStatus.DECOMMISSIONED)
    brought = cloud.brings()
    assert pins(cloud) == ["WAW-01", "WAW-02"]
    message = cloud.the(OutboxMessage, kind="pin_operators", locker_id="WAW-01")
    keys = {cloud.keys.signer.key_id: cloud.keys.signer.private_key.public_key()}
    command = codec.decode_downward(envelope.verify(message.payload, keys).body)
    assert isinstance(command, PinOperators)
    assert command.statement == read_statement(brought.statement)

    def again() -> int:
        return cloud.do(lambda uow: pin_missing(uow, cloud.act(), cloud.keys))

    assert again() == 0  # it is under way
    cloud.do(lambda uow: uow.remove(OutboxMessage, kind="pin_operators"))
    cloud.says(operators_number=brought.number)
    assert again() == 1
    assert pins(cloud) == ["WAW-02"]
    cloud.later(seconds=OPERATOR_LIST_LIFE_S)
    cloud.do(lambda uow: uow.remove(OutboxMessage, kind="pin_operators"))
    assert again() == 0


def test_a_newer_list_is_sent_at_once_also_to_lockers_that_have_not_confirmed_the_last(cloud: BulkCloud) -> None:
    """Somebody's key was left out of it."""
    cloud.brings()
    cloud.later(seconds=60)
    cloud.brings()

    assert pins(cloud) == ["WAW-01", "WAW-01"]


def test_without_a_list_there_is_nothing_to_send(cloud: BulkCloud) -> None:
    assert cloud.do(lambda uow: pin_missing(uow, cloud.act(), cloud.keys)) == 0


def test_a_list_by_somebody_else_an_old_one_or_one_that_is_over_is_refused(cloud: BulkCloud) -> None:
    with pytest.raises(InvalidError):
        cloud.brings(by=OLGAS)
    with pytest.raises(InvalidError):
        cloud.do(lambda uow: bring_list(uow, cloud.act(OLGA), cloud.keys, b"nonsense", public(ROOT)))
    with pytest.raises(InvalidError):
        cloud.brings(at_s=1)
    cloud.brings()
    with pytest.raises(ConflictError):
        cloud.brings()


def test_maintenance_and_the_pinned_list_are_known_as_the_locker_says_them(cloud: BulkCloud) -> None:
    cloud.says(maintenance_s=600, operators_number=7)
    locker = cloud.the(Locker, id="WAW-01")
    assert locker.maintenance_until is not None
    assert (locker.maintenance_until - cloud.now).total_seconds() == 600
    assert locker.operators_number == 7
    cloud.says()
    assert cloud.the(Locker, id="WAW-01").maintenance_until is None


def test_a_technician_s_pass_signs_in_at_one_locker_for_an_hour(cloud: BulkCloud) -> None:
    fitter = actor(Role.INSTALLER, "tom")
    text = cloud.do(lambda uow: technician_pass(uow, cloud.act(fitter), cloud.keys, "WAW-01"))
    keys = {cloud.keys.signer.key_id: cloud.keys.signer.private_key.public_key()}
    shown = codec.decode_presented(envelope.verify(codec.from_qr(text), keys).body)
    assert isinstance(shown, Presence)
    assert (shown.aud, shown.person) == ("WAW-01", person_bytes("tom"))
    assert shown.expires_at - shown.issued_at == 3600
    with pytest.raises(ForbiddenError):
        cloud.do(lambda uow: technician_pass(uow, cloud.act(actor(Role.COURIER, "c")), cloud.keys, "WAW-01"))
