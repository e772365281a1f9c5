"""What an offer to somebody outside can become, and what a tariff asks for a place."""

from datetime import timedelta

import pytest

from cloud.domain.errors import OfferEndedError
from cloud.domain.outside import (
    LIVE,
    TAKEN,
    OfferState,
    OfferStep,
    PartnerTariff,
    away_m,
    covers,
    crowd_answer_by,
    step,
    tariff_cents,
)
from tests.unit.cloud.small_cloud import MORNING

S = OfferState
LIFE = [
    (S.WAITING, OfferStep.ASK, S.OFFERED),
    (S.OFFERED, OfferStep.ACCEPT, S.ACCEPTED),
    (S.OFFERED, OfferStep.DECLINE, S.DECLINED),
    (S.OFFERED, OfferStep.TIME_OUT, S.TIMED_OUT),
    (S.WAITING, OfferStep.WITHDRAW, S.WITHDRAWN),
    (S.OFFERED, OfferStep.WITHDRAW, S.WITHDRAWN),
    (S.ACCEPTED, OfferStep.WITHDRAW, S.WITHDRAWN),
    (S.ACCEPTED, OfferStep.HAND_OVER, S.HANDED_OVER),
    (S.ACCEPTED, OfferStep.GIVE_UP, S.GIVEN_UP),
    (S.HANDED_OVER, OfferStep.DELIVER, S.DELIVERED),
    (S.HANDED_OVER, OfferStep.FAIL, S.FAILED),
]


def tariff() -> PartnerTariff:
    return PartnerTariff(
        id="t1",
        partner_id="swift",
        day="2026-03-02",
        centre_lon=21.0,
        centre_lat=52.2,
        radius_m=5_000,
        base_cents=400,
        per_km_cents=50,
        promise_from=MORNING,
        promise_to=MORNING + timedelta(hours=4),
        parcels_max=10,
        weight_g_max=20_000,
    )


@pytest.mark.parametrize(("state", "what", "after"), LIFE)
def test_an_offer_moves_along_its_life(state: S, what: OfferStep, after: S) -> None:
    assert step(state, what) is after


@pytest.mark.parametrize("state", list(S))
@pytest.mark.parametrize("what", list(OfferStep))
def test_every_other_way_is_refused_in_a_sentence(state: S, what: OfferStep) -> None:
    if any((state, what) == (before, happening) for before, happening, _ in LIFE):
        assert step(state, what) is not state
        return
    with pytest.raises(OfferEndedError, match=r"an offer that is [a-z ]+ cannot be [a-z ]+") as refused:
        step(state, what)
    assert (refused.value.state, refused.value.happening) == (state, what)


def test_only_what_is_still_at_the_depot_is_live_and_only_a_yes_is_taken() -> None:
    assert {S.OFFERED, S.ACCEPTED} == LIVE
    assert {S.ACCEPTED, S.HANDED_OVER, S.DELIVERED, S.FAILED} == TAKEN


def test_a_tariff_asks_its_base_at_its_centre_and_rounds_the_way_up_to_a_cent() -> None:
    assert tariff_cents(tariff(), 21.0, 52.2) == 400
    assert away_m(tariff(), 21.0, 52.21) == pytest.approx(1_111.95, abs=0.1)
    assert tariff_cents(tariff(), 21.0, 52.21) == 400 + 56  # 55.6 cents of way


def test_a_tariff_ends_at_its_radius() -> None:
    assert covers(tariff(), 21.0, 52.24)
    assert not covers(tariff(), 21.0, 52.25)


@pytest.mark.parametrize(
    ("leaves_h", "minutes"),
    [(0.05, 3), (1, 5), (3, 5), (3.5, 30), (5, 120), (12, 150)],
    ids=["about to leave", "soon", "three hours before", "a little earlier", "in the morning", "the night before"],
)
def test_whoever_is_asked_early_has_until_they_are_up(leaves_h: float, minutes: int) -> None:
    assert crowd_answer_by(MORNING, MORNING + timedelta(hours=leaves_h)) == MORNING + timedelta(minutes=minutes)
