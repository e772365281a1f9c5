"""A locker that has lost its memory is told again what holds; staff say what lies where, and nobody guesses."""

from datetime import timedelta

import msgspec
import pytest

from cloud.domain.errors import ConflictError, InvalidError
from cloud.domain.locker import Compartment, Contents, Locker
from cloud.domain.parcel import Parcel
from cloud.services.cancel_parcel import cancel_parcel
from cloud.services.desire_configuration import desire_configuration
from cloud.services.extend_deadline import extend_deadline
from cloud.services.promise import promise
from cloud.services.records import HistoryEntry, IssuedGrant, MessageState
from cloud.services.records_ops import CommandSent, OutboxMessage, SupportCase
from cloud.services.reissue_code import reissue_code
from cloud.services.send_again import LOOK_INSIDE, TOMBSTONES_MAX, send_again
from cloud.services.sending import AGAIN
from cloud.services.set_service import ServiceWish, set_service
from cloud.web.console_lockers import view_of
from contract import codec, envelope
from contract.commands import Revoke, SetService
from contract.events import (
    AlarmRaised,
    CodeBurnt,
    CommandDone,
    CompartmentRestored,
    ParcelDroppedOff,
    ParcelPickedUp,
)
from contract.grants import CollectGrant, DropOffGrant, Grant, GrantBundle, PickUpGrant
from contract.ids import CompartmentLabel, GroupId, MessageId, ParcelRef
from contract.state import Configuration, Desired
from tests.unit.cloud.small_cloud import COURIER, GRANT, OPERATOR, REF, SmallCloud

A01, A02, A03 = (CompartmentLabel(f"A0{number}") for number in (1, 2, 3))
HERE = "WAW-01"


@pytest.fixture
def cloud() -> SmallCloud:
    cloud = SmallCloud(quick=True)
    cloud.locker()
    cloud.courier()
    cloud.codes(HERE, *range(1, 30))
    return cloud


def promised(cloud: SmallCloud, barcode: str) -> Parcel:
    parcel = cloud.parcel(barcode, custodian=f"courier:{COURIER}")
    cloud.do(lambda uow: promise(uow, cloud.act(), cloud.keys, parcel, uow.need(Locker, HERE)))
    return parcel


def inside(cloud: SmallCloud, barcode: str, door: CompartmentLabel) -> Parcel:
    parcel = promised(cloud, barcode)
    cloud.journals[HERE].say(ParcelDroppedOff(ref(parcel), door, GRANT, REF))
    return cloud.again(parcel)


def ref(parcel: Parcel) -> ParcelRef:
    return ParcelRef(bytes.fromhex(parcel.id))


def lose(cloud: SmallCloud) -> list[OutboxMessage]:
    """Let everything sent be confirmed, and then the card be lost; returns what is sent because of it."""
    cloud.do(lambda uow: uow.change(OutboxMessage, {}, state=MessageState.CONFIRMED))
    cloud.do(lambda uow: send_again(uow, cloud.act(), cloud.keys, HERE))
    return cloud.of(OutboxMessage, state=MessageState.QUEUED)


def opened(cloud: SmallCloud, messages: list[OutboxMessage]) -> list[object]:
    keys = {cloud.keys.signer.key_id: cloud.keys.signer.private_key.public_key()}
    return [codec.decode_downward(envelope.verify(one.payload, keys).body) for one in messages]


def rights(cloud: SmallCloud, messages: list[OutboxMessage]) -> list[Grant]:
    bundles = [one for one in opened(cloud, messages) if isinstance(one, GrantBundle)]
    assert all(one.again for one in bundles)
    return [grant for one in bundles for grant in one.grants]


def test_all_rights_as_they_stand_go_again_and_none_that_is_spent(cloud: SmallCloud) -> None:
    coming, waiting, fetched = promised(cloud, "R"), inside(cloud, "P", A01), inside(cloud, "Q", A02)
    group = GroupId(bytes.fromhex(cloud.of(IssuedGrant, parcel_id=fetched.id)[0].group_id))
    cloud.journals[HERE].say(CodeBurnt(group, A02), ParcelPickedUp(ref(fetched), A02, group, "code"))
    recalled = inside(cloud, "S", A03)
    cloud.do(lambda uow: cancel_parcel(uow, cloud.act(OPERATOR), cloud.keys, recalled.id, "recall"))

    sent = rights(cloud, lose(cloud))

    assert {(type(one), one.parcel) for one in sent} == {
        (DropOffGrant, ref(coming)),
        (PickUpGrant, ref(coming)),
        (PickUpGrant, ref(waiting)),
        (CollectGrant, ref(recalled)),
    }


def test_the_newest_code_goes_with_the_deadline_that_was_moved(cloud: SmallCloud) -> None:
    parcel = inside(cloud, "P", A01)
    cloud.do(lambda uow: reissue_code(uow, cloud.act(OPERATOR), cloud.keys, parcel.id))
    cloud.do(lambda uow: extend_deadline(uow, cloud.act(OPERATOR), cloud.keys, parcel.id, timedelta(days=3)))
    (sent,) = rights(cloud, lose(cloud))

    (newest,) = cloud.of(IssuedGrant, parcel_id=parcel.id, kind="pick_up", state="issued")
    deadline = cloud.again(parcel).deadline
    assert deadline is not None
    assert (sent.id.hex(), sent.expires_at) == (newest.id, int(deadline.timestamp()))


def test_a_drop_off_that_is_too_late_stays_away_and_a_pick_up_never_is(cloud: SmallCloud) -> None:
    promised(cloud, "R")
    parcel = inside(cloud, "P", A01)
    cloud.later(days=40)

    assert [type(one) for one in rights(cloud, lose(cloud)) if one.parcel == ref(parcel)] == [PickUpGrant]
    assert not any(isinstance(one, DropOffGrant) for one in rights(cloud, cloud.of(OutboxMessage, kind=AGAIN)))


def test_tombstones_go_again_of_what_was_revoked_and_of_a_parcel_s_spent_rights(cloud: SmallCloud) -> None:
    recalled, back = inside(cloud, "S", A01), inside(cloud, "P", A02)
    spent = cloud.of(IssuedGrant, parcel_id=back.id, kind="pick_up")[0].group_id
    revoked = cloud.of(IssuedGrant, parcel_id=recalled.id, kind="pick_up")[0].group_id
    cloud.do(lambda uow: cancel_parcel(uow, cloud.act(OPERATOR), cloud.keys, recalled.id, "recall"))
    group = GroupId(bytes.fromhex(spent))
    cloud.journals[HERE].say(ParcelPickedUp(ref(back), A02, group, "code"))
    cloud.do(lambda uow: uow.change(Parcel, {"id": back.id}, custodian=f"locker:{HERE}"))
    sent = lose(cloud)

    buried = {one.group.hex() for one in opened(cloud, sent) if isinstance(one, Revoke)}
    assert buried == {spent, revoked}
    assert {one.group_id for one in cloud.of(CommandSent, kind="revoke", state="queued")} >= buried
    assert len(buried) < TOMBSTONES_MAX


def test_the_configuration_goes_again_as_it_is(cloud: SmallCloud) -> None:
    wish = Configuration(door_left_open_s=90)
    cloud.do(lambda uow: desire_configuration(uow, cloud.act(OPERATOR), cloud.keys, HERE, wish))

    (sent,) = [one for one in opened(cloud, lose(cloud)) if isinstance(one, Desired)]
    assert sent.configuration == msgspec.structs.replace(wish, configuration_version=1)


def test_staff_are_asked_once_to_look_inside_and_told_what_to_expect(cloud: SmallCloud) -> None:
    inside(cloud, "P", A01)
    lose(cloud)
    lose(cloud)

    case = cloud.the(SupportCase, kind=LOOK_INSIDE)
    assert "1 parcels are expected in it (A01)" in case.detail


def test_a_second_loss_takes_the_place_of_the_first(cloud: SmallCloud) -> None:
    inside(cloud, "P", A01)
    first = lose(cloud)
    cloud.do(lambda uow: send_again(uow, cloud.act(), cloud.keys, HERE))

    assert len(first) == 1
    assert [one.state for one in cloud.of(OutboxMessage, kind=AGAIN, order="id") if one.id != first[0].id] == ["queued"]
    assert cloud.the(OutboxMessage, id=first[0].id).state is MessageState.DEAD


def test_the_locker_itself_says_in_its_journal_that_it_forgot(cloud: SmallCloud) -> None:
    assert cloud.journals[HERE].say(AlarmRaised("journal_ahead", "ended at 3, cloud at 61")).forgot
    assert not cloud.journals[HERE].say(AlarmRaised("mains_lost", "")).forgot


# ---------------------------------------------------------------------- what staff saw


def served(cloud: SmallCloud, door: str, parcel_id: str | None, *, in_service: bool = True) -> SetService:
    wish = ServiceWish(HERE, door, in_service, "looked inside", parcel_id)
    sent = cloud.do(lambda uow: set_service(uow, cloud.act(OPERATOR), cloud.keys, wish))
    (command,) = opened(cloud, cloud.of(OutboxMessage, about=sent.id))
    assert isinstance(command, SetService)
    return command


def forgotten(cloud: SmallCloud, barcode: str, door: CompartmentLabel) -> Parcel:
    """Return a parcel whose compartment the locker's own picture shows as empty."""
    parcel = inside(cloud, barcode, door)
    place = {"locker_id": HERE, "label": door}
    cloud.do(lambda uow: uow.change(Compartment, place, contents=Contents.EMPTY, parcel_id=None))
    return parcel


def test_what_staff_saw_is_said_to_the_locker_and_counts_when_it_says_so(cloud: SmallCloud) -> None:
    parcel = forgotten(cloud, "P", A01)
    command = served(cloud, A02, parcel.id)
    assert (command.parcel, command.label) == (ref(parcel), bytes.fromhex(parcel.label_digest))
    cloud.journals[HERE].say(CompartmentRestored(A02, ref(parcel)), CommandDone(MessageId(command.id)))

    place = cloud.the(Compartment, locker_id=HERE, label=A02)
    assert (place.contents, place.parcel_id) == (Contents.OCCUPIED, parcel.id)
    assert (cloud.again(parcel).compartment, cloud.again(parcel).state) == (A02, parcel.state)
    assert [one.happened for one in cloud.of(HistoryEntry, parcel_id=parcel.id)][-1] == "seen_inside"


def test_a_parcel_that_staff_see_elsewhere_lies_in_no_other_compartment_any_more(cloud: SmallCloud) -> None:
    """Also when they correct themselves before the locker can say anything of it."""
    seen = ref(inside(cloud, "P", A01))

    def places() -> list[str]:
        return [one.label for one in cloud.of(Compartment, locker_id=HERE, parcel_id=seen.hex())]

    cloud.journals[HERE].say(CompartmentRestored(A02, seen))
    assert places() == [A02]
    cloud.journals[HERE].say(CompartmentRestored(A01, seen), CompartmentRestored(A03, seen))
    assert places() == [A03]
    assert cloud.the(Compartment, locker_id=HERE, label=A01).contents is Contents.EMPTY


def test_what_should_lie_there_and_does_not_is_missing(cloud: SmallCloud) -> None:
    parcel, other = forgotten(cloud, "P", A01), forgotten(cloud, "Q", A02)
    served(cloud, A01, other.id)
    served(cloud, A02, None)

    found = {one.parcel_id: one.detail for one in cloud.of(SupportCase, kind="parcel_missing")}
    assert found == {
        parcel.id: "staff looked into it and saw another parcel",
        other.id: "staff looked into it and it was empty",
    }


def test_the_console_offers_what_was_forgotten_the_likeliest_first(cloud: SmallCloud) -> None:
    first, second = forgotten(cloud, "P", A01), forgotten(cloud, "Q", A02)
    inside(cloud, "S", A03)

    def offered(door: str) -> list[str]:
        return [one.id for one in cloud.do(lambda uow: view_of(uow, HERE, door)).believed]

    assert (offered(A01), offered(A02)) == ([first.id, second.id], [second.id, first.id])


def test_what_the_locker_still_has_on_its_books_is_not_missed(cloud: SmallCloud) -> None:
    inside(cloud, "P", A01)
    served(cloud, A01, None)

    assert cloud.of(SupportCase, kind="parcel_missing") == []


def test_a_parcel_that_somebody_else_answers_for_is_not_put_into_a_locker_by_a_word(cloud: SmallCloud) -> None:
    with pytest.raises(ConflictError):
        served(cloud, A01, promised(cloud, "R").id)


def test_what_was_seen_inside_is_for_a_compartment_that_goes_back_into_service(cloud: SmallCloud) -> None:
    with pytest.raises(InvalidError):
        served(cloud, A01, forgotten(cloud, "P", A01).id, in_service=False)
