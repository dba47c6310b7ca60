"""The name that an organization wants for its portal, and the records that show it is theirs."""

from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

import msgspec

from parlour import audit
from parlour.audit import Act, Subject
from parlour.foundation import clock, crypto
from parlour.foundation.database import Transaction
from parlour.foundation.domain_names import normal_domain, public_name
from parlour.foundation.domain_proofs import Finding
from parlour.foundation.errors import Invalid
from parlour.people.organizations import Organization

_FIRST_LOOK: Final = timedelta(minutes=5)
_LABEL: Final = "_parlour-portal"
_MARK: Final = "parlour-portal="


class PortalHost(msgspec.Struct, frozen=True):
    """It is the portal's address while `verified_at` is set."""

    host: str
    token: str
    created_at: datetime
    checked_at: datetime | None
    verified_at: datetime | None
    missing_since: datetime | None
    """Since when its records were not seen though it counts still."""
    lost_at: datetime | None
    proof: Finding
    pointing: Finding
    is_taken: bool
    """Its records are there, and another organization has it still."""

    @property
    def record_name(self) -> str:
        return f"{_LABEL}.{self.host}"

    @property
    def record_value(self) -> str:
        return f"{_MARK}{self.token}"


COLUMNS: Final = """
    host, token, created_at, checked_at, verified_at, missing_since, lost_at, proof, pointing, is_taken
"""


async def portal_host(tx: Transaction) -> PortalHost | None:
    """The one that was asked for last."""
    return await tx.maybe(PortalHost, f"select {COLUMNS} from portal_hosts")


async def ask_for_host(tx: Transaction, written: str, public_url: str) -> PortalHost:
    """In place of the one of before, which leads nowhere from then on. Nothing follows before its records are found.

    Raises `Invalid` where it is no name, or the installation's own.
    """
    host = _checked(written, public_url)
    before = await portal_host(tx)
    if before and before.host == host:
        return before
    if before:
        await give_up_host(tx)
    asked = await tx.one(
        PortalHost,
        f"""
        insert into portal_hosts (organization_id, host, token, created_at, next_check_at)
        values (current_organization(), %(host)s, %(token)s, %(now)s, %(next)s)
        returning {COLUMNS}
        """,
        host=host,
        token=crypto.new_secret(),
        now=clock.now(),
        next=clock.now() + _FIRST_LOOK,
    )
    await audit.record(tx, Act.PORTAL_HOST_ASKED, on=subject_of(tx, asked))
    return asked


async def give_up_host(tx: Transaction) -> None:
    """The portal is at its usual address again, at once. Nothing happens where it has no name of its own."""
    before = await tx.maybe(PortalHost, f"delete from portal_hosts returning {COLUMNS}")
    if before:
        await tx.run("update organizations set host = null where id = %(id)s", id=tx.organization_id)
        await audit.record(tx, Act.PORTAL_HOST_GIVEN_UP, on=subject_of(tx, before))


def origin_of(organization: Organization, public_url: str) -> str:
    """Where its portal is reached, without a slash at its end: on its own name, if it has one."""
    if not organization.host:
        return public_url
    parts = urlsplit(public_url)
    return f"{parts.scheme}://{organization.host}{f':{parts.port}' if parts.port else ''}"


def target_of(public_url: str) -> str | None:
    """What the name must be a CNAME of. None where the installation has no name that others can look up."""
    return public_name(urlsplit(public_url).hostname)


def subject_of(tx: Transaction, asked: PortalHost) -> Subject:
    """As the audit trail names it."""
    return Subject("portal address", tx.organization_id, asked.host)


def _checked(written: str, public_url: str) -> str:
    try:
        host = normal_domain(written)
    except Invalid as wrong:
        raise Invalid(details={"host": "Enter a name of a domain of yours: help.example.com."}) from wrong
    if "@" in written or host == urlsplit(public_url).hostname:
        raise Invalid(details={"host": "Enter a name of a domain of yours: this one is not."})
    return host
