"""Filters beside us that know spam: rspamd and SpamAssassin. One that does not answer holds nothing up."""

import asyncio
import re
from typing import Final
from urllib.parse import urlsplit

import msgspec

from parlour.email.ledger import Entry
from parlour.email.safety.scanners.asking import NotScanned, asked, resting, shown
from parlour.email.safety.scanners.told import SPAM_ACTIONS
from parlour.email.safety.verdicts import Spam
from parlour.foundation import fetching
from parlour.foundation.fetching import ANYWHERE, Limits, NotFetched
from parlour.foundation.settings import Settings

_LARGEST_FOR_SPAMD: Final = 512 * 1024
_LARGEST_FOR_RSPAMD: Final = 20 * 1024 * 1024
# To the end of its line: of a number that was cut off nobody knows how large it was.
_SPAMD_VERDICT: Final = re.compile(
    rb"^Spam:\s*(True|False|Yes|No)\s*;\s*(-?\d+(?:\.\d+)?)\s*/\s*(-?\d+(?:\.\d+)?)\s*?\r?\n",
    re.IGNORECASE | re.MULTILINE,
)


class _Checked(msgspec.Struct):
    action: str
    score: float
    required_score: float


async def spam_asked(settings: Settings, entry: Entry, raw: bytes) -> Spam | None:
    """What the filter of the settings says; None where there is none. A filter that does not answer is noted."""
    url, seconds = settings.spam_filter_url, settings.mail_scan_seconds
    if not url:
        return None
    is_spamd = urlsplit(url).scheme == "spamd"
    source = "SpamAssassin" if is_spamd else "rspamd"
    try:
        with resting(url):
            async with asyncio.timeout(seconds):
                return await (_ask_spamd(url, raw) if is_spamd else _ask_rspamd(url, entry, raw))
    except (NotFetched, NotScanned, OSError, TimeoutError, msgspec.MsgspecError) as failure:
        return Spam(is_spam=False, source=source, note=(str(failure) or "no answer in time")[:500])


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
        limits=Limits(seconds=60, size=1024 * 1024, redirects=0),
        guard=ANYWHERE,
    )
    if answer.status != 200:
        raise NotScanned(f"rspamd answered {answer.status}")
    checked = msgspec.json.decode(answer.body, type=_Checked)
    return Spam(checked.action in SPAM_ACTIONS, checked.score, checked.required_score, "rspamd")


async def _ask_spamd(url: str, raw: bytes) -> Spam:
    if len(raw) > _LARGEST_FOR_SPAMD:
        raise NotScanned(f"larger than {_LARGEST_FOR_SPAMD:,} bytes")
    answer = await asked(url, 783, [b"CHECK SPAMC/1.5\r\nContent-length: %d\r\n\r\n" % len(raw), raw])
    found = _SPAMD_VERDICT.search(answer)
    if not found:
        raise NotScanned(f"SpamAssassin gave no verdict, it said {shown(answer)}")
    is_spam = found[1].lower() in (b"true", b"yes")
    return Spam(is_spam, float(found[2]), float(found[3]), "SpamAssassin")
