"""What comes in: parameters of lists, and bodies that several nouns share."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

Limit = Annotated[int, Meta(ge=1, le=100, description="How many at most, 1 to 100.")]
After = Annotated[str, Meta(max_length=500, description="The `next` of the page before.")]
Moment = Annotated[datetime, Meta(tz=True)]
Ids = Annotated[list[UUID], Meta(max_length=100)]


class Query(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True, kw_only=True):
    """Parameters of the address."""


class Body(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True, kw_only=True):
    """JSON that comes in."""


class PageQuery(Query, frozen=True, kw_only=True):
    """Which page of a list."""

    after: After | None = None
    limit: Limit = 25
