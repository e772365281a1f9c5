"""How a crash point that broke something is told."""

from tests.power.forks import Outcome
from tests.power.rig import Scenario


def explained(scenario: Scenario, cuts: tuple[int, ...], outcome: Outcome) -> str:
    """Say what broke and what to type to see it happen."""
    replay = " ".join(f"--cut {cut}" for cut in cuts)
    moments = ", then ".join(outcome.moments) or "never"
    command = f"python -m tests.power --scenario '{scenario.name}' {replay}"
    return f"{scenario.name}, cut {moments}: {outcome.violations} ({command})"
