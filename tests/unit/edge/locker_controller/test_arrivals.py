"""Nobody acts on bytes that are too big, forged, damaged, of a later kind or meant for another locker."""

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contract.bulk import LIST_BYTES_MAX, ORDER_BYTES_MAX, OpenMany, OrderSignature, PinOperators
from contract.codec import encode, to_qr
from contract.commands import RefusalReason
from contract.envelope import ENVELOPE_BYTES_MAX, Envelope, Rejection, Signer
from contract.grants import Presence
from contract.ids import KeyId, LockerId, MessageId, label_digest
from edge.locker_controller.arrivals import (
    BYTES_MAX,
    NUMBER_MAX,
    TEXT_CHARACTERS_MAX,
    NotBelieved,
    is_plausible,
    read_scan,
    read_wire,
    scanned,
)
from edge.locker_controller.inputs import BarcodeScanned, CapabilityShown, OperatorShown, PassShown, PresentationRefused
from tests.unit.edge.locker_controller.builders import (
    LOCKER,
    NOON_S,
    bundle,
    capability,
    collect,
    courier_pass,
    name,
    pick_up,
    revoke,
)

CLOUD = Signer(KeyId("cloud-1"), Ed25519PrivateKey.from_private_bytes(b"c" * 32))
STRANGER = Signer(KeyId("cloud-1"), Ed25519PrivateKey.from_private_bytes(b"s" * 32))
KEYS = {CLOUD.key_id: CLOUD.private_key.public_key()}
ELSEWHERE = LockerId("WAW-02")
OF_A_LATER_VERSION = msgspec.msgpack.encode(["dance", LOCKER, b"m" * 16])
SIGNED_NONSENSE = CLOUD.sign(b"\xc1")
DAMAGED = "LM1:!"


def sent(record: msgspec.Struct, by: Signer = CLOUD) -> bytes:
    """Return what comes over the link."""
    return by.sign(encode(record))


def shown(record: msgspec.Struct, by: Signer = CLOUD) -> str:
    """Return the text of the QR code on somebody's phone."""
    return to_qr(by.sign(encode(record)))


def test_what_the_cloud_signed_for_this_locker_is_believed() -> None:
    assert read_wire(sent(bundle()), KEYS, LOCKER) == bundle()


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (bytes(ENVELOPE_BYTES_MAX + 1), Rejection.TOO_LARGE),
        (b"", Rejection.MALFORMED),
        (SIGNED_NONSENSE, Rejection.MALFORMED),
        (sent(bundle(), by=STRANGER), Rejection.BAD_SIGNATURE),
        (CLOUD.sign(OF_A_LATER_VERSION), RefusalReason.UNKNOWN_KIND),
        # a pass is signed by the cloud too, but belongs on a phone's screen
        (sent(courier_pass()), Rejection.MALFORMED),
    ],
)
def test_what_is_not_believed_over_the_wire_has_a_reason_and_no_id(payload: bytes, reason: str) -> None:
    assert read_wire(payload, KEYS, LOCKER) == NotBelieved(reason)


def test_a_message_for_another_locker_is_refused_by_its_id() -> None:
    message = bundle(aud=ELSEWHERE)
    assert read_wire(sent(message), KEYS, LOCKER) == NotBelieved(RefusalReason.WRONG_LOCKER, message.id)


def test_a_text_that_does_not_claim_to_be_ours_is_a_barcode() -> None:
    assert scanned("5901234123457", KEYS, LOCKER) == (BarcodeScanned(label_digest("5901234123457")), None)


def test_a_courier_s_pass_tells_when_it_was_signed() -> None:
    assert scanned(shown(courier_pass()), KEYS, LOCKER) == (PassShown(courier_pass()), NOON_S)


def test_a_recipient_s_capability_tells_when_it_was_signed() -> None:
    assert scanned(shown(capability("P")), KEYS, LOCKER) == (CapabilityShown(capability("P")), NOON_S)


def test_a_technician_s_pass_tells_when_it_was_signed() -> None:
    presence = Presence(LOCKER, MessageId(name("presence")), NOON_S, NOON_S + 60, name("Tom"))
    assert scanned(shown(presence), KEYS, LOCKER) == (OperatorShown(presence), NOON_S)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (DAMAGED, Rejection.MALFORMED),
        (to_qr(SIGNED_NONSENSE), Rejection.MALFORMED),
        (shown(capability("P"), by=STRANGER), Rejection.BAD_SIGNATURE),
        (to_qr(CLOUD.sign(OF_A_LATER_VERSION)), RefusalReason.UNKNOWN_KIND),
        (shown(capability("P", aud=ELSEWHERE)), RefusalReason.WRONG_LOCKER),
        # a bundle of grants is no bearer right, whoever holds a copy of it in front of the scanner
        (shown(bundle()), Rejection.MALFORMED),
    ],
)
def test_what_is_not_believed_at_the_scanner_tells_no_time(text: str, reason: str) -> None:
    assert scanned(text, KEYS, LOCKER) == (PresentationRefused(reason), None)


def test_a_pass_for_another_locker_is_refused_by_its_id() -> None:
    elsewhere = courier_pass(aud=ELSEWHERE)
    assert read_scan(shown(elsewhere), KEYS, LOCKER) == NotBelieved(RefusalReason.WRONG_LOCKER, elsewhere.id)


@pytest.mark.parametrize(
    "monster",
    [
        pytest.param(bundle(until_s=NUMBER_MAX + 1), id="a time that breaks arithmetic"),
        pytest.param(bundle(issued_at=-1), id="a time before time"),
        pytest.param(bundle(collect("P", reason="x" * (TEXT_CHARACTERS_MAX + 1))), id="an essay kept for weeks"),
        pytest.param(bundle(pick_up("P", verifier=bytes(BYTES_MAX + 1))), id="a proof of any length"),
        pytest.param(revoke("P", id=MessageId(bytes(BYTES_MAX + 1))), id="an id of any length"),
    ],
)
def test_a_document_with_a_monstrous_part_is_refused_whoever_signed_it(monster: msgspec.Struct) -> None:
    assert read_wire(sent(monster), KEYS, LOCKER) == NotBelieved(RefusalReason.LIMIT_REACHED)


def test_what_is_not_there_is_not_too_large() -> None:
    assert is_plausible(None)
    assert is_plausible((1, b"id", "name", (None,)))


def test_only_what_is_long_by_its_kind_may_be_long() -> None:
    two = (OrderSignature(KeyId("op-1"), bytes(64)),) * 2
    order = OpenMany(LOCKER, MessageId(name("order")), NOON_S, NOON_S + 60, bytes(ORDER_BYTES_MAX), two)
    assert is_plausible(order)
    assert not is_plausible(msgspec.structs.replace(order, order=bytes(ORDER_BYTES_MAX + 1)))
    pinned = PinOperators(
        LOCKER, MessageId(name("pin")), NOON_S, NOON_S + 60, Envelope("root", bytes(LIST_BYTES_MAX), b"")
    )
    assert is_plausible(pinned)
    assert not is_plausible(msgspec.structs.replace(pinned, statement=Envelope("root", bytes(LIST_BYTES_MAX + 1), b"")))
    assert not is_plausible(msgspec.structs.replace(pinned, statement=Envelope("root", b"", bytes(LIST_BYTES_MAX))))
