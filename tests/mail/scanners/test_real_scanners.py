"""What rspamd, SpamAssassin and ClamAV really answer decides what becomes of a mail."""

import base64
import dataclasses
from collections.abc import Iterator
from uuid import UUID

import msgspec
import pytest

from parlour import email
from parlour.email.safety import Spam
from parlour.email.safety.scanners import viruses
from tests.builders import Company
from tests.email.post import Post, Row, mail, post_of
from tests.mail.scanners import servers
from tests.mail.scanners.servers import EICAR, GTUBE

HAM = "My grinder hums since Tuesday, but nothing comes out.\nWhat can I do about it?"
HEADERS = "To: support@acme.test\nDate: Tue, 6 Oct 2026 10:00:00 +0000\nMessage-ID: <{}@customer.test>\n"


class Found(msgspec.Struct):
    spam: Spam | None
    unchecked: str | None


@pytest.fixture(scope="module")
def rspamd() -> Iterator[str]:
    with servers.rspamd() as url:
        yield url


@pytest.fixture(scope="module")
def spamd() -> Iterator[str]:
    with servers.spamd() as url:
        yield url


@pytest.fixture(scope="module")
def clamd() -> Iterator[tuple[str, str]]:
    with servers.clamd() as urls:
        yield urls


@pytest.fixture(params=["rspamd", "spamd"])
def spam_filter(request: pytest.FixtureRequest) -> str:
    url: str = request.getfixturevalue(request.param)
    return url


async def post_with(company: Company, **urls: str) -> Post:
    # The first mail after their start takes them seconds on a busy machine.
    settings = company.installation.settings.model_copy(update={**urls, "mail_scan_seconds": 15.0})
    installation = msgspec.structs.replace(company.installation, settings=settings)
    return await post_of(dataclasses.replace(company, installation=installation))


async def found_in(post: Post, row: Row) -> Found:
    async with post.company.database.reading(post.company.organization_id) as tx:
        return await tx.one(
            Found,
            """
            select spam, unchecked from inbound_messages
            where message_id is not distinct from %(message_id)s and received_at <= %(at)s
            order by id desc limit 1
            """,
            message_id=row.message_id,
            at=row.processed_at,
        )


def with_file(name: str, content: bytes) -> str:
    encoded = base64.encodebytes(content).decode()
    return (
        f"--cut\nContent-Type: application/octet-stream\nContent-Transfer-Encoding: base64\n"
        f'Content-Disposition: attachment; filename="{name}"\n\n{encoded}\n'
    )


def with_files(*parts: str) -> str:
    more = 'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="cut"\n'
    return mail(f"--cut\nContent-Type: text/plain\n\n{HAM}\n{''.join(parts)}--cut--", more=more)


async def test_spam_waits_and_ham_is_a_ticket(acme: Company, spam_filter: str) -> None:
    post = await post_with(acme, spam_filter_url=spam_filter)
    ham = await post.bring(mail(HAM, subject="My grinder hums", more=HEADERS.format("ham")))
    assert (ham.outcome, ham.reason) == ("ADMITTED", None)
    found = await found_in(post, ham)
    assert found.spam and not found.spam.is_spam and found.unchecked is None
    spam = await post.bring(mail(GTUBE, more=HEADERS.format("spam")))
    assert (spam.outcome, spam.ticket_id) == ("QUARANTINED", None)
    found = await found_in(post, spam)
    assert found.spam and found.spam.is_spam and found.spam.score and found.spam.limit
    assert spam.reason == f"It looks like spam ({found.spam.source} {found.spam.score:g} of {found.spam.limit:g})."
    assert found.spam.score >= found.spam.limit


async def test_strange_bytes_get_a_verdict_and_large_mails_are_let_in(acme: Company, spam_filter: str) -> None:
    post = await post_with(acme, spam_filter_url=spam_filter)
    strange = await post.bring(b"From: carol@customer.test\r\nSubject: \xff\xfe\0\r\n\r\n" + b"\0\xff" * 5000)
    found = await found_in(post, strange)
    assert found.spam and found.spam.score is not None and found.unchecked is None
    assert strange.outcome == ("QUARANTINED" if found.spam.is_spam else "ADMITTED")
    large = await post.bring(mail("A line of words.\n" * 200_000, more=HEADERS.format("large")))
    assert large.outcome == "ADMITTED"
    unchecked = (await found_in(post, large)).unchecked
    assert unchecked == ("SpamAssassin: larger than 524,288 bytes." if spam_filter.startswith("spamd") else None)


@pytest.mark.parametrize("way", [0, 1], ids=["tcp", "socket"])
async def test_a_virus_waits_wherever_it_stands(acme: Company, clamd: tuple[str, str], way: int) -> None:
    post = await post_with(acme, virus_scanner_url=clamd[way])
    clean = await post.bring(with_files(with_file("plan.bin", b"words"), with_file("empty.bin", b"")))
    assert clean.outcome == "ADMITTED"
    assert [file.warning for file in (await post.comments(clean))[0].attachments] == [None, None]
    assert (await found_in(post, clean)).unchecked is None
    row = await post.bring(with_files(with_file("plan.bin", b"words"), with_file("eicar.com.txt", EICAR)))
    assert (row.outcome, row.ticket_id) == ("QUARANTINED", None)
    assert row.reason == "A virus was found in eicar.com.txt: Parlour.Eicar.UNOFFICIAL."


async def test_what_is_let_out_of_quarantine_keeps_its_warning(acme: Company, clamd: tuple[str, str]) -> None:
    post = await post_with(acme, virus_scanner_url=clamd[0])
    await post.bring(with_files(with_file("eicar.com.txt", EICAR)))
    company = post.company
    async with company.database.transaction(company.organization_id) as tx:
        [held] = await email.quarantined(tx)
        await email.release(tx, [held.id], by=company.alice)
    row = await post.take_in(UUID(str(held.id)))
    [comment] = await post.comments(row)
    assert [file.warning for file in comment.attachments] == ["It holds a virus: Parlour.Eicar.UNOFFICIAL."]


async def test_a_file_too_large_for_the_scanner_hides_no_virus(acme: Company, clamd: tuple[str, str]) -> None:
    post = await post_with(acme, virus_scanner_url=clamd[0])
    large = with_file("large.bin", b"x" * (3 * servers.LARGEST_FILE))
    row = await post.bring(with_files(large, with_file("plan.bin", b"words")))
    assert row.outcome == "ADMITTED"
    [comment] = await post.comments(row)
    # It hangs up on us in the middle of a word, and whether its own last words still reach us is up to the network.
    whys = ("ClamAV said “INSTREAM size limit exceeded. ERROR”", viruses.HUNG_UP)
    [why] = [why for why in whys if comment.attachments[0].warning == f"It was not checked for viruses: {why}."]
    assert comment.attachments[1].warning is None
    assert (await found_in(post, row)).unchecked == f"ClamAV: large.bin ({why})."
    row = await post.bring(with_files(large, with_file("eicar.com.txt", EICAR)))
    assert row.reason == "A virus was found in eicar.com.txt: Parlour.Eicar.UNOFFICIAL."
