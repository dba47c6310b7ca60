"""What is kept of an identity provider that speaks SAML, beside what every provider has."""

from uuid import UUID

import msgspec

from parlour.foundation.database import Transaction


class Connection(msgspec.Struct, frozen=True):
    """Without an attribute's name the usual ones are tried."""

    sign_on: str
    certificates: list[str]
    email_attribute: str = ""
    name_attribute: str = ""


async def connection_of(tx: Transaction, provider_id: UUID) -> Connection:
    """Raises `NotFound`."""
    return await tx.one(
        Connection,
        """
        select sign_on, certificates, email_attribute, name_attribute
        from saml_connections
        where provider_id = %(id)s
        """,
        id=provider_id,
    )


async def keep(tx: Transaction, provider_id: UUID, connection: Connection) -> None:
    await tx.run(
        """
        insert into saml_connections
            (organization_id, provider_id, sign_on, certificates, email_attribute, name_attribute)
        values
            (current_organization(), %(id)s, %(sign_on)s, %(certificates)s, %(email_attribute)s, %(name_attribute)s)
        on conflict (organization_id, provider_id) do update set
            sign_on = excluded.sign_on,
            certificates = excluded.certificates,
            email_attribute = excluded.email_attribute,
            name_attribute = excluded.name_attribute
        """,
        id=provider_id,
        **msgspec.structs.asdict(connection),
    )
