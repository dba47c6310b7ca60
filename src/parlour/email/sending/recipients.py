"""Who gets a reply: shown before it is sent, frozen with it."""

import re
from collections.abc import Iterable, Sequence
from typing import Final
from uuid import UUID

import msgspec

from parlour import people, tickets
from parlour.email.addresses import without_mark
from parlour.email.mailboxes import mailboxes
from parlour.email.reading import Address
from parlour.foundation.database import Transaction
from parlour.foundation.errors import Invalid
from parlour.people import Role
from parlour.tickets import Ticket

_MOST: Final = 50
_PIECE: Final = re.compile(r'(?:"[^"]*"|[^,;"\n])+|"')
_NAMED: Final = re.compile(r"\s*(.*?)\s*<([^<>]*)>\s*", re.DOTALL)


class Recipients(msgspec.Struct, frozen=True):
    """Whom a mail is for, who gets a copy, and who gets one unseen by the others."""

    to: Sequence[Address] = ()
    cc: Sequence[Address] = ()
    bcc: Sequence[Address] = ()

    @property
    def everyone(self) -> list[Address]:
        return [*self.to, *self.cc, *self.bcc]


async def recipients_for(tx: Transaction, ticket: Ticket, *, by: UUID | None = None) -> Recipients:
    """Whom a reply goes to unless its writer says otherwise: the requester, with copies to the others outside.

    It follows from who takes part in the ticket, never from an earlier mail; agents read it on the ticket, and our own
    mailboxes are nobody.
    """
    ours = {mailbox.address for mailbox in await mailboxes(tx)}
    outside = [
        user
        for user in await tickets.participants(tx, ticket.id)
        if user.email not in ours and user.id != by and (user.role is Role.CUSTOMER or user.id == ticket.requester_id)
    ]
    to = [Address(user.email, user.name) for user in outside if user.id == ticket.requester_id]
    cc = [Address(user.email, user.name) for user in outside if user.id != ticket.requester_id]
    return Recipients(to, cc) if to else Recipients(cc[:1], cc[1:])


async def checked_recipients(tx: Transaction, recipients: Recipients) -> Recipients:
    """Each address once, as it is stored, with the name it is known by. Raises `Invalid`, naming the field."""
    ours = {mailbox.address for mailbox in await mailboxes(tx)}
    known: set[str] = set()
    to, cc, bcc = (
        _once(kind, addresses, known, ours)
        for kind, addresses in (("to", recipients.to), ("cc", recipients.cc), ("bcc", recipients.bcc))
    )
    if not to:
        raise Invalid(details={"to": "Name at least one person the reply is for."})
    if len(known) > _MOST:
        raise Invalid(details={"to": f"A reply goes to at most {_MOST} addresses."})
    names = await _names(tx, [address.email for address in (*to, *cc, *bcc) if not address.name])
    to, cc, bcc = ([Address(one.email, one.name or names.get(one.email, "")) for one in kind] for kind in (to, cc, bcc))
    return Recipients(to, cc, bcc)


class Introduced(msgspec.Struct, frozen=True):
    """What its writer should know of somebody before a reply goes to them.

    `is_new` where they did not take part in the ticket so far; `bounced` has the server's words where the last mail to
    them came back for good.
    """

    email: str
    name: str
    is_new: bool
    bounced: str | None


async def introduced(tx: Transaction, ticket_id: UUID, recipients: Sequence[Address]) -> list[Introduced]:
    """Each of them, in the order given."""
    return await tx.all(
        Introduced,
        """
        select one.email, coalesce(nullif(one.name, ''), u.name, '') as name, p.user_id is null as is_new,
            case when u.mail_state = 'BOUNCING' then coalesce(u.mail_state_words, '') end as bounced
        from unnest(%(emails)s::text[], %(names)s::text[]) with ordinality as one (email, name, place)
        left join users u on u.email = one.email
        left join participants p
            on p.organization_id = u.organization_id and p.ticket_id = %(ticket_id)s and p.user_id = u.id
        order by one.place
        """,
        ticket_id=ticket_id,
        emails=[one.email for one in recipients],
        names=[one.name for one in recipients],
    )


def typed_addresses(text: str) -> list[Address]:
    """What somebody typed into a line of recipients: `Carol <carol@example.com>, dave@example.com`. Not checked yet."""
    found = []
    for piece in _PIECE.findall(text):
        named = _NAMED.fullmatch(piece)
        name, email = (named[1].strip('" '), named[2]) if named else ("", piece)
        if email.strip(' "'):
            found.append(Address(email.strip(), name))
    return found


async def bring_along(tx: Transaction, ticket: Ticket, recipients: Recipients) -> None:
    """Who is written to openly takes part from now on, so that their answers find the ticket."""
    users = [await people.customer_by_email(tx, one.email, one.name) for one in (*recipients.to, *recipients.cc)]
    outside = [user.id for user in users if user.role is Role.CUSTOMER]
    await tickets.add_participants(tx, ticket.id, outside)


def _once(field: str, addresses: Iterable[Address], known: set[str], ours: set[str]) -> list[Address]:
    found = []
    for address in addresses:
        email = _normal(field, address.email)
        if {email, without_mark(email)} & ours:
            sentence = f"{email} is a mailbox of yours: the reply would come back as a ticket."
            raise Invalid(details={field: sentence})
        if email not in known:
            known.add(email)
            found.append(Address(email, " ".join(address.name.split())[:200]))
    return found


def _normal(field: str, email: str) -> str:
    try:
        return people.normal_email(email)
    except Invalid as wrong:
        raise Invalid(details={field: f"“{email[:100]}” is not an e-mail address."}) from wrong


class _Known(msgspec.Struct):
    email: str
    name: str


async def _names(tx: Transaction, addresses: list[str]) -> dict[str, str]:
    found = await tx.all(_Known, "select email, name from users where email = any(%(addresses)s)", addresses=addresses)
    return {user.email: user.name for user in found}
