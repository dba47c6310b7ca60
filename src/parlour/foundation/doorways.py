"""Every question that may be asked before an organization is known. Each is a `security definer` function: ids only."""

from datetime import datetime
from typing import LiteralString
from uuid import UUID

import msgspec

from parlour.foundation.line import Asked, Take
from parlour.foundation.rows import row_of


class Whereabouts(msgspec.Struct, frozen=True):
    """A thing, and the organization it lives in."""

    organization_id: UUID
    id: UUID


class Doorways:
    """The questions, over connections that are inside no organization."""

    def __init__(self, take: Take) -> None:
        self._take = take

    async def organization_by_slug(self, slug: str) -> UUID | None:
        return _first(
            await self._ask("select id as organization_id, id from doorway_organization_by_slug(%s) id", slug)
        )

    async def organization_by_former_slug(self, slug: str, now: datetime) -> UUID | None:
        """Whose short name it was, while it still leads there."""
        question = "select id as organization_id, id from doorway_organization_by_former_slug(%s, %s) id"
        return _first(await self._ask(question, slug, now))

    async def organization_by_host(self, host: str) -> UUID | None:
        return _first(
            await self._ask("select id as organization_id, id from doorway_organization_by_host(%s) id", host)
        )

    async def organization_by_provider(self, provider_id: UUID) -> UUID | None:
        """Whose identity provider it is."""
        question = "select id as organization_id, id from doorway_organization_by_provider(%s) id"
        return _first(await self._ask(question, provider_id))

    async def organization_by_origin(self, origin: str) -> UUID | None:
        """Any one that allows the pages of this origin to call the API."""
        return _first(
            await self._ask("select id as organization_id, id from doorway_organization_by_origin(%s) id", origin)
        )

    async def organizations_by_claimed_domain(self, domain: str) -> list[UUID]:
        """Whose the domain is, as the DNS has shown: whether anybody there has an address is not told."""
        found = await self._ask(
            "select id as organization_id, id from doorway_organizations_by_claimed_domain(%s) id", domain
        )
        return _all(found)

    async def users_by_email(self, email: str) -> list[Whereabouts]:
        """Everyone who signs in with this address: at most one an organization, the oldest first."""
        return await self._ask("select organization_id, id from doorway_users_by_email(%s) order by id", email)

    async def user_by_token(self, digest: bytes) -> Whereabouts | None:
        """Whose API token it is. None where it is unknown, revoked or expired."""
        found = await self._ask("select organization_id, id from doorway_user_by_token(%s)", digest)
        return found[0] if found else None

    async def api_token(self, digest: bytes) -> Whereabouts | None:
        """Which API token this is. None where it is unknown, revoked or expired."""
        found = await self._ask("select organization_id, id from doorway_api_token(%s)", digest)
        return found[0] if found else None

    async def passkey(self, credential_id: bytes) -> Whereabouts | None:
        """Which passkey a device calls by this name."""
        found = await self._ask("select organization_id, id from doorway_passkey(%s)", credential_id)
        return found[0] if found else None

    async def mailbox_by_address(self, address: str) -> Whereabouts | None:
        """Which mailbox receives for this address, without its `+detail`, whatever its case."""
        found = await self._ask("select organization_id, id from doorway_mailbox_by_address(%s)", address)
        return found[0] if found else None

    async def mailbox_by_push(self, digest: bytes) -> Whereabouts | None:
        """Which mailbox takes in what is handed in with this secret, of which the digest is known."""
        found = await self._ask("select organization_id, id from doorway_mailbox_by_push(%s)", digest)
        return found[0] if found else None

    async def mailboxes_to_fetch(self, most: int) -> list[Whereabouts]:
        """Mailboxes on other servers that nobody reads at the moment."""
        return await self._ask("select organization_id, id from doorway_mailboxes_to_fetch(%s)", most)

    async def organizations_with_mailboxes(self) -> list[UUID]:
        found = await self._ask("select id as organization_id, id from doorway_organizations_with_mailboxes() id")
        return [place.organization_id for place in found]

    async def organizations(self) -> list[UUID]:
        """Every one there is."""
        return _all(await self._ask("select id as organization_id, id from doorway_organizations() id"))

    async def is_closed(self, organization_id: UUID) -> bool:
        """Whether its deletion was asked for: then nobody but its administrators comes in, and no mail."""
        question = "select id as organization_id, id from doorway_closed_organization(%s) id"
        return bool(await self._ask(question, organization_id))

    async def organizations_to_erase(self, now: datetime) -> list[UUID]:
        """Whose time has come, or was begun."""
        return _all(await self._ask("select id as organization_id, id from doorway_organizations_to_erase(%s) id", now))

    async def organizations_to_remind(self, before: datetime) -> list[UUID]:
        """Who will be erased before a moment, and was not told again."""
        question = "select id as organization_id, id from doorway_organizations_to_remind(%s) id"
        return _all(await self._ask(question, before))

    async def organizations_with_old_audit_records(self, now: datetime) -> list[UUID]:
        """Whose audit trail holds what is older than they keep."""
        return _all(
            await self._ask(
                "select id as organization_id, id from doorway_organizations_with_old_audit_records(%s) id", now
            )
        )

    async def organizations_with_old_keys(self) -> list[UUID]:
        """Whose idempotency keys are older than a day."""
        found = await self._ask("select id as organization_id, id from doorway_organizations_with_old_keys() id")
        return [place.organization_id for place in found]

    async def organizations_with_unsent_uploads(self) -> list[UUID]:
        """Who has files that were uploaded more than a day ago and never sent."""
        found = await self._ask("select id as organization_id, id from doorway_organizations_with_unsent_uploads() id")
        return [place.organization_id for place in found]

    async def organizations_with_waiting_mail(self) -> list[UUID]:
        """Who has mail that came in more than ten minutes ago and is not accounted for."""
        found = await self._ask("select id as organization_id, id from doorway_organizations_with_waiting_mail() id")
        return [place.organization_id for place in found]

    async def organizations_with_held_replies_due(self, now: datetime) -> list[UUID]:
        """Who has replies that were held back until now."""
        return _all(
            await self._ask(
                "select id as organization_id, id from doorway_organizations_with_held_replies_due(%s) id", now
            )
        )

    async def organizations_with_mail_due(self, before: datetime) -> list[UUID]:
        """Whose mail should have been tried again before a moment."""
        return _all(
            await self._ask("select id as organization_id, id from doorway_organizations_with_mail_due(%s) id", before)
        )

    async def organizations_with_notices_due(self, before: datetime) -> list[UUID]:
        """Who has mails of our own that should have been sent before a moment."""
        return _all(
            await self._ask(
                "select id as organization_id, id from doorway_organizations_with_notices_due(%s) id", before
            )
        )

    async def organizations_with_domains_to_check(self, before: datetime) -> list[UUID]:
        """Whose sending domains were to be looked at in the DNS before a moment."""
        return _all(
            await self._ask(
                "select id as organization_id, id from doorway_organizations_with_domains_to_check(%s) id", before
            )
        )

    async def organizations_with_claims_to_check(self, before: datetime) -> list[UUID]:
        """Whose claimed domains were to be looked for in the DNS before a moment."""
        return _all(
            await self._ask(
                "select id as organization_id, id from doorway_organizations_with_claims_to_check(%s) id", before
            )
        )

    async def organizations_with_portal_hosts_to_check(self, before: datetime) -> list[UUID]:
        """Whose portal's own name was to be looked for in the DNS before a moment."""
        return _all(
            await self._ask(
                "select id as organization_id, id from doorway_organizations_with_portal_hosts_to_check(%s) id", before
            )
        )

    async def organizations_with_ending_tokens(self, since: datetime, before: datetime) -> list[UUID]:
        """Who has API tokens that end between two moments."""
        question = "select id as organization_id, id from doorway_organizations_with_ending_tokens(%s, %s) id"
        return _all(await self._ask(question, since, before))

    async def _ask(self, question: LiteralString, *parameters: object) -> list[Whereabouts]:
        asked = Asked(question, parameters, binary=True)
        [outcome] = await self._take([asked])
        return outcome.rows(row_of(Whereabouts, question).maker(lambda: outcome.columns))


def _all(found: list[Whereabouts]) -> list[UUID]:
    return [place.organization_id for place in found]


def _first(found: list[Whereabouts]) -> UUID | None:
    return found[0].organization_id if found else None
