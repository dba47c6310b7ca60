"""Programs beside us that know spam and viruses: rspamd, SpamAssassin, ClamAV.

One that does not answer holds nothing up.
"""

import asyncio
import re
import struct
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final
from urllib.parse import urlsplit

import msgspec

from parlour.email.ledger import Entry
from parlour.email.reading.headers import Headers
from parlour.email.safety.verdicts import Spam
from parlour.foundation import fetching
from parlour.foundation.fetching import ANYWHERE, Limits, NotFetched

_SECONDS: Final = 8.0
_LARGEST_FOR_SPAMD: Final = 512 * 1024
_LARGEST_FOR_RSPAMD: Final = 20 * 1024 * 1024
_PIECE: Final = 64 * 1024
_LONGEST_ANSWER: Final = 64 * 1024
_SPAM_ACTIONS: Final = ("reject", "add header", "rewrite subject", "quarantine")
_SPAMD_VERDICT: Final = re.compile(
    rb"^Spam:\s*(True|False|Yes|No)\s*;\s*(-?[\d.]+)\s*/\s*(-?[\d.]+)", re.IGNORECASE | re.MULTILINE
)
_NUMBER: Final = r"(-?\d{1,6}(?:\.\d{1,4})?)"


class NotScanned(Exception):
    """The scanner did not say."""


class _Checked(msgspec.Struct):
    action: str = ""
    score: float = 0.0
    required_score: float = 0.0


def spam_told(fields: Headers) -> Spam | None:
    """What the mailbox's own server wrote into the headers. Any that says spam is believed, wherever it stands."""
    told = [*_by_spamassassin(fields), *_by_rspamd(fields), *_by_microsoft(fields)]
    return next((spam for spam in told if spam.is_spam), told[0] if told else None)


async def spam_asked(url: str, entry: Entry, raw: bytes) -> Spam | None:
    """What the filter of the settings says; None where there is none. A filter that does not answer is noted."""
    if not url:
        return None
    is_spamd = urlsplit(url).scheme == "spamd"
    source = "SpamAssassin" if is_spamd else "rspamd"
    try:
        async with asyncio.timeout(_SECONDS):
            return await (_ask_spamd(url, raw) if is_spamd else _ask_rspamd(url, entry, raw))
    except (NotFetched, NotScanned, OSError, TimeoutError, msgspec.MsgspecError) as failure:
        return Spam(is_spam=False, source=source, note=f"Not checked: {failure or 'no answer in time'}")


async def viruses_in(url: str, files: Sequence[bytes]) -> dict[int, str]:
    """What ClamAV calls what it found, by the file's place. Raises `NotScanned` where it can't be asked."""
    found: dict[int, str] = {}
    try:
        async with asyncio.timeout(_SECONDS):
            for number, content in enumerate(files):
                if name := await _ask_clamav(url, content):
                    found[number] = name
    except (OSError, TimeoutError) as failure:
        raise NotScanned(str(failure) or "no answer in time") from failure
    return found


def _by_spamassassin(fields: Headers) -> list[Spam]:
    flags = [value.strip().lower() for value in fields.all("x-spam-flag")]
    told = [Spam(is_spam=flag == "yes", source="X-Spam-Flag") for flag in flags if flag]
    for status in fields.all("x-spam-status"):
        score = re.search(rf"(?:score|hits)={_NUMBER}", status)
        limit = re.search(rf"required={_NUMBER}", status)
        is_spam = status.strip().lower().startswith("yes")
        told.append(Spam(is_spam, _float(score), _float(limit), "X-Spam-Status"))
    return told


def _by_rspamd(fields: Headers) -> list[Spam]:
    told = [
        Spam(is_spam=value.strip().lower() in _SPAM_ACTIONS, source="X-Rspamd-Action")
        for value in fields.all("x-rspamd-action")
    ]
    for value in fields.all("x-spamd-result"):
        # default: False [1.20 / 15.00]; …
        found = re.match(rf"\s*\w+:\s*(True|False)\s*\[{_NUMBER}\s*/\s*{_NUMBER}\]", value, re.IGNORECASE)
        if found:
            told.append(Spam(found[1].lower() == "true", float(found[2]), float(found[3]), "X-Spamd-Result"))
    return told


def _by_microsoft(fields: Headers) -> list[Spam]:
    told = []
    for name in ("x-microsoft-antispam", "x-forefront-antispam-report", "x-ms-exchange-organization-scl"):
        for value in fields.all(name):
            level = re.search(r"\bSCL:(-?\d)\b", value) or re.fullmatch(r"\s*(-?\d)\s*", value)
            if level:
                told.append(Spam(int(level[1]) >= 5, float(level[1]), 5.0, "SCL"))
    return told


async def _ask_rspamd(url: str, entry: Entry, raw: bytes) -> Spam:
    headers = {
        "From": entry.envelope_sender,
        "Rcpt": entry.envelope_recipients[0] if entry.envelope_recipients else "",
        "IP": entry.client_address or "",
        "Helo": entry.client_name or "",
        "Queue-Id": str(entry.id),
    }
    told = {name: value for name, value in headers.items() if value and value.isascii() and value.isprintable()}
    where = url if urlsplit(url).path.strip("/") else f"{url.rstrip('/')}/checkv2"
    answer = await fetching.fetch(
        where,
        method="POST",
        headers=told,
        body=raw[:_LARGEST_FOR_RSPAMD],
        limits=Limits(seconds=_SECONDS, size=1024 * 1024, redirects=0),
        guard=ANYWHERE,
    )
    if answer.status != 200:
        raise NotScanned(f"rspamd answered {answer.status}")
    checked = msgspec.json.decode(answer.body, type=_Checked)
    return Spam(checked.action in _SPAM_ACTIONS, checked.score, checked.required_score, "rspamd")


async def _ask_spamd(url: str, raw: bytes) -> Spam:
    if len(raw) > _LARGEST_FOR_SPAMD:
        return Spam(is_spam=False, source="SpamAssassin", note="Not checked: too large.")
    async with _connected(url, 783) as (reader, writer):
        writer.write(b"CHECK SPAMC/1.5\r\nContent-length: %d\r\n\r\n" % len(raw) + raw)
        await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
        found = _SPAMD_VERDICT.search(await reader.read(_LONGEST_ANSWER))
    if not found:
        raise NotScanned("SpamAssassin did not give a verdict")
    is_spam = found[1].lower() in (b"true", b"yes")
    return Spam(is_spam, float(found[2]), float(found[3]), "SpamAssassin")


async def _ask_clamav(url: str, content: bytes) -> str | None:
    async with _connected(url, 3310) as (reader, writer):
        writer.write(b"zINSTREAM\0")
        for start in range(0, len(content), _PIECE):
            piece = content[start : start + _PIECE]
            writer.write(struct.pack("!I", len(piece)) + piece)
            await writer.drain()
        writer.write(struct.pack("!I", 0))
        await writer.drain()
        words = (await reader.read(4096)).rstrip(b"\0\r\n").decode("utf-8", "replace")
    if words.endswith("FOUND"):
        return words.removeprefix("stream:").removesuffix("FOUND").strip()
    if not words.endswith("OK"):
        raise NotScanned(words or "ClamAV hung up")
    return None


@asynccontextmanager
async def _connected(url: str, port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    place = urlsplit(url)
    if place.scheme == "unix":
        reader, writer = await asyncio.open_unix_connection(place.path)
    else:
        reader, writer = await asyncio.open_connection(place.hostname or "localhost", place.port or port)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


def _float(found: re.Match[str] | None) -> float | None:
    return float(found[1]) if found else None
