"""Templates as an agent meets them on a ticket: those that fit, in the customer's language, filled in."""

from uuid import UUID

import msgspec

from parlour import people
from parlour.email.mailboxes import mailbox_for
from parlour.email.wording.keeping import Wording, find_wording, wordings
from parlour.email.wording.kinds import Kind
from parlour.email.wording.languages import chosen, language_of_ticket, languages, name_of, wishes
from parlour.email.wording.placeholders import fill
from parlour.email.wording.values import scene_of
from parlour.foundation.database import Transaction
from parlour.foundation.errors import NotFound
from parlour.people import Actor
from parlour.tickets import Ticket

MOST_OFFERED = 50


class Offer(msgspec.Struct, frozen=True):
    """A template as it would be inserted. `owner` is empty where it is everybody's."""

    id: UUID
    name: str
    language: str
    languages: list[str]
    text: str
    owner: str

    @property
    def language_name(self) -> str:
        return name_of(self.language)


async def offers(tx: Transaction, ticket: Ticket, *, to: Actor, public_url: str, q: str = "") -> list[Offer]:
    """The first fifty whose name or text holds `q`; the agent's own and the department's before everybody's."""
    found = await wordings(tx, Kind.TEMPLATE, seen_by=to, q=q)
    if not found:
        return []
    mailbox = await mailbox_for(tx, ticket)
    names = {department.id: department.name for department in await people.departments(tx)}
    fitting = [one for one in found if _fits(one, ticket, mailbox.id if mailbox else None, to)]
    fitting.sort(key=lambda one: (not one.name.casefold().startswith(q.casefold()), one.user_id is None))
    wanted = wishes(await language_of_ticket(tx, ticket.id), await languages(tx))
    values = (await scene_of(tx, ticket, public_url=public_url, agent_name=to.name)).values()
    offered = []
    for one in fitting[:MOST_OFFERED]:
        language = chosen(one.texts, wanted)
        if language:
            owner = "Yours" if one.user_id else names.get(one.department_id or one.id, "")
            text = fill(one.texts[language].text, values)
            offered.append(Offer(one.id, one.name, language, sorted(one.texts), text, owner))
    return offered


async def inserted(
    tx: Transaction, ticket: Ticket, template_id: UUID, *, by: Actor, public_url: str, language: str | None = None
) -> Offer:
    """One template filled in for this ticket; in this language, else in the customer's. Raises `NotFound`."""
    template = await find_wording(tx, Kind.TEMPLATE, template_id, seen_by=by)
    of_customer = language or await language_of_ticket(tx, ticket.id)
    found = chosen(template.texts, wishes(of_customer, await languages(tx)))
    if found is None:
        raise NotFound()
    values = (await scene_of(tx, ticket, public_url=public_url, agent_name=by.name)).values()
    return Offer(
        template.id, template.name, found, sorted(template.texts), fill(template.texts[found].text, values), ""
    )


def _fits(template: Wording, ticket: Ticket, mailbox_id: UUID | None, actor: Actor) -> bool:
    if template.department_id:
        return template.department_id == ticket.department_id or template.department_id in actor.department_ids
    return template.mailbox_id is None or template.mailbox_id == mailbox_id
