"""Database rows as msgspec structs."""

from collections.abc import Callable, Sequence
from enum import Enum
from functools import lru_cache, partial
from types import UnionType
from typing import Any, Generic, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec
from psycopg.rows import RowMaker

Row = TypeVar("Row", bound=msgspec.Struct)


@lru_cache(maxsize=2048)
def row_of(struct: type[Row], sql: str) -> "RowFactory[Row]":
    """A row factory for what `sql` gives: it names the struct's fields, in their order; trailing ones may be left out.

    Raises `TypeError` where it does not.
    """
    return RowFactory(struct)


class RowFactory(Generic[Row]):
    """Looks at the columns of a statement the first time only: asking for them costs as much as reading a few rows."""

    def __init__(self, struct: type[Row]) -> None:
        self._struct = struct
        self._maker: RowMaker[Row] | None = None

    def maker(self, ask_columns: Callable[[], tuple[str, ...]]) -> RowMaker[Row]:
        if self._maker is None:
            columns = ask_columns()
            fields = self._struct.__struct_fields__
            if columns != fields[: len(columns)]:
                raise TypeError(f"{self._struct.__name__} has the fields {fields}, the query gives {columns}")
            self._maker = _maker(self._struct, len(columns))
        return self._maker


def _maker(struct: type[Row], width: int) -> RowMaker[Row]:
    conversions = [pair for pair in _conversions(struct) if pair[0] < width]

    def make(values: Sequence[Any]) -> Row:
        row = list(values)
        for position, convert in conversions:
            value = row[position]
            if value is not None:
                row[position] = convert(value)
        return struct(*row)

    return make if conversions else lambda values: struct(*values)


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
