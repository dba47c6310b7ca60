"""What placeholders stand for on a ticket."""

import re
from typing import Final

import msgspec

from parlour import people
from parlour.email.mailboxes import mailbox_for
from parlour.email.wording.placeholders import PORTAL_URL, Values, tame
from parlour.foundation.database import Transaction
from parlour.people import Organization, portal_hosts
from parlour.tickets import Ticket

_TITLES: Final = frozenset(
    (
        *("dr", "prof", "mr", "mrs", "ms", "miss", "herr", "frau", "m", "mme", "mlle", "sr", "sra", "sig", "mag"),
        *("ing", "ir", "dhr", "mevr"),
    )
)
_LIKE_AN_ADDRESS: Final = re.compile(r"@|://|\bwww\.|\w\.\w{2,}/", re.IGNORECASE)
_SURNAME_FIRST: Final = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_LONGEST: Final = 200


class Scene(msgspec.Struct, frozen=True):
    """Who says it, where, to whom. Without an agent it is said by the organization itself."""

    customer_name: str
    customer_email: str
    ticket_number: int
    ticket_subject: str
    organization_name: str
    mailbox_address: str
    portal_url: str
    agent_name: str = ""

    def values(self) -> Values:
        name = _name(self.customer_name, self.customer_email)
        values = {
            "customer.name": name,
            "customer.first_name": _first(name),
            "agent.name": self.agent_name or self.organization_name,
            "ticket.number": str(self.ticket_number),
            "ticket.subject": self.ticket_subject,
            "organization.name": self.organization_name,
            "mailbox.address": self.mailbox_address,
            PORTAL_URL: self.portal_url,
        }
        return {each: tame(value)[:_LONGEST] for each, value in values.items()}


async def scene_of(tx: Transaction, ticket: Ticket, *, public_url: str, agent_name: str = "") -> Scene:
    """The scene of a ticket, in the mailbox it is answered from."""
    organization = await people.this_organization(tx)
    mailbox = await mailbox_for(tx, ticket)
    return Scene(
        customer_name=ticket.requester_name,
        customer_email=ticket.requester_email,
        ticket_number=ticket.number,
        ticket_subject=ticket.subject,
        organization_name=organization.name,
        mailbox_address=mailbox.address if mailbox else "",
        portal_url=portal_url(public_url, organization),
        agent_name=agent_name,
    )


def example(organization: Organization, mailbox: str, *, public_url: str, agent_name: str = "") -> Scene:
    """A ticket that does not exist, for previews where none was chosen."""
    return Scene(
        customer_name="Carol Weber",
        customer_email="carol.weber@example.com",
        ticket_number=42,
        ticket_subject="My order has not arrived",
        organization_name=organization.name,
        mailbox_address=mailbox,
        portal_url=portal_url(public_url, organization),
        agent_name=agent_name,
    )


def portal_url(public_url: str, organization: Organization) -> str:
    """On the organization's own name, if it has one."""
    return f"{portal_hosts.origin_of(organization, public_url)}/portal/{organization.slug}"


def _name(name: str, email: str) -> str:
    # Whoever gave no name was called like their mailbox; and a link is no name, whoever is to read it.
    is_none = name == email.partition("@")[0] or _LIKE_AN_ADDRESS.search(name)
    return "" if is_none else name


def _first(name: str) -> str:
    if _SURNAME_FIRST.search(name):
        return name
    surname, comma, rest = name.partition(",")
    words = [
        word
        for word in (rest if comma and rest.strip() else surname).split()
        if word.lower().rstrip(".") not in _TITLES
    ]
    return words[0] if words else ""
