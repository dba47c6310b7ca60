"""The local outbox in the browser, and a customer's pen; nothing of it where nobody develops."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import httpx
import msgspec
import pytest_asyncio

from parlour import email
from parlour.email.sending.composing import Enclosure, Letter, compose
from parlour.foundation import ids
from parlour.foundation.installation import Installation
from parlour.listeners import smtp
from tests.builders import Company
from tests.doors.conftest import HOST, Connect, started

PAGE = {"accept": "text/html"}


@dataclass
class Pen:
    """A browser at /dev/mail, and where its mails go."""

    browser: httpx.AsyncClient
    company: Company
    address: str

    async def ledger(self) -> list[str]:
        async with self.company.database.reading(self.company.organization_id) as tx:
            return await tx.values("select envelope_sender from inbound_messages order by id")


@pytest_asyncio.fixture
async def pen(running: Installation, acme: Company) -> AsyncIterator[Pen]:
    address = f"support@{acme.slug}.test"
    async with acme.database.transaction(acme.organization_id) as tx:
        await email.add_mailbox(tx, address)
    async with smtp.listening(running) as listener:
        changes = {"development": True, "smtp_port": listener.port, "rate_limits": "off"}
        async with started(running.settings.model_copy(update=changes)) as asgi:
            transport = httpx.ASGITransport(asgi, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url=HOST, headers=PAGE) as browser:
                yield Pen(browser, acme, address)


async def leave(installation: Installation, **changes: object) -> UUID:
    """A mail in the outbox, as sending leaves it."""
    letter = Letter(
        message_id=f"{ids.new()}@acme.test",
        sender=email.Address("support@acme.test", "Bob (Acme)"),
        reply_to="support+t.abc@acme.test",
        to=[email.Address("carol@customer.test", "Carol")],
        subject="Re: <Grinder> [#42]",
        date=datetime(2026, 11, 23, tzinfo=UTC),
        organization_name="Acme",
        text="Switch it on.",
    )
    raw = compose(msgspec.structs.replace(letter, **changes))
    parcel = email.Parcel(ids.new(), letter.sender.email, ["carol@customer.test"], raw)
    await email.post(installation.settings, parcel)
    return parcel.id


async def test_nothing_of_it_is_there_where_nobody_develops(connect: Connect, running: Installation) -> None:
    mail_id = await leave(running)
    browser = connect(**PAGE)
    for path in ("/dev/mail", f"/dev/mail/{mail_id}", f"/dev/mail/{mail_id}/html"):
        assert (await browser.get(path)).status_code == 404
    assert (await browser.post("/dev/mail", data={"body": "x"})).status_code == 404


async def test_the_outbox_shows_what_would_have_left(pen: Pen, running: Installation) -> None:
    picture = Enclosure("shot.png", "image/png", b"PNG", "shot@x")
    mail_id = await leave(running, html='<p>Look <img data-cid="shot@x"></p>', enclosures=[picture])
    listed = await pen.browser.get("/dev/mail")
    assert listed.status_code == 200
    assert f'href="/dev/mail/{mail_id}"' in listed.text
    assert "Re: &lt;Grinder&gt; [#42]" in listed.text
    opened = await pen.browser.get(f"/dev/mail/{mail_id}")
    assert "Reply-To: support+t.abc@acme.test" in opened.text
    assert 'value="support+t.abc@acme.test"' in opened.text
    assert "frame-src 'self'" in opened.headers["content-security-policy"]
    framed = await pen.browser.get(f"/dev/mail/{mail_id}/html")
    assert '<img src="data:image/png;base64,UE5H">' in framed.text
    assert framed.headers["content-security-policy"].startswith("default-src 'none'; ")
    assert "sandbox" in framed.headers["content-security-policy"]
    assert (await pen.browser.get(f"/dev/mail/{ids.new()}")).status_code == 404


async def test_what_a_customer_writes_comes_in_as_real_mail_does(pen: Pen) -> None:
    form = {"sender": "Eve <eve@x.test>", "to": pen.address, "subject": "Hi", "body": "Hello"}
    files = {"files": ("plan.txt", b"plan", "text/plain")}
    answer = await pen.browser.post("/dev/mail", data=form, files=files)
    assert (answer.status_code, answer.headers["location"]) == (303, "/dev/mail")
    assert await pen.ledger() == ["eve@x.test"]


async def test_a_mail_that_is_not_taken_says_why_and_keeps_what_was_written(pen: Pen) -> None:
    form = {"sender": "eve@x.test", "to": "nobody@nowhere.test", "subject": "Hi", "body": "Precious words"}
    answer = await pen.browser.post("/dev/mail", data=form)
    assert answer.status_code == 422
    assert "There is no mailbox of that name here." in answer.text
    assert "Precious words" in answer.text
    nobody = await pen.browser.post("/dev/mail", data=form | {"to": "", "sender": "a\nb"})
    assert nobody.status_code == 422
    assert await pen.ledger() == []
