import pytest

from cloud.domain.errors import TransitionRefusedError
from cloud.domain.parcel import TERMINAL, Fact, ParcelState, Wish, advance, observe

S = ParcelState


@pytest.mark.parametrize(
    ("state", "wish", "after"),
    [
        (S.ANNOUNCED, Wish.PLAN, S.PLANNED),
        (S.PLANNED, Wish.LOAD, S.OUT_FOR_DELIVERY),
        (S.OUT_FOR_DELIVERY, Wish.DELIVER_HOME, S.DELIVERED_HOME),
        (S.OUT_FOR_DELIVERY, Wish.FAIL_ATTEMPT, S.DELIVERY_FAILED),
        (S.DELIVERY_FAILED, Wish.ASSIGN, S.ASSIGNED_TO_LOCKER),
        (S.ASSIGNED_TO_LOCKER, Wish.UNASSIGN, S.DELIVERY_FAILED),
        (S.ASSIGNED_TO_LOCKER, Wish.UNASSIGN_AT_DEPOT, S.ANNOUNCED),
        (S.READY_FOR_PICKUP, Wish.END_DWELL, S.EXPIRED),
        (S.EXPIRED, Wish.EXTEND, S.READY_FOR_PICKUP),
        (S.COLLECTED, Wish.RETURN, S.RETURNED),
        (S.MISSING, Wish.RETURN, S.RETURNED),
        (S.MISSING, Wish.CANCEL, S.CANCELLED),
    ],
)
def test_a_wish_moves_a_parcel_along_its_life(state: S, wish: Wish, after: S) -> None:
    assert advance(state, wish) is after


@pytest.mark.parametrize("state", sorted(TERMINAL))
@pytest.mark.parametrize("wish", list(Wish))
def test_what_has_ended_takes_no_wishes(state: S, wish: Wish) -> None:
    with pytest.raises(TransitionRefusedError, match=f"a parcel that is {state} cannot be") as refused:
        advance(state, wish)
    assert (refused.value.state, refused.value.happening) == (state, wish)


@pytest.mark.parametrize("state", list(S))
@pytest.mark.parametrize("fact", list(Fact))
def test_a_physical_fact_is_never_refused(state: S, fact: Fact) -> None:
    assert observe(state, fact).state in S


@pytest.mark.parametrize(
    ("state", "fact", "after", "surprise"),
    [
        (S.ASSIGNED_TO_LOCKER, Fact.DROPPED_OFF, S.READY_FOR_PICKUP, None),
        (S.EXPIRED, Fact.DROPPED_OFF, S.EXPIRED, None),
        (S.CANCELLED, Fact.DROPPED_OFF, S.EXPIRED, "dropped off after it was cancelled"),
        (S.DELIVERY_FAILED, Fact.DROPPED_OFF, S.READY_FOR_PICKUP, "dropped off while delivery_failed"),
        (S.READY_FOR_PICKUP, Fact.PICKED_UP, S.PICKED_UP, None),
        (S.EXPIRED, Fact.PICKED_UP, S.PICKED_UP, None),
        (S.CANCELLED, Fact.PICKED_UP, S.PICKED_UP, "picked up while cancelled"),
        (S.EXPIRED, Fact.COLLECTED, S.COLLECTED, None),
        (S.READY_FOR_PICKUP, Fact.COLLECTED, S.COLLECTED, "collected while ready_for_pickup"),
        (S.EXPIRED, Fact.NOT_FOUND, S.MISSING, None),
        (S.READY_FOR_PICKUP, Fact.NOT_FOUND, S.MISSING, None),
        (S.PICKED_UP, Fact.NOT_FOUND, S.PICKED_UP, None),
        (S.MISSING, Fact.DROPPED_OFF, S.READY_FOR_PICKUP, "dropped off while missing"),
        (S.ASSIGNED_TO_LOCKER, Fact.DROP_OFF_ABANDONED, S.ASSIGNED_TO_LOCKER, None),
    ],
)
def test_a_fact_wins_and_surprises_are_said(state: S, fact: Fact, after: S, surprise: str | None) -> None:
    observed = observe(state, fact)

    assert (observed.state, observed.surprise) == (after, surprise)
