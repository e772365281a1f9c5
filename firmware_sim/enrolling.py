"""Lets simulated lockers join a cloud before they are switched on: with one-time claims, or with an operator's key."""

import asyncio
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from contract.ids import IdError, locker_id
from provisioning.bundle import has_bundle
from provisioning.client import CloudPlace, EnrolmentError, enrol
from provisioning.files import make_directory

ANSWER_S_MAX = 30.0


class JoinError(Exception):
    """A locker could not be enrolled; the message says which and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Joining:
    """Where to join, by which right. ``claims`` is a JSON file, ``key`` an operator's API key; both may be missing."""

    bundles: Path
    cloud: str
    claims: Path | None = None
    key: str = ""
    only: tuple[str, ...] = ()
    """Restricts it to some lockers; empty: all."""

    def wants(self, name: str) -> bool:
        """Whether this locker is to be enrolled here."""
        return (not self.only or name in self.only) and not has_bundle(self.bundles / name)


async def join(joining: Joining) -> int:
    """Enrol every locker that may join and has no bundle yet; return how many. Raises ``JoinError``."""
    claims = _read(joining.claims) if joining.claims is not None else {}
    if joining.key:
        claims |= await _made(joining, claims)
    waiting = {name: claim for name, claim in claims.items() if joining.wants(name)}
    make_directory(joining.bundles)
    for name, claim in sorted(waiting.items()):
        try:
            await asyncio.to_thread(enrol, CloudPlace(url=joining.cloud), claim, joining.bundles / name)
        except EnrolmentError as error:
            raise JoinError(f"{name} could not be enrolled: {error}") from error
    return len(waiting)


def _read(file: Path) -> dict[str, str]:
    try:
        known: dict[str, Any] = json.loads(file.read_text())
        return {str(locker_id(name)): str(claim) for name, claim in known.items()}
    except (OSError, ValueError, AttributeError, IdError) as error:
        raise JoinError(f"{file} holds no claims: {error}") from error


async def _made(joining: Joining, known: Iterable[str]) -> dict[str, str]:
    """Have the cloud make a claim for every locker it knows and we do not."""
    headers = {"Authorization": f"Bearer {joining.key}"}
    async with httpx.AsyncClient(
        base_url=joining.cloud, headers=headers, timeout=ANSWER_S_MAX, trust_env=False
    ) as client:
        try:
            fleet = (await client.get("/v1/lockers")).raise_for_status().json()["lockers"]
            names = [str(locker_id(one["locker_id"])) for one in fleet]
            new = [name for name in names if name not in known and joining.wants(name)]
            made = [(await client.post(f"/v1/lockers/{name}/claims")).raise_for_status().json() for name in new]
        except (httpx.HTTPError, ValueError, KeyError) as error:
            raise JoinError(f"the cloud at {joining.cloud} gives no claims: {error}") from error
    return {str(one["locker_id"]): str(one["claim"]) for one in made}
