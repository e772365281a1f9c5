"""The only place that knows numba: typed decorators, so that the rest of the kernel reads as plain Python.

Machine code is kept on disk beside the source (or in NUMBA_CACHE_DIR), which makes every start but the first quick.
The interpreter's lock is released while compiled code runs, so two searches in one process use two cores.

Nothing compiled here may make an array: it works on those it is given. So nobody need count who holds them. Numba
would, by a locked add and subtract for each of the thirteen arrays at most calls, which took two thirds of the search's
time (and more where two threads share an instance). ``_nrt`` is numba's own name for that switch; a function that makes
an array all the same fails to compile.
"""

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, cast

import numba

P = ParamSpec("P")
R = TypeVar("R")

# a mapping, because numba's published types leave _nrt out
_OPTIONS: dict[str, Any] = {"cache": True, "nogil": True, "error_model": "numpy", "_nrt": False}


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Return the function as machine code, made on its first call with arguments of a kind."""
    return cast("Callable[P, R]", numba.njit(**_OPTIONS)(function))


def inlined(function: Callable[P, R]) -> Callable[P, R]:
    """As ``compiled``, but its machine code becomes part of whoever calls it.

    A call hands over an instance and a state in above a hundred words. For what is small and asked at each position or
    van, that costs more than the work; LLVM by itself inlines less and less as callers grow.
    """
    return cast("Callable[P, R]", numba.njit(**_OPTIONS, forceinline=True)(function))
