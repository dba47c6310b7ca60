"""SSRF: every place where a tenant can make Parlour ask somebody, and everywhere it must not be led."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlencode

import msgspec
import pytest

from parlour import email
from parlour.email import sources
from parlour.email.safety import pictures
from parlour.foundation import fetching
from parlour.foundation.errors import Invalid
from parlour.foundation.fetching import Guard, NotFetched
from tests.builders import Company
from tests.doors.conftest import Clients

INSIDE = (
    "127.0.0.1", "localhost", "0.0.0.0", "[::1]", "[::]", "[::ffff:127.0.0.1]", "2130706433",
    "0x7f000001", "0177.0.0.1",
    "127.1", "169.254.169.254", "[fd00:ec2::254]", "metadata.google.internal", "100.100.100.200", "168.63.129.16",
    "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "[fe80::1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]",
    "127.0.0.1.",
)  # fmt: skip


@asynccontextmanager
async def _listening() -> AsyncIterator[tuple[int, list[str]]]:
    """A server on this machine, and who came."""
    came: list[str] = []

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.append("somebody")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: image/png\r\ncontent-length: 8\r\n\r\n\x89PNG\r\n\x1a\n")
        writer.close()

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    yield int(server.sockets[0].getsockname()[1]), came
    server.close()


@pytest.mark.parametrize("host", INSIDE)
async def test_a_picture_of_a_mail_is_fetched_from_no_place_inside(host: str, acme: Company, at_acme: Clients) -> None:
    """A sender chooses the address, an agent's click fetches it: signed by us, and still refused."""
    bob = await at_acme.browser("bob")
    async with _listening() as (port, came):
        for url in (f"http://{host}/a.png", f"https://{host}/a.png", f"http://{host}:{port}/a.png"):
            address = pictures.address_of(acme.installation.signer, acme.organization_id, url)
            answer = await bob.get(address)
            assert answer.status_code == 404, url
        assert came == []


@pytest.mark.parametrize("host", INSIDE)
async def test_a_mailbox_reaches_no_server_inside(host: str, acme: Company) -> None:
    strict = acme.installation.settings.model_copy(update={"private_hosts": "refuse"})
    installation = msgspec.structs.replace(acme.installation, settings=strict)
    bare = host.strip("[]")
    async with _listening() as (port, came):
        new = email.NewMailbox(
            address=f"help.{abs(hash(host))}@{acme.slug}.test",
            kind=email.MailboxKind.IMAP,
            imap=email.ImapSettings(host=bare, port=port),
        )
        try:
            async with acme.database.transaction(acme.organization_id) as tx:
                mailbox = await email.set_up_mailbox(tx, installation.sealer, new)
        except Invalid:
            # What is no host's name is refused before it is kept.
            return
        found = await sources.examine(installation, acme.organization_id, mailbox.id)
        assert [each.is_well for each in found][-1] is False
        assert came == []


async def test_what_is_not_signed_is_not_fetched(acme: Company, globex: Company, at_globex: Clients) -> None:
    stolen = pictures.address_of(acme.installation.signer, acme.organization_id, "https://shop.test/a.png")
    spy = await at_globex.browser("bob")
    for address in (stolen, "/images?" + urlencode({"url": "http://169.254.169.254/", "until": "99999", "mark": "x"})):
        assert (await spy.get(address)).status_code == 404


async def test_a_name_that_changes_its_mind_is_judged_each_time() -> None:
    """DNS rebinding: public when it is looked at, our own machine when it is connected to."""
    async with _listening() as (port, came):
        answers = iter([["93.184.216.34"], ["127.0.0.1"], ["127.0.0.1"]])
        asked: list[str] = []

        async def rebinding(host: str, _: int) -> list[str]:
            asked.append(host)
            return next(answers)

        guard = Guard(ports=None, resolve=rebinding)
        assert await fetching.addresses("rebind.test", port, guard) == ["93.184.216.34"]
        with pytest.raises(NotFetched, match="private network"):
            await fetching.fetch(f"http://rebind.test:{port}/", guard=guard)
        assert (asked, came) == (["rebind.test"] * 2, [])


@pytest.mark.parametrize(
    "place", ["http://127.0.0.1:{port}/", "http://internal.test:{port}/", "file:///etc/passwd", "gopher://x/"]
)
async def test_a_redirect_leads_to_no_place_inside(place: str) -> None:
    async with _listening() as (port, came):
        target = place.format(port=port)

        async def redirect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(f"HTTP/1.1 302 Found\r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n".encode())
            writer.close()

        outside = await asyncio.start_server(redirect, "127.0.0.1", 0)
        first = outside.sockets[0].getsockname()[1]
        # The first hop stands for a server of the open Internet; only the second name is judged.
        real = fetching.is_public

        async def names(host: str, _: int) -> list[str]:
            return ["127.0.0.1"]

        hops: list[str] = []

        def public_at_first(address: str) -> bool:
            hops.append(address)
            return len(hops) == 1 or real(address)

        try:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(fetching, "is_public", public_at_first)
                with pytest.raises(NotFetched):
                    await fetching.fetch(f"http://outside.test:{first}/", guard=Guard(ports=None, resolve=names))
        finally:
            outside.close()
        assert came == []


@pytest.mark.parametrize("tenant", ["evil.test/x?", "@evil.test", "../../x", "a#", "a\r\nHost: evil.test", "{tenant}"])
async def test_the_address_that_renews_a_token_can_not_be_bent(tenant: str, acme: Company) -> None:
    """It is the operator's, and not judged: so what a tenant puts into it must be a word."""
    imap = email.ImapSettings(
        host="outlook.example.com", sign_in=email.SignIn.MICROSOFT, client_id="x", username="x", tenant=tenant
    )
    new = email.NewMailbox(address=f"bent@{acme.slug}.test", kind=email.MailboxKind.IMAP, imap=imap)
    with pytest.raises(Invalid):
        async with acme.database.transaction(acme.organization_id) as tx:
            await email.set_up_mailbox(tx, acme.installation.sealer, new)
    async with acme.database.reading(acme.organization_id) as tx:
        assert await email.mailboxes(tx) == []
