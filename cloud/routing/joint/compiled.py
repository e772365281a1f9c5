"""The only place that knows numba: a typed decorator, so that the rest of the kernel reads as plain Python.

Machine code is kept on disk beside the source (or in NUMBA_CACHE_DIR), which makes every start but the first quick.
The interpreter's lock is released while compiled code runs, so two searches in one process use two cores.
"""

from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

import numba

P = ParamSpec("P")
R = TypeVar("R")


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Return the function as machine code, made on its first call with arguments of a kind."""
    return cast("Callable[P, R]", numba.njit(cache=True, nogil=True, error_model="numpy")(function))
