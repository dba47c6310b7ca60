"""Words that would be code elsewhere: in SQL, in templates, in the headers of a mail, in fields nobody offered."""

from email import headerregistry, message_from_bytes
from email.message import EmailMessage
from typing import Any
from uuid import UUID

import msgspec
import pytest

from parlour import people, tickets
from parlour.api.operations import Operation
from parlour.foundation import ids
from parlour.foundation.mail_headers import SEVEN_BITS, one_line
from parlour.tickets import Upload, Words
from tests.builders import Company
from tests.doors.all_rows import everything_of
from tests.doors.conftest import Clients, Connect, failure
from tests.doors.every_route import routes
from tests.email.desk import Desk, desk, server
from tests.twins import MailServer

__all__ = ["desk", "server"]

SQL = (
    "'", "''", "' or '1'='1", "'; select pg_sleep(5); --", "1; drop table tickets", "%' --", "\\",
    "%(organization_id)s",
    "%s", "$1", "') or true --", "1 union select id from users", "a & | ! <->", ":*", "'::regclass", "\u02bc or 1=1",
)  # fmt: skip
QUERIES = ("q", "cursor", "status", "tags", "assigneeId", "departmentId", "requesterId", "sort", "from", "until", "act")


@pytest.mark.parametrize("words", SQL)
async def test_nothing_that_is_asked_becomes_sql(words: str, acme: Company, globex: Company, at_acme: Clients) -> None:
    await globex.ticket("Not yours")
    await acme.ticket("Yours")
    alice = await at_acme.program("alice")
    before = await everything_of(globex)
    for path in ("/api/tickets", "/api/users", "/api/audit", "/api/email/ledger", "/api/templates"):
        for name in QUERIES:
            answer = await alice.get(path, params={name: words})
            assert answer.status_code in (200, 400, 422), f"{path}?{name}={words}: {answer.status_code}"
            assert "Not yours" not in answer.text
    for path in (f"/api/tickets/{words}", f"/dashboard/views/{words}", f"/portal/{words}/sign-in"):
        assert (await alice.get(path)).status_code in (303, 400, 401, 403, 404, 405)
    page = await (await at_acme.browser("alice")).get("/dashboard/search", params={"q": words})
    assert page.status_code == 200
    body = {"subject": words, "body": words, "tags": [words[:40]]}
    opened = await alice.post("/api/tickets", json=body)
    assert opened.status_code in (201, 422)
    if opened.status_code == 201:
        assert opened.json()["subject"] == words.strip()
    assert await everything_of(globex) == before


TEMPLATES = (
    "{{7*7}}",
    "${7*7}",
    "<%= 7*7 %>",
    "#{7*7}",
    "{%print(7*7)%}",
    "{{''.__class__.__mro__}}",
    "{{config}}",
    "%(x)s{0}",
)


@pytest.mark.parametrize("words", TEMPLATES)
async def test_nothing_that_is_written_becomes_a_template(words: str, acme: Company, at_acme: Clients) -> None:
    alice = await at_acme.program("alice")
    ticket = await acme.ticket(f"Subject {words}", words=Words(f"Body {words}"))
    async with acme.database.transaction(acme.organization_id) as tx:
        await people.change_organization(tx, people.OrganizationChanges(name=f"Acme {words}", colour="#112233"))
    page = (await (await at_acme.browser("alice")).get(f"/dashboard/tickets/{ticket.number}")).text
    assert "Subject " in page
    for answer in (
        page,
        (await alice.post("/api/previews", json={"kind": "SIGNATURE", "text": f"x {words}"})).text,
        (await (await at_acme.browser("alice")).get("/dashboard/settings/organization")).text,
        (await (await at_acme.browser("carol")).get(f"/portal/{acme.slug}")).text,
    ):
        for ran in ("x 49", "Subject 49", "Body 49", "Acme 49", "&lt;class", "<class", "Undefined"):
            assert ran not in answer


LINES = (
    "x\r\nBcc: evil@evil.test", "x\nBcc: evil@evil.test", "x\rBcc: evil@evil.test", "x\r\n\r\n<script>",
    "x\u2028Bcc: e@evil.test",
    "x\x0bBcc: e@evil.test", "x\x85Bcc: e@evil.test", "=?utf-8?q?x=0d=0aBcc:_e@evil.test?=", "evil@evil.test, x",
    "<evil@evil.test>",
)  # fmt: skip


@pytest.mark.parametrize("words", LINES)
async def test_no_field_adds_a_header_or_a_recipient_to_a_mail(words: str, desk: Desk, server: MailServer) -> None:
    company = desk.company
    ticket = await company.ticket(words)
    async with company.database.transaction(company.organization_id) as tx:
        # Past every check of ours: as if one of them had been forgotten.
        await tx.run(
            "update users set name = %(name)s where id = any(%(ids)s)",
            name=words,
            ids=[company.bob.user_id, company.carol.user_id],
        )
        await tx.run(
            "update organizations set name = %(name)s where id = %(id)s", name=words, id=company.organization_id
        )
        await tx.run("update mailboxes set name = %(name)s", name=words)
        await tx.run("update tickets set subject = %(words)s where id = %(id)s", words=words, id=ticket.id)
        stored = await tickets.store_attachment(
            tx, company.installation.blobs, Upload(words, f"text/plain; {words}", b"x"), by=company.bob
        )
        await tx.run("update attachments set name = %(words)s where id = %(id)s", words=words, id=stored.id)
    await desk.send(await desk.reply(ticket, Words("Hello", attachment_ids=[stored.id])))
    [taken] = server.taken
    mail = message_from_bytes(taken.raw)
    assert taken.recipients == ["carol@customer.test"]
    for part in mail.walk():
        assert {"bcc", "x"}.isdisjoint(name.lower() for name, _ in part.items())
    for name in ("From", "To", "Subject", "Reply-To", "Message-ID"):
        assert len(mail.get_all(name, [])) == 1, name
    assert [address.addr_spec for address in taken.message["To"].addresses] == ["carol@customer.test"]
    assert [address.addr_spec for address in taken.message["From"].addresses] == [desk.address]
    assert taken.message["Cc"] is None


@pytest.mark.parametrize(
    "words", ["=?utf-8?q?x=0d=0aBcc:_e@evil.test?=", "=?utf-8?b?eA0KDQpCY2M6IGU=?=", "=?utf-8?q?=0aBcc:e?="]
)
def test_the_second_net_holds_where_somebody_forgets_the_first(words: str) -> None:
    mail = EmailMessage(policy=SEVEN_BITS)
    mail["Subject"] = words
    mail["From"] = headerregistry.Address(words, "a", "acme.test")
    mail.set_content("Hello")
    mail.add_attachment(b"x", "text", "plain", filename=words)
    for part in message_from_bytes(mail.as_bytes()).walk():
        assert "bcc" not in {name.lower() for name, _ in part.items()}
        assert "Bcc" not in str(part.get_payload()).partition("Hello")[0]
    assert "=?" not in one_line(words)


FORBIDDEN: dict[str, Any] = {
    "organizationId": str(UUID(int=7)),
    "organization_id": str(UUID(int=7)),
    "id": str(UUID(int=8)),
    "isAdmin": True,
    "authorId": str(UUID(int=9)),
    "createdAt": "2001-01-01T00:00:00Z",
    "passwordHash": "x",
    "number": 1,
    "slug": "stolen",
    "deletedAt": None,
    "__proto__": {"role": "ADMIN"},
    "blobKey": "../x",
}


async def test_no_operation_takes_a_field_that_it_does_not_offer(
    unlimited: Any, acme: Company, at_acme: Clients
) -> None:
    alice = await at_acme.program("alice")
    # A token notes its use, once in a while.
    await alice.get("/api/me")
    before = await everything_of(acme)
    tried = 0
    for path, handler in routes(unlimited):
        operation: Operation | None = handler.opt.get("operation")
        if operation is None or operation.body is None:
            continue
        offered = {field.encode_name for field in msgspec.structs.fields(operation.body)}
        addressed = "/".join(str(ids.new()) if part.startswith("{") else part for part in path.split("/"))
        for name, value in FORBIDDEN.items():
            if name in offered:
                continue
            answer = await alice.request(operation.method, addressed, json={name: value})
            tried += 1
            assert answer.status_code in (403, 422), f"{operation.name} {name}: {answer.status_code} {answer.text}"
            if answer.status_code == 422:
                assert failure(answer)["details"] == {
                    name: "There is no such field. Check its spelling, or leave it out."
                }
    assert tried > 200
    assert await everything_of(acme) == before


def test_what_lies_within_a_body_is_as_strict(unlimited: Any) -> None:
    lax: set[str] = set()

    def look(kind: Any) -> None:
        if isinstance(kind, msgspec.inspect.StructType) and not kind.forbid_unknown_fields:
            lax.add(kind.cls.__name__)
        for name in ("types", "item_type", "value_type", "type", "fields"):
            below = getattr(kind, name, None)
            for each in below if isinstance(below, tuple) else [below] if below is not None else []:
                look(each)

    for _, handler in routes(unlimited):
        operation = handler.opt.get("operation")
        if operation and operation.body:
            look(msgspec.inspect.type_info(operation.body))
    assert lax == set()


async def test_no_form_takes_a_field_that_it_does_not_offer(acme: Company, at_acme: Clients, connect: Connect) -> None:
    more = {"logo": "stolen", "host": "evil.test", "id": str(UUID(int=7)), "organization_id": str(UUID(int=7))}
    form = {"name": "Acme", "slug": acme.slug, "colour": "#112233", **more, "role": "ADMIN", "status": "ACTIVE"}
    assert (
        await (await at_acme.browser("alice")).post("/dashboard/settings/organization", data=form)
    ).status_code == 303
    async with acme.database.reading(acme.organization_id) as tx:
        organization = await people.this_organization(tx)
        roles = {user.id: user.role for user in await people.team(tx)}
    assert (organization.id, organization.slug, organization.host) == (acme.organization_id, acme.slug, None)
    assert organization.logo is None
    assert roles[acme.bob.user_id] == acme.bob.role
    for first in ("carol", "bob"):
        page = await at_acme.browser(first)
        answer = await page.post(
            f"/dashboard/settings/people/{acme.bob.user_id}", data={"name": "Bob", "role": "ADMIN"}
        )
        assert answer.status_code in (403, 404, 405), answer.status_code
