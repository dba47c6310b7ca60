"""A portal's own name, such as help.acme.example: wanted, shown by the DNS, lost when the DNS shows it no more."""

from parlour.foundation.domain_proofs import Finding
from parlour.foundation.name_servers import NobodyToAsk
from parlour.people.portal_hosts.keeping import (
    PortalHost,
    ask_for_host,
    give_up_host,
    origin_of,
    portal_host,
    target_of,
)
from parlour.people.portal_hosts.watching import (
    PortalHostLost,
    PortalHostMissing,
    PortalHostVerified,
    check_due_hosts,
    check_host,
)

__all__ = [
    "Finding",
    "NobodyToAsk",
    "PortalHost",
    "PortalHostLost",
    "PortalHostMissing",
    "PortalHostVerified",
    "ask_for_host",
    "check_due_hosts",
    "check_host",
    "give_up_host",
    "origin_of",
    "portal_host",
    "target_of",
]
