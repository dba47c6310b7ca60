"""A domain as the DNS writes it."""

import re
from typing import Final

from parlour.foundation.errors import Invalid

_NAME: Final = re.compile(r"(?=.{4,200}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?!\d+$)[a-z0-9-]{2,63}")


def normal_domain(written: str) -> str:
    """In lower case and in ASCII (RFC 5890). Raises `Invalid`."""
    name = written.strip().rstrip(".").lower().rpartition("@")[2]
    try:
        name = name.encode("idna").decode("ascii")
    except UnicodeError:
        name = ""
    if not _NAME.fullmatch(name):
        raise Invalid(details={"domain": "Enter a domain, as it stands behind the @ of your addresses: example.com."})
    return name


def domain_of(address: str) -> str:
    """The domain of an address as the DNS writes it; empty where it can't be one."""
    name = address.rpartition("@")[2].lower()
    try:
        return name.encode("idna").decode("ascii")
    except UnicodeError:
        return ""


def public_name(host: str | None) -> str | None:
    """A host as others can look it up; None where it is an address, or a name of this network only."""
    is_public = bool(host) and bool(re.fullmatch(r"([a-z0-9-]+\.)+[a-z][a-z0-9-]+", host or "", re.IGNORECASE))
    return host.lower() if host and is_public else None
