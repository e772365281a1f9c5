import pytest

from tests.house import exceptions
from tests.house.secrets import leaks, secrets_logged
from tests.house.shrinking import law_holds
from tests.house.sources import example, product_sources

CODE = "482190735"
KEY = bytes(range(200, 232))


@pytest.mark.parametrize(
    "line",
    [
        "typed 482190735",
        "typed 482 190 735",
        "typed 482-190-735",
        f"key={KEY.hex()}",
        f"key={KEY.hex().upper()}",
        "key=yMnKy8zNzs_Q0dLT1NXW19jZ2tvc3d7f4OHi4-Tl5uc",
        f"key={KEY!r}",
        "to=anna%40example.org",
        "to=anna@example.org",
    ],
)
def test_a_secret_is_found_in_every_shape(line: str) -> None:
    assert leaks(f"a line\n{line}\nanother", [CODE, KEY, "anna@example.org"])


def test_a_clean_log_has_no_leaks() -> None:
    assert leaks("grant accepted grant_id=9f locker=waw-03", [CODE, KEY, "anna@example.org"]) == []


def test_a_secret_too_short_to_look_for_is_an_error() -> None:
    with pytest.raises(ValueError, match="chance"):
        leaks("anything", ["ab"])


@pytest.mark.parametrize(
    "text",
    [
        "log.info('typed %s', pick_up_code)",
        "self._log.warning('x', extra={'to': recipient.phone})",
        "logging.getLogger\nlogger.error(f'bad {row.email}')",
        "logger.info('enrolled', private_key=key)",
        "log.debug('x', extra={'k': bundle.k_locker.hex()})",
    ],
)
def test_a_call_that_logs_a_secret_is_found(text: str) -> None:
    assert list(secrets_logged(example(text)))


@pytest.mark.parametrize(
    "text",
    ["log.info('opened', extra={'grant': grant_id})", "math.log(phone)", "log.info('x', exit_code)", "print(password)"],
)
def test_a_call_that_logs_facts_is_left_alone(text: str) -> None:
    assert list(secrets_logged(example(text))) == []


def test_no_call_logs_a_secret_or_a_person() -> None:
    law_holds((found for source in product_sources() for found in secrets_logged(source)), exceptions.SECRETS_IN_LOGS)
