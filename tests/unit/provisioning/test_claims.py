from dataclasses import replace
from datetime import timedelta

import pytest

from provisioning.claims import CLAIM_BYTES, CLAIM_LIFE, ClaimVerdict, check_claim, claim_digest, make_claim
from tests.unit.provisioning.examples import NOW

CLAIM = make_claim(bytes(range(CLAIM_BYTES)), NOW)


def test_a_fresh_claim_is_accepted_until_its_day_is_over() -> None:
    assert check_claim(CLAIM.record, NOW) is ClaimVerdict.ACCEPTED
    assert check_claim(CLAIM.record, NOW + CLAIM_LIFE - timedelta(seconds=1)) is ClaimVerdict.ACCEPTED
    assert check_claim(CLAIM.record, NOW + CLAIM_LIFE) is ClaimVerdict.EXPIRED


def test_a_claim_that_nobody_made_is_unknown() -> None:
    assert check_claim(None, NOW) is ClaimVerdict.UNKNOWN


def test_a_used_claim_is_told_from_an_expired_one_however_late_it_comes() -> None:
    used = replace(CLAIM.record, used_at=NOW)

    assert check_claim(used, NOW + 2 * CLAIM_LIFE) is ClaimVerdict.USED


@pytest.mark.parametrize(
    "typed", [CLAIM.text, CLAIM.text.lower(), f" {CLAIM.text}\n", "-".join((CLAIM.text[:20], CLAIM.text[20:]))]
)
def test_a_claim_is_found_however_it_was_typed(typed: str) -> None:
    assert claim_digest(typed) == CLAIM.record.digest


def test_another_claim_has_another_digest() -> None:
    assert claim_digest(CLAIM.text[:-1]) != CLAIM.record.digest


def test_a_claim_fits_the_alphanumeric_mode_of_a_qr_code_and_its_record_does_not_contain_it() -> None:
    assert CLAIM.text.isalnum()
    assert CLAIM.text.upper() == CLAIM.text
    assert CLAIM.text not in repr(CLAIM.record)


def test_a_claim_is_made_of_256_bits_and_no_fewer() -> None:
    with pytest.raises(ValueError, match="32 random bytes"):
        make_claim(bytes(CLAIM_BYTES - 1), NOW)
