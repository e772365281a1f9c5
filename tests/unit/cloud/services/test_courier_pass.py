"""What is in the QR codes on a courier's phone, and how large they are."""

from datetime import timedelta

import pytest
import segno

from cloud.domain.errors import NotFoundError
from cloud.domain.locker import Locker
from cloud.domain.parcel import Parcel
from cloud.services.cancel_parcel import cancel_parcel
from cloud.services.courier_pass import courier_pass
from cloud.services.extend_deadline import extend_deadline
from cloud.services.promise import promise
from cloud.services.records import Courier, CourierKind, MessageState, Plan, Route, Stop, StopTask, Task
from cloud.services.records_ops import OutboxMessage
from cloud.services.reissue_code import reissue_code
from contract import codec, envelope
from contract.commands import Revoke, SetDeadline
from contract.events import ParcelDroppedOff
from contract.grants import CollectGrant, CourierPass, DropOffGrant, GrantBundle, PickUpGrant
from contract.ids import CompartmentLabel, CourierRef, ParcelRef
from tests.unit.cloud.small_cloud import COURIER, GRANT, OPERATOR, REF, SmallCloud

VERSION_MAX = 25  # docs/adr/0015
OTHER = "d0" * 16


@pytest.fixture
def cloud() -> SmallCloud:
    cloud = SmallCloud()
    cloud.locker()
    cloud.courier()
    cloud.codes("WAW-01", *range(1, 30))
    return cloud


def _promised(cloud: SmallCloud, barcode: str, courier: str = COURIER) -> Parcel:
    parcel = cloud.parcel(barcode, custodian=f"courier:{courier}")
    home = cloud.the(Locker)
    cloud.do(lambda uow: promise(uow, cloud.act(), cloud.keys, parcel, home))
    return parcel


def _inside(cloud: SmallCloud, barcode: str, door: str) -> Parcel:
    parcel = _promised(cloud, barcode)
    label = CompartmentLabel(door)
    cloud.journals["WAW-01"].say(ParcelDroppedOff(ParcelRef(bytes.fromhex(parcel.id)), label, GRANT, REF))
    return parcel


def _texts(cloud: SmallCloud) -> tuple[str, ...]:
    return cloud.do(lambda uow: courier_pass(uow, cloud.act(), cloud.keys, COURIER, "WAW-01"))


def _passes(cloud: SmallCloud) -> list[CourierPass]:
    keys = {cloud.keys.signer.key_id: cloud.keys.signer.private_key.public_key()}
    shown = [codec.decode_presented(envelope.verify(codec.from_qr(text), keys).body) for text in _texts(cloud)]
    return [one for one in shown if isinstance(one, CourierPass)]


def _all_confirmed(cloud: SmallCloud) -> None:
    cloud.do(lambda uow: uow.change(OutboxMessage, {}, state=MessageState.CONFIRMED))


def test_a_stop_with_many_parcels_becomes_a_short_series_of_codes(cloud: SmallCloud) -> None:
    for number in range(12):
        _promised(cloud, f"P{number}")
    passes = _passes(cloud)

    assert [(one.part, one.parts) for one in passes] == [(1, 2), (2, 2)]
    assert len({one.issued_at for one in passes}) == 1
    kinds = [type(grant) for one in passes for grant in one.grants]
    assert (kinds.count(DropOffGrant), kinds.count(PickUpGrant)) == (12, 12)


def test_no_code_of_a_series_is_larger_than_a_cheap_scanner_reads(cloud: SmallCloud) -> None:
    for number in range(12):
        _promised(cloud, f"P{number}")

    versions = [int(segno.make_qr(text, error="l", boost_error=False).version) for text in _texts(cloud)]
    assert max(versions) <= VERSION_MAX


def test_a_pass_brings_what_the_wire_owes_the_locker(cloud: SmallCloud) -> None:
    kept, lost, late = (_inside(cloud, f"W{number}", f"A0{number}") for number in (1, 2, 3))
    _all_confirmed(cloud)
    cloud.do(lambda uow: cancel_parcel(uow, cloud.act(OPERATOR), cloud.keys, lost.id, "recall"))
    cloud.do(lambda uow: reissue_code(uow, cloud.act(OPERATOR), cloud.keys, late.id))
    cloud.do(lambda uow: extend_deadline(uow, cloud.act(OPERATOR), cloud.keys, kept.id))
    _promised(cloud, "somebody else's", OTHER)
    (one,) = _passes(cloud)

    assert {type(word) for word in one.commands} == {Revoke, SetDeadline}
    brought = {(type(grant), grant.parcel.hex()) for grant in one.grants}
    assert brought == {(CollectGrant, lost.id), (PickUpGrant, late.id)}


def test_what_the_locker_has_confirmed_is_not_carried_to_it(cloud: SmallCloud) -> None:
    parcel, late = _recalled(cloud), _inside(cloud, "W2", "A02")
    cloud.do(lambda uow: reissue_code(uow, cloud.act(OPERATOR), cloud.keys, late.id))
    _all_confirmed(cloud)
    (one,) = _passes(cloud)

    assert (one.commands, [(type(grant), grant.parcel.hex()) for grant in one.grants]) == (
        (),
        [(CollectGrant, parcel.id)],
    )


def _recalled(cloud: SmallCloud) -> Parcel:
    """Return a parcel that lies in the locker and is to be collected."""
    parcel = _inside(cloud, "W1", "A01")
    cloud.do(lambda uow: cancel_parcel(uow, cloud.act(OPERATOR), cloud.keys, parcel.id, "recall"))
    return parcel


def _route_for(cloud: SmallCloud, parcel: Parcel) -> Route:
    """Send the courier for a parcel that lies in the locker; ``OTHER`` is there to be sent instead."""
    cloud.courier(OTHER)
    route = cloud.route(parcel)
    cloud.do(lambda uow: uow.change(StopTask, {"parcel_id": parcel.id}, task=Task.COLLECT))
    cloud.do(lambda uow: uow.change(Stop, {"route_id": route.id}, locker_id="WAW-01"))
    cloud.do(lambda uow: uow.change(Parcel, {"id": parcel.id}, custodian="locker:WAW-01"))
    return route


def test_a_collection_on_somebody_else_s_route_is_theirs_until_the_route_should_be_over(cloud: SmallCloud) -> None:
    parcel = _recalled(cloud)
    route = _route_for(cloud, parcel)
    assert [_collections(one) for one in _passes(cloud)] == [1]
    cloud.do(lambda uow: uow.change(Route, {"id": route.id}, courier_id=OTHER))

    assert [_collections(one) for one in _passes(cloud)] == [0]
    cloud.now = route.ends_at + timedelta(seconds=1)
    assert [_collections(one) for one in _passes(cloud)] == [1]


def test_a_plan_that_is_no_longer_in_force_keeps_no_collection_for_anybody(cloud: SmallCloud) -> None:
    parcel = _recalled(cloud)
    route = _route_for(cloud, parcel)
    cloud.do(lambda uow: uow.change(Route, {"id": route.id}, courier_id=OTHER))
    cloud.do(lambda uow: uow.change(Plan, {"id": route.plan_id}, current=False))

    assert [_collections(one) for one in _passes(cloud)] == [1]


def test_a_courier_without_parcels_still_signs_in_and_one_who_left_does_not(cloud: SmallCloud) -> None:
    assert len(_texts(cloud)) == 1
    cloud.do(lambda uow: uow.change(Courier, {"id": COURIER}, active=False))
    with pytest.raises(NotFoundError):
        _texts(cloud)


def test_what_goes_by_wire_names_the_courier_who_has_the_parcel_and_the_pass_need_not(cloud: SmallCloud) -> None:
    _promised(cloud, "P1")
    _promised(cloud, "P2", OTHER)
    at_depot, home = cloud.parcel("P3"), cloud.the(Locker)
    cloud.do(lambda uow: promise(uow, cloud.act(), cloud.keys, at_depot, home))

    assert {grant.courier for grant in _on_the_wire(cloud)} == {REF, CourierRef(bytes.fromhex(OTHER)), None}
    assert [grant.courier for one in _passes(cloud) for grant in one.grants if isinstance(grant, DropOffGrant)] == [
        None
    ]


def test_a_guest_s_pass_is_for_what_it_names_and_names_no_collection_of_others(cloud: SmallCloud) -> None:
    parcel = _inside(cloud, "P1", "A01")
    cloud.do(lambda uow: cancel_parcel(uow, cloud.act(OPERATOR), cloud.keys, parcel.id, "recalled"))
    own = _passes(cloud)
    cloud.do(lambda uow: uow.change(Courier, {"id": COURIER}, kind=CourierKind.CROWD))
    guest = _passes(cloud)

    assert [(one.named_only, _collections(one)) for one in (*own, *guest)] == [(False, 1), (True, 0)]


def _collections(shown: CourierPass) -> int:
    return sum(isinstance(grant, CollectGrant) for grant in shown.grants)


def _on_the_wire(cloud: SmallCloud) -> list[DropOffGrant]:
    keys = {cloud.keys.signer.key_id: cloud.keys.signer.private_key.public_key()}
    sent = cloud.of(OutboxMessage, kind="grants")
    bundles = [codec.decode_downward(envelope.verify(one.payload, keys).body) for one in sent]
    carried = [grant for one in bundles if isinstance(one, GrantBundle) for grant in one.grants]
    return [grant for grant in carried if isinstance(grant, DropOffGrant)]
