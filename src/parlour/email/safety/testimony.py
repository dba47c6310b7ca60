"""What the mailbox's own server found out about a mail: its Authentication-Results (RFC 8601)."""

import re
from collections.abc import Iterator
from typing import Final

import msgspec

from parlour.email.reading.headers import Headers
from parlour.email.safety.alignment import Proof, best, is_aligned
from parlour.email.safety.verdicts import Authentication

_RESULT: Final = re.compile(r"\s*([A-Za-z][\w-]{0,40})(?:/\d+)?\s*=\s*([A-Za-z]{1,40})")
_PROPERTY: Final = re.compile(r"\b(smtp|header|policy|body)\.([\w-]{1,40})\s*=\s*(\"[^\"]*\"|[^\s;]+)")
# Google: (p=REJECT sp=…); Microsoft: action=quarantine, action=oreject; RFC 8601: policy.published-domain-policy=reject
_WANTED: Final = re.compile(
    r"\bdmarc=[^;]*?(?:\bp=|\baction=o?|\bpolicy\.[\w-]{1,40}=)(none|quarantine|reject)\b", re.IGNORECASE
)
_LONGEST: Final = 20_000


class _Result(msgspec.Struct, frozen=True):
    method: str
    result: str
    properties: dict[str, str]


def testimony(fields: Headers, trusted: str | None, sender_domain: str | None) -> Authentication | None:
    """The verdict of the topmost field that the trusted server wrote; None where there is none.

    A field further down, under the same name, is the sender's own writing: the trusted server puts its on top.
    Microsoft 365 leaves its name out: there the trusted name is `protection.outlook.com`.
    """
    if not trusted:
        return None
    for value in fields.all("authentication-results"):
        words = _without_comments(value[:_LONGEST])
        name, _, results = words.partition(";")
        first = name.strip().split(" ")[0].lower()
        if "=" in name:
            first, results = "protection.outlook.com", words
        if first == trusted.strip().lower():
            verdict = _verdict(list(_results(results)), sender_domain, first)
            wanted = _WANTED.search(value[:_LONGEST])
            return msgspec.structs.replace(verdict, policy=wanted[1].lower()) if wanted else verdict
    return None


def _verdict(results: list[_Result], sender_domain: str | None, source: str) -> Authentication:
    proofs = [Proof(one.method, one.result, _domain(one)) for one in results if one.method in ("spf", "dkim")]
    spf = next((one.result for one in results if one.method == "spf"), "none")
    dkim = best(one.result for one in results if one.method == "dkim")
    told = next((one for one in results if one.method == "dmarc"), None)
    own = next((one.domain for one in proofs if sender_domain and is_aligned(one, sender_domain, None)), None)
    if told is None:
        return Authentication(spf, dkim, "none", own, source)
    # What passed must be the address that people see.
    about = told.properties.get("header.from", sender_domain or "").lower()
    passed = told.result == "pass" and about == sender_domain
    dmarc = told.result if told.result != "pass" or passed else "none"
    return Authentication(spf, dkim, dmarc, (own or sender_domain) if passed else own, source)


def _results(words: str) -> Iterator[_Result]:
    for piece in words.split(";")[:50]:
        found = _RESULT.match(piece)
        if found:
            properties = {
                f"{kind.lower()}.{name.lower()}": value.strip('"') for kind, name, value in _PROPERTY.findall(piece)
            }
            yield _Result(found[1].lower(), _normal(found[2].lower()), properties)


def _normal(result: str) -> str:
    return {"hardfail": "fail", "bestguesspass": "none", "error": "permerror", "unknown": "permerror"}.get(
        result, result
    )


def _domain(one: _Result) -> str:
    names = ("smtp.mailfrom", "smtp.mail", "smtp.helo") if one.method == "spf" else ("header.d", "header.i")
    value = next((one.properties[name] for name in names if name in one.properties), "")
    return value.rpartition("@")[2].strip("<>.").lower()


def _without_comments(value: str) -> str:
    pieces, depth, is_quoted = [], 0, False
    for character in value:
        if character == '"' and not depth:
            is_quoted = not is_quoted
        if is_quoted:
            # A semicolon inside quotes must not begin a result of its own.
            pieces.append(" " if character == ";" else character)
            continue
        if character == "(":
            depth += 1
        if not depth:
            pieces.append(character)
        if character == ")" and depth:
            depth -= 1
    return "".join(pieces)
