"""Sends webhooks: committed messages are claimed, signed, posted and ticked off, each at least once.

An address somebody gives us is a way into our own network, so it is looked up here, every answer must be a public
address, and the connection is made to the address that was checked. Redirects are not followed.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit, urlunsplit

import httpx

from cloud.clock import Clock
from cloud.notify.outbox import Outbox, SendError
from cloud.services.ports import Act, Ids, Keys, UnitOfWork
from cloud.services.records_outside import WebhookMessage
from cloud.services.standard_webhooks import headers
from cloud.services.webhooks import DueWebhook, claim_webhooks, mark_refused, mark_taken
from cloud.store.writer import Writer

TIMEOUT = httpx.Timeout(10.0, connect=5.0)  # the specification's advice is 15 to 30 s; a receiver should queue first
LOOPBACK_PORT = 80
TLS_PORT = 443

Resolve = Callable[[str, int], Awaitable[list[str]]]
"""Returns every address a name has."""


@dataclass(frozen=True, slots=True)
class PostRoom:
    """What the sender works with. ``private_allowed``: a demo's or a test's receivers are on this machine."""

    writer: Writer
    clock: Clock
    ids: Ids
    keys: Keys
    client: httpx.AsyncClient
    private_allowed: bool = False
    resolve: Resolve = field(default_factory=lambda: addresses_of)


class WebhookPost(Outbox[DueWebhook]):
    """Messages to programs: partners' and shops'."""

    record = WebhookMessage

    def __init__(self, room: PostRoom) -> None:
        """Work with ``room``."""
        super().__init__(room.writer, room.clock, room.ids)
        self._room = room

    def claim(self, uow: UnitOfWork, act: Act, limit: int) -> list[DueWebhook]:
        return claim_webhooks(uow, act, self._room.keys, limit)

    async def deliver(self, due: DueWebhook) -> None:
        body = due.message.body.encode()
        url, host = await self._checked(due.url)
        signed = headers(due.secrets, due.message.id, self._room.clock.now(), body)
        told = {**signed, "Host": host, "Content-Type": "application/json", "User-Agent": "latchmile"}
        name = {"sni_hostname": urlsplit(due.url).hostname}  # the certificate is the name's, not the address's
        client = self._room.client
        request = client.build_request("POST", url, content=body, headers=told, extensions=name, timeout=TIMEOUT)
        try:
            answer = await client.send(request, stream=True, follow_redirects=False)
            await answer.aclose()  # what it says beside its status is of no use, however long it is
        except httpx.HTTPError as error:
            raise SendError(f"{type(error).__name__}: {error}") from error
        if not answer.is_success:
            raise SendError(f"answered {answer.status_code}")

    def tick_off(self, uow: UnitOfWork, act: Act, due: DueWebhook) -> None:
        mark_taken(uow, act, due.message.id)

    def put_off(self, uow: UnitOfWork, act: Act, due: DueWebhook, reason: str) -> None:
        mark_refused(uow, act, due.message.id, reason)

    async def _checked(self, url: str) -> tuple[str, str]:
        """Return the address with the name looked up in it, and the name; raises ``SendError``."""
        parts = urlsplit(url)
        name, is_tls = parts.hostname or "", parts.scheme == "https"
        if not is_tls and not self._room.private_allowed:
            raise SendError("only https addresses are told")
        port = parts.port or (TLS_PORT if is_tls else LOOPBACK_PORT)
        try:
            found = await self._room.resolve(name, port)
        except OSError as error:
            raise SendError(f"{name} has no address") from error
        if not found or not (self._room.private_allowed or all(map(is_public, found))):
            raise SendError(f"{name} is not a public address")
        first = f"[{found[0]}]" if ":" in found[0] else found[0]
        return urlunsplit((parts.scheme, f"{first}:{port}", parts.path, parts.query, "")), parts.netloc


def is_public(address: str) -> bool:
    """Whether an address is reached over the Internet: nothing private, local, multicast or written into IPv6."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)
        if inner is not None and not inner.is_global:
            return False
    return found.is_global and not found.is_multicast and not found.is_reserved


async def addresses_of(name: str, port: int) -> list[str]:
    """Return every address of a name."""
    found = await asyncio.get_running_loop().getaddrinfo(name, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))
