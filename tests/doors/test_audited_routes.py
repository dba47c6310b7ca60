"""Every route that changes what protects an organization leaves a record in its audit trail, or says here why not."""

from typing import Any
from uuid import UUID

import httpx
import msgspec
from litestar import Litestar

from parlour import access, email, people
from parlour.access import directory
from parlour.email import domains, wording
from parlour.foundation import ids
from parlour.people import NewUser, Permission, Reach, Role, portal_hosts
from tests.access.providers.desk import a_way_in
from tests.builders import Company
from tests.doors.audited_routes import CASES, WITHOUT_A_RECORD, Case
from tests.doors.conftest import Clients

DAILY_WORK = {
    Permission.READ_TICKETS,
    Permission.OPEN_TICKETS,
    Permission.REPLY_TO_TICKETS,
    Permission.WRITE_NOTES,
    Permission.CHANGE_TICKETS,
    Permission.READ_OWN_NOTIFICATIONS,
}
"""What needs none of these permissions is looked at."""


async def test_every_route_that_changes_a_setting_is_recorded(unlimited: Any, acme: Company, at_acme: Clients) -> None:
    silent = []
    for route in _routes(unlimited):
        if route in WITHOUT_A_RECORD:
            continue
        assert route in CASES, f"{route}: say in CASES which act it is, or in WITHOUT_A_RECORD why there is none."
        case, things = CASES[route], await _things(acme)
        before = await _last(acme)
        if case.first:
            async with acme.database.transaction(acme.organization_id) as tx:
                await tx.run(f"{case.first} where id = %(id)s", id=things[_thing_of(route)])
        answer = await _send(at_acme, route, case, things)
        assert answer.status_code < 400, (route, answer.status_code, answer.text[:500])
        acts = await _acts(acme, before)
        if (case.act.value, acme.alice.user_id) not in acts:
            silent.append((route, answer.status_code, acts))
    assert silent == []


def test_nothing_is_excused_or_expected_that_is_not_there(unlimited: Any) -> None:
    routes = set(_routes(unlimited))
    assert {*CASES, *WITHOUT_A_RECORD} - routes == set()
    assert set(CASES) & set(WITHOUT_A_RECORD) == set()


def _routes(asgi: Any) -> list[str]:
    doors: Litestar = asgi.other_asgi_app.app
    found = []
    for route in doors.routes:
        for handler in getattr(route, "route_handlers", ()):
            path = "/".join(f"{part.split(':')[0]}}}" if ":" in part else part for part in route.path.split("/"))
            permission = handler.opt.get("permission")
            for method in sorted(handler.http_methods - {"OPTIONS"}):
                name = f"{method} {path}"
                is_sensitive = permission in set(Permission) - DAILY_WORK and method != "GET"
                if is_sensitive or name in CASES:
                    found.append(name)
    return found


async def _send(at_acme: Clients, route: str, case: Case, things: dict[str, str]) -> httpx.Response:
    method, _, path = route.partition(" ")
    thing = things[_thing_of(route)] if "{" in path else ""
    if "{number}" in path:
        thing = things["number"]
    addressed = "/".join(thing if part.startswith("{") else part for part in path.split("/"))
    by_program = path.startswith("/api")
    client = await (at_acme.program("alice") if by_program else at_acme.browser("alice"))
    if case.json is not None:
        return await client.request(method, addressed, json=_filled(case.json, things))
    if case.file is not None:
        sent = {"file" if by_program else "logo": ("a.png", case.file)}
        return await client.request(method, addressed, files=sent)
    return await client.request(method, addressed, data=_filled(case.form or {}, things), params=case.query)


def _thing_of(route: str) -> str:
    """Which of the things a route is about: the word before its id, or the last one."""
    words = route.split("/")
    place = next((number for number, word in enumerate(words) if word.startswith("{")), len(words))
    return words[place - 1]


def _filled(sent: dict[str, Any], things: dict[str, str]) -> dict[str, Any]:
    return {
        name: value.format(**things) if isinstance(value, str) and "{" in value else value
        for name, value in sent.items()
    }


async def _mail(company: Company, mailbox: email.Mailbox, unique: str) -> UUID:
    raw = f"From: carol@customer.test\r\nMessage-ID: <{unique}@customer.test>\r\n\r\nHello\r\n".encode()
    delivery = email.Delivery(mailbox.id, "carol@customer.test", [mailbox.address], raw)
    return await email.receive(company.installation, company.organization_id, delivery)


async def _things(company: Company) -> dict[str, str]:
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
        name, pairs = f"known.{unique}.test", await domains.new_pairs()
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
        key, _ = await access.make_portal_secret(tx, company.installation.sealer)
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


async def _last(company: Company) -> int:
    async with company.database.reading(company.organization_id) as tx:
        found: int = await tx.value("select last_position from audit_trails")
    return found


async def _acts(company: Company, after: int) -> list[tuple[str, object]]:
    async with company.database.reading(company.organization_id) as tx:
        rows = await tx.all(
            _Row, "select act, actor_id from audit_records where position > %(after)s order by position", after=after
        )
    return [(row.act, row.actor_id) for row in rows]


class _Row(msgspec.Struct):
    act: str
    actor_id: Any


async def test_what_is_refused_changes_nothing_and_records_nothing(acme: Company, at_acme: Clients) -> None:
    program = await at_acme.program("bob")
    before = await _last(acme)
    answer = await program.put(f"/api/users/{acme.mara.user_id}", json={"role": "AGENT"})
    assert answer.status_code == 403
    assert await _last(acme) == before
