"""The cloud's only randomness: the operating system's in production, a seed's in simulated worlds."""

import random
import secrets


class SystemIds:
    """Unpredictable ids and numbers."""

    def new(self) -> str:
        return secrets.token_hex(16)

    def bytes(self, count: int) -> bytes:
        return secrets.token_bytes(count)

    def below(self, limit: int) -> int:
        return secrets.randbelow(limit)


class SeededIds:
    """The same ids in the same order for the same seed; never for a cloud that serves people."""

    def __init__(self, seed: int) -> None:
        """Begin the series of ``seed``."""
        self._random = random.Random(seed)  # noqa: S311 - predictable on purpose, for tests and simulated worlds

    def new(self) -> str:
        return self._random.randbytes(16).hex()

    def bytes(self, count: int) -> bytes:
        return self._random.randbytes(count)

    def below(self, limit: int) -> int:
        return self._random.randrange(limit)
