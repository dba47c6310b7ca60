"""The records that a sending domain needs in the DNS: what to paste, what was found, and what to do about it."""

import re
from collections.abc import Sequence
from enum import StrEnum
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

import msgspec

from parlour.email.domains.keeping import Found, SendingDomain, SigningKey
from parlour.email.domains.keys import Algorithm, record_of
from parlour.email.servers import installation_server
from parlour.foundation.domain_names import public_name
from parlour.foundation.domain_proofs import Finding
from parlour.foundation.settings import Settings

_STRING: Final = 255
"""The longest string of a TXT record (RFC 1035, 3.3.14); a longer text is several of them."""
_LAST_TERM: Final = re.compile(r"[+\-~?]?all|redirect=\S+", re.IGNORECASE)
SPF: Final = "spf"
DMARC: Final = "dmarc"
MX: Final = "mx"


class Purpose(StrEnum):
    """What a record is for."""

    DKIM = "DKIM"
    SPF = "SPF"
    DMARC = "DMARC"
    MX = "MX"


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """One record. `strings` is `value` as the DNS cuts it; `words` say what to do, or why it is not needed."""

    key: str
    purpose: Purpose
    name: str
    type: str
    value: str
    is_needed: bool
    finding: Finding
    there: list[str]
    words: str
    wanted: str
    """What makes it the right one: the public key, the SPF mechanism, the mail exchanger."""
    algorithm: Algorithm | None = None

    @property
    def strings(self) -> list[str]:
        return [self.value[start : start + _STRING] for start in range(0, len(self.value), _STRING)]


class Surroundings(msgspec.Struct, frozen=True):
    """What the installation says of itself; None where it doesn't know."""

    spf: str | None
    exchanger: str | None


def surroundings_of(settings: Settings) -> Surroundings:
    """From the settings, or from what else they say."""
    server = installation_server(settings)
    spf = settings.mail_spf.strip() or (_mechanism(server.host) if server else None)
    exchanger = settings.mail_exchanger.strip().lower().rstrip(".") or public_name(
        urlsplit(settings.public_url).hostname
    )
    return Surroundings(spf or None, exchanger)


def records_of(domain: SendingDomain, keys: Sequence[SigningKey], around: Surroundings) -> list[Record]:
    """In the order they are to be pasted."""
    newest = max((key.number for key in keys), default=0)
    records = [_of_key(domain, key, newest) for key in keys]
    return [*records, *_of_others(domain, around)]


def _of_key(domain: SendingDomain, key: SigningKey, newest: int) -> Record:
    found = domain.findings.get(key.selector, Found())
    is_needed = key.retired_at is None and key.algorithm is Algorithm.RSA
    return Record(
        key=key.selector,
        purpose=Purpose.DKIM,
        name=f"{key.selector}._domainkey.{domain.domain}",
        type="TXT",
        value=record_of(key.algorithm, key.public),
        is_needed=is_needed,
        finding=found.finding,
        there=found.there,
        words=_words_of_key(key, found, is_newest=key.number == newest),
        wanted=key.public,
        algorithm=key.algorithm,
    )


def _words_of_key(key: SigningKey, found: Found, *, is_newest: bool) -> str:
    if key.retired_at and key.sealed is None:
        return "Its key signs nothing any more, and no mail that it signed can be on its way. Delete this record."
    if key.kept_until:
        return f"A newer key signs now. Leave this record until {key.kept_until:%-d %B}: mail may be on its way."
    if not is_newest and found.finding is Finding.FOUND:
        return "This key signs until the record of the newer one is found. Leave it where it is."
    if key.algorithm is Algorithm.ED25519 and found.finding is Finding.MISSING:
        return "Add it for a second, shorter signature (Ed25519). Mail is signed without it as well."
    return _DKIM_WORDS[found.finding]


def _of_others(domain: SendingDomain, around: Surroundings) -> list[Record]:
    findings, name = domain.findings, domain.domain
    found = findings.get(DMARC, Found())
    # A stricter policy that is there already is not to be weakened.
    own = [text for text in found.there if found.finding is Finding.FOUND and text.startswith("v=DMARC1")]
    others = [_record(Purpose.DMARC, f"_dmarc.{name}", own[0] if own else _DMARC, found)]
    if around.spf:
        found = findings.get(SPF, Found())
        is_right = found.finding is Finding.FOUND and found.there
        value = found.there[0] if is_right else spf_with(found.there, around.spf)
        others.insert(0, _record(Purpose.SPF, name, value, found, around.spf))
    if around.exchanger:
        others.append(_record(Purpose.MX, name, f"10 {around.exchanger}.", findings.get(MX, Found()), around.exchanger))
    return others


def _record(purpose: Purpose, name: str, value: str, found: Found, wanted: str = "") -> Record:
    return Record(
        key=purpose.lower(),
        purpose=purpose,
        name=name,
        type="MX" if purpose is Purpose.MX else "TXT",
        value=value,
        is_needed=purpose is not Purpose.MX,
        finding=found.finding,
        there=found.there,
        words=_WORDS[purpose][found.finding],
        wanted=wanted,
    )


def spf_with(there: Sequence[str], mechanism: str) -> str:
    """The domain's SPF record with one mechanism more; a new one where there is none (RFC 7208, section 4.6)."""
    if len(there) != 1 or mechanism.lower() in there[0].lower().split():
        return there[0] if len(there) == 1 else f"v=spf1 {mechanism} ~all"
    terms = there[0].split()
    last = (place for place, term in enumerate(terms) if _LAST_TERM.fullmatch(term))
    at = next(last, len(terms))
    return " ".join([*terms[:at], mechanism, *terms[at:]])


def _mechanism(host: str) -> str | None:
    try:
        address = ip_address(host)
    except ValueError:
        return f"a:{host.lower()}" if public_name(host) else None
    return f"ip{address.version}:{address}" if address.is_global else None


_DMARC: Final = "v=DMARC1; p=none"
_SILENT: Final = "The name servers of this domain did not answer. It is asked again by itself."
_DKIM_WORDS: Final = {
    Finding.FOUND: "It is there. Mail is signed with this key.",
    Finding.DIFFERS: "Another text stands there. Replace it with this one; there must be one record of this name only.",
    Finding.MISSING: "Add it where the domain’s DNS is kept. It may take an hour until everybody sees it.",
    Finding.NO_ANSWER: _SILENT,
    Finding.UNCHECKED: "Add it where the domain’s DNS is kept, then check.",
}
_WORDS: Final = {
    Purpose.SPF: {
        Finding.FOUND: "It lets this installation’s server send for the domain.",
        Finding.DIFFERS: "Replace what is there with this: a domain has one SPF record only.",
        Finding.MISSING: "Add it, so that this installation’s server may send for the domain.",
        Finding.NO_ANSWER: _SILENT,
        Finding.UNCHECKED: "A domain has one SPF record only. If there is one, check first: it is then completed here.",
    },
    Purpose.DMARC: {
        Finding.FOUND: "It says what becomes of mail that others send in your name.",
        Finding.DIFFERS: "What is there is no DMARC record, or there are several. Keep one only.",
        Finding.MISSING: "Add it; large providers ask for one. Once all your mail is signed, p=quarantine does more.",
        Finding.NO_ANSWER: _SILENT,
        Finding.UNCHECKED: "Large providers ask for one. Keep the one that is there, if there is one.",
    },
    Purpose.MX: {
        Finding.FOUND: "Mail for the domain comes straight to this installation.",
        Finding.DIFFERS: "Mail for the domain goes elsewhere. That is fine if it is forwarded to here or fetched.",
        Finding.MISSING: "Add it only if all mail of the domain is to come straight to this installation.",
        Finding.NO_ANSWER: _SILENT,
        Finding.UNCHECKED: "Add it only if all mail of the domain is to come straight to this installation.",
    },
}
