"""A frozen record with a few fields changed, without running its ``__init__``.

What ``dataclasses.replace`` does through thirty keyword arguments, which is a tenth of a simulated world's time. For
records that have neither ``__post_init__`` nor fields outside ``__init__``: the shelf's rows, all of which are plain.
"""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import fields
from itertools import repeat
from operator import attrgetter
from typing import Any, TypeVar

R = TypeVar("R")

_Plan = tuple[tuple[str, ...], Callable[[Any], tuple[Any, ...]]]
_plans: dict[type[Any], _Plan] = {}  # as many as there are kinds of records
_new = object.__new__
_set = object.__setattr__  # as a frozen dataclass's own __init__ does


def changed(record: R, values: Mapping[str, Any]) -> R:
    """Return a copy of ``record`` with ``values`` in the place of its own."""
    kind = type(record)
    names, read = _plans.get(kind) or _plan(kind)
    copy = _new(kind)
    deque(map(_set, repeat(copy), names, read(record)), maxlen=0)  # a loop in C
    for name, value in values.items():
        _set(copy, name, value)
    return copy


def _plan(kind: type[Any]) -> _Plan:
    """Return the fields of a kind and what reads them all at once."""
    names = tuple(one.name for one in fields(kind))
    if hasattr(kind, "__post_init__") or len(names) == 1 or not all(one.init for one in fields(kind)):
        raise TypeError(f"{kind.__name__} cannot be copied field by field")
    plan = _plans[kind] = names, attrgetter(*names)
    return plan
