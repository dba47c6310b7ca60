"""News about access: of somebody's own, in case it was not they who did it; and of programs', before it ends."""

from typing import Final
from uuid import UUID, uuid5

from parlour import people
from parlour.access import PasskeyAdded, PasskeyFact, PasskeyRemoved, programs
from parlour.email import wording
from parlour.email.notices.writing import Notice, write_notice
from parlour.email.wording import Kind
from parlour.foundation.installation import Installation

_PASSKEYS: Final = {PasskeyAdded.__name__: Kind.PASSKEY_ADDED, PasskeyRemoved.__name__: Kind.PASSKEY_REMOVED}


async def tell_of_new_password(installation: Installation, organization_id: UUID, user_id: UUID) -> None:
    """Their password was changed."""
    await _tell(installation, organization_id, user_id, Kind.PASSWORD_CHANGED)


async def tell_of_copied_token(installation: Installation, organization_id: UUID, user_id: UUID) -> None:
    """An app of theirs was signed out, because somebody used a token of it that had been used before."""
    await _tell(installation, organization_id, user_id, Kind.TOKEN_COPIED)


async def tell_of_passkey(installation: Installation, organization_id: UUID, *, fact: PasskeyFact) -> None:
    """Job: a passkey of theirs was added or removed. One mail a fact."""
    await _tell(
        installation, organization_id, fact.user_id, _PASSKEYS[fact.name], once=uuid5(fact.passkey_id, fact.name)
    )


async def tell_of_ending_token(
    installation: Installation, organization_id: UUID, *, fact: programs.TokenEndsSoon
) -> None:
    """Job: its owner and every administrator. One mail a fact for each of them."""
    async with installation.database.transaction(organization_id) as tx:
        token = await programs.ending_token(tx, fact.token_id)
        if token is None:
            return
        more = {wording.TOKEN_NAME: token.name, wording.TOKEN_OWNER: token.owner, wording.TOKEN_ENDS_ON: token.ends_on}
        for one in token.concerns:
            once = uuid5(fact.token_id, f"{fact.name} {fact.days} {one.user_id}")
            await write_notice(tx, Notice(kind=Kind.TOKEN_ENDS, email=one.email, name=one.name, more=more, id=once))


async def _tell(
    installation: Installation, organization_id: UUID, user_id: UUID, kind: Kind, *, once: UUID | None = None
) -> None:
    async with installation.database.transaction(organization_id) as tx:
        user = await people.find_user(tx, user_id)
        await write_notice(tx, Notice(kind=kind, email=user.email, name=user.name, id=once))
