"""What there must be before a route can change it, and the request that does."""

from typing import Any
from uuid import UUID

import httpx

from parlour import access, email, people
from parlour.access import directory
from parlour.email import domains, wording
from parlour.foundation import ids
from parlour.people import NewUser, Reach, Role, portal_hosts
from tests.access.providers.desk import a_way_in
from tests.builders import Company
from tests.doors.audited_routes import Case


async def send(client: httpx.AsyncClient, route: str, case: Case, things: dict[str, str]) -> httpx.Response:
    """What the case says, about the thing that the route is about."""
    method, _, path = route.partition(" ")
    words = path.split("/")
    addressed = "/".join(
        things["number" if part == "{number}" else words[place - 1]] if part.startswith("{") else part
        for place, part in enumerate(words)
    )
    if case.json is not None:
        return await client.request(method, addressed, json=_filled(case.json, things))
    if case.raw is not None:
        headers = {"content-type": "message/rfc822"}
        return await client.request(
            method, addressed, content=case.raw, params=_filled(case.query, things), headers=headers
        )
    if case.file is not None:
        sent = {"logo" if path == "/dashboard/settings/organization/logo" else "file": ("a.png", case.file)}
        return await client.request(method, addressed, files=sent)
    return await client.request(method, addressed, data=_filled(case.form or {}, things), params=case.query)


def thing_of(route: str) -> str:
    """Which of the things a route is about: the word before its id, or the last one."""
    words = route.split("/")
    place = next((number for number, word in enumerate(words) if word.startswith("{")), len(words))
    return words[place - 1]


def _filled(sent: dict[str, Any], things: dict[str, str]) -> dict[str, Any]:
    return {name: _with(value, things) for name, value in sent.items()}


def _with(value: Any, things: dict[str, str]) -> Any:
    if isinstance(value, list):
        return [_with(one, things) for one in value]
    return value.format(**things) if isinstance(value, str) and "{" in value else value


_made: list[domains.Pairs] = []


async def _pairs() -> domains.Pairs:
    """Made once: an RSA key takes as long as everything else here together."""
    if not _made:
        _made.append(await domains.new_pairs())
    return _made[0]


async def _mail(company: Company, mailbox: email.Mailbox, unique: str) -> UUID:
    raw = f"From: carol@customer.test\r\nMessage-ID: <{unique}@customer.test>\r\n\r\nHello\r\n".encode()
    delivery = email.Delivery(mailbox.id, "carol@customer.test", [mailbox.address], raw)
    return await email.receive(company.installation, company.organization_id, delivery)


async def things_of(company: Company) -> dict[str, str]:
    """Fresh ones, so that what a route removes is missed by no other."""
    unique = ids.new().hex
    async with company.database.transaction(company.organization_id) as tx:
        user = await people.add_user(tx, NewUser("Frank", f"frank.{unique}@acme.test", Role.AGENT))
        department = await people.add_department(tx, f"Extra {unique}", by=None)
        token, _ = await access.create_token(tx, company.alice.user_id, "test")
        mailbox = await email.set_up_mailbox(
            tx,
            company.installation.sealer,
            email.NewMailbox(address=f"box.{unique}@acme.test", kind=email.MailboxKind.PUSH),
        )
        name, pairs = f"known.{unique}.test", await _pairs()
        domain = await domains.add_domain(tx, company.installation.sealer, name, pairs)
        await portal_hosts.ask_for_host(tx, f"portal.{unique}.test", "http://127.0.0.1:8000")
    ticket = await company.ticket()
    entry_id = await _mail(company, mailbox, unique)
    ledger = {name: str(entry_id) for name in ("ledger", "quarantine", "entry")}
    return {
        "tickets": str(ticket.id),
        "number": str(ticket.number),
        "users": str(user.id),
        "people": str(user.id),
        "departments": str(department.id),
        "roles": await _role(company),
        "unique": unique,
        "slug": company.slug,
        "tokens": str(token.id),
        "programs": str(token.id),
        **await _ways_in(company, unique),
        "mailboxes": str(mailbox.id),
        "mailbox": mailbox.address,
        "domains": str(domain.id),
        **await _way_in(company, unique),
        **await _words(company),
        "bob": str(company.bob.user_id),
        "here": f"{unique}.test",
        **{name: str(company.organization_id) for name in ("logo", "remove")},
        **ledger,
    }


async def _role(company: Company) -> str:
    draft = people.RoleDraft(ids.new().hex, "", Role.AGENT, Reach.ORGANIZATION, people.ALLOWED[Role.AGENT])
    async with company.database.transaction(company.organization_id) as tx:
        return str((await people.add_custom_role(tx, draft, by=company.alice)).id)


async def _ways_in(company: Company, unique: str) -> dict[str, str]:
    async with company.database.transaction(company.organization_id) as tx:
        # So that one more can be added, however many routes there are.
        await tx.run("delete from portal_keys")
        key, _ = await access.make_portal_secret(tx, company.installation.sealer, by=company.alice)
        asked = await access.invite(tx, access.NewInvitation(f"asked.{unique}@acme.test"), by=company.alice)
    return {"portal-keys": str(key.id), "invitations": str(asked.id), **await _directory(company)}


async def _way_in(company: Company, unique: str) -> dict[str, str]:
    async with company.database.transaction(company.organization_id) as tx:
        # Only so many of each are allowed.
        await tx.run("delete from identity_providers")
        await tx.run("delete from claimed_domains")
    made = await a_way_in(company, unique)
    provider, claimed = str(made["provider_id"]), str(made["claimed_id"])
    pages = {"single-sign-on": provider, "claims": claimed}
    return {**pages, "identity-providers": provider, "claimed-domains": claimed}


async def _directory(company: Company) -> dict[str, str]:
    async with company.database.transaction(company.organization_id) as tx:
        user = await people.add_user(tx, NewUser("Grace", f"grace.{ids.new().hex}@acme.test", Role.AGENT))
        group, _ = await directory.add_group(tx, directory.DescribedGroup(f"Group {ids.new().hex}"))
        theirs = await people.add_company(tx, people.CompanyDraft(f"Company {ids.new().hex}"))
    return {"companies": str(theirs.id), "Users": str(user.id), "Groups": str(group.id), "groups": str(group.id)}


async def _words(company: Company) -> dict[str, str]:
    """One of each kind, and no others."""
    kinds = {
        "signatures": wording.Kind.SIGNATURE,
        "templates": wording.Kind.TEMPLATE,
        "automatic-mails": wording.Kind.ACKNOWLEDGEMENT,
    }
    made = {}
    async with company.database.transaction(company.organization_id) as tx:
        await tx.run("delete from wordings")
        for path, kind in kinds.items():
            draft = wording.Draft(kind, {"en": wording.Text("Hello")}, name="Greeting")
            made[path] = str((await wording.add_wording(tx, draft, by=company.alice)).id)
    return made
