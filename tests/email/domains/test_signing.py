"""Mail from a domain that is shown to be ours is signed; no other is."""

import dkim
import msgspec
import pytest

from parlour import email, tickets
from parlour.email import domains, safety
from parlour.email.domains import Algorithm
from parlour.email.domains.signing import Stamp
from parlour.email.domains.stamping import stamped
from parlour.email.safety.checking import Evidence, authenticate
from parlour.email.sending.dispatch import send
from parlour.foundation import clock
from parlour.foundation.jobs import TryAgain
from parlour.tickets import Words
from tests.builders import Company
from tests.dns_twin import NameServer
from tests.email.desk import Desk, in_seconds
from tests.email.domains.sender import Sender, asking, signatures
from tests.email.post import Post, mail
from tests.twins import MailServer


async def proved(raw: bytes, dns: NameServer, domain: str) -> tuple[str, str | None]:
    """What a receiver finds."""
    found = await authenticate(raw, Evidence(None, None, "", domain), dns.address)
    return found.dkim, found.aligned_domain


async def test_an_answer_is_signed_with_both_keys_and_both_hold(sender: Sender, server: MailServer) -> None:
    domain = await sender.verified()
    rsa, ed25519 = await sender.keys(domain)
    taken = await sender.sent(server)
    first, second = signatures(taken.raw)
    assert (first["a"], first["d"], first["s"], first["c"]) == (
        "rsa-sha256", sender.name, rsa.selector, "relaxed/relaxed",
    )  # fmt: skip
    assert (second["a"], second["d"], second["s"]) == ("ed25519-sha256", sender.name, ed25519.selector)
    named = [name.strip() for name in first["h"].split(":")]
    assert [name for name in named if named.count(name) == 2] == [
        "from", "from", "to", "to", "subject", "subject", "date", "date", "reply-to", "reply-to",
        "message-id", "message-id", "mime-version", "mime-version", "content-type", "content-type",
    ]  # fmt: skip
    # None there, so that none can be added.
    assert named.count("cc") == 1
    assert await proved(taken.raw, sender.dns, sender.name) == ("pass", sender.name)
    for number in (0, 1):
        assert dkim.DKIM(taken.raw).verify(number, dnsfunc=_told_by(sender.dns)) is True


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"Switch it on.", b"Switch it off."),
        (b"Subject: ", b"Subject: Fwd: "),
        (b"From: ", b"From: Mallory <mallory@evil.test>\r\nFrom: "),
        (b"MIME-Version: ", b"Cc: mallory@evil.test\r\nMIME-Version: "),
    ],
)
async def test_what_is_changed_on_the_way_is_found_out(
    sender: Sender, server: MailServer, before: bytes, after: bytes
) -> None:
    await sender.verified()
    raw = (await sender.sent(server)).raw
    assert before in raw
    changed = raw.replace(before, after, 1)
    assert await proved(changed, sender.dns, sender.name) == ("fail", None)


async def test_nothing_is_signed_before_the_record_was_seen(sender: Sender, server: MailServer) -> None:
    domain = await sender.add()
    await sender.check(domain)
    assert signatures((await sender.sent(server)).raw) == []
    await sender.publish(domain, Algorithm.RSA)
    await sender.check(domain)
    [only] = signatures((await sender.sent(server)).raw)
    assert only["a"] == "rsa-sha256"


async def test_the_second_kind_alone_proves_nothing(sender: Sender, server: MailServer) -> None:
    domain = await sender.add()
    await sender.publish(domain, Algorithm.ED25519)
    assert (await sender.check(domain)).verified_at is None
    assert signatures((await sender.sent(server)).raw) == []


async def test_a_neighbour_who_claims_the_domain_signs_nothing_in_its_name(
    sender: Sender, globex: Company, server: MailServer
) -> None:
    """Acme's records are there, Globex's are not: each has shown for itself only."""
    own = await sender.verified()
    other = Sender(Desk(globex, asking(sender.desk.installation, sender.dns)), sender.dns)
    theirs = await other.add(sender.name)
    selectors = {key.selector for key in [*await sender.keys(own), *await other.keys(theirs)]}
    assert len(selectors) == 4
    assert (await other.check(theirs)).verified_at is None
    raw = mail().encode()
    address = f"support@{sender.name}"
    assert await domains.signed(other.desk.installation, globex.organization_id, address, raw) == raw


async def test_another_domain_of_the_same_organization_is_not_signed(sender: Sender) -> None:
    await sender.verified()
    raw = mail().replace("\n", "\r\n").encode()
    company = sender.company
    for address in (f"x@sub.{sender.name}", "x@other.test", "nobody"):
        assert await domains.signed(sender.desk.installation, company.organization_id, address, raw) == raw
    own = await domains.signed(sender.desk.installation, company.organization_id, f"X@{sender.name.upper()}", raw)
    assert [tags["d"] for tags in signatures(own)] == [sender.name, sender.name]


async def test_every_attempt_sends_the_bytes_that_were_signed(sender: Sender, server: MailServer) -> None:
    domain = await sender.verified()
    server.answers = ["451 later"]
    fact = await sender.desk.reply(await sender.company.ticket())
    with pytest.raises(TryAgain):
        await sender.desk.send(fact)
    async with sender.company.database.reading(sender.company.organization_id) as tx:
        key = await tx.value("select blob_key from outbound_messages")
        message_id = await tx.value("select id from outbound_messages")
    kept = await sender.company.installation.blobs.get(key)
    await sender.renew(domain)
    await sender.publish(domain)
    await sender.check(domain)
    with clock.frozen(in_seconds(6)):
        await send(sender.desk.installation, sender.company.organization_id, message_id=message_id)
    [taken] = server.taken
    assert taken.raw == kept
    assert await proved(taken.raw, sender.dns, sender.name) == ("pass", sender.name)


async def test_an_acknowledgement_is_signed_with_its_automatic_fields(sender: Sender, server: MailServer) -> None:
    await sender.verified()
    company = sender.company
    async with company.database.transaction(company.organization_id) as tx:
        await safety.change_mail_rules(tx, safety.MailRules(acknowledges=True))
        [mailbox] = await email.mailboxes(tx)
    post = Post(company, mailbox)
    row = await post.bring(mail(more="Message-ID: <one@customer.test>\n"))
    ticket = await post.ticket(row)
    fact = tickets.TicketOpened(**tickets.about(ticket, None), comment_id=row.comment_id, source=tickets.Source.EMAIL)
    await email.acknowledge(sender.desk.installation, sender.company.organization_id, fact=fact)
    async with sender.company.database.reading(sender.company.organization_id) as tx:
        message_id = await tx.value("select id from outbound_messages where kind = 'AUTOMATIC'")
    await send(sender.desk.installation, sender.company.organization_id, message_id=message_id)
    [taken] = server.taken
    named = {name.strip() for name in signatures(taken.raw)[0]["h"].split(":")}
    assert {"auto-submitted", "precedence", "in-reply-to", "references"} <= named
    assert await proved(taken.raw, sender.dns, sender.name) == ("pass", sender.name)


async def test_difficult_words_keep_their_signature_over_smtp(sender: Sender, server: MailServer) -> None:
    """Lines that begin with a dot or with From, lines without end, words outside ASCII, blanks at the end."""
    await sender.verified()
    lines = [".", "..", ".hidden", "From here", "x" * 3000, "Grüße, 漢字 🎉", "blanks   ", "\ttab\t", "", "", "-- "]
    fact = await sender.desk.reply(await sender.company.ticket("Größe 漢字 🎉"), Words("\n".join(lines)))
    await sender.desk.send(fact)
    [taken] = server.taken
    assert taken.raw.isascii()
    assert max(len(line) for line in taken.raw.split(b"\r\n")) <= 998
    assert await proved(taken.raw, sender.dns, sender.name) == ("pass", sender.name)
    body = taken.message.get_body(("plain",))
    assert body is not None
    assert ".hidden" in body.get_content() and "Grüße, 漢字 🎉" in body.get_content()


async def test_a_large_mail_is_signed_as_it_is(sender: Sender) -> None:
    await sender.verified()
    lines = b"\r\n".join([b"QUJD" * 18] * 20_000)
    raw = b"From: Support <x@acme.test>\r\nSubject: Large\r\nTo: c@d.test\r\n\r\n" + lines + b"\r\n.\r\n\r\n"
    raw = raw.replace(b"acme.test", sender.name.encode())
    signed = await domains.signed(sender.desk.installation, sender.company.organization_id, f"x@{sender.name}", raw)
    assert [tags["c"] for tags in signatures(signed)] == ["relaxed/simple", "relaxed/simple"]
    for number in (0, 1):
        assert dkim.DKIM(signed).verify(number, dnsfunc=_told_by(sender.dns)) is True
    with pytest.raises(dkim.ValidationError, match="body hash mismatch"):
        dkim.DKIM(signed.replace(b"QUJD", b"QUJE", 1)).verify(0, dnsfunc=_told_by(sender.dns))


async def test_an_internationalised_domain_is_signed_as_the_dns_writes_it(sender: Sender) -> None:
    domain = await sender.add("Bücher.test")
    assert domain.domain == "xn--bcher-kva.test"
    await sender.publish(domain)
    await sender.check(domain)
    raw = "From: Büro <büro@bücher.test>\r\nTo: x@y.test\r\nSubject: Grüße\r\n\r\nHallo\r\n".encode()
    signed = await domains.signed(sender.desk.installation, sender.company.organization_id, "büro@bücher.test", raw)
    assert signatures(signed)[0]["d"] == "xn--bcher-kva.test"
    assert dkim.DKIM(signed).verify(0, dnsfunc=_told_by(sender.dns)) is True


async def test_with_another_secret_key_mail_goes_unsigned_until_there_are_new_keys(sender: Sender) -> None:
    domain = await sender.verified()
    company = sender.company
    async with company.database.transaction(company.organization_id) as tx:
        await tx.run("update signing_keys set sealed = '\\x01'::bytea")
    raw = mail().replace("\n", "\r\n").encode()
    address = f"x@{sender.name}"
    assert await domains.signed(sender.desk.installation, company.organization_id, address, raw) == raw
    await sender.renew(domain)
    await sender.publish(domain)
    await sender.check(domain)
    signed = await domains.signed(sender.desk.installation, company.organization_id, address, raw)
    assert [tags["s"][-2:] for tags in signatures(signed)] == ["r2", "e2"]


async def test_private_halves_are_sealed_in_their_own_place(sender: Sender) -> None:
    domain = await sender.add()
    rsa, ed25519 = await sender.keys(domain)
    company, sealer = sender.company, sender.company.installation.sealer
    private = await domains.opened(company.organization_id, sealer, rsa)
    assert private is not None and b"RSA PRIVATE KEY" in private.splitlines()[0]
    assert rsa.sealed is not None and b"PRIVATE" not in rsa.sealed
    moved = msgspec.structs.replace(ed25519, sealed=rsa.sealed)
    assert await domains.opened(company.organization_id, sealer, moved) is None


async def test_lists_and_repeated_fields_are_signed_as_often_as_they_stand_there() -> None:
    pair = (await domains.new_pairs())[Algorithm.RSA]
    raw = b"From: a@b.test\r\nList-Id: <x.b.test>\r\nList-Unsubscribe: <mailto:u@b.test>\r\n\r\nHello\r\n"
    [tags] = signatures(stamped(raw, [Stamp(Algorithm.RSA, "s1", "b.test", pair.private)]))
    assert [name.strip() for name in tags["h"].split(":")][-2:] == ["list-id", "list-unsubscribe"]


def _told_by(dns: NameServer) -> object:
    def text(name: bytes, timeout: float = 5) -> bytes:
        [record] = dns.records[name.decode().rstrip("."), "TXT"]
        return "".join(record.strip('"').split('" "')).encode()

    return text
