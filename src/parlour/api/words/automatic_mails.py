"""Automatic mails: what customers are told without an agent, in the organization's words or the built-in ones."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from parlour.api import shapes
from parlour.api.conventions import Body
from parlour.api.operations import Answer, operation
from parlour.api.words.languages import (
    SEVERAL,
    Language,
    MailText,
    Markup,
    NewMailText,
    Subject,
    Words,
    as_mail_texts,
)
from parlour.email import safety, wording
from parlour.entrance import Request
from parlour.foundation.database import Transaction
from parlour.people import Permission

Texts = Annotated[dict[Language, NewMailText], SEVERAL]
Number = Annotated[int, Meta(ge=1, le=2_000_000_000, description="A ticket's number.")]
_EXAMPLE = {"en": {"text": "Hello {{customer.first_name|there}},\n\nwe have your message #{{ticket.number}}."}}


class AutomaticMailKind(StrEnum):
    """Which mail: an acknowledgement tells whoever opened a ticket by mail that it is here; the others are about
    somebody's own access."""

    ACKNOWLEDGEMENT = "ACKNOWLEDGEMENT"
    SIGN_IN_LINK = "SIGN_IN_LINK"
    PASSWORD_LINK = "PASSWORD_LINK"  # noqa: S105
    PASSWORD_CHANGED = "PASSWORD_CHANGED"  # noqa: S105
    ADDRESS_LINK = "ADDRESS_LINK"
    ADDRESS_CHANGED = "ADDRESS_CHANGED"
    TOKEN_COPIED = "TOKEN_COPIED"  # noqa: S105
    INVITATION = "INVITATION"
    PASSKEY_ADDED = "PASSKEY_ADDED"
    PASSKEY_REMOVED = "PASSKEY_REMOVED"
    TOKEN_ENDS = "TOKEN_ENDS"  # noqa: S105


class NewAutomaticMail(Body, frozen=True, kw_only=True):
    """A mailbox's own words where `mailboxId` is given, else the organization's."""

    kind: AutomaticMailKind
    mailbox_id: UUID | None = None
    texts: Texts


class AutomaticMailChanges(Body, frozen=True, kw_only=True):
    """What to change; `texts` replace all there were."""

    texts: Texts | UnsetType = UNSET


class AutomaticMail(shapes.Shape, frozen=True):
    """Own words of an automatic mail. A language they lack has the built-in ones."""

    id: UUID
    kind: AutomaticMailKind
    mailbox_id: UUID | None
    texts: dict[str, MailText]
    created_at: datetime
    updated_at: datetime


class AutomaticMails(shapes.Shape, frozen=True):
    """One's own, and the built-in words by kind and language."""

    items: list[AutomaticMail]
    built_in: dict[AutomaticMailKind, dict[str, MailText]]


class MailSettings(shapes.Shape, frozen=True):
    """Whether mails that open a ticket are acknowledged, where the mailbox says nothing else; and the languages."""

    acknowledges: bool
    languages: Annotated[list[str], Meta(description="What the organization writes in, the first one first.")]


class MailSettingsChanges(Body, frozen=True, kw_only=True):
    """What to change; what is left out stays."""

    acknowledges: bool | UnsetType = UNSET
    languages: Annotated[list[Language], Meta(min_length=1, max_length=30)] | UnsetType = UNSET


class PreviewKind(StrEnum):
    """What the words are for."""

    SIGNATURE = "SIGNATURE"
    TEMPLATE = "TEMPLATE"
    ACKNOWLEDGEMENT = "ACKNOWLEDGEMENT"


class WordsToPreview(Body, frozen=True, kw_only=True):
    """Words that need not be saved. Without a ticket an example is used."""

    kind: PreviewKind
    text: Words
    html: Markup = ""
    subject: Subject = ""
    ticket: Number | None = None


class PreviewedWords(shapes.Shape, frozen=True):
    """What a customer would get."""

    subject: str
    text: str
    html: str


@operation("GET /automatic-mails", Permission.MANAGE_MAIL)
async def list_automatic_mails(request: Request) -> AutomaticMails:
    """List automatic mails"""
    items = []
    async with request.reading() as tx:
        for kind in wording.AUTOMATIC:
            items += [_shown(one) for one in await wording.wordings(tx, kind, seen_by=request.actor)]
    built_in = {AutomaticMailKind(kind): as_mail_texts(texts) for kind, texts in wording.BUILT_IN.items()}
    return AutomaticMails(items, built_in)


@operation(
    "POST /automatic-mails",
    Permission.MANAGE_MAIL,
    status=201,
    headers={"Location": "The new words."},
    example={"kind": "ACKNOWLEDGEMENT", "texts": _EXAMPLE},
)
async def add_automatic_mail(request: Request, body: NewAutomaticMail) -> Answer[AutomaticMail]:
    """Write an automatic mail in one's own words"""
    draft = wording.Draft(wording.Kind(body.kind), _texts(body.texts), wording.Owner(mailbox_id=body.mailbox_id))
    async with request.transaction() as tx:
        made = await wording.add_wording(tx, draft, by=request.actor)
    return Answer(_shown(made), {"location": f"/api/automatic-mails/{made.id}"})


@operation("GET /automatic-mails/settings", Permission.MANAGE_MAIL)
async def read_mail_settings(request: Request) -> MailSettings:
    """Read whether mails are acknowledged, and in which languages one writes"""
    async with request.reading() as tx:
        return await _settings(tx)


@operation(
    "PUT /automatic-mails/settings",
    Permission.MANAGE_MAIL,
    example={"acknowledges": True, "languages": ["de", "en"]},
)
async def change_mail_settings(request: Request, body: MailSettingsChanges) -> MailSettings:
    """Change whether mails are acknowledged, and in which languages one writes"""
    async with request.transaction() as tx:
        if body.acknowledges is not UNSET:
            rules = await safety.mail_rules(tx)
            await safety.change_mail_rules(tx, msgspec.structs.replace(rules, acknowledges=body.acknowledges))
        if body.languages is not UNSET:
            await wording.set_languages(tx, body.languages)
        return await _settings(tx)


@operation("GET /automatic-mails/{id}", Permission.MANAGE_MAIL)
async def read_automatic_mail(request: Request, id: UUID) -> AutomaticMail:  # noqa: A002
    """Read an automatic mail"""
    async with request.reading() as tx:
        return _shown(await _find(tx, request, id))


@operation("PUT /automatic-mails/{id}", Permission.MANAGE_MAIL, example={"texts": _EXAMPLE})
async def change_automatic_mail(request: Request, id: UUID, body: AutomaticMailChanges) -> AutomaticMail:  # noqa: A002
    """Change an automatic mail"""
    async with request.transaction() as tx:
        kept = await _find(tx, request, id)
        texts = kept.texts if body.texts is UNSET else _texts(body.texts)
        draft = wording.Draft(kept.kind, texts, kept.owner)
        return _shown(await wording.change_wording(tx, kept, draft, by=request.actor))


@operation("DELETE /automatic-mails/{id}", Permission.MANAGE_MAIL, status=204)
async def remove_automatic_mail(request: Request, id: UUID) -> None:  # noqa: A002
    """Go back to the built-in words"""
    async with request.transaction() as tx:
        await wording.remove_wording(tx, await _find(tx, request, id), by=request.actor)


@operation(
    "POST /previews",
    Permission.WRITE_OWN_WORDS,
    refusals=(404,),
    example={"kind": "SIGNATURE", "text": "{{agent.name}}\n{{organization.name}}", "ticket": 42},
)
async def preview_words(request: Request, body: WordsToPreview) -> PreviewedWords:
    """Preview words

    As a customer would get them, in text and HTML. Nothing is saved or sent.
    """
    text = wording.Text(body.text, body.html, body.subject)
    public_url = request.installation.settings.public_url
    # A transaction: an Idempotency-Key is used up like everywhere.
    async with request.transaction() as tx:
        shown = await wording.preview(
            tx, wording.Kind(body.kind), text, by=request.actor, public_url=public_url, ticket=body.ticket
        )
    return PreviewedWords(shown.subject, shown.text, shown.html)


async def _find(tx: Transaction, request: Request, wording_id: UUID) -> wording.Wording:
    return await wording.find_automatic(tx, wording_id, seen_by=request.actor)


async def _settings(tx: Transaction) -> MailSettings:
    return MailSettings((await safety.mail_rules(tx)).acknowledges, await wording.languages(tx))


def _texts(given: dict[str, NewMailText]) -> dict[str, wording.Text]:
    return {language: wording.Text(one.text, one.html, one.subject) for language, one in given.items()}


def _shown(one: wording.Wording) -> AutomaticMail:
    kind, texts = AutomaticMailKind(one.kind), as_mail_texts(one.texts)
    return AutomaticMail(one.id, kind, one.mailbox_id, texts, one.created_at, one.updated_at)
