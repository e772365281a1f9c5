import stat
from pathlib import Path

import pytest

from provisioning.files import PUBLIC, make_directory, sweep, write_atomically


def test_a_file_is_replaced_whole_with_the_mode_asked_for(tmp_path: Path) -> None:
    target = tmp_path / "some.key"
    write_atomically(target, b"old")
    write_atomically(target, b"new", PUBLIC)

    assert target.read_bytes() == b"new"
    assert stat.S_IMODE(target.stat().st_mode) & 0o022 == 0
    assert list(tmp_path.iterdir()) == [target]


def test_a_write_that_fails_leaves_the_old_file_and_no_litter(tmp_path: Path) -> None:
    target = tmp_path / "taken"
    (target / "inside").mkdir(parents=True)

    with pytest.raises(OSError, match="taken"):
        write_atomically(target, b"new")

    assert list(tmp_path.iterdir()) == [target]


def test_a_directory_is_for_its_owner_alone_and_may_exist(tmp_path: Path) -> None:
    for _ in range(2):
        made = make_directory(tmp_path / "a" / "b")

    assert stat.S_IMODE(made.stat().st_mode) == 0o700


def test_only_what_a_stopped_write_left_is_swept_away(tmp_path: Path) -> None:
    write_atomically(tmp_path / "tls.key", b"whole")
    for name in (".tls.key.0123abcd", ".hidden", ".tls.key.0123abcx"):
        (tmp_path / name).write_bytes(b"half")
    sweep(tmp_path)

    assert {path.name for path in tmp_path.iterdir()} == {"tls.key", ".hidden", ".tls.key.0123abcx"}


def test_sweeping_where_nothing_is_does_nothing(tmp_path: Path) -> None:
    sweep(tmp_path / "missing")

    assert list(tmp_path.iterdir()) == []
