"""How words will look before anybody gets them: on an example ticket, or on a real one."""

from typing import Final

import msgspec

from parlour import people, tickets
from parlour.email.mailboxes import mailboxes
from parlour.email.wording.checking import checked_text
from parlour.email.wording.kinds import Kind, Text
from parlour.email.wording.languages import languages, wishes
from parlour.email.wording.rendering import render
from parlour.email.wording.signatures import Signature, composed, pieces_of
from parlour.email.wording.values import example, scene_of
from parlour.foundation import html
from parlour.foundation.database import Transaction
from parlour.people import Actor
from parlour.tickets import Reference

_EXAMPLE_MAILBOX: Final = "support@example.com"


class Preview(msgspec.Struct, frozen=True):
    """What somebody would get, with whom it speaks of."""

    subject: str
    text: str
    html: str
    customer: str
    ticket_number: int


async def preview(
    tx: Transaction, kind: Kind, text: Text, *, by: Actor, public_url: str, ticket: Reference | None = None
) -> Preview:
    """Of unsaved words, checked as if they were saved. Raises `Invalid`, or `NotFound` for the ticket."""
    checked = checked_text(kind, text)
    agent = "" if kind is Kind.ACKNOWLEDGEMENT else by.name
    if ticket is None:
        boxes = await mailboxes(tx)
        address = boxes[0].address if boxes else _EXAMPLE_MAILBOX
        organization = await people.this_organization(tx)
        scene = example(organization, address, public_url=public_url, agent_name=agent)
    else:
        found = await tickets.find(tx, ticket, seen_by=by)
        scene = await scene_of(tx, found, public_url=public_url, agent_name=agent)
    rendered = render(checked, scene.values())
    words = rendered.subject or f"Re: {scene.ticket_subject}"
    subject = f"{words} [#{scene.ticket_number}]" if kind is Kind.ACKNOWLEDGEMENT else ""
    return Preview(subject, rendered.text, rendered.html, scene.customer_name, scene.ticket_number)


async def own_signature(tx: Transaction, *, by: Actor, public_url: str) -> Signature | None:
    """What an agent's replies end with, in the organization's first language, from its first mailbox."""
    boxes = await mailboxes(tx)
    organization = await people.this_organization(tx)
    address = boxes[0].address if boxes else _EXAMPLE_MAILBOX
    scene = example(organization, address, public_url=public_url, agent_name=by.name)
    pieces = await pieces_of(tx, by.user_id, boxes[0].id if boxes else None)
    found = composed(pieces, wishes(None, await languages(tx)), scene.values())
    return msgspec.structs.replace(found, html=html.clean(found.html)) if found else None
