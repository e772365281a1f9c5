"""Asks a routing server for a city's times: in blocks it takes, a few at once, again when it stumbles, and checked.

What differs between servers is a ``Dialect``: how a block is asked for and how the answer reads. Everything else is
here: limits, time-outs, retries, what is remembered, and what an answer must be before anybody plans by it.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import product
from typing import Protocol

import httpx
import numpy as np
from numpy.typing import NDArray
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential
from tenacity.wait import wait_base

from cloud.routing.matrices import TRAVEL_MAX, TravelTimes
from cloud.routing.problem import UNREACHABLE_S, Place
from cloud.routing.travel.errors import ServerLiedError, ServerRefusedError, ServerSilentError
from cloud.routing.travel_times import VAN, degrees_of

ATTEMPTS = 3  # of one block; a server that fails three times in a few seconds is down
AT_ONCE = 4  # blocks under way: a routing server uses a core for each
ANSWER_BYTES_MAX = 8 << 20  # 100 x 100 pairs are 0.3 MB of JSON
REMEMBERED_MAX = 4  # days whose times are kept: today's, tomorrow's, and what somebody tries out
PATIENCE_S = 120.0  # for a whole matrix: 600 places are 144 blocks at 4 a second
AGAIN = wait_random_exponential(multiplier=0.2, max=5)  # seconds before asking again, more each time
TIMEOUT = httpx.Timeout(20.0, connect=3.0)  # a block of 50 x 50 takes a server 0.1 to 2 s

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Seconds and metres from some places (rows) to some (columns), NaN where no road leads."""

    durations_s: Floats
    distances_m: Floats


@dataclass(frozen=True, slots=True)
class Question:
    """One request: ``body`` None is a GET."""

    path: str
    body: dict[str, object] | None = None


class Dialect(Protocol):
    """How one kind of server is spoken to."""

    @property
    def name(self) -> str: ...

    @property
    def side_max(self) -> int:
        """Return how many origins, and as many destinations, one request may have."""

    def ask(self, origins: Sequence[Place], destinations: Sequence[Place]) -> Question: ...

    def read(self, body: bytes) -> Block:
        """Return what a good answer says; raises ``ServerLiedError`` or ``ServerRefusedError``."""

    def refusal(self, body: bytes) -> tuple[str, str]:
        """Return code and message of a bad answer, empty where there are none."""


@dataclass(slots=True)
class Remembered:
    """The last few answers; a question about some of an answer's places is answered from it."""

    answers: OrderedDict[tuple[Place, ...], TravelTimes] = field(default_factory=OrderedDict)

    def find(self, places: tuple[Place, ...]) -> TravelTimes | None:
        for known, answer in self.answers.items():
            if not answer.missing(places):
                self.answers.move_to_end(known)
                return answer.part(places)
        return None

    def keep(self, answer: TravelTimes) -> None:
        self.answers[answer.places] = answer
        while len(self.answers) > REMEMBERED_MAX:
            self.answers.popitem(last=False)


@dataclass(frozen=True, slots=True)
class ServerTimes:
    """The provider over a server; raises ``TravelServerError``, so put it into ``WithSpare``.

    The server's times are free flow, they become traffic by ``hour_factors``. ``client`` has the server's address.
    """

    dialect: Dialect
    client: httpx.AsyncClient
    patience_s: float = PATIENCE_S
    again: wait_base = AGAIN
    hour_factors: tuple[float, ...] = VAN.hour_factors
    remembered: Remembered = field(default_factory=Remembered)

    async def matrix(self, places: Sequence[Place], depart_at: datetime) -> TravelTimes:
        asked = tuple(places)
        degrees_of(asked)  # too many, or a place off the Earth, is our own mistake and no server's
        free = self.remembered.find(asked)
        if free is None:
            free = await self._free_flow(asked)
            self.remembered.keep(free)
        return in_traffic(free, self.hour_factors[depart_at.hour])

    async def _free_flow(self, places: tuple[Place, ...]) -> TravelTimes:
        size = len(places)
        durations, distances = np.zeros((size, size)), np.zeros((size, size))
        starts = range(0, size, self.dialect.side_max)
        turns = asyncio.Semaphore(AT_ONCE)

        async def fill(rows: slice, columns: slice) -> None:
            async with turns:
                block = await self._block(places[rows], places[columns])
            durations[rows, columns], distances[rows, columns] = block.durations_s, block.distances_m

        try:
            async with asyncio.timeout(self.patience_s), asyncio.TaskGroup() as tasks:
                for row, column in product(starts, starts):
                    side = self.dialect.side_max
                    tasks.create_task(fill(slice(row, row + side), slice(column, column + side)))
        except TimeoutError:
            raise ServerSilentError(f"{self.dialect.name}: no whole answer in {self.patience_s:g} s") from None
        except ExceptionGroup as errors:
            raise _first(errors) from errors
        return _checked(self.dialect.name, places, durations, distances)

    async def _block(self, origins: Sequence[Place], destinations: Sequence[Place]) -> Block:
        question = self.dialect.ask(origins, destinations)
        retrying = AsyncRetrying(
            stop=stop_after_attempt(ATTEMPTS),
            wait=self.again,
            retry=retry_if_exception_type(ServerSilentError),
            reraise=True,
        )
        block: Block = await retrying(self._once, question)
        wanted = len(origins), len(destinations)
        for what, found in (("durations", block.durations_s), ("distances", block.distances_m)):
            if found.shape != wanted:
                raise ServerLiedError(f"{self.dialect.name}: {what} have shape {found.shape}; {wanted} was asked for")
        return block

    async def _once(self, question: Question) -> Block:
        name = self.dialect.name
        try:
            method = "GET" if question.body is None else "POST"
            answer = await self.client.request(method, question.path, json=question.body)
        except httpx.TransportError as error:
            raise ServerSilentError(f"{name} does not answer: {type(error).__name__} {error}".rstrip()) from error
        if answer.status_code == httpx.codes.TOO_MANY_REQUESTS or answer.is_server_error:
            raise ServerSilentError(f"{name} answered {answer.status_code}")
        if len(answer.content) > ANSWER_BYTES_MAX:
            raise ServerLiedError(f"{name}: {len(answer.content)} bytes; at most {ANSWER_BYTES_MAX} can be an answer")
        if not answer.is_success:
            code, message = self.dialect.refusal(answer.content)
            raise ServerRefusedError(name, code or str(answer.status_code), message)
        return self.dialect.read(answer.content)


def in_traffic(free: TravelTimes, factor: float) -> TravelTimes:
    """Return the times with durations times ``factor``; what cannot be reached stays so."""
    lost = free.durations_s >= UNREACHABLE_S
    slowed = np.minimum(np.ceil(free.durations_s * factor), UNREACHABLE_S)
    durations = np.where(lost, UNREACHABLE_S, slowed).astype(np.uint32)
    return TravelTimes(free.places, durations, free.distances_m, free.degraded)


def as_block(name: str, durations: Sequence[Sequence[float | None]], metres: Sequence[Sequence[float | None]]) -> Block:
    """Return rows as arrays, None as NaN; raises ``ServerLiedError`` for rows of different lengths."""
    try:
        seconds = np.array(durations, dtype=np.float64, ndmin=2)
        return Block(seconds, np.array(metres, dtype=np.float64, ndmin=2))
    except ValueError as error:
        raise ServerLiedError(f"{name}: rows of different lengths") from error


def _checked(name: str, places: tuple[Place, ...], seconds: Floats, metres: Floats) -> TravelTimes:
    """Return what was answered as travel times: nothing negative, no way to oneself, no map of somewhere else."""
    for what, found in (("durations", seconds), ("distances", metres)):
        least, most = np.nanmin(found, initial=0.0), np.nanmax(found, initial=0.0)
        if least < 0 or most > TRAVEL_MAX:
            raise ServerLiedError(f"{name}: {what} are {least:g} to {most:g}; 0 to {TRAVEL_MAX} can be true")
    lost = np.isnan(seconds) | np.isnan(metres)
    np.fill_diagonal(lost, val=True)
    if len(places) > 1 and lost.all():
        raise ServerLiedError(f"{name}: no way between any two of {len(places)} places; its map is of somewhere else")
    arrays = [np.where(lost, UNREACHABLE_S, np.ceil(found)).astype(np.uint32) for found in (seconds, metres)]
    for array in arrays:
        np.fill_diagonal(array, 0)
    return TravelTimes(places, arrays[0], arrays[1])


def _first(errors: ExceptionGroup[Exception]) -> Exception:
    """Return what went wrong first; the other blocks were called off because of it."""
    first = errors.exceptions[0]
    return _first(first) if isinstance(first, ExceptionGroup) else first
