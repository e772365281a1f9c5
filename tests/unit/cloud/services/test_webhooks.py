"""Programs are told what happens: signed, in order, again when they did not take it, and dead in the end."""

import json
from datetime import timedelta
from itertools import pairwise

import pytest

from cloud.domain.actors import Role, actor
from cloud.domain.errors import ConflictError, ForbiddenError, InvalidError
from cloud.services.offer_steps import decline
from cloud.services.records import MessageState
from cloud.services.records_ops import Alarm
from cloud.services.records_outside import WebhookMessage
from cloud.services.standard_webhooks import TOLERANCE, headers, is_signed, secret_of, written
from cloud.services.webhooks import (
    FIRST_PAUSE,
    ROTATION,
    TRIES_MAX,
    DueWebhook,
    claim_webhooks,
    end_endpoint,
    feed_carriers,
    forget_old,
    mark_refused,
    mark_taken,
    messages_of,
    replay,
    set_endpoint,
)
from tests.unit.cloud.services.outside_street import SWIFT, OutsideStreet
from tests.unit.cloud.small_cloud import MORNING, OPERATOR

ACME = actor(Role.CARRIER, "acme")
URL = "https://hooks.example.test/latchmile"


@pytest.fixture(params=[False, True], ids=["sql", "memory"])
def street(request: pytest.FixtureRequest) -> OutsideStreet:
    return OutsideStreet(quick=request.param)


def listen(street: OutsideStreet, owner: str = "partner:swift") -> bytes:
    """Set an address and return its secret."""
    cloud = street.cloud
    return cloud.do(lambda uow: set_endpoint(uow, cloud.act(OPERATOR), cloud.keys, owner, URL))[1]


def claim(street: OutsideStreet) -> list[DueWebhook]:
    return street.cloud.do(lambda uow: claim_webhooks(uow, street.cloud.act(), street.cloud.keys, 10))


def test_a_partner_hears_of_its_offers_and_of_no_addresses(street: OutsideStreet) -> None:
    secret = listen(street)
    street.offer([street.parcel(address="Zlota 44")], street.tariff())
    asked = street.asked()
    street.cloud.do(lambda uow: decline(uow, street.cloud.act(SWIFT), asked.id, "full"))

    sent = claim(street)

    assert {one.message.kind for one in sent} == {"offer.made", "offer.ended"}
    assert {one.url for one in sent} == {URL}
    assert {one.secrets for one in sent} == {(secret,)}
    assert all(json.loads(one.message.body)["data"]["offer_id"] == asked.id for one in sent)
    assert not any("Zlota" in one.message.body for one in sent)
    assert claim(street) == [], "claimed is claimed"


def test_nobody_is_told_who_did_not_ask(street: OutsideStreet) -> None:
    street.offer([street.parcel()], street.tariff())

    assert street.cloud.of(WebhookMessage) == []


def test_a_carrier_hears_the_history_of_its_own_parcels_from_now_on_in_order(street: OutsideStreet) -> None:
    street.parcel("before")
    listen(street, "carrier:acme")
    street.parcel("P1")
    street.parcel("P2", carrier="other", custodian="carrier:other")
    street.parcel("P3")

    assert street.cloud.do(lambda uow: feed_carriers(uow, street.cloud.act())) == 3
    assert street.cloud.do(lambda uow: feed_carriers(uow, street.cloud.act())) == 0

    told = [json.loads(one.body) for one in street.cloud.of(WebhookMessage)]
    assert sorted(one["data"]["barcode"] for one in told) == ["P1", "P3"]
    assert {one["type"] for one in told} == {"parcel.announced"}


def test_a_claim_that_its_process_did_not_survive_is_claimed_again(street: OutsideStreet) -> None:
    listen(street)
    street.offer([street.parcel()], street.tariff())
    (first,) = claim(street)

    street.cloud.later(minutes=2)

    assert [one.message.id for one in claim(street)] == [first.message.id]


def test_pauses_double_with_jitter_and_end_in_an_alarm_and_a_replay(street: OutsideStreet) -> None:
    listen(street)
    street.offer([street.parcel()], street.tariff())
    gaps = []
    for _ in range(TRIES_MAX):
        (due,) = claim(street)
        before = street.cloud.now
        street.cloud.do(lambda uow, it=due.message.id: mark_refused(uow, street.cloud.act(), it, "503"))  # type: ignore[misc]  # a default binds the loop's value
        street.cloud.now = street.cloud.the(WebhookMessage).not_before
        gaps.append(street.cloud.now - before)

    assert FIRST_PAUSE <= gaps[0] <= FIRST_PAUSE * 1.2
    assert all(a * 1.6 <= b for a, b in pairwise(gaps))
    assert street.cloud.the(WebhookMessage).state is MessageState.DEAD
    assert street.cloud.the(Alarm).kind == "webhook_dead"
    assert claim(street) == []

    dead = street.cloud.the(WebhookMessage)
    street.cloud.do(lambda uow: replay(uow, street.cloud.act(SWIFT), dead.id))
    assert [one.message.id for one in claim(street)] == [dead.id]
    with pytest.raises(ConflictError):
        street.cloud.do(lambda uow: replay(uow, street.cloud.act(SWIFT), dead.id))


def test_what_was_taken_is_over(street: OutsideStreet) -> None:
    listen(street)
    street.offer([street.parcel()], street.tariff())
    (due,) = claim(street)

    street.cloud.do(lambda uow: mark_taken(uow, street.cloud.act(), due.message.id))

    street.cloud.later(hours=1)
    assert claim(street) == []
    (shown,) = street.cloud.do(lambda uow: messages_of(uow, street.cloud.act(SWIFT), "partner:swift", 10))
    assert (shown.state, shown.sent_at) == (MessageState.CONFIRMED, MORNING)


def test_what_was_taken_long_ago_is_forgotten_and_what_waits_never(street: OutsideStreet) -> None:
    listen(street)
    street.offer([street.parcel("P1")], street.tariff())
    (due,) = claim(street)
    street.cloud.do(lambda uow: mark_taken(uow, street.cloud.act(), due.message.id))
    street.offer([street.parcel("P2")], street.tariff())

    street.cloud.later(days=30)
    assert street.cloud.do(lambda uow: forget_old(uow, street.cloud.act())) == 0
    street.cloud.later(seconds=1)
    assert street.cloud.do(lambda uow: forget_old(uow, street.cloud.act())) == 1
    assert street.cloud.the(WebhookMessage).state is MessageState.QUEUED


def test_two_keys_count_for_a_day_after_a_change(street: OutsideStreet) -> None:
    old, new = listen(street), listen(street)
    street.offer([street.parcel()], street.tariff())
    (due,) = claim(street)
    assert due.secrets == (new, old)

    street.cloud.now += ROTATION
    assert claim(street)[0].secrets == (new,)


def test_an_ended_address_is_told_nothing(street: OutsideStreet) -> None:
    listen(street)
    street.cloud.do(lambda uow: end_endpoint(uow, street.cloud.act(SWIFT), "partner:swift"))

    street.offer([street.parcel()], street.tariff())

    assert street.cloud.of(WebhookMessage) == []


@pytest.mark.parametrize("owner", ["acme", "courier:anna", "partner:"])
def test_an_owner_is_a_carrier_or_a_partner(street: OutsideStreet, owner: str) -> None:
    with pytest.raises(InvalidError, match="owner"):
        listen(street, owner)


@pytest.mark.parametrize(
    "url", ["ftp://a.test/x", "https://", "https://me:pass@a.test/", "https://a.test/" + "x" * 500]
)
def test_an_address_is_a_plain_one(street: OutsideStreet, url: str) -> None:
    cloud = street.cloud
    with pytest.raises(InvalidError, match="url"):
        cloud.do(lambda uow: set_endpoint(uow, cloud.act(OPERATOR), cloud.keys, "carrier:acme", url))


def test_only_its_owner_and_operators_change_an_address(street: OutsideStreet) -> None:
    cloud = street.cloud
    with pytest.raises(ForbiddenError):
        cloud.do(lambda uow: set_endpoint(uow, cloud.act(ACME), cloud.keys, "partner:swift", URL))
    assert cloud.do(lambda uow: set_endpoint(uow, cloud.act(ACME), cloud.keys, "carrier:acme", URL))[0].url == URL


# ------------------------------------------------------------------ the signature


def test_the_signature_is_the_one_of_the_specification() -> None:
    """The example of the Standard Webhooks reference libraries' tests."""
    secret = secret_of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    signed = headers([secret], "msg_p5jXN8AQM9LWM0D4loKWxJek", MORNING, b'{"test": 2432232314}')

    assert signed["webhook-id"] == "msg_p5jXN8AQM9LWM0D4loKWxJek"
    at = MORNING.fromtimestamp(1_614_265_330, MORNING.tzinfo)
    known = headers([secret], "msg_p5jXN8AQM9LWM0D4loKWxJek", at, b'{"test": 2432232314}')
    assert known["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize("late", [timedelta(0), TOLERANCE, -TOLERANCE])
def test_either_key_of_a_rotation_fits_while_fresh(late: timedelta) -> None:
    body, old, new = b"{}", b"o" * 32, b"n" * 32
    signed = headers([new, old], "m1", MORNING, body)
    given = (signed["webhook-id"], signed["webhook-timestamp"], signed["webhook-signature"])

    assert is_signed([old], given, body, MORNING + late)
    assert is_signed([new], given, body, MORNING + late)


@pytest.mark.parametrize(
    ("given", "body", "late"),
    [
        (("m2", None, None), b"{}", 0),
        ((None, None, None), b"{ }", 0),
        ((None, None, None), b"{}", 301),
        ((None, "soon", None), b"{}", 0),
        ((None, "9" * 30, None), b"{}", 0),
        ((None, None, "v2,abc"), b"{}", 0),
        ((None, None, "żółw"), b"{}", 0),
        ((None, None, ""), b"{}", 0),
    ],
)
def test_altered_old_or_odd_messages_do_not_count(
    given: tuple[str | None, str | None, str | None], body: bytes, late: int
) -> None:
    signed = headers([b"s" * 32], "m1", MORNING, b"{}")
    true = (signed["webhook-id"], signed["webhook-timestamp"], signed["webhook-signature"])
    shown = tuple(mine if mine is not None else real for mine, real in zip(given, true, strict=True))

    assert not is_signed([b"s" * 32], (shown[0], shown[1], shown[2]), body, MORNING + timedelta(seconds=late))


def test_a_secret_is_written_as_the_specification_says_and_read_back() -> None:
    assert written(b"s" * 32).startswith("whsec_")
    assert secret_of(written(b"s" * 32)) == b"s" * 32
    with pytest.raises(ValueError, match="whsec_"):
        secret_of("whsec_not base64!")
