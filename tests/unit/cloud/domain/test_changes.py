"""A change of mind is answered once."""

import pytest

from cloud.domain.changes import ChangeState, answered
from cloud.domain.errors import ChangeAnsweredError


def test_a_change_is_accepted_or_refused() -> None:
    assert answered(ChangeState.ASKED, accepts=True) is ChangeState.ACCEPTED
    assert answered(ChangeState.ASKED, accepts=False) is ChangeState.REFUSED


@pytest.mark.parametrize("state", [ChangeState.ACCEPTED, ChangeState.REFUSED, ChangeState.MOOT])
def test_a_change_is_answered_once(state: ChangeState) -> None:
    with pytest.raises(ChangeAnsweredError, match="already" if state is not ChangeState.MOOT else "too late"):
        answered(state, accepts=True)
