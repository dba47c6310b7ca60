"""Which people or groups a directory asks for: a question as a tree, and as a condition of the database."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Final, NoReturn

import msgspec

from parlour.foundation.errors import BadRequest

_MOST: Final = 20


class BadFilter(BadRequest):
    """This filter can't be answered. Ask with attributes that the schema names, and with 20 comparisons at most."""

    scim_type = "invalidFilter"


class Compare(msgspec.Struct, frozen=True):
    """An attribute, an operator of RFC 7644, 3.4.2.2, and a value."""

    attribute: str
    operator: str
    value: Any = None


class Both(msgspec.Struct, frozen=True):
    left: "Question"
    right: "Question"


class Either(msgspec.Struct, frozen=True):
    left: "Question"
    right: "Question"


class Neither(msgspec.Struct, frozen=True):
    one: "Question"


Question = Compare | Both | Either | Neither


class Kind(StrEnum):
    """How an attribute compares."""

    TEXT = "TEXT"
    EXACT = "EXACT"
    BOOLEAN = "BOOLEAN"
    MOMENT = "MOMENT"
    AMONG = "AMONG"
    CONSTANT = "CONSTANT"
    """The same for everybody: the column holds the value itself."""


class Column(msgspec.Struct, frozen=True):
    """Where an attribute is found."""

    sql: str
    kind: Kind = Kind.TEXT


class Wanted(msgspec.Struct, frozen=True):
    """Some of them: `skip` and `limit` because the protocol counts its pages so."""

    question: Question | None = None
    sort_by: str = ""
    descending: bool = False
    skip: int = 0
    limit: int = 100


_ORDERS: Final = {"gt": ">", "ge": ">=", "lt": "<", "le": "<="}
_TEXTS: Final = {
    "eq": "{0} = {1}",
    "ne": "{0} is distinct from {1}",
    "co": "strpos({0}, {1}) > 0",
    "sw": "starts_with({0}, {1})",
    "ew": "right({0}, length({1})) = {1}",
}


def condition(question: Question | None, columns: dict[str, Column]) -> tuple[str, dict[str, Any]]:
    """For `where`, with its values. No word of the question's gets into it. Raises `BadFilter`."""
    values: dict[str, Any] = {}
    return (_sql(question, columns, values) if question else "true"), values


def order(wanted: Wanted, columns: dict[str, Column], otherwise: str) -> str:
    """For `order by`. An attribute that has no order leaves the usual one (RFC 7644, 3.4.2.3)."""
    column = columns.get(wanted.sort_by.lower())
    usable = column and column.kind is not Kind.AMONG
    direction = "desc" if wanted.descending else "asc"
    if column is None or not usable:
        return f"lower({otherwise}) {direction}, id"
    return f"{f'lower({column.sql})' if column.kind is Kind.TEXT else column.sql} {direction}, id"


def _sql(question: Question, columns: dict[str, Column], values: dict[str, Any]) -> str:
    match question:
        case Both(left, right):
            return f"({_sql(left, columns, values)} and {_sql(right, columns, values)})"
        case Either(left, right):
            return f"({_sql(left, columns, values)} or {_sql(right, columns, values)})"
        case Neither(one):
            return f"(not coalesce({_sql(one, columns, values)}, false))"
        case Compare():
            return _compared(question, columns, values)


def _compared(one: Compare, columns: dict[str, Column], values: dict[str, Any]) -> str:
    column = columns.get(one.attribute.lower())
    if column is None or len(values) >= _MOST:
        raise BadFilter()
    if one.operator == "pr":
        return f"({column.sql} is not null)"
    place = f"p{len(values)}"
    values[place] = _value(one, column.kind)
    placed = f"%({place})s"
    if column.kind is Kind.AMONG:
        return f"({placed} in {column.sql})" if one.operator == "eq" else _refuse()
    if column.kind is Kind.BOOLEAN or (column.kind is Kind.MOMENT and one.operator in ("eq", "ne")):
        return f"({_equal(one.operator)})".format(column.sql, placed)
    if one.operator in _ORDERS:
        return f"({column.sql} {_ORDERS[one.operator]} {placed})"
    if column.kind is Kind.MOMENT or one.operator not in _TEXTS:
        return _refuse()
    if column.kind is Kind.EXACT:
        return f"({_TEXTS[one.operator]})".format(column.sql, f"{placed}::text")
    return f"({_TEXTS[one.operator]})".format(f"lower({column.sql})", f"lower({placed}::text)")


def _equal(operator: str) -> str:
    return _TEXTS[operator] if operator in ("eq", "ne") else _refuse()


def _value(one: Compare, kind: Kind) -> Any:
    if kind is Kind.BOOLEAN:
        # Some directories write it as text.
        said = str(one.value).lower()
        return said == "true" if said in ("true", "false") else _refuse()
    if not isinstance(one.value, str):
        return _refuse()
    if kind is not Kind.MOMENT:
        return one.value
    try:
        return datetime.fromisoformat(one.value)
    except ValueError:
        return _refuse()


def _refuse() -> NoReturn:
    raise BadFilter()
