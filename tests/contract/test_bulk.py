"""An order and a list of operators are believed for exactly the bytes and the keys they were signed with."""

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contract.bulk import (
    BULK_DOORS_MAX,
    BULK_REASON_CHARACTERS,
    LIST_BYTES_MAX,
    OPERATORS_MAX,
    ORDER_BYTES_MAX,
    ROOT_KEY_ID,
    BulkError,
    OperatorKey,
    OperatorList,
    find_key,
    operator_key_id,
    read_list,
    read_order,
    read_statement,
    signed_by,
    signed_text,
    write_order,
)
from contract.codec import encode
from contract.envelope import Signer, pae
from tests.contract.examples import NOW, ORDER, sixteen

ROOT, ANNA, BEN = (Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32) for number in (1, 2, 3))
ROOT_PUBLIC, ANNAS, BENS = (key.public_key().public_bytes_raw() for key in (ROOT, ANNA, BEN))
RAW = write_order(ORDER)


def statement(*keys: OperatorKey, by: Signer = Signer(ROOT_KEY_ID, ROOT)) -> bytes:  # noqa: B008 - frozen
    return by.sign(encode(OperatorList(1, NOW, NOW + 60, keys)))


def test_an_order_is_text_that_a_person_can_read_and_comes_back_whole() -> None:
    assert b'"reason":"spring cleaning"' in RAW
    assert read_order(RAW) == ORDER


@pytest.mark.parametrize("raw", [b"", b"[]", b"\xff", b'{"kind":"open_many"}', RAW.replace(b"open_many", b"other")])
def test_what_is_no_order_is_refused(raw: bytes) -> None:
    with pytest.raises(BulkError):
        read_order(raw)


def test_a_signature_holds_for_one_key_and_one_order() -> None:
    made = ANNA.sign(signed_text(RAW))
    assert signed_by(ANNAS, RAW, made)
    assert not signed_by(BENS, RAW, made)
    assert not signed_by(ANNAS, RAW + b" ", made)
    assert not signed_by(b"short", RAW, made)
    assert not signed_by(ANNAS, RAW, b"short")


def test_what_was_signed_as_an_order_is_good_for_nothing_else() -> None:
    assert signed_text(RAW) != pae(RAW)
    assert not signed_by(ANNAS, RAW, ANNA.sign(pae(RAW)))


def test_a_key_is_found_by_the_name_it_gives_itself() -> None:
    keys = (OperatorKey(sixteen(1), ANNAS), OperatorKey(sixteen(2), BENS))
    assert find_key(keys, operator_key_id(BENS)) == keys[1]
    assert find_key(keys, "op-0") is None


def test_a_list_is_believed_by_the_root_s_word_alone() -> None:
    key = OperatorKey(sixteen(1), ANNAS)
    assert read_list(read_statement(statement(key)), ROOT_PUBLIC).keys == (key,)
    for raw, root in (
        (statement(key, by=Signer(ROOT_KEY_ID, ANNA)), ROOT_PUBLIC),
        (statement(key), ANNAS),
        (statement(key), b""),
        (Signer(ROOT_KEY_ID, ROOT).sign(RAW), ROOT_PUBLIC),
    ):
        with pytest.raises(BulkError):
            read_list(read_statement(raw), root)


def test_a_list_that_is_no_envelope_or_too_long_is_refused() -> None:
    with pytest.raises(BulkError):
        read_statement(b"\xc1")
    keys = [OperatorKey(sixteen(1), ANNAS)] * (OPERATORS_MAX + 1)
    with pytest.raises(BulkError):
        read_list(read_statement(statement(*keys)), ROOT_PUBLIC)


def test_the_largest_honest_ones_fit() -> None:
    longest = "ś" * BULK_REASON_CHARACTERS[1]
    labels = tuple(f"AB{number:03}" for number in range(BULK_DOORS_MAX))
    order = msgspec.structs.replace(ORDER, locker="W" * 32, compartments=labels, reason=longest)
    assert len(write_order(order)) <= ORDER_BYTES_MAX
    keys = [OperatorKey(sixteen(1), ANNAS)] * OPERATORS_MAX
    assert len(read_statement(statement(*keys)).body) <= LIST_BYTES_MAX
