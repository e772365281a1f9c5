"""docs/street.md tells what these scenarios show, and they leave out nothing that the design lists."""

import pytest

from scripts.street_docs import FILE, PLAYED_IN, page
from tests.simulation.street.lines import LINES
from tests.simulation.street.scenario import SCENARIOS

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("street")]  # played once a worker, told again on the page


def test_every_line_of_the_design_has_a_scenario() -> None:
    assert {one.about for one in SCENARIOS.values()} == set(LINES)


def test_every_scenario_is_a_test_that_is_collected() -> None:
    assert {name for module in PLAYED_IN for name in vars(module) if name in SCENARIOS} == set(SCENARIOS)


@pytest.mark.timeout(600)
def test_the_page_is_what_the_scenarios_say() -> None:
    """``python -m scripts.street_docs`` writes it anew."""
    assert FILE.read_text(encoding="utf-8") == page()
