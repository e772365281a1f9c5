"""Mail through a relay that wants to know who sends, spoken to for real on this machine."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pytest
import pytest_asyncio
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

from cloud.clock import FixedClock
from cloud.notify.mail import MailSender, SmtpSettings
from cloud.notify.outbox import SendError
from cloud.notify.rendering import Message

# The relay of a test asks for a password without TLS, which needs a certificate this machine trusts.
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")

HELLO = Message("Your parcel", "It is there.", "<p>It is there.</p>", None)
TO = "ewa@people.example"


@dataclass
class Relay:
    """Takes mail of ``lockers`` only, and knows no encryption."""

    port: int = 0
    tried: list[bytes] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)

    def sender(self, **more: Any) -> MailSender:
        settings = SmtpSettings("127.0.0.1", self.port, "Latchmile <lockers@localhost>")
        return MailSender(replace(settings, **more), FixedClock(datetime(2026, 11, 23, tzinfo=UTC)))

    def __call__(self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, data: LoginPassword) -> AuthResult:
        self.tried.append(data.password)
        return AuthResult(success=(data.login, data.password) == (b"lockers", b"right"))

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        self.taken += envelope.rcpt_tos
        return "250 OK"


@pytest_asyncio.fixture
async def relay() -> AsyncIterator[Relay]:
    relay = Relay()

    def spoken() -> SMTP:
        return SMTP(relay, authenticator=relay, auth_required=True, auth_require_tls=False)

    server = await asyncio.get_running_loop().create_server(spoken, "127.0.0.1", 0)
    relay.port = server.sockets[0].getsockname()[1]
    yield relay
    server.close()
    await server.wait_closed()


async def test_with_name_and_password_the_relay_takes_it(relay: Relay) -> None:
    await relay.sender(username="lockers", password="right").send(TO, HELLO, "r1")

    assert relay.taken == [TO]


async def test_a_wrong_password_is_tried_again_later_and_not_told(relay: Relay) -> None:
    with pytest.raises(SendError) as refused:
        await relay.sender(username="lockers", password="wrong-one").send(TO, HELLO, "r1")

    assert relay.tried
    assert "wrong-one" not in str(refused.value)
    assert not relay.taken


@pytest.mark.parametrize("must", [{"start_tls": True}, {"start_tls": False, "use_tls": True}])
async def test_where_encryption_is_a_must_no_password_goes_without(relay: Relay, must: dict[str, bool]) -> None:
    with pytest.raises(SendError):
        await relay.sender(username="lockers", password="right", **must).send(TO, HELLO, "r1")

    assert not relay.tried
