"""A trail, as the tests look at it."""

from datetime import datetime
from typing import Any

import msgspec

from tests.builders import Company


class Row(msgspec.Struct):
    """One record, without its place in the chain's arithmetic."""

    position: int
    at: datetime
    act: str
    outcome: str
    actor_id: Any
    actor_name: str | None
    actor_email: str | None
    subject_kind: str | None
    subject_id: str | None
    subject_label: str | None
    address: str | None
    user_agent: str | None
    request_id: str | None
    details: dict[str, Any]


async def rows(company: Company, *, after: int = 0) -> list[Row]:
    """The newest last."""
    columns = ", ".join(Row.__struct_fields__)
    async with company.database.reading(company.organization_id) as tx:
        return await tx.all(
            Row,
            f"select {columns} from audit_records where position > %(after)s order by position",  # type: ignore[arg-type]
            after=after,
        )


async def last(company: Company) -> int:
    """The newest position."""
    return (await rows(company))[-1].position
