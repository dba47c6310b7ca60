"""What is kept of an identity provider that speaks SAML, beside what every provider has."""

from uuid import UUID

import msgspec

from parlour.foundation.database import Transaction
from parlour.foundation.errors import Invalid


class Connection(msgspec.Struct, frozen=True):
    """Without an attribute's name the usual ones are tried. `encrypted_only`: what is not encrypted is refused.

    `takes_unasked`: sign-ins may begin at the provider.
    """

    sign_on: str
    certificates: list[str]
    email_attribute: str = ""
    name_attribute: str = ""
    encrypted_only: bool = False
    takes_unasked: bool = False


async def connection_of(tx: Transaction, provider_id: UUID) -> Connection:
    """Raises `NotFound`."""
    return await tx.one(
        Connection,
        """
        select sign_on, certificates, email_attribute, name_attribute, encrypted_only, takes_unasked
        from saml_connections
        where provider_id = %(id)s
        """,
        id=provider_id,
    )


async def keep(tx: Transaction, provider_id: UUID, connection: Connection) -> None:
    """Raises `Invalid` where nothing could come in any more."""
    if connection.encrypted_only and not await tx.value("select exists (select from saml_keys where ends_at is null)"):
        raise Invalid(details={"encryptedOnly": "Make a key first: nothing can be encrypted for you yet."})
    await tx.run(
        """
        insert into saml_connections
            (organization_id, provider_id, sign_on, certificates, email_attribute, name_attribute, encrypted_only,
             takes_unasked)
        values
            (current_organization(), %(id)s, %(sign_on)s, %(certificates)s, %(email_attribute)s, %(name_attribute)s,
             %(encrypted_only)s, %(takes_unasked)s)
        on conflict (organization_id, provider_id) do update set
            sign_on = excluded.sign_on,
            certificates = excluded.certificates,
            email_attribute = excluded.email_attribute,
            name_attribute = excluded.name_attribute,
            encrypted_only = excluded.encrypted_only,
            takes_unasked = excluded.takes_unasked
        """,
        id=provider_id,
        **msgspec.structs.asdict(connection),
    )
