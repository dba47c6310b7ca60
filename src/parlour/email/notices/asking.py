"""Asking for a link: the answer is the same for everybody, at once; who has the address is looked up by a job."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from parlour import access, audit, people
from parlour.access import Purpose
from parlour.audit import Act
from parlour.email.notices.writing import Notice, write_notice
from parlour.email.wording import Kind
from parlour.foundation import ids
from parlour.foundation.database import Transaction
from parlour.foundation.doorways import Whereabouts
from parlour.foundation.installation import Installation

_KINDS: Final = {Purpose.SIGN_IN: Kind.SIGN_IN_LINK, Purpose.PASSWORD: Kind.PASSWORD_LINK}
_PAGES: Final = {Purpose.SIGN_IN: "link", Purpose.PASSWORD: "password"}
_LONGEST: Final = 254


async def ask_for_link(
    installation: Installation, email: str, purpose: Purpose, organization_id: UUID | None = None
) -> None:
    """Of one organization, or of whichever knows the address. Nothing is looked up, so nothing shows whether it is."""
    address = email.strip().lower()[:_LONGEST]
    async with installation.database.transaction(organization_id or ids.new()) as tx:
        tx.queue(send_link, link_id=ids.new(), email=address, purpose=purpose, everywhere=organization_id is None)


async def send_link(
    installation: Installation, organization_id: UUID, *, link_id: UUID, email: str, purpose: Purpose, everywhere: bool
) -> None:
    """Job: one mail where somebody active has the address, nothing where nobody does."""
    places = await installation.database.doorways.users_by_email(email)
    if not everywhere:
        places = [place for place in places if place.organization_id == organization_id]
    home = await _home(installation, places)
    if home is None:
        return
    async with installation.database.transaction(home.organization_id) as tx:
        user = await people.find_user(tx, home.id)
        if not await access.make_link(tx, link_id, user, purpose, everywhere=everywhere):
            return
        sign_in = "/sign-in" if everywhere else f"{await _portal(tx)}/sign-in"
        await write_notice(
            tx,
            Notice(
                kind=_KINDS[purpose],
                email=user.email,
                name=user.name,
                path=f"{sign_in}/{_PAGES[purpose]}",
                purpose=purpose,
                link_id=link_id,
                lasts=timedelta(minutes=access.LINK_MINUTES),
            ),
        )
        await audit.record(tx, Act.LINK_SENT, on=people.subject_of(user), details={"purpose": purpose})


async def _home(installation: Installation, places: list[Whereabouts]) -> Whereabouts | None:
    """Where they work, before where they are a customer."""
    for place in places:
        async with installation.database.reading(place.organization_id) as tx:
            if (await people.find_user(tx, place.id)).role is not people.Role.CUSTOMER:
                return place
    return places[0] if places else None


async def _portal(tx: Transaction) -> str:
    return f"/portal/{(await people.this_organization(tx)).slug}"
