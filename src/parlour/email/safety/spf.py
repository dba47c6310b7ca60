"""Whether a server may send in a domain's name: SPF (RFC 7208)."""

import re
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final

from parlour.foundation.name_servers import Lookup, NoAnswer

_MOST_LOOKUPS: Final = 10
_MOST_EMPTY: Final = 2
_MOST_HOSTS: Final = 10
_RESULTS: Final = {"+": "pass", "-": "fail", "~": "softfail", "?": "neutral"}
_TERM: Final = re.compile(r"([+\-~?]?)([a-z0-9]+)(?::([^\s/]*))?((?:/\d{1,3})?(?://\d{1,3})?)", re.IGNORECASE)
_NETWORK: Final = re.compile(r"([+\-~?]?)(ip[46]):(\S+)", re.IGNORECASE)
_MODIFIER: Final = re.compile(r"[a-z][\w.-]*=", re.IGNORECASE)
_MACRO: Final = re.compile(r"%(?:%|_|-|\{([a-z])(\d{0,3})(r?)([.\-+,/_=]*)\})", re.IGNORECASE)


class _Broken(Exception):
    """The record can't be evaluated: permerror."""


def check(client: str, name: str, sender: str, lookup: Lookup) -> tuple[str, str]:
    """The result for the server at `client`, which called itself `name`, and the domain it is about."""
    domain = sender.rpartition("@")[2].lower().rstrip(".") or name.lower().rstrip(".")
    if not re.fullmatch(r"[a-z0-9_-]+(\.[a-z0-9_-]+)+", domain) or len(domain) > 253:
        return "none", domain
    identity = sender if "@" in sender else f"postmaster@{domain}"
    try:
        return _Check(ip_address(client.split("%")[0]), name, identity, lookup).of(domain, 0), domain
    except NoAnswer:
        return "temperror", domain
    except _Broken:
        return "permerror", domain


class _Check:
    """One evaluation, its lookups counted over everything that is included."""

    def __init__(self, client: IPv4Address | IPv6Address, name: str, sender: str, lookup: Lookup) -> None:
        mapped = client.ipv4_mapped if isinstance(client, IPv6Address) else None
        self._client = mapped or client
        self._name = name
        self._sender = sender
        self._lookup = lookup
        self._lookups = 0
        self._empty = 0

    def of(self, domain: str, depth: int) -> str:
        records = [text for text in self._lookup(domain, "TXT") if re.match(r"v=spf1( |$)", text, re.IGNORECASE)]
        if not records:
            return "none"
        if len(records) > 1:
            raise _Broken("two records")
        terms = records[0].split()[1:]
        for term in terms:
            if result := self._result(term, domain, depth):
                return result
        redirect = [term[9:] for term in terms if term.lower().startswith("redirect=")]
        if not redirect:
            return "neutral"
        self._count()
        result = self.of(self._expanded(redirect[0], domain), depth + 1)
        if result == "none":
            raise _Broken("redirected to nothing")
        return result

    def _result(self, term: str, domain: str, depth: int) -> str | None:
        """What the term says, where it is about this client."""
        if _MODIFIER.match(term):
            return None
        network = _NETWORK.fullmatch(term)
        if network:
            return _RESULTS[network[1] or "+"] if self._is_in(network[3], network[2].lower()) else None
        found = _TERM.fullmatch(term)
        if not found:
            raise _Broken(term)
        qualifier, mechanism, target, lengths = found[1] or "+", found[2].lower(), found[3], found[4]
        if mechanism == "all":
            return _RESULTS[qualifier]
        self._count()
        where = self._expanded(target, domain) if target else domain
        return _RESULTS[qualifier] if self._matches(mechanism, where, lengths, depth) else None

    def _matches(self, mechanism: str, where: str, lengths: str, depth: int) -> bool:
        match mechanism:
            case "include":
                return self._includes(where, depth)
            case "a":
                return any(self._is_near(address, lengths) for address in self._addresses(where))
            case "mx":
                hosts = self._asked(where, "MX")
                if len(hosts) > _MOST_HOSTS:
                    raise _Broken("too many mail servers")
                return any(self._is_near(one, lengths) for host in hosts for one in self._addresses(host))
            case "exists":
                return bool(self._asked(where, "A"))
            case "ptr":
                # Not to be used any more (RFC 7208, 5.5), and whoever asks is at the mercy of the client's name server.
                return False
        raise _Broken(mechanism)

    def _includes(self, domain: str, depth: int) -> bool:
        result = self.of(domain, depth + 1)
        if result == "none":
            raise _Broken("included nothing")
        return result == "pass"

    def _addresses(self, host: str) -> list[str]:
        return self._asked(host, "A" if self._client.version == 4 else "AAAA")[:_MOST_HOSTS]

    def _asked(self, name: str, kind: str) -> list[str]:
        found = self._lookup(name, kind)
        self._empty += not found
        if self._empty > _MOST_EMPTY:
            raise _Broken("too many names that lead nowhere")
        return found

    def _is_near(self, address: str, lengths: str) -> bool:
        four, _, six = lengths.partition("//")
        length = four.strip("/") if self._client.version == 4 else six
        return self._is_in(f"{address}/{length}" if length else address, f"ip{self._client.version}")

    def _is_in(self, written: str, kind: str) -> bool:
        try:
            network = ip_network(written, strict=False)
        except ValueError as broken:
            raise _Broken(written) from broken
        if f"ip{network.version}" not in (kind, "ip4" if kind == "ip4" else "ip6"):
            raise _Broken(written)
        return network.version == self._client.version and self._client in network

    def _count(self) -> None:
        self._lookups += 1
        if self._lookups > _MOST_LOOKUPS:
            raise _Broken("too many lookups")

    def _expanded(self, written: str, domain: str) -> str:
        if "%" in _MACRO.sub("", written):
            raise _Broken(written)
        expanded = _MACRO.sub(lambda macro: self._macro(macro, domain), written)
        labels = expanded.rstrip(".").split(".")
        while len(".".join(labels)) > 253:
            labels.pop(0)
        return ".".join(labels).lower()

    def _macro(self, macro: re.Match[str], domain: str) -> str:
        if macro[1] is None:
            return {"%%": "%", "%_": " ", "%-": "%20"}[macro[0]]
        local, _, sender_domain = self._sender.rpartition("@")
        address = str(self._client) if self._client.version == 4 else ".".join(self._client.exploded.replace(":", ""))
        values = {
            "s": self._sender,
            "l": local,
            "o": sender_domain,
            "d": domain,
            "i": address,
            "h": self._name,
            "v": "in-addr" if self._client.version == 4 else "ip6",
            "p": "unknown",
        }
        if macro[1].lower() not in values:
            raise _Broken(macro[0])
        pieces = list(_split(values[macro[1].lower()], macro[4] or "."))
        pieces = pieces[::-1] if macro[3] else pieces
        return ".".join(pieces[-int(macro[2]) :] if macro[2] and int(macro[2]) else pieces)


def _split(value: str, delimiters: str) -> Iterator[str]:
    return iter(re.split("[" + re.escape(delimiters) + "]", value))
