"""Which client a request comes from, behind however many proxies of ours."""

import ipaddress
import re
from functools import lru_cache
from typing import Any, Final

from litestar.connection import ASGIConnection

from parlour.access import Client
from parlour.entrance.arriving import cookies
from parlour.foundation.installation import Installation

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Connection = ASGIConnection[Any, Any, Any, Any]

_UNKNOWN: Final = "unknown"
# Longer chains are not read: nobody has that many proxies, and each part costs time.
_LONGEST_CHAIN: Final = 20
_FOR: Final = re.compile(r"(?:^|;)\s*for=(\"[^\"]*\"|[^;\s]+)", re.IGNORECASE)


def address_of(connection: Connection) -> str:
    """The client's own address. What a header says of it counts only as far as `trusted_proxies` reaches."""
    known: str | None = connection.scope["state"].get("client_address")
    if known is None:
        installation: Installation = connection.scope["litestar_app"].state["installation"]
        peer = connection.client.host if connection.client else _UNKNOWN
        # Only the one that our proxies write: they let the other through as the client has made it up.
        header = installation.settings.proxy_header
        sent = connection.headers.getall(header, [])
        told = _forwarded(sent) if header == "forwarded" else sent
        known = client_address(peer, ",".join(told), installation.settings.trusted_proxies)
        connection.scope["state"]["client_address"] = known
    return known


def client_of(connection: Connection, *, secret: str = "") -> Client:
    """`secret` is a cookie's value that only this browser has."""
    installation: Installation = connection.scope["litestar_app"].state["installation"]
    devices = connection.cookies.get(cookies.name_of(installation.settings, cookies.DEVICE), "")
    agent = connection.headers.get("user-agent", "")
    return Client(address_of(connection), agent, tuple(devices.split(".")) if devices else (), secret)


def client_address(peer: str, forwarded_for: str, trusted: str) -> str:
    """From the right, the first that is no proxy of ours: what stands left of it, anybody may have written."""
    networks = _networks(trusted)
    address = peer
    for said in reversed(forwarded_for.split(",")[-_LONGEST_CHAIN:]):
        if not _is_within(address, networks):
            break
        written = _plain(said.strip())
        if not written:
            break
        address = written
    return address


def _forwarded(sent: list[str]) -> list[str]:
    """The `for` of each hop (RFC 7239), in the order of `X-Forwarded-For`. A hop without one ends what is believed."""
    hops = ",".join(sent).split(",")[-_LONGEST_CHAIN:]
    return [found[1] if (found := _FOR.search(hop)) else "unknown" for hop in hops] if sent else []


def networks_of(trusted: str) -> list[Network]:
    """Raises `ValueError` where one of them is no address and no network."""
    return [ipaddress.ip_network(word, strict=False) for word in trusted.replace(",", " ").split()]


@lru_cache(8)
def _networks(trusted: str) -> tuple[Network, ...]:
    return tuple(networks_of(trusted))


def _is_within(address: str, networks: tuple[Network, ...]) -> bool:
    if not networks:
        return False
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped:
        found = found.ipv4_mapped
    return any(found in network for network in networks)


def _plain(said: str) -> str:
    """Without port, brackets and quotes. Empty where it is no address."""
    said = said.strip('"')
    if said.startswith("["):
        said = said[1:].partition("]")[0]
    elif said.count(":") == 1:
        said = said.partition(":")[0]
    try:
        return str(ipaddress.ip_address(said))
    except ValueError:
        return ""
