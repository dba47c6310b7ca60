"""Mailboxes: the addresses customers write to, how mail gets from there to here, and how each of them is."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from parlour import email, people
from parlour.dashboard.settings import mailbox_forms
from parlour.dashboard.settings.sheet import blanks, sheet, words
from parlour.email import Mailbox, MailboxChanges, MailboxKind, domains, sources
from parlour.entrance import Request, needs, pages
from parlour.foundation.errors import Problem
from parlour.people import Permission

_HERE: Final = "/dashboard/settings/mailboxes"
_MANAGES: Final = needs(Permission.MANAGE_MAIL)
_KINDS: Final = (MailboxKind.IMAP, MailboxKind.SMTP, MailboxKind.PUSH)


class _Found(msgspec.Struct, frozen=True):
    """What is shown once: the findings of a test, or the address of a webhook."""

    findings: Sequence[sources.Finding] = ()
    hook: str = ""


_NOTHING: Final = _Found()


@get(_HERE, opt=_MANAGES)
async def show(request: Request) -> Response[str]:
    async with request.reading() as tx:
        found, health, counts = await email.mailboxes(tx), await sources.mailbox_health(tx), await email.summaries(tx)
        departments = {department.id: department.name for department in await people.departments(tx)}
    return await sheet(request, "mailboxes", found=found, health=health, counts=counts, departments=departments)


@get(_HERE + "/new", opt=_MANAGES)
async def new(request: Request) -> Response[str]:
    kind = mailbox_forms.one_of(MailboxKind, request.query_params.get("kind", MailboxKind.IMAP), "kind")
    return await _form(request, None, {"kind": kind})


@post(_HERE, opt=_MANAGES)
async def add(request: Request) -> Response[Any]:
    form = await request.form()
    try:
        wanted = mailbox_forms.new_mailbox(form)
        async with request.transaction() as tx:
            email.check_outgoing(None, wanted.outgoing, by=request.actor)
            mailbox = await email.set_up_mailbox(tx, request.installation.sealer, wanted)
    except Problem as problem:
        return await _form(request, None, mailbox_forms.typed(form), problem)
    return pages.redirect(f"{_HERE}/{mailbox.id}", f"{mailbox.address} is there. Test it before you rely on it.")


@get(_HERE + "/{mailbox_id:uuid}", opt=_MANAGES)
async def one(request: Request, mailbox_id: FromPath[UUID]) -> Response[str]:
    mailbox = await _found(request, mailbox_id)
    return await _form(request, mailbox, mailbox_forms.written_of(mailbox))


@post(_HERE + "/{mailbox_id:uuid}", opt=_MANAGES)
async def change(request: Request, mailbox_id: FromPath[UUID]) -> Response[Any]:
    form, mailbox = await request.form(), await _found(request, mailbox_id)
    try:
        wanted = mailbox_forms.changes(form, mailbox)
        async with request.transaction() as tx:
            mailbox = await email.find_mailbox(tx, mailbox_id)
            email.check_outgoing(mailbox.outgoing, wanted.outgoing, by=request.actor)
            changed = await email.change_mailbox(tx, request.installation.sealer, mailbox, wanted)
    except Problem as problem:
        return await _form(request, mailbox, mailbox_forms.typed(form), problem)
    return pages.redirect(f"{_HERE}/{changed.id}", f"{changed.address} is saved.")


@post(_HERE + "/{mailbox_id:uuid}/test", opt=_MANAGES)
async def test(request: Request, mailbox_id: FromPath[UUID]) -> Response[str]:
    """Answers with the mailbox's page: what was found is true now, and kept nowhere."""
    findings = await sources.examine(request.installation, request.actor.organization_id, mailbox_id)
    mailbox = await _found(request, mailbox_id)
    return await _form(request, mailbox, mailbox_forms.written_of(mailbox), found=_Found(findings))


@post(_HERE + "/{mailbox_id:uuid}/hook", opt=_MANAGES)
async def hook(request: Request, mailbox_id: FromPath[UUID]) -> Response[str]:
    """Answers with the page itself, never a redirect: the address is a secret, shown this once and kept nowhere."""
    async with request.transaction() as tx:
        mailbox = await email.find_mailbox(tx, mailbox_id)
        secret = await email.new_push_secret(tx, mailbox)
    address = f"{request.installation.settings.public_url}/api/email/hooks/{secret}/mime"
    response = await _form(request, mailbox, mailbox_forms.written_of(mailbox), found=_Found(hook=address))
    response.headers["cache-control"] = "no-store"
    return response


@post(_HERE + "/{mailbox_id:uuid}/switch", opt=_MANAGES)
async def switch(request: Request, mailbox_id: FromPath[UUID]) -> Response[Any]:
    is_active = words(await request.form(), "active") == "yes"
    async with request.transaction() as tx:
        mailbox = await email.find_mailbox(tx, mailbox_id)
        await email.change_mailbox(tx, request.installation.sealer, mailbox, MailboxChanges(is_active=is_active))
    return pages.redirect(_HERE, f"{mailbox.address} {'takes mail again' if is_active else 'takes no mail now'}.")


@post(_HERE + "/{mailbox_id:uuid}/remove", opt=_MANAGES)
async def remove(request: Request, mailbox_id: FromPath[UUID]) -> Response[Any]:
    async with request.transaction() as tx:
        mailbox = await email.find_mailbox(tx, mailbox_id)
        await email.remove_mailbox(tx, request.installation.sealer, mailbox)
    return pages.redirect(_HERE, f"{mailbox.address} is gone. Its tickets and its ledger stay.")


async def _found(request: Request, mailbox_id: UUID) -> Mailbox:
    async with request.reading() as tx:
        return await email.find_mailbox(tx, mailbox_id)


async def _form(
    request: Request,
    mailbox: Mailbox | None,
    written: dict[str, str],
    problem: Problem | None = None,
    found: _Found = _NOTHING,
) -> Response[str]:
    async with request.reading() as tx:
        departments = await people.departments(tx)
        health = (await sources.mailbox_health(tx)).get(mailbox.id) if mailbox else None
        standing = await domains.standing_of(tx, mailbox.address) if mailbox else None
    return await sheet(
        request,
        "mailbox",
        problem,
        mailbox=mailbox,
        kind=mailbox.kind if mailbox else written.get("kind", MailboxKind.IMAP),
        kinds=_KINDS,
        written=blanks(written),
        departments=departments,
        health=health,
        standing=standing,
        findings=found.findings,
        hook=found.hook,
        may_choose_outgoing=request.actor.role is people.Role.ADMIN,
    )
