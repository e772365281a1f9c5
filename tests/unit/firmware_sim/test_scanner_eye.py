"""What the cloud's mails draw, the simulated scanner reads."""

import io

import pytest
import segno
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud.notify.rendering import qr_png
from firmware_sim.scanner_eye import ALPHANUMERIC, UnreadableError, read_qr


@settings(max_examples=25, deadline=None)
@given(st.text(ALPHANUMERIC, min_size=1, max_size=600))
def test_every_capability_a_mail_may_carry_is_read(text: str) -> None:
    assert read_qr(qr_png("LM1:" + text)) == "LM1:" + text


@pytest.mark.parametrize("error", ["l", "m", "q", "h"])
@pytest.mark.parametrize("mask", range(8))
def test_every_level_and_mask(error: str, mask: int) -> None:
    out = io.BytesIO()
    text = "lower case is bytes"
    segno.make(text, error=error, mask=mask, boost_error=False, micro=False).save(out, kind="png", scale=3)
    assert read_qr(out.getvalue()) == text


@pytest.mark.parametrize("characters", [10, 300, 1500])
def test_small_and_large_codes(characters: int) -> None:
    text = ("LM1:" + ALPHANUMERIC * 40)[:characters]
    assert read_qr(qr_png(text)) == text


@pytest.mark.parametrize("picture", [b"", b"GIF89a", b"\x89PNG\r\n\x1a\n"])
def test_what_is_no_qr_code_is_not_read(picture: bytes) -> None:
    with pytest.raises(UnreadableError):
        read_qr(picture)
