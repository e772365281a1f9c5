from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest

from cloud.domain.actors import Actor
from cloud.domain.errors import ConflictError, ForbiddenError, InvalidError
from cloud.domain.locker import Compartment, Contents, Locker, takes_parcels
from cloud.domain.lockout import DAY, FREE_MISSES, MISSES_PER_DAY_MAX, PAUSE_FIRST, Lockout
from cloud.domain.parcel import Parcel, ParcelState
from cloud.services.capability import capability_qr
from cloud.services.counter_codes import (
    PROOF_LIFE,
    Answer,
    Outcome,
    check_capability,
    check_code,
    hand_over,
    salt_of,
)
from cloud.services.counter_hours import close_on, open_on, set_intake
from cloud.services.counter_view import counter_view
from cloud.services.courier_pass import courier_pass
from cloud.services.expire_parcels import expire_parcels
from cloud.services.records import GrantState, HistoryEntry, IssuedGrant, SealedCode
from cloud.services.records_ops import Alarm, Notification
from cloud.services.reissue_code import reissue_code
from tests.unit.cloud.services.counters import (
    OTHER_SHOP,
    SHOP,
    SHOP_HOURS,
    STRANGER,
    brought,
    on_its_way,
    shop,
    stretched,
)
from tests.unit.cloud.small_cloud import COURIER, OPERATOR, SmallCloud

TUESDAY = date(2026, 3, 3)


@pytest.fixture
def cloud() -> SmallCloud:
    cloud = SmallCloud()
    cloud.courier()
    return cloud


def typed(cloud: SmallCloud, staff: Actor, number: int, name: str = SHOP) -> Answer:
    return cloud.do(lambda uow: check_code(uow, cloud.act(staff), cloud.keys, name, stretched(number)))


def handed(cloud: SmallCloud, staff: Actor, proof: str, name: str = SHOP) -> Parcel:
    return cloud.do(lambda uow: hand_over(uow, cloud.act(staff), cloud.keys, name, proof))


def shown(cloud: SmallCloud, staff: Actor, text: str, name: str = SHOP) -> Answer:
    return cloud.do(lambda uow: check_capability(uow, cloud.act(staff), cloud.keys, name, text))


def test_the_right_code_shows_the_parcel_and_handing_it_over_burns_it(cloud: SmallCloud) -> None:
    staff = shop(cloud)
    parcel = brought(cloud, staff)

    found = typed(cloud, staff, 1)
    assert found.outcome is Outcome.FOUND
    assert found.parcel == parcel
    assert cloud.again(parcel).state is ParcelState.READY_FOR_PICKUP  # looked at, not handed over yet
    done = handed(cloud, staff, found.proof)

    assert (done.state, done.custodian, done.compartment) == (ParcelState.PICKED_UP, "recipient", None)
    assert cloud.the(Compartment, locker_id=SHOP, label="XS1").contents is Contents.EMPTY
    assert cloud.of(SealedCode) == []
    assert cloud.of(IssuedGrant, state=GrantState.ISSUED) == []
    assert {one.template for one in cloud.of(Notification)} == {"ready_for_pickup", "picked_up"}
    assert typed(cloud, staff, 1).outcome is Outcome.WRONG
    with pytest.raises(ConflictError, match="not here"):
        handed(cloud, staff, found.proof)


def test_the_recipient_s_qr_code_does_what_the_digits_do(cloud: SmallCloud) -> None:
    staff = shop(cloud)
    parcel = brought(cloud, staff)
    text = cloud.do(lambda uow: capability_qr(uow, cloud.act(), cloud.keys, parcel.id))
    cloud.later(days=30)  # it is honoured for as long as the parcel lies there

    found = shown(cloud, staff, text)
    handed(cloud, staff, found.proof)

    assert cloud.again(parcel).state is ParcelState.PICKED_UP
    assert "by capability" in cloud.of(HistoryEntry, order="-number")[0].detail
    with pytest.raises(ConflictError, match="not here"):
        shown(cloud, staff, text)


def test_a_qr_code_of_another_counter_or_of_a_courier_is_refused(cloud: SmallCloud) -> None:
    staff = shop(cloud)
    cafe = shop(cloud, OTHER_SHOP)
    parcel = brought(cloud, cafe, name=OTHER_SHOP)
    other = cloud.do(lambda uow: capability_qr(uow, cloud.act(), cloud.keys, parcel.id))
    (courier,) = cloud.do(lambda uow: courier_pass(uow, cloud.act(), cloud.keys, COURIER, SHOP))

    for text, why in ((other, "another pick-up point"), (courier, "not a recipient"), ("hello", "damaged")):
        with pytest.raises(InvalidError, match=why):
            shown(cloud, staff, text)


def test_a_code_opens_only_at_its_own_counter(cloud: SmallCloud) -> None:
    staff = shop(cloud)
    cafe = shop(cloud, OTHER_SHOP)
    brought(cloud, cafe, 1, OTHER_SHOP)
    brought(cloud, staff, 2)

    assert typed(cloud, staff, 1).outcome is Outcome.WRONG
    assert typed(cloud, cafe, 1, OTHER_SHOP).outcome is Outcome.FOUND


def test_a_parcel_that_is_not_there_yet_is_found_by_no_code(cloud: SmallCloud) -> None:
    staff = shop(cloud)
    on_its_way(cloud)

    assert typed(cloud, staff, 1).outcome is Outcome.WRONG


def test_an_expired_parcel_is_handed_over_until_a_courier_has_it(cloud: SmallCloud) -> None:
    staff = shop(cloud)
    parcel = brought(cloud, staff)
    cloud.later(days=5)
    cloud.do(lambda uow: expire_parcels(uow, cloud.act(), cloud.keys))
    assert cloud.again(parcel).state is ParcelState.EXPIRED

    handed(cloud, staff, typed(cloud, staff, 1).proof)

    assert cloud.again(parcel).state is ParcelState.PICKED_UP
    assert "after the deadline" in cloud.of(HistoryEntry, order="-number")[0].detail


def test_a_new_code_replaces_the_old_one_at_once(cloud: SmallCloud) -> None:
    staff = shop(cloud)
    parcel = brought(cloud, staff)
    cloud.codes(SHOP, 77)
    cloud.do(lambda uow: reissue_code(uow, cloud.act(OPERATOR), cloud.keys, parcel.id))

    assert typed(cloud, staff, 1).outcome is Outcome.WRONG
    assert typed(cloud, staff, 77).outcome is Outcome.FOUND


def test_misses_are_counted_before_they_are_answered_and_then_cost_time(cloud: SmallCloud) -> None:
    staff = shop(cloud)
    brought(cloud, staff)

    tries = [typed(cloud, staff, 1_000 + one) for one in range(FREE_MISSES + 1)]

    assert [one.free_tries for one in tries] == [4, 3, 2, 1, 0, 0]
    assert [one.pause for one in tries[-2:]] == [timedelta(0), PAUSE_FIRST]
    assert cloud.the(Lockout).misses == FREE_MISSES + 1
    right = typed(cloud, staff, 1)
    assert (right.outcome, right.pause) == (Outcome.PAUSED, PAUSE_FIRST)  # even the right one has to wait
    assert cloud.do(lambda uow: salt_of(uow, cloud.act(staff), cloud.keys, SHOP)) is None
    assert [(one.kind, one.severity) for one in cloud.of(Alarm, order="severity")] == [
        ("guessing", "critical"),  # as from a locker: at the first pause, and each pause is a warning
        ("guessing", "warning"),
    ]

    cloud.later(seconds=30)
    assert typed(cloud, staff, 1).outcome is Outcome.FOUND
    assert cloud.the(Lockout).misses == 0
    assert cloud.do(lambda uow: salt_of(uow, cloud.act(staff), cloud.keys, SHOP)) == cloud.do(
        lambda uow: salt_of(uow, cloud.act(staff), cloud.keys, SHOP)
    )


def test_a_qr_code_is_not_kept_waiting_by_somebody_s_guesses(cloud: SmallCloud) -> None:
    staff = shop(cloud)
    parcel = brought(cloud, staff)
    text = cloud.do(lambda uow: capability_qr(uow, cloud.act(), cloud.keys, parcel.id))
    for one in range(FREE_MISSES + 1):
        typed(cloud, staff, 1_000 + one)

    assert shown(cloud, staff, text).outcome is Outcome.FOUND


def test_a_hundred_misses_end_the_day_s_guessing(cloud: SmallCloud) -> None:
    staff = shop(cloud)
    brought(cloud, staff)
    ends = cloud.now + DAY
    worn = Lockout(locker_id=SHOP, misses=2, day_misses=MISSES_PER_DAY_MAX - 1, day_ends=ends)
    cloud.do(lambda uow: uow.add(worn))

    assert typed(cloud, staff, 1_000).pause == DAY
    cloud.later(hours=23)
    assert typed(cloud, staff, 1).outcome is Outcome.PAUSED
    assert [one.detail for one in cloud.of(Alarm, severity="critical")] == ["100 misses today"]


def test_nobody_types_for_another_counter(cloud: SmallCloud) -> None:
    staff = shop(cloud)
    brought(cloud, staff)
    asks: tuple[Callable[[], object], ...] = (
        lambda: typed(cloud, STRANGER, 1),
        lambda: typed(cloud, OPERATOR, 1),
        lambda: handed(cloud, STRANGER, typed(cloud, staff, 1).proof),
        lambda: cloud.do(lambda uow: salt_of(uow, cloud.act(STRANGER), cloud.keys, SHOP)),
    )
    for ask in asks:
        with pytest.raises(ForbiddenError):
            ask()


def test_a_proof_is_for_one_counter_and_ten_minutes_and_cannot_be_made_up(cloud: SmallCloud) -> None:
    staff = shop(cloud)
    cafe = shop(cloud, OTHER_SHOP)
    brought(cloud, staff)
    proof = typed(cloud, staff, 1).proof

    changed = proof[:-6] + ("A" if proof[-6] != "A" else "B") + proof[-5:]
    for wrong in ("", "é", "A" * 500, "AAAA", changed):
        with pytest.raises(ConflictError, match="again"):
            handed(cloud, staff, wrong)
    with pytest.raises(ConflictError, match="again"):
        handed(cloud, cafe, proof, OTHER_SHOP)
    cloud.now += PROOF_LIFE
    with pytest.raises(ConflictError, match="too long"):
        handed(cloud, staff, proof)


def test_full_stops_new_promises_and_takes_in_what_is_under_way(cloud: SmallCloud) -> None:
    staff = shop(cloud)
    parcel = on_its_way(cloud)
    for _ in range(2):
        cloud.do(lambda uow: set_intake(uow, cloud.act(staff), SHOP, is_open=False))

    assert not takes_parcels(cloud.the(Locker))
    assert cloud.again(parcel).state is ParcelState.ASSIGNED_TO_LOCKER
    cloud.do(lambda uow: set_intake(uow, cloud.act(staff), SHOP, is_open=True))
    assert takes_parcels(cloud.the(Locker))


def test_closed_today_gives_recipients_longer_and_tells_who_plans(cloud: SmallCloud) -> None:
    staff = shop(cloud)
    cloud.now = datetime(2026, 3, 1, 12, tzinfo=UTC)  # Sunday: 48 hours later it is Tuesday noon
    parcel = brought(cloud, staff)
    assert parcel.deadline == datetime(2026, 3, 3, 12, tzinfo=UTC)
    on_its_way(cloud, 2)

    for _ in range(2):
        cloud.do(lambda uow: close_on(uow, cloud.act(staff), SHOP, TUESDAY))

    assert cloud.the(Locker).opening_hours == SHOP_HOURS + "; 2026 Mar 03 off"
    assert cloud.again(parcel).deadline == datetime(2026, 3, 4, 18, tzinfo=UTC)
    assert "deadline_extended" in {one.template for one in cloud.of(Notification)}
    assert [one.kind for one in cloud.of(Alarm, cleared_at=None)] == ["counter_closed"]
    cloud.now = datetime(2026, 3, 3, 12, tzinfo=UTC)
    view = cloud.do(lambda uow: counter_view(uow, cloud.act(staff), SHOP))
    assert (view.is_closed_today, view.is_open_now) == (True, False)

    for _ in range(2):
        cloud.do(lambda uow: open_on(uow, cloud.act(staff), SHOP, TUESDAY))

    assert cloud.the(Locker).opening_hours == SHOP_HOURS
    assert cloud.of(Alarm, cleared_at=None) == []
    assert cloud.again(parcel).deadline == datetime(2026, 3, 4, 18, tzinfo=UTC)  # people were told


def test_closing_an_empty_counter_rings_no_bell(cloud: SmallCloud) -> None:
    staff = shop(cloud)
    cloud.do(lambda uow: close_on(uow, cloud.act(staff), SHOP, TUESDAY))

    assert cloud.of(Alarm) == []
