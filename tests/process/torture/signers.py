"""Two operators who sign orders in a town whose cloud dies under their hands: accounts, sessions, keys of their own.

Their keys are listed by the offline root, as a person carries the list there and back. Every call is repeated until the
cloud answers it; its Idempotency-Key makes the answer that of the first time.
"""

import asyncio
import base64
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from cloud.keyring import open_keyring
from cloud.services.operator_keys import person_bytes
from contract.bulk import operator_key_id, signed_text
from contract.codec import encode, to_qr
from contract.grants import Presence
from contract.ids import LockerId, MessageId
from provisioning.operators.lists import read_registered, sign_list
from tests.process.programs import NeverError, until_told
from tests.process.torture.depot import AGAIN_S, repeated
from tests.process.torture.orders import Ordered
from tests.process.town import Town

PASSWORD = "a storm is coming"
PASS_S = 3600
ASKS_MAX = 25  # times; the cloud hears of maintenance mode within ten seconds, or the locker was killed
WHY = "cleaning after a storm"


@dataclass(slots=True)
class Operator:
    """Somebody in a browser with a signing key in it."""

    api: httpx.AsyncClient
    account: str
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)

    @property
    def public(self) -> bytes:
        return self.key.public_key().public_bytes_raw()

    def signs(self, order_b64: str) -> dict[str, str]:
        signature = self.key.sign(signed_text(base64.b64decode(order_b64)))
        return {"key_id": operator_key_id(self.public), "signature_b64": base64.b64encode(signature).decode()}


@dataclass(slots=True)
class Signers:
    """``closing``: stop asking a cloud that does not answer. ``orders`` are all that were ever written."""

    town: Town
    olga: Operator
    paul: Operator
    closing: asyncio.Event
    orders: list[Ordered] = field(default_factory=list)
    _calls: int = 0

    def technicians_pass(self, locker: str) -> str:
        """Return what a technician's phone shows, which the console has as a picture only."""
        now_s = int(datetime.now(UTC).timestamp())
        self._calls += 1
        number = MessageId(b"technician" + self._calls.to_bytes(6))
        shown = Presence(LockerId(locker), number, now_s, now_s + PASS_S, person_bytes("tom"))
        return to_qr(open_keyring(_keys_of(self.town)).signer.sign(encode(shown)))

    async def send(self, locker: str, labels: tuple[str, ...]) -> Ordered | None:
        """Write an order, have both sign it, and return it; nothing if the cloud would not, or is no more asked."""
        asked = await self._asked(locker, labels)
        if asked is None:
            return None
        order = Ordered(asked["id"], locker, labels)
        self.orders.append(order)
        for operator in (self.olga, self.paul):
            there = f"{_openings(locker)}/{order.id}"
            answer = await self._say(operator, f"{there}/signatures", operator.signs(asked["order_b64"]))
            if answer is None or not answer.is_success:
                await self._say(operator, f"{there}/withdrawal")
                return None
        order.sent = True
        return order

    async def _asked(self, locker: str, labels: tuple[str, ...]) -> Any:
        """Ask until the cloud has heard that maintenance mode is on."""
        for _ in range(ASKS_MAX):
            answer = await self._say(self.olga, _openings(locker), {"compartments": labels, "reason": WHY})
            if answer is None or answer.is_success:
                return answer and answer.json()
            await asyncio.sleep(AGAIN_S)
        return None

    async def _say(self, operator: Operator, path: str, body: object = None) -> httpx.Response | None:
        self._calls += 1
        headers = {"Idempotency-Key": f"signers-{self._calls}"}
        return await repeated(lambda: operator.api.post(path, json=body, headers=headers), self.closing)

    async def read_pages(self) -> None:
        """Note what the cloud says of every order in the end."""
        for order in self.orders:
            answer = await self.town.api.get(f"{_openings(order.locker)}/{order.id}")
            told: dict[str, Any] = answer.json() if answer.is_success else {}
            order.stage, order.doors = told.get("stage", f"{answer.status_code}"), told.get("doors", {})


async def hire(town: Town, closing: asyncio.Event, stack: AsyncExitStack) -> Signers:
    """Give two people accounts and keys, and bring the lockers the root's list of them."""
    olga, paul = [await _person(town, name, stack) for name in ("olga", "paul")]
    for one, other in ((olga, paul), (paul, olga)):
        await _done(one.api.post("/v1/operator-keys", json={"public_key_b64": base64.b64encode(one.public).decode()}))
        await _done(other.api.post(f"/v1/operator-keys/{operator_key_id(one.public)}/confirmation"))
    listed = read_registered((await _done(town.api.get("/v1/operator-keys/list"))).content)
    root = load_pem_private_key((_keys_of(town) / "offline" / "root-of-trust.key").read_bytes(), password=None)
    assert isinstance(root, Ed25519PrivateKey)
    statement = sign_list(root, listed.keys, int(datetime.now(UTC).timestamp()))
    await _done(olga.api.post("/v1/operator-lists", json={"statement_b64": base64.b64encode(statement).decode()}))
    for name in town.lockers:
        await until_told(lambda name=name: _is_pinned(town, name), f"{name} to know the operators")  # type: ignore[misc] # bound in this round
    return Signers(town, olga, paul, closing)


async def _person(town: Town, name: str, stack: AsyncExitStack) -> Operator:
    account = {"login": name, "name": name.title(), "password": PASSWORD, "roles": ["operator"]}
    made = await _done(town.api.post("/v1/accounts", json=account))
    api = httpx.AsyncClient(base_url=town.url, headers={"Origin": town.url}, timeout=30, trust_env=False)
    await stack.enter_async_context(api)
    await _done(api.post("/v1/sessions", json={"login": name, "password": PASSWORD}))
    return Operator(api, made.json()["id"])


async def _is_pinned(town: Town, locker: str) -> bool:
    timeline = await town.get(f"/v1/lockers/{locker}/timeline")
    return any(one["kind"] == "OperatorsPinned" for one in timeline["events"])


async def _done(call: Any) -> httpx.Response:
    answer: httpx.Response = await call
    if not answer.is_success:
        raise NeverError(f"{answer.request.url}: {answer.status_code} {answer.text}")
    return answer


def _openings(locker: str) -> str:
    return f"/v1/lockers/{locker}/bulk-openings"


def _keys_of(town: Town) -> Path:
    return town.folder / "cloud" / "keys"
