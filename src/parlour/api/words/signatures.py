"""Signatures: what stands under replies."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import UNSET, UnsetType

from parlour.api import shapes
from parlour.api.conventions import Body
from parlour.api.operations import Answer, operation
from parlour.api.words.languages import SEVERAL, Language, NewSignatureText, SignatureText
from parlour.email import wording
from parlour.entrance import Request
from parlour.people import Permission

Texts = Annotated[dict[Language, NewSignatureText], SEVERAL]
_EXAMPLE = {
    "en": {"text": "{{agent.name}}\n{{organization.name}}"},
    "de": {"text": "Freundliche Grüße\n{{agent.name}}"},
}


class NewSignature(Body, frozen=True, kw_only=True):
    """An agent's where `userId` is given, a mailbox's where `mailboxId` is, else the organization's."""

    mailbox_id: UUID | None = None
    user_id: UUID | None = None
    texts: Texts


class SignatureChanges(Body, frozen=True, kw_only=True):
    """What to change; `texts` replace all there were."""

    texts: Texts | UnsetType = UNSET


class Signature(shapes.Shape, frozen=True):
    """Under a reply stands the agent's, and below it the mailbox's or, where that has none, the organization's."""

    id: UUID
    mailbox_id: UUID | None
    user_id: UUID | None
    texts: dict[str, SignatureText]
    created_at: datetime
    updated_at: datetime


class Signatures(shapes.Shape, frozen=True):
    """The organization's first."""

    items: list[Signature]


@operation("GET /signatures", Permission.WRITE_OWN_WORDS)
async def list_signatures(request: Request) -> Signatures:
    """List signatures

    The organization's, the mailboxes' and one's own; administrators see every agent's.
    """
    async with request.reading() as tx:
        found = await wording.wordings(tx, wording.Kind.SIGNATURE, seen_by=request.actor)
    return Signatures([_shown(one) for one in found])


@operation(
    "POST /signatures",
    Permission.WRITE_OWN_WORDS,
    status=201,
    headers={"Location": "The new signature."},
    example={"texts": _EXAMPLE},
)
async def add_signature(request: Request, body: NewSignature) -> Answer[Signature]:
    """Add a signature

    One's own; as an administrator also a mailbox's, the organization's or another agent's.
    """
    owner = wording.Owner(mailbox_id=body.mailbox_id, user_id=body.user_id)
    draft = wording.Draft(wording.Kind.SIGNATURE, _texts(body.texts), owner)
    async with request.transaction() as tx:
        made = await wording.add_wording(tx, draft, by=request.actor)
    return Answer(_shown(made), {"location": f"/api/signatures/{made.id}"})


@operation("GET /signatures/{id}", Permission.WRITE_OWN_WORDS)
async def read_signature(request: Request, id: UUID) -> Signature:  # noqa: A002
    """Read a signature"""
    async with request.reading() as tx:
        return _shown(await wording.find_wording(tx, wording.Kind.SIGNATURE, id, seen_by=request.actor))


@operation("PUT /signatures/{id}", Permission.WRITE_OWN_WORDS, example={"texts": _EXAMPLE})
async def change_signature(request: Request, id: UUID, body: SignatureChanges) -> Signature:  # noqa: A002
    """Change a signature

    Replies that are written already keep the one they have.
    """
    async with request.transaction() as tx:
        kept = await wording.find_wording(tx, wording.Kind.SIGNATURE, id, seen_by=request.actor)
        texts = kept.texts if body.texts is UNSET else _texts(body.texts)
        changed = wording.Draft(wording.Kind.SIGNATURE, texts, kept.owner)
        return _shown(await wording.change_wording(tx, kept, changed, by=request.actor))


@operation("DELETE /signatures/{id}", Permission.WRITE_OWN_WORDS, status=204)
async def remove_signature(request: Request, id: UUID) -> None:  # noqa: A002
    """Remove a signature"""
    async with request.transaction() as tx:
        kept = await wording.find_wording(tx, wording.Kind.SIGNATURE, id, seen_by=request.actor)
        await wording.remove_wording(tx, kept, by=request.actor)


def _texts(given: dict[str, NewSignatureText]) -> dict[str, wording.Text]:
    return {language: wording.Text(one.text, one.html) for language, one in given.items()}


def _shown(one: wording.Wording) -> Signature:
    texts = {language: SignatureText(text.text, text.html) for language, text in one.texts.items()}
    return Signature(one.id, one.mailbox_id, one.user_id, texts, one.created_at, one.updated_at)
