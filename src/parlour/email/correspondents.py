"""Who wrote a mail, and who else takes part: never one of our own addresses."""

from contextlib import suppress
from typing import Final

import msgspec

from parlour import people
from parlour.email.addresses import without_mark
from parlour.email.reading import Address, Mail
from parlour.foundation.database import Transaction
from parlour.foundation.errors import BadRequest, Invalid
from parlour.people import Actor, User, UserStatus

_MOST: Final = 20


class NoSender(BadRequest):
    """The mail names nobody outside as its sender, so there is nobody to answer."""


class Writer(msgspec.Struct, frozen=True):
    """Whoever wrote, as a user and in the act. `is_proved` where the sender's domain vouches for the mail (DMARC)."""

    user: User
    actor: Actor
    is_proved: bool

    @property
    def is_proved_agent(self) -> bool:
        return self.actor.is_agent and self.is_proved and self.user.status is UserStatus.ACTIVE


def address_of_sender(mail: Mail, ours: set[str]) -> Address:
    """Who is to be answered. Raises `NoSender`.

    A form or a group of ours writes from our own address, a service from one that nobody reads, a list from its own:
    those name the person elsewhere.
    """
    candidates = [mail.sender] if mail.sender else []
    if not candidates or is_ours(candidates[0].email, ours) or mail.is_from_robot or mail.is_from_list:
        candidates = [*mail.original_senders, *mail.reply_to, *candidates]
    for candidate in candidates:
        if not is_ours(candidate.email, ours):
            return candidate
    raise NoSender()


async def writer(tx: Transaction, address: Address, *, is_proved: bool) -> Writer:
    """The user of this address; where there is none, a new customer. Raises `Invalid` where it is no address."""
    user = await people.customer_by_email(tx, address.email, address.name)
    # An agent acts with their departments; whoever is inactive stays the one who wrote, without them.
    actor = await people.actor_of(tx, user.id) or people.actor_as(user, tx.organization_id)
    if is_proved:
        await people.join_by_domain(tx, user.id)
    # What a mail may be about is what its writer takes part in, whatever they see in the portal.
    return Writer(user, msgspec.structs.replace(actor, company_id=None), is_proved)


async def others_on(tx: Transaction, mail: Mail, not_these: set[str]) -> list[User]:
    """The people the mail was also sent to."""
    named = {address.email: address for address in (*mail.to, *mail.cc)}
    outside = [one for one in named.values() if not is_ours(one.email, not_these)]
    found = []
    for address in outside[:_MOST]:
        # A slip of the pen among the copies is no reason to refuse the mail.
        with suppress(Invalid):
            found.append(await people.customer_by_email(tx, address.email, address.name))
    return found


def is_ours(email: str, ours: set[str]) -> bool:
    """Also with a mark or detail behind its plus sign."""
    return bool({email, without_mark(email)} & ours)
