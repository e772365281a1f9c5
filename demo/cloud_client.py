"""The cloud as its users reach it: the JSON API over HTTP, with a key or as a person who signed in."""

from types import TracebackType
from typing import Any, Self

import httpx

ANSWER_S_MAX = 60.0
NOT_FOUND, CONFLICT = 404, 409


class CloudError(Exception):
    """The cloud refused; ``status`` and the problem's own sentence."""

    def __init__(self, status: int, said: str) -> None:
        super().__init__(f"{status}: {said}")
        self.status = status


class CloudClient:
    """One caller of the API. Use as an async context manager."""

    def __init__(self, url: str, key: str = "") -> None:
        """Act with an API ``key``; without one ``sign_in`` first."""
        headers = {"Authorization": f"Bearer {key}"} if key else {"Origin": url}
        self.url = url
        self._client = httpx.AsyncClient(base_url=url, headers=headers, timeout=ANSWER_S_MAX, trust_env=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()

    async def sign_in(self, login: str, password: str) -> None:
        """Sign in as a person; the cookie is kept."""
        await self.post("/v1/sessions", {"login": login, "password": password})

    async def get(self, path: str, **query: str | int) -> Any:
        """Return the answer's JSON; raises ``CloudError`` for a refusal and for a cloud that does not answer."""
        return await self._ask("GET", path, params=query)

    async def post(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """Return the answer's JSON, None for an empty one; raises as ``get``."""
        return await self._ask("POST", path, json=body)

    async def put(self, path: str, body: dict[str, Any]) -> Any:
        """Return the answer's JSON; raises as ``get``."""
        return await self._ask("PUT", path, json=body)

    async def is_ready(self) -> bool:
        """Whether the cloud serves and has its broker."""
        try:
            return (await self._client.get("/readyz")).is_success
        except httpx.HTTPError:
            return False

    async def _ask(self, method: str, path: str, **how: Any) -> Any:
        try:
            answer = await self._client.request(method, path, **how)
        except httpx.HTTPError as error:
            raise CloudError(0, f"{method} {path}: no answer, {error!r}") from error
        if answer.is_error:
            raise CloudError(answer.status_code, f"{method} {path}: {_said(answer)}")
        return answer.json() if answer.content else None


def _said(answer: httpx.Response) -> str:
    """Pick the sentence out of a problem (RFC 9457)."""
    try:
        problem = answer.json()
        return str(problem.get("detail") or problem.get("title") or problem)
    except (ValueError, AttributeError):
        return answer.text[:200]
