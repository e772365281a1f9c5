"""Compiled functions work on the arrays they are given and make none: that is what lets nobody count their holders."""

import numpy as np
import pytest
from numba.core.errors import NumbaError

from cloud.routing.joint.compiled import compiled, inlined
from cloud.routing.joint.layout import Int64s


@inlined
def _second(values: Int64s) -> int:
    return int(values[1])


@compiled
def _sum_of_two(values: Int64s) -> int:
    return int(values[0]) + _second(values)


@compiled
def _copied(values: Int64s) -> Int64s:
    return values.copy()


def test_an_inlined_function_answers_as_part_of_its_caller() -> None:
    assert _sum_of_two(np.array([3, 4], dtype=np.int64)) == 7


def test_a_function_that_makes_an_array_does_not_compile() -> None:
    with pytest.raises(NumbaError):
        _copied(np.array([3, 4], dtype=np.int64))
