"""Finds out by itself who sent a mail: SPF of the server that came, DKIM of the signatures, DMARC of the two.

Loaded when the first mail needs it: what it stands on is large, and a web process never asks.
"""

import asyncio
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import dkim
import msgspec

from parlour.email.safety import spf
from parlour.email.safety.alignment import Proof, judged
from parlour.email.safety.verdicts import Authentication
from parlour.foundation.fetching import is_public
from parlour.foundation.name_servers import Lookup, NoAnswer, looking_up

SOURCE: Final = "parlour"
_MOST_SIGNATURES: Final = 5
_LONGEST_HEADERS: Final = 256 * 1024
_LARGEST: Final = 50 * 1024 * 1024
# The library's time grows with the square of these.
_LONGEST_BLANK: Final = {True: b" " * 100, False: b" " * 1000}
_LARGE: Final = 2 * 1024 * 1024

_threads = ThreadPoolExecutor(8, thread_name_prefix="asking-names")


class Evidence(msgspec.Struct, frozen=True):
    """What came with the mail, and the one domain that its From field names; None where it names several or none."""

    client_address: str | None
    client_name: str | None
    envelope_sender: str
    sender_domain: str | None


async def authenticate(raw: bytes, evidence: Evidence, name_server: str) -> Authentication:
    """Within a few seconds, or with what is known by then. `name_server` is `system`, `off` or an address."""
    if name_server == "off":
        return Authentication()
    lookup = looking_up(name_server)
    return await asyncio.get_running_loop().run_in_executor(_threads, authenticated, raw, evidence, lookup)


def authenticated(raw: bytes, evidence: Evidence, lookup: Lookup) -> Authentication:
    """Never raises."""
    proofs = [*_by_server(evidence, lookup), *_by_signatures(raw, lookup)]
    return judged(evidence.sender_domain, proofs, lookup, SOURCE if proofs else "")


def _by_server(evidence: Evidence, lookup: Lookup) -> Iterator[Proof]:
    # A server of our own network in front of us hides who really came.
    if evidence.client_address and is_public(evidence.client_address):
        result, domain = spf.check(
            evidence.client_address, evidence.client_name or "", evidence.envelope_sender, lookup
        )
        yield Proof("spf", result, domain)


def _by_signatures(raw: bytes, lookup: Lookup) -> Iterator[Proof]:
    headers = re.split(rb"\r?\n\r?\n", raw[:_LONGEST_HEADERS], maxsplit=1)
    if not re.search(rb"^dkim-signature:", headers[0], re.IGNORECASE | re.MULTILINE):
        return
    if len(headers) < 2 or len(raw) > _LARGEST or _LONGEST_BLANK[len(raw) > _LARGE] in raw.replace(b"\t", b" "):
        yield Proof("dkim", "permerror", "")
        return
    count = len(re.findall(rb"^dkim-signature:", headers[0], re.IGNORECASE | re.MULTILINE))
    for number in range(min(count, _MOST_SIGNATURES)):
        yield _signature(raw, number, lookup)


def _signature(raw: bytes, number: int, lookup: Lookup) -> Proof:
    def key(name: bytes, timeout: float = 5) -> bytes | None:
        found = lookup(name.decode("ascii", "replace").rstrip("."), "TXT")
        return found[0].encode() if found else None

    verifier: Any = None
    try:
        verifier = dkim.DKIM(raw)
        holds = verifier.verify(number, dnsfunc=key)
        # Whoever signs only the beginning lets anybody write the rest.
        result = "fail" if not holds else "policy" if b"l" in verifier.signature_fields else "pass"
    except (NoAnswer, dkim.DnsTimeoutError):
        result = "temperror"
    except dkim.ValidationError:
        result = "fail"
    # The library is fed whatever a stranger wrote.
    except Exception:
        result = "permerror"
    domain = getattr(verifier, "domain", None) or b""
    return Proof("dkim", result, domain.decode("ascii", "replace").lower().rstrip("."))
