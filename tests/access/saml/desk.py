"""What the tests of SAML begin with: a connection that is set up, and the way there and back."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

import pytest

from parlour import people
from parlour.access import providers
from parlour.access.providers import Arrival, Brought, Draft, Kind, NotVouchedFor, Provider
from parlour.access.providers.saml.keys import Pair
from parlour.foundation import crypto
from parlour.people import NewUser, Role
from tests.access.providers.desk import BROWSER, claim, near, people_of, refusals
from tests.access.saml import provider as there
from tests.access.saml.provider import Keys
from tests.builders import Company

KEYS, OTHER_KEYS = Keys(), Keys()
SIGN_ON = "https://sign-in.acme.test/sso"


def address_of(company: Company, name: str = "bob") -> str:
    """In a domain that no other test's organization claims: a domain leads to a few organizations only."""
    return f"{name}@{company.slug}.test"


async def person(company: Company) -> UUID:
    """Bob, in a domain that is the organization's."""
    await claim(company, f"{company.slug}.test")
    async with company.database.transaction(company.organization_id) as tx:
        return (await people.add_user(tx, NewUser("Bob", address_of(company), Role.AGENT))).id


async def connect(company: Company, *keys: Keys, entity_id: str = "", metadata: str = "", **more: Any) -> Provider:
    """A connection of its own, whose provider signs with these keys."""
    entity_id = entity_id or f"https://sign-in.acme.test/{crypto.new_secret()}"
    described = metadata or there.metadata(entity_id, SIGN_ON, *(keys or (KEYS,)))
    draft = Draft(kind=Kind.SAML, name="Their SAML", issuer="", client_id="", metadata=described, **more)
    async with company.database.transaction(company.organization_id) as tx:
        return await providers.add_provider(tx, near(company), draft, by=company.alice)


async def show_key(company: Company, pair: Pair) -> None:
    """From now on their metadata of us names it."""
    async with company.database.transaction(company.organization_id) as tx:
        await providers.show_key(tx, company.installation, pair, by=company.alice)


async def require_encryption(company: Company, provider: Provider) -> None:
    draft = Draft(kind=Kind.SAML, name="Their SAML", issuer="", client_id="", encrypted_only=True)
    async with company.database.transaction(company.organization_id) as tx:
        await providers.change_provider(tx, near(company), provider, draft, by=company.alice)


@dataclass
class Trip:
    """One sign-in, on its way."""

    company: Company
    provider: Provider
    state: str
    question: dict[str, str]

    def answer(self, keys: Keys = KEYS, **said: Any) -> Any:
        """As the provider signs it."""
        return there.signed(self.unsigned(**said), keys)

    def unsigned(self, **said: Any) -> Any:
        honest = {"issuer": self.provider.issuer, "attributes": {"email": [address_of(self.company)]}}
        return there.response(self.question, **{**honest, **said})

    async def back(self, answer: Any, browser: str = BROWSER, provider: Provider | None = None) -> Arrival:
        provider, installation = provider or self.provider, near(self.company)
        ticket = await providers.hold_saml_answer(installation, provider.id, self.state, there.encoded(answer))
        return await providers.arrival(
            installation, provider.id, browser, Brought(state=self.state, code=ticket), signed_in=None
        )

    async def refused(self, answer: Any) -> str:
        """Why. That nobody came in, that nothing has changed and that the trail says so is looked at here."""
        before = await people_of(self.company)
        with pytest.raises(NotVouchedFor) as refusal:
            await self.back(answer)
        assert await people_of(self.company) == before
        assert (await refusals(self.company))[-1] == refusal.value.reason
        return refusal.value.reason


async def set_out(company: Company, provider: Provider, user_id: UUID | None = None) -> Trip:
    address = await providers.address_of(
        near(company), company.organization_id, provider, BROWSER, next_page="/dashboard", user_id=user_id
    )
    assert address.startswith(f"{SIGN_ON}?")
    query = dict(parse_qsl(urlsplit(address).query))
    return Trip(company, provider, query["RelayState"], there.asked(query["SAMLRequest"]))
