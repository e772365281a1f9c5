"""The mail relay's name, password and encryption: right together, or a sentence that says what to do."""

from pathlib import Path

import pytest

from cloud.notify.mail import SmtpSettings
from cloud.settings import read_settings

NEEDED = ["--data", "/d", "--tls-dir", "/t"]
PASSWORD = "correct horse"
HOST = ("--smtp-host", "mail.example.org")
USER = ("--smtp-user", "lockers")


def relay(*flags: str, **environment: str) -> SmtpSettings | None:
    return read_settings([*NEEDED, *flags], environment).smtp


def found(*flags: str, **environment: str) -> SmtpSettings:
    settings = relay(*flags, **environment)
    assert settings is not None
    return settings


def test_a_relay_that_asks_nobody_who_they_are_needs_its_name_only() -> None:
    settings = found(*HOST)
    assert (settings.username, settings.password) == (None, None)
    assert (settings.start_tls, settings.use_tls) == (None, False)
    assert relay() is None


def test_the_password_comes_from_a_file_or_the_environment_and_is_never_shown(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text(f"{PASSWORD}\n")
    from_file = found(*HOST, *USER, "--smtp-password-file", str(file))
    from_environment = found(*HOST, LATCHMILE_SMTP_USER="lockers", LATCHMILE_SMTP_PASSWORD=PASSWORD)
    assert (from_file.username, from_file.password) == ("lockers", PASSWORD)
    assert from_environment == from_file
    assert PASSWORD not in repr(from_file)


def test_the_password_is_no_flag_and_not_in_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        relay("--help", LATCHMILE_SMTP_PASSWORD=PASSWORD)
    said = capsys.readouterr().out
    assert "--smtp-password-file" in said
    assert "--smtp-password " not in said
    assert PASSWORD not in said
    assert "unencrypted" in said.partition("--demo ")[2]


@pytest.mark.parametrize(
    ("flags", "way"),
    [
        (HOST, (True, False)),
        ((*HOST, "--smtp-port", "465"), (False, True)),
        ((*HOST, "--smtp-tls", "tls"), (False, True)),
        ((*HOST, "--smtp-tls", "starttls", "--smtp-port", "465"), (True, False)),
        (("--smtp-host", "localhost"), (None, False)),
        (("--smtp-host", "127.0.0.1", "--smtp-tls", "none"), (False, False)),
    ],
)
def test_a_password_leaves_this_machine_encrypted(flags: tuple[str, ...], way: tuple[bool | None, bool]) -> None:
    settings = found(*flags, *USER, LATCHMILE_SMTP_PASSWORD=PASSWORD)
    assert (settings.start_tls, settings.use_tls) == way


@pytest.mark.parametrize(
    ("flags", "password", "says"),
    [
        (USER, "", "need --smtp-host"),
        ((), PASSWORD, "need --smtp-host"),
        ((*HOST, *USER), "", "--smtp-user needs its password: --smtp-password-file"),
        (HOST, PASSWORD, "needs --smtp-user"),
        ((*HOST, *USER, "--smtp-password-file", "/p"), PASSWORD, "given twice"),
        ((*HOST, *USER, "--smtp-password-file", "/nowhere/p"), "", "/nowhere/p cannot be read: No such file"),
        ((*HOST, *USER, "--smtp-tls", "none"), PASSWORD, "use starttls or tls"),
        ((*HOST, "--smtp-tls", "ssl"), "", "is none of auto, starttls, tls, none"),
    ],
)
def test_what_contradicts_itself_ends_with_what_to_do(
    flags: tuple[str, ...], password: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        relay(*flags, LATCHMILE_SMTP_PASSWORD=password)
    said = capsys.readouterr().err
    assert ended.value.code == 2
    assert says in said
    assert PASSWORD not in said


@pytest.mark.parametrize("text", ["", "\n", "one\ntwo\n", "x" * 1_025])
def test_a_file_that_holds_no_password_is_refused(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "password"
    file.write_text(text)
    with pytest.raises(SystemExit):
        relay(*HOST, *USER, "--smtp-password-file", str(file))
    assert "in one line and nothing else" in capsys.readouterr().err
