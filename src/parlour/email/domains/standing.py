"""How mail from an address stands with those who receive it: signed by its domain, or not."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from parlour.email.domains.keeping import SendingDomain, sending_domains
from parlour.foundation.database import Transaction
from parlour.foundation.domain_names import domain_of


class Standing(msgspec.Struct, frozen=True):
    """Of an address: its domain as the DNS writes it, what is known of it here, and whether its mail is signed."""

    domain: str
    domain_id: UUID | None
    is_signed: bool


async def standing_of(tx: Transaction, address: str) -> Standing:
    """Of mail from this address."""
    return standing_among(await sending_domains(tx), address)


def standing_among(known: Sequence[SendingDomain], address: str) -> Standing:
    """The same, where the organization's domains are known already."""
    domain = domain_of(address)
    found = next((each for each in known if each.domain == domain), None)
    return Standing(domain, found.id if found else None, bool(found and found.verified_at))
