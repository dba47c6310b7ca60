"""Asking for a link: the answer is the same for everybody, at once; who has the address is looked up by a job."""

from datetime import timedelta
from typing import Final
from uuid import UUID

import msgspec

from parlour import access, audit, people
from parlour.access import Purpose
from parlour.audit import Act
from parlour.email.notices.writing import Notice, write_notice
from parlour.email.servers import installation_server
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
    """Job: a mail where somebody active has the address, nothing where nobody does.

    An organization chooses the server that its mail leaves by, and the words, so whoever runs it can read a link that
    it sends: such a link opens that organization and no other. One link for all of them is the installation's to send,
    by its own server; where it has none, each organization sends its own.
    """
    places = await installation.database.doorways.users_by_email(email)
    if not everywhere:
        places = [place for place in places if place.organization_id == organization_id]
    places = [place for place in places[: access.MOST_PLACES] if await _is_open(installation, place)]
    wanted = _Wanted(link_id=link_id, purpose=purpose, at="/sign-in" if everywhere else None)
    if len(places) > 1 and _sends_itself(installation):
        await _send(installation, await _home(installation, places), msgspec.structs.replace(wanted, opens_all=True))
        return
    for place in places:
        await _send(installation, place, wanted)


class _Wanted(msgspec.Struct, frozen=True, kw_only=True):
    link_id: UUID
    purpose: Purpose
    at: str | None
    """The page to sign in at. None: the organization's portal's."""
    opens_all: bool = False


async def _send(installation: Installation, place: Whereabouts, wanted: _Wanted) -> None:
    async with installation.database.transaction(place.organization_id) as tx:
        user = await people.find_user(tx, place.id)
        if not await access.make_link(tx, wanted.link_id, user, wanted.purpose, everywhere=wanted.opens_all):
            return
        sign_in = wanted.at or f"{await _portal(tx)}/sign-in"
        await write_notice(
            tx,
            Notice(
                kind=_KINDS[wanted.purpose],
                email=user.email,
                # What an organization calls somebody is its own saying, and no other's.
                name="" if wanted.opens_all else user.name,
                path=f"{sign_in}/{_PAGES[wanted.purpose]}",
                purpose=wanted.purpose,
                link_id=wanted.link_id,
                lasts=timedelta(minutes=access.LINK_MINUTES),
                of_installation=wanted.opens_all,
            ),
        )
        await audit.record(tx, Act.LINK_SENT, on=people.subject_of(user), details={"purpose": wanted.purpose})


def _sends_itself(installation: Installation) -> bool:
    # While developing its outbox is a page.
    return installation_server(installation.settings) is not None or installation.settings.development


async def _home(installation: Installation, places: list[Whereabouts]) -> Whereabouts:
    """Where they work, before where they are a customer."""
    for place in places:
        async with installation.database.reading(place.organization_id) as tx:
            if (await people.find_user(tx, place.id)).role is not people.Role.CUSTOMER:
                return place
    return places[0]


async def _is_open(installation: Installation, place: Whereabouts) -> bool:
    """Not where the organization is closed to them: the link would lead nowhere."""
    async with installation.database.reading(place.organization_id) as tx:
        return await people.actor_of(tx, place.id) is not None


async def _portal(tx: Transaction) -> str:
    return f"/portal/{(await people.this_organization(tx)).slug}"
