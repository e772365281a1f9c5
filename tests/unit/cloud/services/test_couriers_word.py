"""A locker that is cut off cannot say that a parcel is inside; its courier can, and the recipient learns the code."""

import pytest

from cloud.domain.actors import Role, actor
from cloud.domain.errors import ConflictError, ForbiddenError
from cloud.domain.locker import Locker
from cloud.domain.parcel import Parcel, ParcelState
from cloud.services.cancel_parcel import cancel_parcel
from cloud.services.complete_stop import say_inside
from cloud.services.notifications import claim_notifications
from cloud.services.promise import promise
from cloud.services.records import IssuedGrant
from cloud.services.records_ops import Notification
from contract.events import CodeBurnt, ParcelDroppedOff, ParcelPickedUp
from contract.ids import GroupId, ParcelRef
from tests.unit.cloud.small_cloud import A01, COURIER, GRANT, OPERATOR, REF, SmallCloud

CEZARY, STRANGER = actor(Role.COURIER, COURIER), actor(Role.COURIER, "d0" * 16)


@pytest.fixture
def cloud() -> SmallCloud:
    cloud = SmallCloud(quick=True)
    cloud.locker(online=False)
    cloud.courier()
    cloud.codes("WAW-01", 12345678)
    return cloud


@pytest.fixture
def parcel(cloud: SmallCloud) -> Parcel:
    parcel, home = cloud.parcel("P1", custodian=f"courier:{COURIER}"), cloud.the(Locker)
    cloud.do(lambda uow: promise(uow, cloud.act(), cloud.keys, parcel, home))
    return parcel


def _said(cloud: SmallCloud, parcel: Parcel) -> Parcel:
    return cloud.do(lambda uow: say_inside(uow, cloud.act(CEZARY), parcel.id))


def test_a_couriers_word_tells_the_code_once_and_moves_nothing(cloud: SmallCloud, parcel: Parcel) -> None:
    _said(cloud, parcel)
    _said(cloud, parcel)
    (due,) = cloud.do(lambda uow: claim_notifications(uow, cloud.act(), cloud.keys, 10))

    assert (due.notification.template, due.code) == ("said_inside", "123 456 786")
    assert due.capability_qr is not None
    after = cloud.again(parcel)
    assert (after.state, after.custodian) == (ParcelState.ASSIGNED_TO_LOCKER, f"courier:{COURIER}")


def test_only_the_courier_who_carries_it_can_say_so(cloud: SmallCloud, parcel: Parcel) -> None:
    with pytest.raises(ForbiddenError):
        cloud.do(lambda uow: say_inside(uow, cloud.act(STRANGER), parcel.id))


def test_a_parcel_for_no_locker_cannot_be_inside(cloud: SmallCloud) -> None:
    parcel = cloud.parcel("P2", custodian=f"courier:{COURIER}")
    with pytest.raises(ConflictError):
        _said(cloud, parcel)


def test_no_code_is_told_for_what_was_called_back(cloud: SmallCloud, parcel: Parcel) -> None:
    cloud.do(lambda uow: cancel_parcel(uow, cloud.act(OPERATOR), cloud.keys, parcel.id, "recalled"))
    with pytest.raises(ConflictError):
        _said(cloud, parcel)


def test_a_journal_that_says_it_came_and_went_does_not_call_anybody_to_the_locker(
    cloud: SmallCloud, parcel: Parcel
) -> None:
    ref = ParcelRef(bytes.fromhex(parcel.id))
    group = GroupId(bytes.fromhex(cloud.the(IssuedGrant, kind="pick_up").group_id))
    cloud.journals["WAW-01"].say(
        ParcelDroppedOff(ref, A01, GRANT, REF), CodeBurnt(group, A01), ParcelPickedUp(ref, A01, group, "code")
    )

    assert [one.template for one in cloud.of(Notification)] == ["picked_up"]
