"""API tokens that will soon end: whoever uses one needs the time to put another in its place."""

from datetime import datetime, timedelta
from typing import ClassVar, Final
from uuid import UUID

import msgspec

from parlour import people
from parlour.foundation import clock
from parlour.foundation.database import Transaction
from parlour.foundation.facts import Fact
from parlour.foundation.installation import Installation

# Two weeks to plan it, three days so that it is not forgotten.
TOLD_BEFORE: Final = (14, 3)


class TokenEndsSoon(Fact, frozen=True, kw_only=True):
    """A token has not many days left; of several moments to tell it the latest."""

    is_kept: ClassVar[bool] = False
    token_id: UUID
    days: int
    """One of `TOLD_BEFORE`."""


class Concerned(msgspec.Struct, frozen=True):
    """Somebody who must hear of it."""

    user_id: UUID
    name: str
    email: str


class EndingToken(msgspec.Struct, frozen=True):
    """What is told, and to whom."""

    name: str
    owner: str
    """Whose it is; the organization's name where it is its directory's."""
    ends_on: str
    """The day there (ISO 8601), which every language reads."""
    concerns: list[Concerned]
    """Its owner, and the administrators."""


async def tell_of_ending_tokens(installation: Installation) -> None:
    """Each token once a moment. One that was made for less time than that is not told of then."""
    now = clock.now()
    before = now + timedelta(days=max(TOLD_BEFORE))
    for organization_id in await installation.database.doorways.organizations_with_ending_tokens(now, before):
        async with installation.database.transaction(organization_id) as tx:
            # The latest first: what is told of three days before its end is not told of a fortnight's any more.
            for days in sorted(TOLD_BEFORE):
                for token_id in await tx.values(_NOTE, now=now, days=days, before=now + timedelta(days=days)):
                    tx.record(TokenEndsSoon(actor_id=None, token_id=token_id, days=days))


async def ending_token(tx: Transaction, token_id: UUID) -> EndingToken | None:
    """None where it was revoked meanwhile, or has ended."""
    found = await tx.maybe(_Found, _FIND, token_id=token_id, now=clock.now())
    if found is None:
        return None
    organization = await people.this_organization(tx)
    ends_on = found.expires_at.astimezone(people.zone_of(organization)).date().isoformat()
    concerns = await tx.all(Concerned, _CONCERNED, owner_id=found.user_id)
    return EndingToken(found.name, found.owner or organization.name, ends_on, concerns)


class _Found(msgspec.Struct):
    name: str
    user_id: UUID | None
    owner: str | None
    expires_at: datetime


_NOTE: Final = """
    update api_tokens set told_days = %(days)s
    where revoked_at is null and expires_at > %(now)s and expires_at <= %(before)s
        and created_at < expires_at - make_interval(days => %(days)s)
        and (told_days is null or told_days > %(days)s)
    returning id
"""
_FIND: Final = """
    select t.name, t.user_id, u.name as owner, t.expires_at
    from api_tokens t
    left join users u on u.organization_id = t.organization_id and u.id = t.user_id
    where t.id = %(token_id)s and t.revoked_at is null and t.expires_at > %(now)s
"""
_CONCERNED: Final = """
    select id as user_id, name, email from users
    where status = 'ACTIVE' and (role = 'ADMIN' or id = %(owner_id)s)
    order by id
"""
