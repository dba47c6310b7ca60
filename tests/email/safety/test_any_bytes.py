"""Any bytes whatsoever end accounted for, within a bound of time and memory."""

import random
import time
import zipfile
from io import BytesIO

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from parlour.email.reading import parse
from parlour.email.reading.headers import Headers
from parlour.email.safety import testimony as told
from parlour.email.safety.automatic import signs_of
from parlour.email.safety.bounces import bounce_in
from parlour.email.safety.scanners import spam_told
from parlour.tickets import danger_of
from tests.email.post import Post, post

__all__ = ["post"]
MEGABYTE = 1024 * 1024
SECONDS = 15.0
"""Far more than any needs on a quiet machine; what grows with the square would need hours."""


def nested(depth: int) -> bytes:
    begin = b"".join(
        b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (level, level) for level in range(depth)
    )
    return b"From: carol@customer.test\r\n" + begin + b"Content-Type: text/plain\r\n\r\nHello\r\n"


def bomb() -> bytes:
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for number in range(30):
            archive.writestr(f"{number}.txt", b"\0" * (40 * MEGABYTE))
    return packed.getvalue()


def mail_with(file: bytes, name: bytes = b"a.zip") -> bytes:
    return (
        b'From: carol@customer.test\r\nContent-Type: multipart/mixed; boundary="x"\r\n\r\n--x\r\n'
        b"Content-Type: application/zip\r\nContent-Transfer-Encoding: binary\r\n"
        b"Content-Disposition: attachment; filename=" + name + b"\r\n\r\n" + file + b"\r\n--x--\r\n"
    )


HOSTILE = {
    "ten thousand nested parts": nested(10_000),
    "fifty megabytes of headers": b"From: carol@customer.test\r\n"
    + b"X-Long: a\r\n" * (50 * MEGABYTE // 11)
    + b"\r\nHi",
    "one header of fifty megabytes": b"From: carol@customer.test\r\nSubject: " + b"a" * (50 * MEGABYTE) + b"\r\n\r\nHi",
    "a header folded a million times": b"From: carol@customer.test\r\nReferences:"
    + b"\r\n <a@b>" * 1_000_000
    + b"\r\n\r\nHi",
    "a hundred thousand parts": b"From: c@d.test\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n"
    + b"--x\r\n\r\nHi\r\n" * 100_000,
    "a boundary that is never closed": b"From: c@d.test\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n"
    + b"a\n" * MEGABYTE,
    "a mail inside itself": b"From: c@d.test\r\nContent-Type: message/rfc822\r\n\r\n" * 20_000 + b"Hi",
    "an answer to itself": (
        b"From: c@d.test\r\nMessage-ID: <a@b.test>\r\nIn-Reply-To: <a@b.test>\r\nReferences: <a@b.test>\r\n\r\nHi"
    ),
    "ten megabytes of spaces": b"From: c@d.test\r\n\r\n" + b" " * (10 * MEGABYTE),
    "ten megabytes of brackets": b"From: c@d.test\r\nTo: " + b"(" * 60_000 + b"\r\n\r\n" + b"<" * (10 * MEGABYTE),
    "nothing": b"",
    "zeros": b"\0" * MEGABYTE,
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_mail_is_accounted_for_in_time(post: Post, name: str) -> None:
    begun = time.process_time()
    row = await post.bring(HOSTILE[name], sender="carol@customer.test")
    assert row.outcome in ("ADMITTED", "REFUSED") and (row.reason or row.ticket_id)
    assert time.process_time() - begun < SECONDS


async def test_an_archive_that_would_fill_the_disk_is_never_unpacked(post: Post) -> None:
    begun = time.process_time()
    packed = bomb()
    spent_packing = time.process_time() - begun
    begun = time.process_time()
    assert danger_of("a.zip", packed) == "It is an archive that unpacks to 1,200 MB."
    assert time.process_time() - begun < 1
    row = await post.bring(mail_with(packed))
    [comment] = await post.comments(row)
    [file] = comment.attachments
    assert (file.size, file.warning) == (len(packed), "It is an archive that unpacks to 1,200 MB.")
    assert time.process_time() - begun < SECONDS + spent_packing


async def test_random_bytes_are_accounted_for(post: Post) -> None:
    dice = random.Random(20261123)
    pieces = [
        b"From: a@b.test\r\n",
        b"\r\n",
        b"--x\r\n",
        b"Content-Type: multipart/report; boundary=x\r\n",
        b"\xff\0\n",
    ]
    for _ in range(60):
        raw = b"".join(dice.choice([*pieces, dice.randbytes(dice.randrange(40))]) for _ in range(dice.randrange(30)))
        row = await post.bring(raw, sender=dice.choice(["", "x@y.test"]))
        assert row.outcome is not None and (row.ticket_id or row.reason)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.binary(max_size=3000), st.sampled_from(["", "<>", "a@b.test"]))
def test_no_bytes_upset_a_judge(raw: bytes, sender: str) -> None:
    _look_at(raw, sender)


_WORDS = st.sampled_from(
    [
        b"From: mailer-daemon@x.test\r\n",
        b"Subject: failure notice\r\n",
        b"Content-Type: multipart/report; report-type=delivery-status; boundary=x\r\n",
        b"Content-Type: message/delivery-status\r\n",
        b"Authentication-Results: mx; spf=pass (a;b) smtp.mailfrom=x; dmarc=",
        b"X-Spam-Status: Yes, score=",
        b"\r\n",
        b"--x\r\n",
        b"Action: failed\r\n",
        b"Final-Recipient: rfc822; a@b.test\r\n",
        b"550 5.1.1 ",
        b"(",
        b'"',
        b";",
        b"=",
    ]
)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(_WORDS | st.binary(max_size=8), max_size=60).map(b"".join))
def test_no_mail_that_looks_like_a_report_upsets_a_judge(raw: bytes) -> None:
    _look_at(raw, "")


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=60), st.binary(max_size=2000))
def test_no_file_upsets_whoever_looks_at_it(name: str, content: bytes) -> None:
    for start in (
        b"",
        b"PK\x03\x04",
        b"%PDF-",
        b"GIF89a",
        b"PK\x01\x02" + b"\xff" * 60,
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    ):
        warning = danger_of(name, start + content)
        assert warning is None or len(warning) <= 500


def _look_at(raw: bytes, sender: str) -> None:
    fields = Headers(raw)
    signs_of(fields, sender)
    bounce_in(raw, parse(raw, envelope_sender=sender).text, sender)
    told.testimony(fields, "mx", "b.test")
    spam_told(fields)
