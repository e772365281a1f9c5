from datetime import timedelta

import pytest

from cloud.domain.dwell import (
    SILENT_GRACE,
    DwellPolicies,
    DwellPolicy,
    dwell_of,
    is_over,
    reminders_due,
    stopped_for,
)
from contract.sizes import SizeClass
from tests.unit.cloud.small_cloud import MORNING

SHORT = DwellPolicy(dwell=timedelta(hours=24))
LONG = DwellPolicy(dwell=timedelta(hours=72))
POLICIES = DwellPolicies(by_carrier={"acme": LONG}, by_carrier_and_size={("acme", SizeClass.XL): SHORT})


@pytest.mark.parametrize(
    ("carrier", "size", "policy"),
    [
        ("acme", SizeClass.XL, SHORT),
        ("acme", SizeClass.S, LONG),
        ("acme", None, LONG),
        ("other", SizeClass.XL, DwellPolicy()),
    ],
)
def test_the_most_particular_policy_counts(carrier: str, size: SizeClass | None, policy: DwellPolicy) -> None:
    assert POLICIES.policy_for(carrier, size) == policy


def test_content_can_only_shorten_a_dwell() -> None:
    assert dwell_of(SHORT, None) == timedelta(hours=24)
    assert dwell_of(SHORT, 6) == timedelta(hours=6)
    assert dwell_of(SHORT, 600) == timedelta(hours=24)


@pytest.mark.parametrize(("hours", "due"), [(0, 0), (23, 0), (24, 1), (40, 1), (41, 2), (48, 2), (99, 2)])
def test_reminders_fall_due_at_their_fractions(hours: int, due: int) -> None:
    deadline = MORNING + timedelta(hours=48)

    assert reminders_due(DwellPolicy(), MORNING, deadline, MORNING + timedelta(hours=hours)) == due


def test_a_dwell_is_over_at_its_deadline_and_at_a_silent_locker_a_week_later() -> None:
    assert not is_over(MORNING, MORNING - timedelta(seconds=1), silent=False)
    assert is_over(MORNING, MORNING, silent=False)
    assert not is_over(MORNING, MORNING + SILENT_GRACE - timedelta(seconds=1), silent=True)
    assert is_over(MORNING, MORNING + SILENT_GRACE, silent=True)


def test_the_clock_stands_still_while_the_locker_cannot_be_opened() -> None:
    hour = timedelta(hours=1)
    assert stopped_for(None, MORNING, MORNING + hour) == timedelta(0)
    assert stopped_for(MORNING, MORNING - hour, MORNING + hour) == hour
    assert stopped_for(MORNING - hour, MORNING, MORNING + hour) == hour
    assert stopped_for(MORNING, MORNING, MORNING - hour) == timedelta(0)
