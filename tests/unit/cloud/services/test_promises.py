from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest

from cloud.domain.actors import Role, actor
from cloud.domain.assignment import Obstacle, Scope
from cloud.domain.capacity import Reservation, ReservationState
from cloud.domain.errors import (
    AssignmentRefusedError,
    ConflictError,
    ForbiddenError,
    InvalidError,
    LimitReachedError,
    NoCapacityError,
    TransitionRefusedError,
)
from cloud.domain.locker import Compartment, CompartmentStatus, Locker
from cloud.domain.parcel import Parcel, ParcelState
from cloud.services import prepare_codes
from cloud.services.assign_locker import assign_locker
from cloud.services.cancel_parcel import cancel_parcel
from cloud.services.extend_deadline import extend_deadline
from cloud.services.locker_question import LockerQuestion, Suggestion
from cloud.services.opt_in import OptIn, opt_in, withdraw
from cloud.services.promise import Assigned
from cloud.services.records import (
    Assignment,
    Attempt,
    Consent,
    GrantState,
    IssuedGrant,
    PreparedCode,
    SealedCode,
    StopTask,
    TaskState,
)
from cloud.services.records_ops import Notification, OutboxMessage
from cloud.services.reissue_code import reissue_code, resend_code
from cloud.services.release_reservation import expire_reservations, release
from cloud.services.report_failed_attempt import FailedAttempt, report_failed_attempt
from contract.codes import parse_code
from contract.events import ParcelDroppedOff
from contract.ids import ParcelRef
from contract.sizes import SizeClass
from tests.unit.cloud.small_cloud import A01, COURIER, GRANT, OPERATOR, REF, SmallCloud

ADA = actor(Role.RECIPIENT, "ada")
SMALL: dict[str, Any] = {"length_mm": 100, "width_mm": 100, "height_mm": 50}


@pytest.fixture
def cloud() -> SmallCloud:
    cloud = SmallCloud()
    cloud.locker()
    cloud.courier()
    cloud.codes("WAW-01", *range(1, 40))
    return cloud


def _assign(cloud: SmallCloud, parcel: Parcel, locker: str = "WAW-01") -> Assigned:
    return cloud.do(lambda uow: assign_locker(uow, cloud.act(OPERATOR), cloud.keys, parcel.id, locker))


def _dropped(cloud: SmallCloud, parcel: Parcel) -> None:
    cloud.journals["WAW-01"].say(ParcelDroppedOff(ParcelRef(bytes.fromhex(parcel.id)), A01, GRANT, REF))


def test_capacity_is_promised_until_it_is_gone_and_upgraded_before_that(cloud: SmallCloud) -> None:
    sizes = [_assign(cloud, cloud.parcel(f"P{number}")).size for number in range(12)]
    with pytest.raises(NoCapacityError, match="no free compartment of size XS"):
        _assign(cloud, cloud.parcel("one too many"))

    assert sizes == [SizeClass.XS] * 2 + [SizeClass.S] * 5 + [SizeClass.M] * 3 + [SizeClass.L, SizeClass.XL]
    assert cloud.of(Reservation, parcel_id="one too many") == []


def test_a_refused_promise_leaves_nothing_behind(cloud: SmallCloud) -> None:
    parcel = cloud.parcel(perishable=True, consent=False)
    with pytest.raises(AssignmentRefusedError) as refused:
        _assign(cloud, parcel)

    assert refused.value.reasons == (Obstacle.PERISHABLE, Obstacle.NO_CONSENT)
    for kind in (Reservation, IssuedGrant, OutboxMessage, Assignment):
        assert cloud.of(kind) == []


def test_one_parcel_is_promised_once(cloud: SmallCloud) -> None:
    parcel = cloud.parcel()
    _assign(cloud, parcel)
    with pytest.raises(TransitionRefusedError):
        _assign(cloud, parcel)
    assert len(cloud.of(Reservation)) == 1


def test_a_code_is_taken_from_the_pool_and_kept_sealed(cloud: SmallCloud) -> None:
    before = len(cloud.of(PreparedCode))
    _assign(cloud, cloud.parcel())

    assert len(cloud.of(PreparedCode)) == before - 1
    sealed = cloud.the(SealedCode).code_sealed
    code = cloud.box.unseal(sealed, f"sealed_code:{cloud.the(SealedCode).group_id}").decode()
    assert parse_code(code) == code
    assert code.encode() not in sealed


def test_a_dry_pool_makes_a_code_on_the_spot_and_says_that_it_is_dry() -> None:
    cloud = SmallCloud()
    cloud.locker()
    assert cloud.do(lambda uow: prepare_codes.lockers_needing_codes(uow, cloud.keys)) == [("WAW-01", b"s" * 16, 24)]
    _assign(cloud, cloud.parcel())
    fresh = prepare_codes.make_codes(2, b"s" * 16, cloud.ids)
    cloud.do(lambda uow: prepare_codes.store_codes(uow, cloud.act(), cloud.keys, "WAW-01", fresh))

    assert len({one.code for one in fresh}) == 2
    assert cloud.do(lambda uow: uow.reads.prepared_codes()) == {"WAW-01": 2}


def test_opting_in_to_one_locker_keeps_a_compartment_there_at_once(cloud: SmallCloud) -> None:
    parcel = cloud.parcel(consent=False, locker_allowed=False)
    wish = OptIn(parcel.id, Scope.THIS_LOCKER, "WAW-01")
    consent = cloud.do(lambda uow: opt_in(uow, cloud.act(ADA), cloud.keys, wish))

    assert (consent.given_by, consent.scope) == ("recipient:ada", Scope.THIS_LOCKER)
    assert cloud.again(parcel).state is ParcelState.ASSIGNED_TO_LOCKER
    assert cloud.the(Notification).template == "opted_in"
    with pytest.raises(InvalidError, match="already"):
        cloud.do(lambda uow: opt_in(uow, cloud.act(ADA), cloud.keys, wish))


def test_consent_for_when_nobody_is_home_promises_nothing_yet(cloud: SmallCloud) -> None:
    parcel = cloud.parcel(consent=False)
    wish = OptIn(parcel.id, Scope.IF_ABSENT, walk_m_max=500)
    cloud.do(lambda uow: opt_in(uow, cloud.act(ADA), cloud.keys, wish))
    assert cloud.of(Reservation) == []
    assert cloud.do(lambda uow: withdraw(uow, cloud.act(ADA), parcel.id)) == 1
    with pytest.raises(AssignmentRefusedError, match=Obstacle.NO_CONSENT):
        _assign(cloud, parcel)
    assert cloud.the(Consent).withdrawn_at == cloud.now


@pytest.mark.parametrize(
    "wish", [{"scope": Scope.THIS_LOCKER}, {"scope": Scope.ANY_NEARBY, "walk_m_max": 0}, {"scope": Scope.ANY_NEARBY}]
)
def test_a_consent_that_cannot_be_is_refused(cloud: SmallCloud, wish: dict[str, Any]) -> None:
    parcel = cloud.parcel(state=ParcelState.PICKED_UP)
    with pytest.raises(InvalidError):
        cloud.do(lambda uow: opt_in(uow, cloud.act(ADA), cloud.keys, OptIn(parcel.id, **wish)))


def test_released_capacity_can_be_promised_again_and_the_locker_is_told(cloud: SmallCloud) -> None:
    parcel = cloud.parcel()
    _assign(cloud, parcel)
    cloud.do(lambda uow: release(uow, cloud.act(OPERATOR), cloud.keys, parcel.id, "recipient is at home"))

    assert cloud.again(parcel).state is ParcelState.ANNOUNCED
    assert cloud.the(Reservation).state is ReservationState.RELEASED
    assert {grant.state for grant in cloud.of(IssuedGrant)} == {GrantState.REVOKED}
    assert [one.kind for one in cloud.of(OutboxMessage, order="kind")] == ["grants", "revoke"]
    assert cloud.of(SealedCode) == []
    assert _assign(cloud, parcel).size is SizeClass.XS


@pytest.mark.parametrize(("online", "hours", "ended"), [(1, 24, 1), (0, 25, 0), (0, 24 * 8, 1)])
def test_a_reservation_ends_by_itself_but_not_while_its_locker_is_silent(
    cloud: SmallCloud,
    online: int,
    hours: int,
    ended: int,
) -> None:
    parcel = cloud.parcel(custodian=f"courier:{COURIER}")
    _assign(cloud, parcel)
    cloud.do(lambda uow: uow.change(Locker, {"id": "WAW-01"}, online=bool(online)))
    cloud.later(hours=hours)

    assert cloud.do(lambda uow: expire_reservations(uow, cloud.act(), cloud.keys)) == ended
    state = ParcelState.DELIVERY_FAILED if ended else ParcelState.ASSIGNED_TO_LOCKER
    assert cloud.again(parcel).state is state
    assert bool(cloud.of(Reservation, state=ReservationState.ACTIVE)) is not bool(ended)


def test_a_cancelled_parcel_gives_everything_back_and_only_its_carrier_may(cloud: SmallCloud) -> None:
    parcel = cloud.parcel()
    _assign(cloud, parcel)
    for who, allowed in (("other", False), ("acme", True)):
        act = cloud.act(actor(Role.CARRIER, who))
        if not allowed:
            with pytest.raises(ForbiddenError):
                _cancel(cloud, act, parcel)
        else:
            _cancel(cloud, act, parcel)

    assert cloud.again(parcel).state is ParcelState.CANCELLED
    assert cloud.the(Reservation).state is ReservationState.RELEASED
    assert "cancelled" in {one.template for one in cloud.of(Notification)}


def test_a_recipient_may_extend_twice_an_operator_as_long_as_is_sane(cloud: SmallCloud) -> None:
    parcel = cloud.parcel()
    _assign(cloud, parcel)
    _dropped(cloud, parcel)
    first = cloud.again(parcel).deadline
    assert first is not None
    for _ in range(2):
        cloud.do(lambda uow: extend_deadline(uow, cloud.act(ADA), cloud.keys, parcel.id))
    assert cloud.again(parcel).deadline == first + timedelta(hours=48)
    with pytest.raises(ConflictError, match="2 times"):
        cloud.do(lambda uow: extend_deadline(uow, cloud.act(ADA), cloud.keys, parcel.id))
    week = timedelta(days=7)
    cloud.do(lambda uow: extend_deadline(uow, cloud.act(OPERATOR), cloud.keys, parcel.id, week))
    assert cloud.again(parcel).deadline == first + timedelta(hours=48) + week
    with pytest.raises(InvalidError):
        cloud.do(lambda uow: extend_deadline(uow, cloud.act(OPERATOR), cloud.keys, parcel.id, 9 * week))


@pytest.mark.parametrize("verb", [reissue_code, extend_deadline])
def test_there_is_nothing_to_change_before_the_drop_off(cloud: SmallCloud, verb: Callable[..., object]) -> None:
    parcel = cloud.parcel()
    _assign(cloud, parcel)
    with pytest.raises(ConflictError):
        cloud.do(lambda uow: verb(uow, cloud.act(ADA), cloud.keys, parcel.id))


def test_a_code_is_told_again_but_a_mailbox_is_not_flooded(cloud: SmallCloud) -> None:
    parcel = cloud.parcel()
    _assign(cloud, parcel)
    _dropped(cloud, parcel)
    for _ in range(8):
        cloud.do(lambda uow: resend_code(uow, cloud.act(ADA), parcel.id))
    with pytest.raises(LimitReachedError):
        cloud.do(lambda uow: resend_code(uow, cloud.act(ADA), parcel.id))
    cloud.later(days=1, seconds=1)
    cloud.do(lambda uow: reissue_code(uow, cloud.act(ADA), cloud.keys, parcel.id))
    assert "code_reissued" in {one.template for one in cloud.of(Notification)}


def test_a_failed_attempt_without_a_way_out_is_recorded_with_its_reasons(cloud: SmallCloud) -> None:
    parcel = cloud.parcel(temperature_controlled=True)
    cloud.route(parcel)
    outcome = _failed(cloud, parcel, _nearest)

    assert (outcome.assigned, outcome.why_not) == (None, (Obstacle.TEMPERATURE,))
    assert cloud.again(parcel).state is ParcelState.DELIVERY_FAILED
    assert cloud.the(Attempt).outcome == Obstacle.TEMPERATURE
    assert cloud.the(StopTask).state is TaskState.FAILED


def test_full_lockers_are_not_asked_about(cloud: SmallCloud) -> None:
    cloud.do(lambda uow: uow.change(Compartment, {"locker_id": "WAW-01"}, status=CompartmentStatus.FAULTED))
    parcel = cloud.parcel()
    cloud.route(parcel)

    assert _failed(cloud, parcel, lambda _: [Suggestion("WAW-01")]).why_not == ("no_capacity",)


@pytest.mark.parametrize("answer", [(), (Suggestion("WAW-77"),)], ids=["nothing", "unknown"])
def test_a_choice_of_nothing_or_of_an_unknown_locker_assigns_nothing(
    cloud: SmallCloud, answer: Sequence[Suggestion]
) -> None:
    parcel = cloud.parcel()
    cloud.route(parcel)

    assert _failed(cloud, parcel, lambda _: answer).why_not == ("no_locker_on_the_way",)


def test_a_courier_speaks_only_of_parcels_in_their_own_van(cloud: SmallCloud) -> None:
    parcel = cloud.parcel()
    cloud.route(parcel)
    failed = FailedAttempt(parcel.id, "d0" * 16, "nobody_home")
    act = cloud.act(actor(Role.COURIER, "d0" * 16))
    with pytest.raises(ForbiddenError):
        cloud.do(lambda uow: report_failed_attempt(uow, act, cloud.keys, failed, lambda _: []))


def test_a_second_drop_off_at_the_same_locker_joins_the_same_stop(cloud: SmallCloud) -> None:
    parcels = [cloud.parcel(f"P{number}", **SMALL) for number in range(3)]
    cloud.route(*parcels)
    for parcel in parcels:
        _failed(cloud, parcel, _nearest)

    drop_offs = cloud.of(StopTask, state=TaskState.PENDING)
    assert len(drop_offs) == 3
    assert len({task.stop_id for task in drop_offs}) == 1


def _nearest(question: LockerQuestion) -> list[Suggestion]:
    return [Suggestion(one.id) for one in question.candidates]


def _failed(cloud: SmallCloud, parcel: Parcel, choose: Callable[[LockerQuestion], Sequence[Suggestion]]) -> Any:
    failed = FailedAttempt(parcel.id, COURIER, "nobody_home", lon=21.0, lat=52.2)
    act = cloud.act(actor(Role.COURIER, COURIER))
    return cloud.do(lambda uow: report_failed_attempt(uow, act, cloud.keys, failed, choose))


def _cancel(cloud: SmallCloud, act: Any, parcel: Parcel) -> None:
    cloud.do(lambda uow: cancel_parcel(uow, act, cloud.keys, parcel.id, "ordered twice"))
