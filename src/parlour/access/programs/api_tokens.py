"""API tokens: sent as `Authorization: Bearer …` (RFC 6750), stored as digests."""

from datetime import datetime
from uuid import UUID

import msgspec

from parlour import audit, people
from parlour.access.programs import scopes, texts
from parlour.access.programs.scopes import Scopes
from parlour.audit import Act, Subject
from parlour.foundation import clock, crypto, ids
from parlour.foundation.database import Transaction
from parlour.foundation.errors import Invalid, NotFound
from parlour.people import Actor, Permission


class ApiToken(msgspec.Struct, frozen=True):
    """What remains visible of a token after it was made."""

    id: UUID
    name: str
    created_at: datetime
    expires_at: datetime | None
    scopes: list[str] | None = None
    """None: everything its owner may do."""
    last_used_at: datetime | None = None
    """To the minute."""
    last_used_from: str | None = None

    @property
    def permissions(self) -> list[Permission]:
        """The scopes that this version knows, in the order people read them."""
        allowed = scopes.of_names(self.scopes) or frozenset()
        return [permission for permission in Permission if permission in allowed]


class SomebodysToken(ApiToken, frozen=True):
    """With whose it is; nobody's is a directory's."""

    user_id: UUID | None = None
    user_name: str | None = None
    user_email: str | None = None


_COLUMNS = "t.id, t.name, t.created_at, t.expires_at, t.scopes, t.last_used_at, t.last_used_from"


async def create_token(
    tx: Transaction, user_id: UUID, name: str, expires_at: datetime | None = None, allowed: Scopes = None
) -> tuple[ApiToken, str]:
    """The token's record, and its text, which is shown this once. Raises `Invalid`."""
    return await _create(tx, user_id, texts.new_text(), _checked(name, expires_at, allowed))


async def create_directory_token(
    tx: Transaction, name: str, expires_at: datetime | None = None, *, by: Actor
) -> tuple[ApiToken, str]:
    """The organization's, for its directory: it works whoever made it leaves. Raises `Invalid` or
    `OnlyAdministrators`.
    """
    people.must_be_administrator(by)
    token = _checked(name, expires_at, scopes.DIRECTORY)
    return await _create(tx, None, texts.new_text(texts.DIRECTORY_PREFIX), token)


async def tokens_of(tx: Transaction, user_id: UUID) -> list[ApiToken]:
    """The user's live tokens, newest first."""
    return await tx.all(
        ApiToken,
        f"""
        select {_COLUMNS}
        from api_tokens t
        where t.user_id = %(user_id)s and t.revoked_at is null
        order by t.created_at desc, t.id
        """,
        user_id=user_id,
    )


async def all_tokens(tx: Transaction, limit: int = 500) -> list[SomebodysToken]:
    """Everybody's live tokens, those of the directory first, then the last used."""
    return await tx.all(
        SomebodysToken,
        f"""
        select {_COLUMNS}, t.user_id, u.name as user_name, u.email as user_email
        from api_tokens t
        left join users u on u.organization_id = t.organization_id and u.id = t.user_id
        where t.revoked_at is null
        order by t.user_id is not null, t.last_used_at desc nulls last, t.id
        limit %(limit)s
        """,
        limit=limit,
    )


async def revoke_token(tx: Transaction, user_id: UUID, token_id: UUID) -> None:
    """Raises `NotFound` where the user has no such token."""
    found = await tx.value("select id from api_tokens where id = %(id)s and user_id = %(of)s", id=token_id, of=user_id)
    if found is None:
        raise NotFound()
    await revoke_any(tx, token_id)


async def revoke_any(tx: Transaction, token_id: UUID) -> UUID | None:
    """Anybody's in the organization; whose it was. Raises `NotFound`."""
    revoked = await tx.maybe(
        _Revoked,
        """
        update api_tokens set revoked_at = %(now)s
        where id = %(token_id)s and revoked_at is null
        returning name, user_id
        """,
        token_id=token_id,
        now=clock.now(),
    )
    if revoked is None:
        raise NotFound()
    details = {"of": revoked.user_id}
    await audit.record(tx, Act.TOKEN_REVOKED, on=Subject("token", token_id, revoked.name), details=details)
    return revoked.user_id


async def revoke_all(tx: Transaction, user_id: UUID) -> None:
    """Every live token of the user."""
    for token in await tokens_of(tx, user_id):
        await revoke_token(tx, user_id, token.id)


class _Revoked(msgspec.Struct):
    name: str
    user_id: UUID | None


def _checked(name: str, expires_at: datetime | None, allowed: Scopes) -> ApiToken:
    if not 1 <= len(name.strip()) <= 80:
        raise Invalid(details={"name": "A token's name has 1 to 80 characters."})
    if expires_at and expires_at <= clock.now():
        raise Invalid(details={"expiresAt": "This moment has passed already."})
    names = None if allowed is None else sorted(str(permission) for permission in allowed)
    return ApiToken(ids.new(), name.strip(), clock.now(), expires_at, names)


async def _create(tx: Transaction, user_id: UUID | None, text: str, token: ApiToken) -> tuple[ApiToken, str]:
    await tx.run(
        """
        insert into api_tokens (organization_id, id, user_id, name, digest, created_at, expires_at, scopes)
        values (current_organization(), %(id)s, %(user_id)s, %(name)s, %(digest)s, %(created_at)s, %(expires_at)s,
            %(scopes)s)
        """,
        id=token.id,
        user_id=user_id,
        name=token.name,
        digest=crypto.digest(text),
        created_at=token.created_at,
        expires_at=token.expires_at,
        scopes=token.scopes,
    )
    details = {"of": user_id, "expires_at": token.expires_at, "scopes": token.scopes}
    await audit.record(tx, Act.TOKEN_MADE, on=Subject("token", token.id, token.name), details=details)
    return token, text
