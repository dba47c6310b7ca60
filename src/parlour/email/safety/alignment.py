"""Whether what was proved about a mail is about the address in its From field (DMARC: RFC 7489, section 3.1)."""

from collections.abc import Iterable
from typing import Final

import msgspec

from parlour.email.safety.verdicts import Authentication
from parlour.foundation.name_servers import Lookup, NoAnswer

_MOST_STEPS: Final = 8


class Proof(msgspec.Struct, frozen=True):
    """A result of SPF or DKIM, and the domain it is about."""

    method: str
    result: str
    domain: str


class Policy(msgspec.Struct, frozen=True):
    """What a domain says of mails in its name, and the domain that says so."""

    domain: str
    tags: dict[str, str]


def judged(sender_domain: str | None, proofs: Iterable[Proof], lookup: Lookup, source: str) -> Authentication:
    """SPF, DKIM and DMARC as one verdict. Without SPF or DKIM known there is nothing that DMARC could say."""
    found = list(proofs)
    spf = next((proof.result for proof in found if proof.method == "spf"), "none")
    dkim = best(proof.result for proof in found if proof.method == "dkim")
    if not sender_domain or not any(proof.result != "none" for proof in found):
        return Authentication(spf, dkim, "none", None, source)
    try:
        policy = policy_of(sender_domain, lookup)
    except NoAnswer:
        policy, trouble = None, True
    else:
        trouble = False
    aligned = next((proof.domain for proof in found if is_aligned(proof, sender_domain, policy)), None)
    if trouble and aligned != sender_domain:
        return Authentication(spf, dkim, "temperror", aligned, source)
    wanted = _wanted(policy, sender_domain)
    # Where SPF could not be asked, its absence proves nothing.
    is_known = spf != "none" or not policy
    verdict = "none" if policy is None or not (aligned or is_known) else "pass" if aligned else "fail"
    return Authentication(spf, dkim, verdict, aligned, source, wanted)


def policy_of(domain: str, lookup: Lookup) -> Policy | None:
    """The domain's own record, else that of the nearest domain above it."""
    labels = domain.split(".")
    for start in range(min(len(labels) - 1, _MOST_STEPS)):
        above = ".".join(labels[start:])
        records = [text for text in lookup(f"_dmarc.{above}", "TXT") if text.startswith("v=DMARC1")]
        if len(records) == 1:
            return Policy(above, _tags(records[0]))
        if records:
            return None
    return None


def is_aligned(proof: Proof, sender_domain: str, policy: Policy | None) -> bool:
    """Whether the proof holds, and its domain may speak for the sender's."""
    if proof.result != "pass" or not proof.domain:
        return False
    if proof.domain == sender_domain:
        return True
    if policy is None:
        return sender_domain.endswith(f".{proof.domain}") and "." in proof.domain
    is_strict = policy.tags.get("adkim" if proof.method == "dkim" else "aspf", "r") == "s"
    return not is_strict and f".{proof.domain}".endswith(f".{policy.domain}")


def best(results: Iterable[str]) -> str:
    """The best of several signatures: one that holds is enough."""
    order = ("pass", "temperror", "fail", "policy", "neutral", "permerror", "none")
    return min(results, key=lambda one: order.index(one) if one in order else len(order), default="none")


def _wanted(policy: Policy | None, sender_domain: str) -> str:
    if policy is None:
        return ""
    own = policy.tags.get("p", "none")
    wanted = own if policy.domain == sender_domain else policy.tags.get("sp", own)
    return wanted if wanted in ("none", "quarantine", "reject") else "none"


def _tags(record: str) -> dict[str, str]:
    pairs = (piece.partition("=") for piece in record.split(";") if "=" in piece)
    return {name.strip().lower(): value.strip().lower() for name, _, value in pairs}
