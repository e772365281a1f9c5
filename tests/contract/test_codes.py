"""Pick-up codes: slips are caught, codes are found among many, and nothing of them is stored."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract import codes
from contract.codes import CodeError, PickUpCode
from contract.ids import ParcelRef

SALT, KEY = bytes(16), bytes(32)
NUMBERS = st.integers(min_value=0, max_value=codes.CODES - 1)


def test_damms_own_example() -> None:
    assert codes.check_digit("572") == 4


def test_a_code_is_shown_in_three_groups_and_read_back() -> None:
    code = codes.make_code(12_345_678)

    assert len(code) == codes.CODE_DIGITS
    assert codes.show_code(code) == f"{code[:3]} {code[3:6]} {code[6:]}"
    assert codes.parse_code(codes.show_code(code)) == code
    assert codes.parse_code("-".join(code)) == code


@given(NUMBERS, st.integers(0, 8), st.integers(1, 9))
def test_one_wrong_digit_is_a_slip(number: int, place: int, shift: int) -> None:
    code = codes.make_code(number)
    wrong = code[:place] + str((int(code[place]) + shift) % 10) + code[place + 1 :]
    with pytest.raises(CodeError, match="digit is wrong"):
        codes.parse_code(wrong)


@given(NUMBERS, st.integers(0, 7))
def test_two_swapped_neighbours_are_a_slip(number: int, place: int) -> None:
    code = codes.make_code(number)
    swapped = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
    if swapped == code:
        assert codes.parse_code(swapped) == code
        return
    with pytest.raises(CodeError):
        codes.parse_code(swapped)


@pytest.mark.parametrize("typed", ["", "12345678", "1234567890", "12345678x", "١٢٣٤٥٦٧٨٩", "---------"])
def test_what_has_not_nine_digits_is_a_slip(typed: str) -> None:
    with pytest.raises(CodeError, match="9 digits"):
        codes.parse_code(typed)


@pytest.mark.parametrize("number", [-1, codes.CODES])
def test_a_code_is_made_of_eight_digits_only(number: int) -> None:
    with pytest.raises(CodeError):
        codes.make_code(number)


def test_a_code_is_found_for_its_own_parcel_only() -> None:
    code = codes.make_code(1)
    stretched = codes.stretch(code, SALT)
    mine, other = ParcelRef(b"m" * 16), ParcelRef(b"o" * 16)
    live = {
        "mine": (mine, codes.verifier(stretched, mine, KEY)),
        "stolen": (other, codes.verifier(stretched, mine, KEY)),
        "other": (other, codes.verifier(codes.stretch(codes.make_code(2), SALT), other, KEY)),
    }

    assert codes.find_match(stretched, live, KEY) == ("mine",)


def test_a_locker_without_its_key_or_salt_matches_nothing() -> None:
    code, parcel = PickUpCode(codes.make_code(3)), ParcelRef(bytes(16))
    known = codes.verifier(codes.stretch(code, SALT), parcel, KEY)

    assert codes.find_match(codes.stretch(code, SALT), {"p": (parcel, known)}, b"k" * 32) == ()
    assert codes.find_match(codes.stretch(code, b"s" * 16), {"p": (parcel, known)}, KEY) == ()
