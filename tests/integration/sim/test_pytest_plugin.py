"""The fixture as somebody else's project uses it, and the example the README shows."""

import re

import pytest

from tests.house.sources import ROOT

pytest_plugins = ["pytester"]

OWN_LAYOUT = """
import pytest
from contract.sizes import SizeClass
from firmware_sim.paper_cloud import small_layout

@pytest.fixture
def latchmile_layout():
    return small_layout(SizeClass.L, SizeClass.L, SizeClass.L)

def test_my_wall(latchmile_locker):
    assert latchmile_locker.labels == ("A01", "A02", "A03")
"""

DOORS = """
import pytest

def test_doors(latchmile_locker):
    assert not latchmile_locker.pull("A01")
    code = latchmile_locker.drop_off("LM1")
    label = latchmile_locker.where("LM1")
    assert latchmile_locker.contents(label) == "LM1"
    latchmile_locker.power_cut()
    latchmile_locker.power_on()
    assert latchmile_locker.pick_up(code) == "LM1"
    with pytest.raises(LookupError):
        latchmile_locker.where("LM1")

def test_collection(latchmile_locker):
    latchmile_locker.drop_off("LM2")
    assert list(latchmile_locker.collect("LM2").values()) == ["LM2"]

def test_a_lie_is_found(latchmile_locker):
    assert latchmile_locker.pull("A01")
"""


def readme_example() -> str:
    """Give the Python example of README.md that names the fixture."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    [found] = [one for one in re.findall(r"```python\n(.*?)```", text, re.DOTALL) if "latchmile_locker" in one]
    return str(found)


def test_the_fixture_in_somebody_elses_project(pytester: pytest.Pytester) -> None:
    """Also the README's three lines, as they stand there, and a test that lies and must fail."""
    example = readme_example()
    assert len(example.strip().splitlines()) == 3
    pytester.makepyfile(test_own_wall=OWN_LAYOUT, test_doors=DOORS, test_readme=example)
    run = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    run.assert_outcomes(passed=4, failed=1)
    run.stdout.fnmatch_lines(["*FAILED*test_a_lie_is_found*"])
