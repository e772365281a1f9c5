"""Sends webhooks: committed messages are claimed, signed, posted and ticked off, each at least once.

An address somebody gives us is a way into our own network, so it is looked up here, every answer must be a public
address, and the connection is made to the address that was checked. Redirects are not followed.
"""

import asyncio
import ipaddress
import logging
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit, urlunsplit

import httpx

from cloud.clock import Clock
from cloud.domain.actors import SYSTEM
from cloud.services.ports import Act, Ids, Keys
from cloud.services.records_outside import WebhookMessage
from cloud.services.standard_webhooks import headers
from cloud.services.webhooks import DueWebhook, claim_webhooks, mark_refused, mark_taken
from cloud.store.writer import Writer

CLAIM_MAX = 50  # claimed together; eight at once and ten seconds at most each, they are done within their two minutes
TOGETHER_MAX = 8  # connections at once, so that one slow receiver does not hold up the others
TIMEOUT = httpx.Timeout(10.0, connect=5.0)  # the specification's advice is 15 to 30 s; a receiver should queue first
IDLE_S = 5.0  # also finds what is due later: repeated tries
LOOPBACK_PORT = 80
TLS_PORT = 443

Resolve = Callable[[str, int], Awaitable[list[str]]]
"""Returns every address a name has."""

_log = logging.getLogger(__name__)


class PostError(Exception):
    """A message was not taken; the message is a sentence for whoever looks why."""


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


class WebhookPost:
    """Run ``run`` as one task."""

    def __init__(self, room: PostRoom) -> None:
        """Work with ``room``."""
        self._room = room
        self._wake = asyncio.Event()
        self._places = asyncio.Semaphore(TOGETHER_MAX)
        self.sent = 0

    async def run(self) -> None:
        """Send until cancelled; woken by every commit that touched a message."""
        loop = asyncio.get_running_loop()
        self._room.writer.on_commit(lambda kinds: self._woken(loop, kinds))
        while True:
            self._wake.clear()
            while await self.send_some():
                pass
            try:
                async with asyncio.timeout(IDLE_S):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def send_some(self) -> bool:
        """Claim and send what is due; false when nothing was."""
        act, room = self._act(), self._room
        due = await room.writer.run(lambda uow: claim_webhooks(uow, act, room.keys, CLAIM_MAX))
        await asyncio.gather(*(self._send(one) for one in due))
        return bool(due)

    async def _send(self, due: DueWebhook) -> None:
        message, room = due.message, self._room
        async with self._places:
            try:
                await self._post(due)
            except (PostError, httpx.HTTPError) as error:
                reason = f"{type(error).__name__}: {error}" if not isinstance(error, PostError) else str(error)
                act = self._act()
                await room.writer.run(lambda uow: mark_refused(uow, act, message.id, reason))
                _log.warning("webhook.not_taken", extra={"webhook": message.id, "owner": message.owner})
                return
        act = self._act()
        await room.writer.run(lambda uow: mark_taken(uow, act, message.id))
        self.sent += 1

    async def _post(self, due: DueWebhook) -> None:
        body = due.message.body.encode()
        url, host = await self._checked(due.url)
        signed = headers(due.secrets, due.message.id, self._room.clock.now(), body)
        told = {**signed, "Host": host, "Content-Type": "application/json", "User-Agent": "latchmile"}
        name = {"sni_hostname": urlsplit(due.url).hostname}  # the certificate is the name's, not the address's
        client = self._room.client
        request = client.build_request("POST", url, content=body, headers=told, extensions=name, timeout=TIMEOUT)
        answer = await client.send(request, stream=True, follow_redirects=False)
        await answer.aclose()  # what it says beside its status is of no use, however long it is
        if not answer.is_success:
            raise PostError(f"answered {answer.status_code}")

    async def _checked(self, url: str) -> tuple[str, str]:
        """Return the address with the name looked up in it, and the name; raises ``PostError``."""
        parts = urlsplit(url)
        name, is_tls = parts.hostname or "", parts.scheme == "https"
        if not is_tls and not self._room.private_allowed:
            raise PostError("only https addresses are told")
        port = parts.port or (TLS_PORT if is_tls else LOOPBACK_PORT)
        try:
            found = await self._room.resolve(name, port)
        except OSError as error:
            raise PostError(f"{name} has no address") from error
        if not found or not (self._room.private_allowed or all(map(is_public, found))):
            raise PostError(f"{name} is not a public address")
        first = f"[{found[0]}]" if ":" in found[0] else found[0]
        return urlunsplit((parts.scheme, f"{first}:{port}", parts.path, parts.query, "")), parts.netloc

    def _act(self) -> Act:
        return Act(SYSTEM, self._room.clock.now(), self._room.ids)

    def _woken(self, loop: asyncio.AbstractEventLoop, kinds: frozenset[str]) -> None:
        if WebhookMessage.__name__ in kinds and not loop.is_closed():
            loop.call_soon_threadsafe(self._wake.set)


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
