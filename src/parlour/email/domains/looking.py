"""Looks up what the DNS holds of a sending domain's records. Loaded when the first one is checked."""

from collections.abc import Callable, Sequence
from typing import Final

from parlour.email.domains.keeping import Found
from parlour.email.domains.keys import shows
from parlour.email.domains.records import Purpose, Record
from parlour.email.safety import spf
from parlour.email.safety.alignment import policy_of
from parlour.foundation.domain_proofs import Finding
from parlour.foundation.name_servers import Lookup, NoAnswer, looking_up

_SHOWN: Final = 5
_LONGEST: Final = 500


def looked_up(records: Sequence[Record], name_server: str) -> dict[str, Found]:
    """What was found of each, by its key; within a few seconds. `name_server` is `system` or an address."""
    lookup = looking_up(name_server, remembering=False)
    return {record.key: _found(record, lookup) for record in records}


def _found(record: Record, lookup: Lookup) -> Found:
    try:
        found = _LOOK[record.purpose](record, lookup)
    except NoAnswer:
        return Found(Finding.NO_ANSWER)
    return Found(found.finding, [text[:_LONGEST] for text in found.there[:_SHOWN]])


def _dkim(record: Record, lookup: Lookup) -> Found:
    there = lookup(record.name, "TXT")
    if not there:
        return Found(Finding.MISSING)
    # With several of them nobody knows which one a receiver takes (RFC 6376, section 3.6.2.2).
    is_ours = len(there) == 1 and record.algorithm is not None and shows(there[0], record.algorithm, record.wanted)
    return Found(Finding.FOUND if is_ours else Finding.DIFFERS, there)


def _spf(record: Record, lookup: Lookup) -> Found:
    there = [text for text in lookup(record.name, "TXT") if text.lower().split(" ")[0] == "v=spf1"]
    if not there:
        return Found(Finding.MISSING)
    is_there = len(there) == 1 and _lets_send(there[0], record, lookup)
    return Found(Finding.FOUND if is_there else Finding.DIFFERS, there)


def _lets_send(there: str, record: Record, lookup: Lookup) -> bool:
    if record.wanted.lower() in there.lower().split():
        return True
    # Somebody may have included our server in another way.
    kind, _, host = record.wanted.partition(":")
    addresses = lookup(host, "A")[:1] if kind == "a" else [host] if kind.startswith("ip") else []
    return any(spf.check(one, record.name, f"x@{record.name}", lookup)[0] == "pass" for one in addresses)


def _dmarc(record: Record, lookup: Lookup) -> Found:
    there = lookup(record.name, "TXT")
    domain = record.name.removeprefix("_dmarc.")
    policy = policy_of(domain, lookup)
    if policy:
        tags = "; ".join(f"{name}={value}" for name, value in policy.tags.items())
        return Found(Finding.FOUND, there if policy.domain == domain else [f"_dmarc.{policy.domain}: {tags}"])
    return Found(Finding.DIFFERS, there) if there else Found(Finding.MISSING)


def _mx(record: Record, lookup: Lookup) -> Found:
    there = lookup(record.name, "MX")
    if not there:
        return Found(Finding.MISSING)
    return Found(Finding.FOUND if record.wanted in there else Finding.DIFFERS, there)


_LOOK: Final[dict[Purpose, Callable[[Record, Lookup], Found]]] = {
    Purpose.DKIM: _dkim,
    Purpose.SPF: _spf,
    Purpose.DMARC: _dmarc,
    Purpose.MX: _mx,
}
