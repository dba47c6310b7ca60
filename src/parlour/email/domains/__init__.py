"""Sending domains: keys, the records that show them, and the signature of every mail from a domain that shows one."""

from parlour.email.domains.events import SendingDomainFact, SendingDomainLost, SendingDomainVerified
from parlour.email.domains.keeping import (
    DomainKnown,
    KeysWaiting,
    SendingDomain,
    SigningKey,
    add_domain,
    find_domain,
    keys_of,
    opened,
    remove_domain,
    renew_keys,
    sending_domains,
)
from parlour.email.domains.keys import Algorithm, Pairs, new_pairs
from parlour.email.domains.records import Purpose, Record, records_of, surroundings_of
from parlour.email.domains.signing import signed
from parlour.email.domains.standing import Standing, standing_among, standing_of
from parlour.email.domains.watching import check_domain, check_due_domains
from parlour.foundation.domain_names import domain_of, normal_domain
from parlour.foundation.domain_proofs import Finding
from parlour.foundation.name_servers import NobodyToAsk

__all__ = [
    "Algorithm",
    "DomainKnown",
    "Finding",
    "KeysWaiting",
    "NobodyToAsk",
    "Pairs",
    "Purpose",
    "Record",
    "SendingDomain",
    "SendingDomainFact",
    "SendingDomainLost",
    "SendingDomainVerified",
    "SigningKey",
    "Standing",
    "add_domain",
    "check_domain",
    "check_due_domains",
    "domain_of",
    "find_domain",
    "keys_of",
    "new_pairs",
    "normal_domain",
    "opened",
    "records_of",
    "remove_domain",
    "renew_keys",
    "sending_domains",
    "signed",
    "standing_among",
    "standing_of",
    "surroundings_of",
]
