"""A scanner that is down, slow, or talks nonsense loses no mail and holds none up; the ledger says what it missed."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import msgspec
import pytest

from parlour.email.safety.scanners import viruses
from parlour.foundation import clock
from tests.builders import Company
from tests.email.post import Post, mail, post_of
from tests.mail.folders import free_ports

FILE = (
    'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="cut"\n',
    "--cut\nContent-Type: text/plain\n\nIt hums.\n"
    "--cut\nContent-Type: text/plain\nContent-Disposition: attachment; filename=plan.txt\n\nWords.\n--cut--",
)


@dataclass
class Scanner:
    """Says always the same, whatever it is asked; None is silence."""

    answer: bytes | None
    port: int = 0
    asked: int = 0
    _ending: asyncio.Event = field(default_factory=asyncio.Event)

    async def meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.asked += 1
        if self.answer is None:
            await self._ending.wait()
        else:
            await reader.read(100)
            # In two pieces, as a network may cut it.
            for piece in (self.answer[:9], self.answer[9:]):
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0)
        writer.close()

    def end(self) -> None:
        self._ending.set()


@asynccontextmanager
async def scanner(answer: bytes | None) -> AsyncIterator[Scanner]:
    twin = Scanner(answer)
    server = await asyncio.start_server(twin.meet, "127.0.0.1", 0)
    twin.port = server.sockets[0].getsockname()[1]
    try:
        yield twin
    finally:
        twin.end()
        server.close()
        await server.wait_closed()


async def post_with(company: Company, url: str) -> Post:
    setting = "virus_scanner_url" if url.startswith("tcp") else "spam_filter_url"
    settings = company.installation.settings.model_copy(update={setting: url, "mail_scan_seconds": 0.3})
    installation = msgspec.structs.replace(company.installation, settings=settings)
    return await post_of(dataclasses.replace(company, installation=installation))


async def unchecked(post: Post) -> str | None:
    async with post.company.database.reading(post.company.organization_id) as tx:
        found: str | None = await tx.value("select unchecked from inbound_messages order by id desc limit 1")
        return found


async def with_file(post: Post) -> str | None:
    """The warning on the file of a mail that comes in."""
    row = await post.bring(mail(FILE[1], more=FILE[0]))
    assert row.outcome == "ADMITTED"
    [comment] = await post.comments(row)
    return comment.attachments[0].warning


def http(body: bytes, length: int | None = None) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body) if length is None else length, body)


SPAM_JSON = b'{"action": "reject", "score": 16.0, "required_score": 15.0}'


@pytest.mark.parametrize(
    ("scheme", "answer", "words"),
    [
        ("spamd", None, "SpamAssassin: no answer in time."),
        ("spamd", b"", "SpamAssassin: SpamAssassin gave no verdict, it said nothing."),
        ("spamd", b"\0\xff garbage", "SpamAssassin: SpamAssassin gave no verdict, it said “� garbage”."),
        (
            "spamd",
            b"SPAMD/1.1 0 EX_OK\r\nSpam: True ; 10",
            "SpamAssassin: SpamAssassin gave no verdict, it said “SPAMD/1.1 0 EX_OK Spam: True ; 10”.",
        ),
        ("http", None, "rspamd: "),
        ("http", b"", "rspamd: "),
        ("http", b"\0\xff garbage", "rspamd: "),
        ("http", http(b"[]"), "rspamd: "),
        ("http", http(b"{}"), "rspamd: "),
        ("http", http(SPAM_JSON[:30], len(SPAM_JSON)), "rspamd: "),
        ("http", b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n", "rspamd: rspamd answered 500."),
    ],
)
async def test_a_filter_that_gives_no_verdict_is_noted_and_the_mail_let_in(
    acme: Company, scheme: str, answer: bytes | None, words: str
) -> None:
    async with scanner(answer) as twin:
        post = await post_with(acme, f"{scheme}://127.0.0.1:{twin.port}")
        row = await post.bring(mail())
        assert (row.outcome, twin.asked) == ("ADMITTED", 1)
        noted = await unchecked(post)
        assert noted and noted.startswith(words) and len(noted) > len("rspamd: .")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (None, "no answer in time"),
        (b"", viruses.HUNG_UP),
        (b"stream: O", "ClamAV said “stream: O”"),
        (b"stream: Some.Virus FOUND", "ClamAV said “stream: Some.Virus FOUND”"),
        (b"UNKNOWN COMMAND\0", "ClamAV said “UNKNOWN COMMAND”"),
    ],
)
async def test_a_file_that_was_not_checked_says_so(acme: Company, answer: bytes | None, words: str) -> None:
    async with scanner(answer) as twin:
        post = await post_with(acme, f"tcp://127.0.0.1:{twin.port}")
        assert await with_file(post) == f"It was not checked for viruses: {words}."
        assert await unchecked(post) == f"ClamAV: plan.txt ({words})."


@pytest.mark.parametrize("scheme", ["spamd", "http", "tcp"])
async def test_one_that_is_down_loses_nothing(acme: Company, scheme: str) -> None:
    [port] = free_ports(1)
    post = await post_with(acme, f"{scheme}://127.0.0.1:{port}")
    await with_file(post)
    assert await unchecked(post)


async def test_verdicts_that_arrive_in_pieces_count(acme: Company) -> None:
    async with scanner(b"SPAMD/1.1 0 EX_OK\r\nSpam: True ; 10.5 / 5.0\r\n\r\n") as twin:
        post = await post_with(acme, f"spamd://127.0.0.1:{twin.port}")
        assert (await post.bring(mail())).reason == "It looks like spam (SpamAssassin 10.5 of 5)."


async def test_an_answer_of_rspamd_counts(acme: Company) -> None:
    async with scanner(http(SPAM_JSON)) as twin:
        post = await post_with(acme, f"http://127.0.0.1:{twin.port}")
        assert (await post.bring(mail())).reason == "It looks like spam (rspamd 16 of 15)."


async def test_one_that_stays_silent_is_left_in_peace_for_a_while(acme: Company) -> None:
    async with scanner(None) as twin:
        post = await post_with(acme, f"tcp://127.0.0.1:{twin.port}")
        with clock.frozen(clock.now()):
            for _ in range(5):
                await with_file(post)
            assert twin.asked == 3
            assert await unchecked(post) == "ClamAV: plan.txt (it has not answered lately)."
        with clock.frozen(clock.now() + timedelta(seconds=31)):
            twin.answer = b"stream: OK\0"
            assert await with_file(post) is None
            assert await with_file(post) is None
            assert (twin.asked, await unchecked(post)) == (5, None)
