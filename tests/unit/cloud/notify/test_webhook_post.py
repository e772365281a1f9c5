"""Webhooks leave signed, to public addresses only, and are tried again when they are not taken."""

import json

import httpx
import pytest

from cloud.clock import FixedClock
from cloud.notify.webhook_post import PostRoom, WebhookPost, is_public
from cloud.services.records import MessageState
from cloud.services.records_outside import WebhookMessage
from cloud.services.standard_webhooks import is_signed
from cloud.services.webhooks import set_endpoint
from tests.unit.cloud.services.outside_street import OutsideStreet
from tests.unit.cloud.small_cloud import MORNING, OPERATOR

NAMES = {
    "hooks.example.test": ["93.184.215.14"],
    "inside.example.test": ["10.0.0.7"],
    "half.example.test": ["93.184.215.14", "127.0.0.1"],
    "six.example.test": ["2606:2800:21f:cb07:6820:80da:af6b:8b2c"],
}


class Receiver:
    """Answers with ``status`` and keeps what came."""

    def __init__(self, url: str, status: int = 204, *, private_allowed: bool = False) -> None:
        self.street = OutsideStreet()
        cloud = self.street.cloud
        self.secret = cloud.do(lambda uow: set_endpoint(uow, cloud.act(OPERATOR), cloud.keys, "partner:swift", url))[1]
        self.street.offer([self.street.parcel()], self.street.tariff())
        self.got: list[httpx.Request] = []
        self.status = status
        client = httpx.AsyncClient(transport=httpx.MockTransport(self._answer))
        room = PostRoom(
            cloud.writer, FixedClock(MORNING), cloud.ids, cloud.keys, client, private_allowed, self._addresses
        )
        self.post = WebhookPost(room)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.got.append(request)
        return httpx.Response(self.status, headers={"Location": "http://127.0.0.1/"})

    async def _addresses(self, name: str, port: int) -> list[str]:
        del port
        if name not in NAMES:
            raise OSError("no such name")
        return NAMES[name]

    def message(self) -> WebhookMessage:
        return self.street.cloud.the(WebhookMessage)


async def test_a_message_goes_to_the_address_looked_up_signed_and_under_its_name() -> None:
    receiver = Receiver("https://hooks.example.test/latchmile?a=1")

    assert await receiver.post.send_some()

    (got,) = receiver.got
    assert str(got.url) == "https://93.184.215.14/latchmile?a=1"
    assert got.headers["Host"] == "hooks.example.test"
    assert got.extensions["sni_hostname"] == "hooks.example.test"
    given = (got.headers["webhook-id"], got.headers["webhook-timestamp"], got.headers["webhook-signature"])
    assert is_signed([receiver.secret], given, got.content, MORNING)
    assert given[0] == receiver.message().id
    assert json.loads(got.content)["type"] == "offer.made"
    assert (receiver.message().state, receiver.post.sent) == (MessageState.CONFIRMED, 1)
    assert not await receiver.post.send_some()


@pytest.mark.parametrize("status", [500, 404, 302])
async def test_what_is_not_taken_waits_for_another_try_and_no_redirect_is_followed(status: int) -> None:
    receiver = Receiver("https://hooks.example.test/", status)

    await receiver.post.send_some()

    assert len(receiver.got) == 1
    message = receiver.message()
    assert (message.state, message.tries, message.error) == (MessageState.QUEUED, 1, f"answered {status}")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("https://inside.example.test/", "inside.example.test is not a public address"),
        ("https://half.example.test/", "half.example.test is not a public address"),
        ("https://nowhere.example.test/", "nowhere.example.test has no address"),
        ("http://hooks.example.test/", "only https addresses are told"),
    ],
)
async def test_nothing_leaves_for_our_own_network_or_in_the_clear(url: str, said: str) -> None:
    receiver = Receiver(url)

    await receiver.post.send_some()

    assert receiver.got == []
    assert receiver.message().error == said


async def test_a_demos_receiver_may_be_on_this_machine() -> None:
    receiver = Receiver("http://inside.example.test:8099/x", private_allowed=True)

    await receiver.post.send_some()

    assert str(receiver.got[0].url) == "http://10.0.0.7:8099/x"
    assert receiver.got[0].headers["Host"] == "inside.example.test:8099"


async def test_an_address_of_version_six_is_written_in_brackets() -> None:
    receiver = Receiver("https://six.example.test/x")

    await receiver.post.send_some()

    assert str(receiver.got[0].url) == "https://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]/x"


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",  # noqa: S104 - an address to refuse, nobody listens on it
        "224.0.0.1",
        "240.0.0.1",
        "::1",
        "fe80::1%eth0",
        "fd00::1",
        "::ffff:10.0.0.1",
        "2002:0a00:0001::",
        "nonsense",
    ],
)
def test_addresses_inside_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"])
def test_addresses_of_the_internet_are(address: str) -> None:
    assert is_public(address)
