"""Templates: replies that are written once and inserted often."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from msgspec import UNSET, Meta, UnsetType

from parlour import tickets
from parlour.api import shapes
from parlour.api.conventions import Body, Query
from parlour.api.operations import Answer, operation
from parlour.api.words.languages import SEVERAL, Language, Words
from parlour.email import wording
from parlour.entrance import Request
from parlour.people import Permission
from parlour.tickets import Reference

Name = Annotated[str, Meta(min_length=1, max_length=80, examples=["Refund is on its way"])]
Texts = Annotated[dict[Language, Words], SEVERAL]
_EXAMPLE = {
    "name": "Refund is on its way",
    "texts": {
        "en": "Hello {{customer.first_name|there}},\n\nyour refund is on its way.",
        "de": "Guten Tag {{customer.name}},\n\nIhre Erstattung ist unterwegs.",
    },
}


class NewTemplate(Body, frozen=True, kw_only=True):
    """Of one agent, department or mailbox; where none is named, the whole organization's."""

    name: Name
    texts: Texts
    mailbox_id: UUID | None = None
    department_id: UUID | None = None
    user_id: UUID | None = None


class TemplateChanges(Body, frozen=True, kw_only=True):
    """What to change; what is left out stays. `texts` replace all there were."""

    name: Name | UnsetType = UNSET
    texts: Texts | UnsetType = UNSET
    mailbox_id: UUID | None | UnsetType = UNSET
    department_id: UUID | None | UnsetType = UNSET
    user_id: UUID | None | UnsetType = UNSET


class Template(shapes.Shape, frozen=True):
    """A reply to insert, in one or several languages."""

    id: UUID
    name: str
    mailbox_id: UUID | None
    department_id: UUID | None
    user_id: UUID | None
    texts: dict[str, str]
    created_at: datetime
    updated_at: datetime


class Templates(shapes.Shape, frozen=True):
    """The organization's first, then by name."""

    items: list[Template]


class OfferedTemplate(shapes.Shape, frozen=True):
    """A template as it would be inserted. `owner` is empty where it is everybody's."""

    id: UUID
    name: str
    owner: str
    language: str
    text: str


class OfferedTemplates(shapes.Shape, frozen=True):
    """Fifty at most; one's own before the others."""

    items: list[OfferedTemplate]


class Search(Query, frozen=True, kw_only=True):
    """Which templates."""

    q: Annotated[str, Meta(max_length=100, description="What the name or a text holds.")] = ""


class InLanguage(Query, frozen=True, kw_only=True):
    """In which language."""

    language: Annotated[Language | None, Meta(description="Without one: the customer's.")] = None


@operation("GET /templates", Permission.WRITE_OWN_WORDS)
async def list_templates(request: Request, query: Search) -> Templates:
    """List templates

    The organization's, those of one's departments and of the mailboxes, and one's own.
    """
    async with request.reading() as tx:
        found = await wording.wordings(tx, wording.Kind.TEMPLATE, seen_by=request.actor, q=query.q)
    return Templates([_shown(one) for one in found])


@operation(
    "POST /templates",
    Permission.WRITE_OWN_WORDS,
    status=201,
    headers={"Location": "The new template."},
    example=_EXAMPLE,
)
async def add_template(request: Request, body: NewTemplate) -> Answer[Template]:
    """Add a template

    One's own; as a manager also for a department one works in, as an administrator for everybody.
    """
    owner = wording.Owner(body.mailbox_id, body.department_id, body.user_id)
    draft = wording.Draft(wording.Kind.TEMPLATE, _texts(body.texts), owner, body.name)
    async with request.transaction() as tx:
        made = await wording.add_wording(tx, draft, by=request.actor)
    return Answer(_shown(made), {"location": f"/api/templates/{made.id}"})


@operation("GET /templates/{id}", Permission.WRITE_OWN_WORDS)
async def read_template(request: Request, id: UUID) -> Template:  # noqa: A002
    """Read a template"""
    async with request.reading() as tx:
        return _shown(await wording.find_wording(tx, wording.Kind.TEMPLATE, id, seen_by=request.actor))


@operation("PUT /templates/{id}", Permission.WRITE_OWN_WORDS, example=_EXAMPLE)
async def change_template(request: Request, id: UUID, body: TemplateChanges) -> Template:  # noqa: A002
    """Change a template"""
    async with request.transaction() as tx:
        kept = await wording.find_wording(tx, wording.Kind.TEMPLATE, id, seen_by=request.actor)
        owner = wording.Owner(
            _or(body.mailbox_id, kept.mailbox_id),
            _or(body.department_id, kept.department_id),
            _or(body.user_id, kept.user_id),
        )
        texts = kept.texts if body.texts is UNSET else _texts(body.texts)
        draft = wording.Draft(wording.Kind.TEMPLATE, texts, owner, _or(body.name, kept.name))
        return _shown(await wording.change_wording(tx, kept, draft, by=request.actor))


@operation("DELETE /templates/{id}", Permission.WRITE_OWN_WORDS, status=204)
async def remove_template(request: Request, id: UUID) -> None:  # noqa: A002
    """Remove a template"""
    async with request.transaction() as tx:
        kept = await wording.find_wording(tx, wording.Kind.TEMPLATE, id, seen_by=request.actor)
        await wording.remove_wording(tx, kept, by=request.actor)


@operation("GET /tickets/{reference}/templates", Permission.CHANGE_TICKETS)
async def list_offered_templates(request: Request, reference: Reference, query: Search) -> OfferedTemplates:
    """List the templates that fit a ticket

    In the customer's language, their placeholders filled.
    """
    public_url = request.installation.settings.public_url
    async with request.reading() as tx:
        ticket = await tickets.find(tx, reference, seen_by=request.actor)
        found = await wording.offers(tx, ticket, to=request.actor, public_url=public_url, q=query.q)
    return OfferedTemplates([_offered(one) for one in found])


@operation("GET /tickets/{reference}/templates/{template_id}", Permission.CHANGE_TICKETS)
async def fill_template(
    request: Request, reference: Reference, template_id: UUID, query: InLanguage
) -> OfferedTemplate:
    """Fill a template in for a ticket"""
    public_url = request.installation.settings.public_url
    async with request.reading() as tx:
        ticket = await tickets.find(tx, reference, seen_by=request.actor)
        return _offered(
            await wording.inserted(
                tx, ticket, template_id, by=request.actor, public_url=public_url, language=query.language
            )
        )


def _or(given: Any, kept: Any) -> Any:
    return kept if given is UNSET else given


def _texts(given: dict[str, str]) -> dict[str, wording.Text]:
    return {language: wording.Text(text) for language, text in given.items()}


def _offered(one: wording.Offer) -> OfferedTemplate:
    return OfferedTemplate(one.id, one.name, one.owner, one.language, one.text)


def _shown(one: wording.Wording) -> Template:
    return Template(
        id=one.id,
        name=one.name,
        mailbox_id=one.mailbox_id,
        department_id=one.department_id,
        user_id=one.user_id,
        texts={language: text.text for language, text in one.texts.items()},
        created_at=one.created_at,
        updated_at=one.updated_at,
    )
