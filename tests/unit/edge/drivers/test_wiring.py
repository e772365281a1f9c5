import re
from pathlib import Path

import pytest

from contract.ids import CompartmentLabel
from contract.sizes import SizeClass
from edge.drivers.check_wiring import main
from edge.drivers.errors import WiringError
from edge.drivers.toml_lines import syntax_fault
from edge.drivers.wiring import FILE_BYTES_MAX, load_wiring, parse_wiring
from edge.drivers.wiring_records import PiModel, PinFactoryName, ScannerWiring

CORPUS = sorted((Path(__file__).parent / "wiring_corpus").glob("*.toml"))
SHIPPED = sorted((Path(__file__).parents[4] / "deploy" / "wiring").glob("*.toml"))
SMALLEST = b"""
[board]
kind = "gpio"
pin_factory = "lgpio"
active_high = true

[[compartment]]
label = "A01"
size = "M"
lock_pin = 17
door_pin = 20
door_closed_level = 0
"""


def expected(path: Path) -> list[str]:
    return re.findall(r"^# expect: (.*)$", path.read_bytes().decode("latin-1"), re.MULTILINE)


def test_the_corpus_is_there() -> None:
    assert len(CORPUS) >= 40


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_a_broken_file_is_refused_where_it_is_broken(path: Path) -> None:
    with pytest.raises(WiringError) as refused:
        load_wiring(path)
    said = str(refused.value).splitlines()
    wanted = expected(path)
    assert wanted
    for line, start in zip(said, wanted, strict=True):
        assert line.startswith(f"{path}:{start}"), line
        fact, _, remedy = line.partition("; ")
        assert remedy, fact


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_example_is_good(path: Path) -> None:
    wiring = load_wiring(path)
    assert wiring.board.pin_factory is PinFactoryName.LGPIO
    assert len(wiring.compartments) >= 8


def test_the_smallest_file_gets_sensible_times() -> None:
    wiring = parse_wiring(SMALLEST, Path("w.toml"))
    door = wiring.compartment(CompartmentLabel("A01"))
    assert (door.size, door.lock_pin, door.door_pin, door.low) == (SizeClass.M, 17, 20, False)
    assert (door.pulse_ms, door.debounce_ms) == (400, 30)
    assert wiring.board.model is PiModel.PI
    assert wiring.scanner is None


def test_a_low_board_maximum_lowers_the_default_pulse() -> None:
    short = SMALLEST.replace(b"active_high = true", b"active_high = true\npulse_ms_max = 250")
    assert parse_wiring(short, Path("w.toml")).compartments[0].pulse_ms == 250


def test_windows_lines_and_a_byte_order_mark_do_no_harm() -> None:
    windows = b"\xef\xbb\xbf" + SMALLEST.replace(b"\n", b"\r\n")
    assert parse_wiring(windows, Path("w.toml")) == parse_wiring(SMALLEST, Path("w.toml"))


def test_resistors_of_ones_own_allow_any_pin() -> None:
    low_pin = SMALLEST.replace(b"= 17", b"= 5").replace(
        b"active_high = true", b"active_high = true\nexternal_pulls = true"
    )
    assert parse_wiring(low_pin, Path("w.toml")).compartments[0].lock_pin == 5


def test_an_active_low_board_belongs_on_pins_that_boot_high() -> None:
    active_low = SMALLEST.replace(b"active_high = true", b"active_high = false").replace(b"= 17", b"= 5")
    assert not parse_wiring(active_low, Path("w.toml")).board.active_high


def test_a_scanner_has_a_device() -> None:
    wiring = parse_wiring(SMALLEST + b'[scanner]\ndevice = "/dev/ttyACM0"\n', Path("w.toml"))
    assert wiring.scanner == ScannerWiring(Path("/dev/ttyACM0"), 9_600)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(WiringError, match="cannot be read"):
        load_wiring(tmp_path / "wiring.toml")


def test_a_huge_file_is_not_even_parsed() -> None:
    with pytest.raises(WiringError, match="at most"):
        parse_wiring(b"#" * (FILE_BYTES_MAX + 1), Path("w.toml"))


def test_too_many_compartments_are_one_fault() -> None:
    door = SMALLEST[SMALLEST.index(b"[[") :]
    with pytest.raises(WiringError, match="there are 401 compartments"):
        parse_wiring(SMALLEST + door * 400, Path("w.toml"))


def test_the_checker_answers_by_its_exit_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good = tmp_path / "good.toml"
    good.write_bytes(SMALLEST)
    assert main([str(good)]) == 0
    assert "1 compartments, nothing wrong" in capsys.readouterr().out
    assert main([str(CORPUS[0])]) == 1
    assert str(CORPUS[0]) in capsys.readouterr().err
    assert main([]) == 2


def test_a_message_without_a_place_points_at_the_end() -> None:
    place, fact = syntax_fault("something new", "a = 1\nb =")
    assert (place.line, place.column, fact) == (2, 4, "something new")
