"""Asks the domain name system: within a time limit, not without end, and for whoever needs it in the same way."""

import time
from collections.abc import Callable
from typing import Any, Final

from parlour.foundation.errors import Conflict
from parlour.foundation.library import library

Lookup = Callable[[str, str], list[str]]
"""The records of a name and a kind (TXT, A, AAAA, MX, CNAME). Raises `NoAnswer` where nobody could say."""

SECONDS: Final = 6.0
_ONE: Final = 3.0
_MOST_LOOKUPS: Final = 40

_resolvers: dict[tuple[str, bool], Any] = {}


class NobodyToAsk(Conflict):
    """This installation asks no name servers. Whoever runs it can change that: PARLOUR_MAIL_DNS=system."""


class NoAnswer(Exception):
    """The domain name system did not answer."""


def looking_up(name_server: str, *, remembering: bool = True) -> Lookup:
    """For one purpose: all its questions together within one time limit. `name_server` is `system` or an address.

    Where it is not `remembering`, what was heard before counts for nothing: somebody has just changed a record.
    """
    ends_at = time.monotonic() + SECONDS
    left = _MOST_LOOKUPS

    def lookup(name: str, kind: str) -> list[str]:
        nonlocal left
        left -= 1
        remaining = ends_at - time.monotonic()
        if left < 0 or remaining <= 0:
            raise NoAnswer(name)
        resolver, exception = library("dns.resolver"), library("dns.exception")
        try:
            asked = _resolver(name_server, remembering)
            answer = asked.resolve(name, kind, lifetime=min(_ONE, remaining), search=False)
        except (resolver.NXDOMAIN, resolver.NoAnswer, ValueError, UnicodeError):
            return []
        except exception.DNSException as failure:
            if isinstance(failure, (exception.SyntaxError, exception.FormError)):
                return []
            raise NoAnswer(name) from failure
        return [_text(record) for record in answer]

    return lookup


def _resolver(name_server: str, remembering: bool) -> Any:
    if (name_server, remembering) not in _resolvers:
        library_ = library("dns.resolver")
        resolver = library_.Resolver(configure=name_server == "system")
        if name_server != "system":
            host, _, port = name_server.rpartition(":")
            resolver.nameservers = [host or port]
            resolver.port = int(port) if host else 53
        resolver.cache = library_.LRUCache(2000) if remembering else None
        _resolvers[name_server, remembering] = resolver
    return _resolvers[name_server, remembering]


def _text(record: Any) -> str:
    match record.rdtype.name:
        case "TXT":
            return b"".join(record.strings).decode("utf-8", "replace")
        case "MX":
            return str(record.exchange).rstrip(".").lower()
        case "CNAME":
            return str(record.target).rstrip(".").lower()
        case _:
            return str(record.address)
