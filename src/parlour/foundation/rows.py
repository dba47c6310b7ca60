"""Database rows as msgspec structs."""

from collections.abc import Callable, Sequence
from enum import Enum
from functools import cache, partial
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec
from psycopg import AsyncCursor
from psycopg.rows import AsyncRowFactory, RowMaker

Row = TypeVar("Row", bound=msgspec.Struct)


@cache
def row_of(struct: type[Row]) -> AsyncRowFactory[Row]:
    """A row factory for `struct`: the query names the struct's fields, in their order. Trailing fields may be left out."""
    conversions = _conversions(struct)
    fields = struct.__struct_fields__

    def factory(cursor: AsyncCursor[Any]) -> RowMaker[Row]:
        columns = tuple(column.name for column in cursor.description or ())
        if columns != fields[: len(columns)]:
            raise TypeError(f"{struct.__name__} has the fields {fields}, the query gives {columns}")
        if not conversions:
            return lambda values: struct(*values)
        return partial(_convert, struct, [pair for pair in conversions if pair[0] < len(columns)])

    return factory


def _convert(struct: type[Row], conversions: list[tuple[int, Callable[[Any], Any]]], values: Sequence[Any]) -> Row:
    row = list(values)
    for position, conversion in conversions:
        if row[position] is not None:
            row[position] = conversion(row[position])
    return struct(*row)


def _conversions(struct: type[msgspec.Struct]) -> list[tuple[int, Callable[[Any], Any]]]:
    hints = get_type_hints(struct)
    found = []
    for position, field in enumerate(struct.__struct_fields__):
        kind = _without_none(hints[field])
        if isinstance(kind, type) and issubclass(kind, Enum):
            # A dictionary of the members is twice as quick as calling the enum.
            found.append((position, {member.value: member for member in kind}.__getitem__))
        elif _holds_structs(kind):
            found.append((position, partial(msgspec.convert, type=kind)))
    return found


def _without_none(hint: Any) -> Any:
    if get_origin(hint) in (Union, UnionType):
        others = [part for part in get_args(hint) if part is not type(None)]
        return others[0] if len(others) == 1 else hint
    return hint


def _holds_structs(hint: Any) -> bool:
    kinds = (hint, *get_args(hint))
    return any(isinstance(kind, type) and issubclass(kind, msgspec.Struct) for kind in kinds)
