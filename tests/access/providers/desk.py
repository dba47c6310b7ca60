"""What the tests of other companies' sign-ins begin with: a provider that is set up, and the way there and back."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

import httpx
import msgspec
import pytest

from parlour.access import Identity, providers
from parlour.access.providers import Arrival, Brought, Draft, Kind, NotVouchedFor, Provider
from parlour.foundation import crypto
from parlour.foundation.installation import Installation
from tests.builders import Company

BROWSER = "the value of a browser's cookie"


def near(company: Company) -> Installation:
    """The installation, as an operator runs it whose providers are on the own network."""
    settings = company.installation.settings.model_copy(update={"private_hosts": "allow"})
    return msgspec.structs.replace(company.installation, settings=settings)


async def add(company: Company, issuer: str, **more: Any) -> Provider:
    known = {"kind": Kind.OPENID, "name": "Their sign-in", "client_id": "parlour", "secret": "the secret", **more}
    draft = Draft(issuer=issuer, **known)
    async with company.database.transaction(company.organization_id) as tx:
        return await providers.add_provider(tx, near(company), draft, by=company.alice)


async def claim(company: Company, domain: str) -> None:
    """As if its record had been found."""
    async with company.database.transaction(company.organization_id) as tx:
        claimed = await providers.claim_domain(tx, domain, by=company.alice)
        await tx.run("update claimed_domains set verified_at = now() where id = %(id)s", id=claimed.id)


async def refusals(company: Company) -> list[str]:
    """The reasons in the audit trail, the first one first."""
    async with company.database.reading(company.organization_id) as tx:
        return await tx.values(
            "select details ->> 'reason' from audit_records where act = 'SIGN_IN_REFUSED' order by position"
        )


async def people_of(company: Company) -> list[str]:
    async with company.database.reading(company.organization_id) as tx:
        return await tx.values("select email || ' ' || role || ' ' || status from users order by email")


@dataclass
class Forger:
    """The provider that says what it is told to."""

    issuer: str

    async def plan(self, **plan: Any) -> None:
        async with httpx.AsyncClient() as client:
            await client.put(f"{self.issuer}/plan", json=plan)

    async def logout_token(self, **plan: Any) -> str:
        """What it would post, as the plan says."""
        await self.plan(**plan)
        async with httpx.AsyncClient() as client:
            return str((await client.get(f"{self.issuer}/logout-token")).json()["token"])

    async def seen(self, path: str) -> int:
        async with httpx.AsyncClient() as client:
            return int((await client.get(f"{self.issuer}/seen")).json().get(path, 0))


@dataclass
class Trip:
    """One sign-in, on its way."""

    company: Company
    provider: Provider
    asked: dict[str, str]

    async def back(self, browser: str = BROWSER, signed_in: UUID | None = None, **brought: str) -> Arrival:
        came = {"state": self.asked["state"], "code": crypto.new_secret(), **brought}
        return await providers.arrival(
            near(self.company), self.provider.id, browser, Brought(**came), signed_in=signed_in
        )


async def set_out(company: Company, provider: Provider, user_id: UUID | None = None) -> Trip:
    address = await providers.address_of(
        near(company), company.organization_id, provider, BROWSER, next_page="/dashboard", user_id=user_id
    )
    return Trip(company, provider, dict(parse_qsl(urlsplit(address).query)))


async def there_and_back(company: Company, provider: Provider, forger: Forger, **plan: Any) -> Identity:
    """Signed in with what the plan says. Raises `NotVouchedFor`."""
    trip = await set_out(company, provider)
    claims = {"nonce": trip.asked["nonce"], **plan.pop("claims", {})}
    await forger.plan(claims=claims, challenge=trip.asked["code_challenge"], **plan)
    arrival = await trip.back()
    assert arrival.identity and arrival.next_page == "/dashboard"
    return arrival.identity


async def reason_of(company: Company, provider: Provider, forger: Forger, **plan: Any) -> str:
    """Why it was refused: that nobody came in, and that nothing has changed, is looked at here."""
    before = await people_of(company)
    with pytest.raises(NotVouchedFor) as refusal:
        await there_and_back(company, provider, forger, **plan)
    assert await people_of(company) == before
    assert (await refusals(company))[-1] == refusal.value.reason
    return refusal.value.reason


async def a_way_in(company: Company, secret: str) -> dict[str, UUID]:
    """One that no public page tells more of than its name and client ID."""
    provider = await add(company, "", kind=Kind.GITHUB, client_id=crypto.new_secret(), secret=secret)
    async with company.database.transaction(company.organization_id) as tx:
        claimed = await providers.claim_domain(tx, f"{secret}.test", by=company.alice)
    return {"provider_id": provider.id, "claimed_id": claimed.id}
