"""Mails made to hurt whoever reads them. Each is as large as it may be, or larger."""

import base64
import gzip
import zipfile
from collections.abc import Callable
from io import BytesIO
from typing import Final

MEGABYTE: Final = 1024 * 1024
_FROM: Final = b"From: Carol <carol@customer.test>\r\n"


def nested_parts(depth: int = 10_000) -> bytes:
    levels = (
        b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (level, level) for level in range(depth)
    )
    return _FROM + b"".join(levels) + b"Content-Type: text/plain\r\n\r\nHello\r\n"


def nested_mails(depth: int = 10_000) -> bytes:
    return (_FROM + b"Subject: Inside\r\nContent-Type: message/rfc822\r\n\r\n") * depth + b"\r\nHello\r\n"


def nested_mails_in_parts(depth: int = 10_000) -> bytes:
    levels = (
        b'%sContent-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\nContent-Type: message/rfc822\r\n\r\n'
        % (_FROM, level, level)
        for level in range(depth)
    )
    return b"".join(levels) + _FROM + b"\r\nHello\r\n"


def headers(megabytes: int) -> bytes:
    line = b"X-Long: a\r\n"
    return _FROM + line * (megabytes * MEGABYTE // len(line)) + b"\r\nHello\r\n"


def one_header(megabytes: int) -> bytes:
    return _FROM + b"Subject: " + b"a" * (megabytes * MEGABYTE) + b"\r\n\r\nHello\r\n"


def empty_lines(megabytes: int) -> bytes:
    return _FROM + b"\r\n" * (megabytes * MEGABYTE // 2)


def recipients(count: int = 100_000) -> bytes:
    named = b",\r\n ".join(b"Person %d <person%d@customer.test>" % (number, number) for number in range(count))
    return _FROM + b"To: " + named + b"\r\nCc: " + named + b"\r\n\r\nHello\r\n"


def references(count: int = 1_000_000) -> bytes:
    """They lead round in a circle, and to itself."""
    ids = b"".join(b"\r\n <%d@customer.test>" % (number % 1000) for number in range(count))
    named = b"Message-ID: <0@customer.test>\r\nIn-Reply-To:" + ids + b"\r\nReferences:" + ids
    return _FROM + named + b"\r\n\r\nHello\r\n"


def one_line(megabytes: int) -> bytes:
    return _FROM + b"\r\n" + b"a" * (megabytes * MEGABYTE) + b"\r\n"


def markup(megabytes: int) -> bytes:
    cell = b"<table><tr><td style='color:red' onclick='x()'>a<b>"
    return _FROM + b"Content-Type: text/html\r\n\r\n" + cell * (megabytes * MEGABYTE // len(cell)) + b"\r\n"


def many_parts(count: int = 100_000) -> bytes:
    return _FROM + b"Content-Type: multipart/mixed; boundary=x\r\n\r\n" + b"--x\r\n\r\nHi\r\n" * count + b"--x--\r\n"


def zip_bomb() -> bytes:
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for number in range(5):
            archive.writestr(f"{number}.txt", b"\0" * (50 * MEGABYTE))
    return _with_file("plan.zip", "application/zip", packed.getvalue())


def compressed_bomb() -> bytes:
    """Compressed twice: a few hundred bytes that are 200 MB."""
    once = gzip.compress(b"\0" * (200 * MEGABYTE), 1)
    return _with_file("plan.txt.gz.gz", "application/gzip", gzip.compress(once, 9))


def large_file(megabytes: int) -> bytes:
    return _with_file("plan.bin", "application/octet-stream", bytes(range(256)) * (megabytes * 4096))


def broken_base64(megabytes: int) -> bytes:
    return _with_encoded("plan.pdf", "application/pdf", b"!=A\r\n" * (megabytes * MEGABYTE // 5))


def _with_file(name: str, kind: str, content: bytes) -> bytes:
    return _with_encoded(name, kind, base64.encodebytes(content).replace(b"\n", b"\r\n"))


def _with_encoded(name: str, kind: str, encoded: bytes) -> bytes:
    return (
        _FROM
        + b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nSee the plan.\r\n--x\r\n"
        + f'Content-Type: {kind}\r\nContent-Disposition: attachment; filename="{name}"\r\n'.encode()
        + b"Content-Transfer-Encoding: base64\r\n\r\n"
        + encoded
        + b"\r\n--x--\r\n"
    )


TAKEN: Final[dict[str, Callable[[], bytes]]] = {
    "ten thousand nested parts": nested_parts,
    "ten thousand mails, each inside another": nested_mails,
    "ten thousand mails, each a part of another": nested_mails_in_parts,
    "34 MB of headers": lambda: headers(34),
    "one header of 34 MB": lambda: one_header(34),
    "34 MB of empty lines": lambda: empty_lines(34),
    "a hundred thousand recipients, twice": recipients,
    "a million references in a circle, twice": lambda: references(750_000),
    "one line of 30 MB": lambda: one_line(30),
    "30 MB of HTML": lambda: markup(30),
    "a hundred thousand parts": many_parts,
    "an archive that is 250 MB unpacked": zip_bomb,
    "a file compressed twice": compressed_bomb,
    "a file of 24 MB": lambda: large_file(24),
    "30 MB of broken base64": lambda: broken_base64(30),
}
"""What is not larger than a mail may be."""
