"""Columns of sealed values, as rotation and the laws look at them."""

import msgspec


class SealedColumn(msgspec.Struct, frozen=True):
    """`row` and `named` are SQL: what `Place.row` and `Place.column` were when a value was sealed.

    Most are sealed for `Place(table, column, organization_id, id)`; then two words say all.
    """

    table: str
    column: str
    key: tuple[str, ...] = ("id",)
    """The primary key, without the organization."""
    row: str = "id"
    named: str = ""
    """Empty: the column's own name."""
