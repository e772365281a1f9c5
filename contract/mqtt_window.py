"""The publishes that the broker has not answered yet: how many there may be, and who waits for which."""

import asyncio

from contract.link import LinkDownError, LinkError


class SendWindow:
    """Hands out places. A place is free again when the broker has answered, not when the sender stops waiting."""

    def __init__(self, places: int) -> None:
        """Open with ``places``: what the other end can take before it must answer."""
        self._free = asyncio.Semaphore(places)
        self._waiting: dict[int, asyncio.Future[None]] = {}
        self._closed: LinkDownError | None = None

    async def enter(self) -> None:
        """Wait for a place; raises ``LinkDownError`` once the window is closed."""
        await self._free.acquire()
        if self._closed is not None:
            self._free.release()  # wakes the next who waits, who finds the same
            raise LinkDownError(*self._closed.args)

    def leave(self) -> None:
        """Give a place back that was not used."""
        self._free.release()

    def sent(self, mid: int) -> asyncio.Future[None]:
        """Bind the place to packet ``mid``. Return the answer, to be awaited behind a shield."""
        answer = self._waiting[mid] = asyncio.get_running_loop().create_future()
        answer.add_done_callback(self._answered)
        return answer

    def settle(self, mid: int, problem: LinkError | None) -> None:
        """Pass on the broker's answer to packet ``mid``; unknown ones are none of ours."""
        answer = self._waiting.pop(mid, None)
        if answer is None or answer.done():
            return
        if problem is None:
            answer.set_result(None)
        else:
            answer.set_exception(problem)

    def close(self, why: str) -> None:
        """Fail everyone who waits, now and later."""
        self._closed = LinkDownError(why)
        for mid in list(self._waiting):
            self.settle(mid, LinkDownError(why))

    def _answered(self, answer: asyncio.Future[None]) -> None:
        if not answer.cancelled():
            answer.exception()  # whoever waited may have gone; that is no news
        self._free.release()
