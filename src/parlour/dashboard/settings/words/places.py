"""The three kinds of words as places in the settings, and whose words may be written there."""

from typing import Final
from uuid import UUID

import msgspec

from parlour import email, people
from parlour.email import wording
from parlour.entrance import Request
from parlour.foundation.database import Transaction
from parlour.foundation.errors import NotFound
from parlour.people import Actor, Permission

HERE: Final = "/dashboard/settings"


class Place(msgspec.Struct, frozen=True):
    """Where words of a kind are written. `noun` is how one of them is called."""

    slug: str
    kind: wording.Kind
    noun: str

    @property
    def path(self) -> str:
        return f"{HERE}/{self.slug}"


PLACES: Final = (
    Place("signatures", wording.Kind.SIGNATURE, "signature"),
    Place("templates", wording.Kind.TEMPLATE, "template"),
    Place("automatic-mails", wording.Kind.ACKNOWLEDGEMENT, "acknowledgement"),
)
SIGNATURES, TEMPLATES, AUTOMATIC = PLACES


def paths(rest: str = "") -> list[str]:
    """The same route in each place."""
    return [f"{place.path}{rest}" for place in PLACES]


def place_of(request: Request) -> Place:
    """Raises `Forbidden` where it is for administrators."""
    slug = request.url.path.split("/")[3]
    place = next(place for place in PLACES if place.slug == slug)
    if place is AUTOMATIC:
        request.actor.must(Permission.MANAGE_MAIL)
    return place


class Names(msgspec.Struct, frozen=True):
    """What mailboxes, departments and agents are called."""

    mailboxes: dict[UUID, str]
    departments: dict[UUID, str]
    agents: dict[UUID, str]
    actor: Actor

    def of(self, owner: wording.Owner) -> str:
        if owner.user_id:
            return "Yours" if owner.user_id == self.actor.user_id else self.agents.get(owner.user_id, "A former agent")
        if owner.department_id:
            return self.departments.get(owner.department_id, "A department")
        if owner.mailbox_id:
            return self.mailboxes.get(owner.mailbox_id, "A mailbox")
        return "Everybody’s"

    def choices(self, kind: wording.Kind) -> list[tuple[str, str]]:
        """Whose words this agent may write, for a select."""
        found = [(wording.Owner(user_id=self.actor.user_id), "Yours alone"), (wording.Owner(), "Everybody’s")]
        found += [(wording.Owner(department_id=one), name) for one, name in self.departments.items()]
        found += [(wording.Owner(mailbox_id=one), name) for one, name in self.mailboxes.items()]
        return [(written(owner), words) for owner, words in found if wording.may_write(kind, owner, self.actor)]


async def names(tx: Transaction, actor: Actor) -> Names:
    return Names(
        {box.id: box.address for box in await email.mailboxes(tx)},
        {department.id: department.name for department in await people.departments(tx)},
        {agent.id: agent.name for agent in await people.agents(tx)},
        actor,
    )


def written(owner: wording.Owner) -> str:
    """An owner as a form and an address hold it."""
    for field in ("mailbox", "department", "user"):
        if found := getattr(owner, f"{field}_id"):
            return f"{field}:{found}"
    return ""


def owner_of(text: str) -> wording.Owner:
    """The same, read. Raises `NotFound`."""
    field, _, identity = text.partition(":")
    if not field:
        return wording.Owner()
    try:
        return wording.Owner(**{f"{field}_id": UUID(identity)})
    except (TypeError, ValueError) as strange:
        raise NotFound() from strange


class Row(msgspec.Struct, frozen=True):
    """A line of a list."""

    wording: wording.Wording
    owner: str
    languages: list[str]
    begins: str
    may_write: bool


def row(one: wording.Wording, called: Names, first_language: str) -> Row:
    text = one.texts.get(first_language) or next(iter(one.texts.values()))
    languages = [wording.name_of(code) for code in sorted(one.texts)]
    may_write = wording.may_write(one.kind, one.owner, called.actor)
    return Row(one, called.of(one.owner), languages, " ".join(text.text.split())[:200], may_write)
