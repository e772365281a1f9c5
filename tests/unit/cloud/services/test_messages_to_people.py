import json
from datetime import timedelta

import pytest

from cloud.domain.actors import Role, actor
from cloud.domain.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from cloud.domain.locker import Locker
from cloud.domain.parcel import Parcel
from cloud.services import idempotency, people, queries, shifts
from cloud.services.capability import capability_qr
from cloud.services.idempotency import Answer
from cloud.services.notices import notice
from cloud.services.notifications import TRIES_MAX, claim_notifications, mark_delivered, mark_failed
from cloud.services.promise import promise
from cloud.services.records import Courier, NotificationState
from cloud.services.records_ops import Account, ApiKey, Notification, SupportCase
from cloud.services.tracking_token import PURPOSE, parcel_of, token_for
from contract.events import DoorOpened, ParcelDroppedOff
from contract.ids import ParcelRef
from tests.unit.cloud.small_cloud import A01, GRANT, OPERATOR, REF, SmallCloud


@pytest.fixture
def cloud() -> SmallCloud:
    cloud = SmallCloud()
    cloud.locker()
    cloud.codes("WAW-01", *range(1, 30))
    return cloud


def _waiting(cloud: SmallCloud, barcode: str = "P1") -> Parcel:
    parcel = cloud.parcel(barcode)
    home = cloud.the(Locker)
    cloud.do(lambda uow: promise(uow, cloud.act(), cloud.keys, parcel, home))
    cloud.journals["WAW-01"].say(ParcelDroppedOff(ParcelRef(bytes.fromhex(parcel.id)), A01, GRANT, REF))
    return parcel


def _claimed(cloud: SmallCloud) -> list[Notification]:
    due = cloud.do(lambda uow: claim_notifications(uow, cloud.act(), cloud.keys, 10))
    return [one.notification for one in due]


def test_a_message_is_filled_with_what_its_text_needs_when_it_goes_out(cloud: SmallCloud) -> None:
    _waiting(cloud)
    context = json.loads(_claimed(cloud)[0].context)

    assert context["locker_name"] == "Metro Centrum"
    assert context["opening_hours"] == "24/7"
    assert context["barcode"] == "P1"
    assert context["deadline"].startswith("2026-03-04T08:00")
    assert cloud.the(Notification).context == "{}"


def test_a_message_is_claimed_by_one_and_falls_back_when_its_sender_dies(cloud: SmallCloud) -> None:
    _waiting(cloud)
    assert len(_claimed(cloud)) == 1
    assert _claimed(cloud) == []
    cloud.later(minutes=2)
    assert len(_claimed(cloud)) == 1


def test_a_delivered_message_is_done(cloud: SmallCloud) -> None:
    _waiting(cloud)
    (one,) = _claimed(cloud)
    cloud.do(lambda uow: mark_delivered(uow, cloud.act(), one.id))

    assert cloud.the(Notification).state is NotificationState.SENT


def test_a_message_that_fails_is_tried_with_pauses_and_ends_as_a_case(cloud: SmallCloud) -> None:
    _waiting(cloud)
    for tries in range(TRIES_MAX):
        (one,) = _claimed(cloud)
        cloud.do(lambda uow, one=one: mark_failed(uow, cloud.act(), one.id, "mailbox full"))  # type: ignore[misc] # bound now
        assert _claimed(cloud) == []
        cloud.later(seconds=30 * 2**tries)

    assert cloud.the(Notification).state is NotificationState.DEAD
    assert cloud.the(SupportCase).kind == "message_not_delivered"


def test_the_same_occasion_never_sends_the_same_message_twice(cloud: SmallCloud) -> None:
    parcel = cloud.parcel()
    first, second = (notice(cloud.act(), parcel, "expired", "once") for _ in range(2))

    assert first is not None
    assert second is not None
    assert first.dedupe == second.dedupe


def test_a_message_about_no_parcel_goes_out_bare(cloud: SmallCloud) -> None:
    _waiting(cloud)
    cloud.do(lambda uow: uow.change(Notification, {}, parcel_id=None))
    (due,) = cloud.do(lambda uow: claim_notifications(uow, cloud.act(), cloud.keys, 10))

    assert (due.code, due.tracking_token) == (None, "")


def test_a_tracking_link_leads_to_one_parcel_and_cannot_be_guessed(cloud: SmallCloud) -> None:
    parcel = _waiting(cloud)
    key = cloud.box.derive(PURPOSE)
    token = token_for(parcel.id, key)

    assert parcel_of(token, key) == parcel.id
    for forged in (token[:-4] + "AAAA", "", "!", token_for(parcel.id, b"x" * 32), "A" * 43):
        with pytest.raises(NotFoundError):
            parcel_of(forged, key)


def test_the_tracking_page_says_where_and_until_when(cloud: SmallCloud) -> None:
    parcel = _waiting(cloud)
    seen = cloud.do(lambda uow: queries.tracking(uow, parcel.id))

    assert seen.locker is not None
    assert (seen.locker.name, seen.has_code, seen.eta) == ("Metro Centrum", True, None)
    assert [one.happened for one in seen.history] == ["announced", "assigned_to_locker", "dropped_off"]


def test_there_is_no_qr_without_something_to_pick_up(cloud: SmallCloud) -> None:
    parcel = cloud.parcel()
    with pytest.raises(ConflictError):
        cloud.do(lambda uow: capability_qr(uow, cloud.act(), cloud.keys, parcel.id))


def test_a_post_with_the_same_key_is_answered_again_not_done_again(cloud: SmallCloud) -> None:
    asked = ("acme", "key-1", "digest")
    assert cloud.do(lambda uow: idempotency.recall(uow, *asked)) is None
    cloud.do(lambda uow: idempotency.remember(uow, cloud.act(), asked, Answer(201, b"{}")))
    assert cloud.do(lambda uow: idempotency.recall(uow, *asked)) == Answer(201, b"{}")
    with pytest.raises(ConflictError):
        cloud.do(lambda uow: idempotency.recall(uow, "acme", "key-1", "another request"))
    with pytest.raises(InvalidError):
        cloud.do(lambda uow: idempotency.recall(uow, "acme", "", "digest"))
    cloud.later(days=1, seconds=1)
    assert cloud.do(lambda uow: idempotency.forget_old(uow, cloud.act())) == 1


def test_an_api_key_is_shown_once_and_kept_as_a_digest(cloud: SmallCloud) -> None:
    made = cloud.do(lambda uow: people.create_api_key(uow, cloud.act(OPERATOR), "acme", ("parcels", "imports")))
    assert made.secret not in (cloud.the(ApiKey).digest, cloud.the(ApiKey).prefix)
    assert cloud.do(lambda uow: people.api_key_of(uow, cloud.now, made.secret)).carrier == "acme"
    with pytest.raises(ForbiddenError):
        cloud.do(lambda uow: people.api_key_of(uow, cloud.now, "lm_guess"))
    with pytest.raises(ForbiddenError):
        cloud.do(lambda uow: people.api_key_of(uow, cloud.now + timedelta(days=366), made.secret))


def test_people_are_added_with_sensible_ids_roles_and_shifts(cloud: SmallCloud) -> None:
    courier = Courier(id="7", name="C", email=None, phone=None, language="pl", active=True, created_at=cloud.now)
    with pytest.raises(InvalidError, match="32 hex"):
        cloud.do(lambda uow: people.create_courier(uow, cloud.act(OPERATOR), courier))
    known = cloud.courier("e0" * 16)
    account = Account(
        id="a1",
        login="cezary",
        name="Cezary",
        password_hash="argon2",
        roles="courier",
        courier_id=known.id,
        created_at=cloud.now,
        disabled_at=None,
    )
    cloud.do(lambda uow: people.create_account(uow, cloud.act(OPERATOR), account))
    assert people.actor_of(account) == actor(Role.COURIER, known.id)
    shift = cloud.shift(known.id)
    for changed in ({"ends_at": shift.starts_at}, {"ends_at": shift.starts_at + timedelta(hours=17)}):
        bad = type(shift)(**{name: getattr(shift, name) for name in shift.__slots__} | changed | {"id": "s2"})
        with pytest.raises(InvalidError):
            cloud.do(lambda uow, bad=bad: shifts.add_shift(uow, cloud.act(OPERATOR), bad))  # type: ignore[misc] # bound now
    god = type(account)(**{name: getattr(account, name) for name in account.__slots__} | {"roles": "god"})
    with pytest.raises(InvalidError, match="choose from"):
        cloud.do(lambda uow: people.create_account(uow, cloud.act(OPERATOR), god))


def test_pages_for_operators_show_the_fleet_a_locker_and_a_search(cloud: SmallCloud) -> None:
    parcel = _waiting(cloud, "PL00042")
    cloud.journals["WAW-01"].say(DoorOpened(A01))
    (row,) = cloud.do(queries.fleet)
    page = cloud.do(lambda uow: queries.locker_page(uow, "WAW-01"))

    def found(text: str) -> list[str]:
        return [one.id for one in cloud.do(lambda uow: queries.search(uow, cloud.act(OPERATOR), text))]

    assert (row.compartments, row.occupied, row.parcels_waiting, row.online) == (12, 1, 1, True)
    assert [one.door for one in page.compartments if one.label == "A01"] == ["open"]
    assert found("PL0") == found("nowak") == [parcel.id]
    assert found(" ") == found("%") == []
    assert len(cloud.do(lambda uow: queries.timeline(uow, "WAW-01", "A01"))) == 2
    assert [point.locker.id for point in cloud.do(queries.points)] == ["WAW-01"]
    with pytest.raises(ForbiddenError):
        cloud.do(lambda uow: queries.search(uow, cloud.act(actor(Role.COURIER, "c")), "PL0"))
