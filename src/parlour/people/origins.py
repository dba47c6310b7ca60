"""Web pages elsewhere whose scripts may call the API in an organization's name, with a token (CORS)."""

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from parlour import audit
from parlour.audit import Act, Subject
from parlour.foundation.database import Transaction
from parlour.foundation.errors import Invalid
from parlour.people.organizations import this_organization

_MOST: Final = 50
_LONGEST: Final = 300


async def allowed_origins(tx: Transaction) -> list[str]:
    return await tx.values("select origin from allowed_origins order by origin")


async def allows_origin(tx: Transaction, origin: str) -> bool:
    """Whether exactly this one is named."""
    found = await tx.value("select exists (select from allowed_origins where origin = %(origin)s)", origin=origin)
    return bool(found)


async def set_allowed_origins(tx: Transaction, origins: Sequence[str]) -> list[str]:
    """These and no others. Raises `Invalid` where one is no origin (RFC 6454), or names more than one."""
    wanted = sorted({_normal(origin) for origin in origins})
    if len(wanted) > _MOST:
        raise Invalid(details={"origins": f"At most {_MOST} origins can be named."})
    before = await allowed_origins(tx)
    await tx.run("delete from allowed_origins where origin <> all(%(wanted)s)", wanted=wanted)
    await tx.run(
        """
        insert into allowed_origins (organization_id, origin)
        select current_organization(), unnest(%(wanted)s::text[])
        on conflict do nothing
        """,
        wanted=wanted,
    )
    if wanted != before:
        organization = await this_organization(tx)
        on = Subject("organization", organization.id, organization.name)
        details = {"before": {"origins": before}, "after": {"origins": wanted}}
        await audit.record(tx, Act.ORGANIZATION_CHANGED, on=on, details=details)
    return wanted


def _normal(written: str) -> str:
    """As a browser writes it in `Origin`: lower case, without the scheme's own port."""
    wrong = Invalid(
        details={"origins": f"{written[:80]!r} is no origin. Write https://shop.example.com: no path, no asterisk."}
    )
    try:
        parts = urlsplit(written.strip())
        host, port = (parts.hostname or "").encode("idna").decode(), parts.port
    except ValueError as broken:
        raise wrong from broken
    is_local = host in ("localhost", "127.0.0.1")
    is_bare = not parts.query and not parts.fragment and not parts.username and parts.path in ("", "/")
    is_plain = bool(host) and all(letter.isalnum() or letter in "-." for letter in host)
    if not (is_bare and is_plain and (parts.scheme == "https" or (parts.scheme == "http" and is_local))):
        raise wrong
    own = port in (None, {"https": 443, "http": 80}[parts.scheme])
    origin = f"{parts.scheme}://{host.lower()}" + ("" if own else f":{port}")
    if len(origin) > _LONGEST:
        raise wrong
    return origin
