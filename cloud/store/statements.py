"""Builds each shape of statement once: the unit of work's generic SQL, cached by what it asks for, not by values."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Delete,
    Insert,
    Select,
    Table,
    Update,
    and_,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)

from cloud.services.ports import NOT_NULL, Before, From, UpTo

SHAPES_MAX = 1024  # the code asks for about two hundred different shapes
Shape = tuple[tuple[str, str], ...]


def shape_of(conditions: Mapping[str, Any]) -> Shape:
    """Return how each column is compared, without the values: the key of the statement cache."""
    return tuple((name, _comparison(value)) for name, value in conditions.items())


def bind(conditions: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters for the statement that ``shape_of(conditions)`` built."""
    return {
        f"w_{name}": value.value
        if isinstance(value, Before | From | UpTo)
        else list(value)
        if isinstance(value, tuple | list | set | frozenset)
        else value
        for name, value in conditions.items()
        if value is not None and value is not NOT_NULL
    }


@lru_cache(SHAPES_MAX)
def selecting(table: Table, shape: Shape, order: str, *, limited: bool) -> Select[Any]:
    """Select rows in ``order``, equals by primary key: whoever asks twice gets the same, whatever index is used."""
    statement = select(table).where(_where(table, shape))
    for name in order.split():
        column = table.c[name.removeprefix("-")]
        statement = statement.order_by(column.desc() if name.startswith("-") else column)
    if not {column.name for column in table.primary_key} <= {name for name, comparison in shape if comparison == "="}:
        statement = statement.order_by(*table.primary_key)
    return statement.limit(bindparam("row_limit")) if limited else statement


@lru_cache(SHAPES_MAX)
def counting(table: Table, shape: Shape) -> Select[Any]:
    return select(func.count()).select_from(table).where(_where(table, shape))


@lru_cache(SHAPES_MAX)
def inserting(table: Table) -> Insert:
    return insert(table)


@lru_cache(SHAPES_MAX)
def updating(table: Table, shape: Shape, names: tuple[str, ...]) -> Update:
    return update(table).where(_where(table, shape)).values({table.c[name]: bindparam(f"v_{name}") for name in names})


@lru_cache(SHAPES_MAX)
def deleting(table: Table, shape: Shape) -> Delete:
    return delete(table).where(_where(table, shape))


def _comparison(value: Any) -> str:
    if value is None:
        return "is null"
    if value is NOT_NULL:
        return "is not null"
    if isinstance(value, Before):
        return "<"
    if isinstance(value, From):
        return ">="
    if isinstance(value, UpTo):
        return "<="
    return "in" if isinstance(value, tuple | list | set | frozenset) else "="


def _where(table: Table, shape: Shape) -> ColumnElement[bool]:
    return and_(True, *(_condition(table, name, comparison) for name, comparison in shape))  # noqa: FBT003 - SQL's own


def _condition(table: Table, name: str, comparison: str) -> ColumnElement[bool]:
    column = table.c[name]
    if comparison == "is null":
        return column.is_(None)
    if comparison == "is not null":
        return column.is_not(None)
    value = bindparam(f"w_{name}", type_=column.type, expanding=comparison == "in")
    if comparison == "<":
        return column < value
    if comparison == ">=":
        return column >= value
    if comparison == "<=":
        return column <= value
    return column.in_(value) if comparison == "in" else column == value
