"""Who came in, who was turned away, who left: all of it is in the organization's trail."""

import httpx
import pytest
import structlog

from parlour import access, audit
from parlour.access import trail
from parlour.foundation import ids
from tests.audit.reading import last, rows
from tests.builders import Company
from tests.doors.conftest import Clients, Connect

PASSWORD = "correct horse battery"
AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0)"


async def with_password(company: Company, first: str, email: str = "") -> str:
    """An address nobody else has, unless one is given, and the password above."""
    address = email or f"{first}.{ids.new().hex}@acme.test"
    hashed = await access.hashed_password(PASSWORD)
    async with company.database.transaction(company.organization_id) as tx:
        await tx.run(
            "update users set password_hash = %(hashed)s, email = %(email)s where id = %(id)s",
            hashed=hashed,
            email=address,
            id=getattr(company, first).user_id,
        )
    return address


async def sign_in(client: httpx.AsyncClient, address: str, password: str) -> httpx.Response:
    headers = {"accept": "text/html", "user-agent": AGENT}
    return await client.post("/sign-in", data={"email": address, "password": password}, headers=headers)


async def test_coming_in_is_recorded(acme: Company, connect: Connect) -> None:
    address = await with_password(acme, "bob")
    before = await last(acme)
    answer = await sign_in(connect(), address, PASSWORD)
    assert answer.status_code == 303
    (came,) = await rows(acme, after=before)
    assert (came.act, came.outcome, came.actor_id, came.actor_email) == (
        "SIGNED_IN",
        "DONE",
        acme.bob.user_id,
        address,
    )
    assert (came.address, came.user_agent) == ("127.0.0.1", AGENT)
    assert (came.details, came.request_id) == ({"methods": ["PASSWORD"]}, answer.headers["x-request-id"])


async def test_leaving_is_recorded_once(acme: Company, at_acme: Clients) -> None:
    browser = await at_acme.browser("bob")
    before = await last(acme)
    for _ in range(2):
        assert (await browser.post("/sign-out", headers={"origin": "http://parlour.test"})).status_code == 303
    assert [(row.act, row.actor_id) for row in await rows(acme, after=before)] == [("SIGNED_OUT", acme.bob.user_id)]


async def test_a_wrong_password_is_recorded_wherever_the_address_is_known(
    acme: Company, globex: Company, connect: Connect
) -> None:
    address = await with_password(acme, "bob")
    await with_password(globex, "erin", address)
    before = {company: await last(company) for company in (acme, globex)}
    assert (await sign_in(connect(), address, "a guess")).status_code == 422
    for company, user_id in ((acme, acme.bob.user_id), (globex, globex.erin.user_id)):
        (refused,) = await rows(company, after=before[company])
        assert (refused.act, refused.outcome, refused.actor_id) == ("SIGN_IN_REFUSED", "REFUSED", None)
        assert (refused.subject_id, refused.details) == (str(user_id), {"method": "PASSWORD"})
        assert address in (refused.subject_label or "")
        assert (await audit.verify(company.installation, company.organization_id)).is_whole


async def test_an_address_that_nobody_has_is_in_the_log_only(
    acme: Company, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = await last(acme)
    logged = structlog.testing.LogCapture()
    # What was logged before in this process is bound to where it went: this one writes into our list.
    monkeypatch.setattr(trail, "log", structlog.wrap_logger(None, processors=[logged]))
    answer = await sign_in(connect(), f"nobody.{ids.new().hex}@acme.test", "a guess")
    assert answer.status_code == 422
    assert await last(acme) == before
    said = [line for line in logged.entries if line["event"] == "sign_in.nobody_of_that_address"]
    assert [line["address"] for line in said] == ["127.0.0.1"]
    assert "nobody." not in str(said[0] | {"event": ""})


async def test_somebody_who_is_deactivated_is_signed_out_and_both_are_recorded(acme: Company, connect: Connect) -> None:
    address = await with_password(acme, "bob")
    for _ in range(2):
        await sign_in(connect(), address, PASSWORD)
    before = await last(acme)
    async with acme.database.transaction(acme.organization_id) as tx:
        _, token = await access.create_token(tx, acme.alice.user_id, "test")
    program = connect(authorization=f"Bearer {token}")
    answer = await program.put(f"/api/users/{acme.bob.user_id}", json={"status": "INACTIVE"})
    assert answer.status_code == 200
    made, changed, ended = await rows(acme, after=before)
    assert (made.act, made.actor_id) == ("TOKEN_MADE", None)
    assert (changed.act, changed.actor_id) == ("STATUS_CHANGED", acme.alice.user_id)
    assert changed.details == {"before": {"status": "ACTIVE"}, "after": {"status": "INACTIVE"}}
    assert (ended.act, ended.details, ended.subject_id) == (
        "SESSIONS_ENDED",
        {"sessions": 2},
        str(acme.bob.user_id),
    )


async def test_a_new_organization_has_a_trail_from_its_first_moment(connect: Connect, acme: Company) -> None:
    mark = ids.new().hex[-8:]
    form = {"organization": f"New {mark}", "name": "Zoe", "email": f"zoe@{mark}.test", "password": PASSWORD}
    assert (await connect().post("/sign-up", data=form)).status_code == 303
    organization_id = await acme.database.doorways.organization_by_slug(f"new-{mark}")
    assert organization_id
    async with acme.database.reading(organization_id) as tx:
        acts = await tx.values("select act from audit_records order by position")
    assert acts == ["ORGANIZATION_FOUNDED", "PERSON_ADDED", "MAILBOX_ADDED", "SIGNED_IN"]
    assert (await audit.verify(acme.installation, organization_id)).is_whole


async def test_no_secret_of_a_mailbox_is_in_its_records(acme: Company, connect: Connect) -> None:
    async with acme.database.transaction(acme.organization_id) as tx:
        _, token = await access.create_token(tx, acme.alice.user_id, "test")
    program = connect(authorization=f"Bearer {token}")
    before = await last(acme)
    imap = {"host": "imap.acme.test", "security": "TLS", "username": "support"}
    new = {"address": f"box.{ids.new().hex}@acme.test", "kind": "IMAP", "imap": imap}
    made = await program.post("/api/email/mailboxes", json={**new, "secrets": {"imapPassword": "open sesame"}})
    assert made.status_code == 201
    changed = await program.patch(
        f"/api/email/mailboxes/{made.json()['id']}",
        json={"imap": {**imap, "port": 1993}, "secrets": {"imapPassword": "another sesame"}},
    )
    assert changed.status_code == 200
    added, settings, secrets = await rows(acme, after=before)
    assert (added.details["imap.host"], added.details["secrets"]) == ("imap.acme.test", ["imap_password"])
    assert settings.details == {"before": {"imap.port": 993}, "after": {"imap.port": 1993}}
    assert secrets.details == {"set": ["imap_password"], "forgotten": []}
    assert "sesame" not in str([added, settings, secrets])
