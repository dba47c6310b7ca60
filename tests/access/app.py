"""An app somebody has signed in to, without going through a door."""

from parlour import access
from parlour.access import Entered, Method, apps
from parlour.access.apps import Tokens
from parlour.people import Actor
from tests.builders import Company, begin_session


async def signed_in_app(company: Company, actor: Actor, *methods: Method) -> Tokens:
    """Its first tokens."""
    cookie = await begin_session(company, actor, *methods)
    session = await access.session_of(company.installation, cookie)
    async with company.database.reading(company.organization_id) as tx:
        standing = await access.standing_of(tx, actor.user_id)
    assert session and standing
    return await apps.tokens_for(company.installation, Entered(cookie, session.identity, standing))
