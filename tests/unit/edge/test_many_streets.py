"""The state machine of the decisions for as long as it takes, without being traced: tracing costs it twice its time.

What decides is fully covered by the shorter run beside the machine itself.
"""

import pytest
from hypothesis.stateful import run_state_machine_as_test

from tests.unit.edge.locker_controller.test_state_machine import Street, played


@pytest.mark.long
@pytest.mark.timeout(600)
def test_not_even_many_streets_break_a_promise() -> None:
    run_state_machine_as_test(Street, settings=played(streets=250))  # twenty thousand: every event many times
