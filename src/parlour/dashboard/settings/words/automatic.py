"""Automatic mails: whether they are sent, in which languages, and whose words they have."""

from typing import Any, Final

import msgspec
from litestar import Response, get, post
from litestar.datastructures import FormMultiDict

from parlour import email
from parlour.dashboard.settings.sheet import sheet, words
from parlour.dashboard.settings.words.places import AUTOMATIC, names, row, written
from parlour.email import MailboxChanges, safety, wording
from parlour.entrance import Request, needs, pages
from parlour.foundation.database import Transaction
from parlour.foundation.errors import Problem
from parlour.people import Permission

_MANAGES: Final = needs(Permission.MANAGE_MAIL)
_CHOICES: Final = {"": None, "yes": True, "no": False}


@get(AUTOMATIC.path, opt=_MANAGES)
async def show(request: Request) -> Response[str]:
    return await _page(request)


@post(f"{AUTOMATIC.path}/settings", opt=_MANAGES)
async def change(request: Request) -> Response[Any]:
    form = await request.form()
    try:
        async with request.transaction() as tx:
            rules = await safety.mail_rules(tx)
            acknowledges = words(form, "acknowledges") == "on"
            await safety.change_mail_rules(tx, msgspec.structs.replace(rules, acknowledges=acknowledges))
            await wording.set_languages(tx, [words(form, "first"), *map(str, form.getall("language", []))])
            await _change_mailboxes(tx, request, form)
    except Problem as problem:
        return await _page(request, problem)
    return pages.redirect(AUTOMATIC.path, "Saved.")


async def _change_mailboxes(tx: Transaction, request: Request, form: FormMultiDict) -> None:
    for mailbox in await email.mailboxes(tx):
        wanted = form.get(f"mailbox-{mailbox.id}")
        if wanted in _CHOICES and _CHOICES[str(wanted)] is not mailbox.acknowledges:
            changes = MailboxChanges(acknowledges=_CHOICES[str(wanted)])
            await email.change_mailbox(tx, request.installation.sealer, mailbox, changes)


async def _page(request: Request, problem: Problem | None = None) -> Response[str]:
    async with request.reading() as tx:
        called = await names(tx, request.actor)
        found = await wording.wordings(tx, wording.Kind.ACKNOWLEDGEMENT, seen_by=request.actor)
        languages = await wording.languages(tx)
        rules, mailboxes = await safety.mail_rules(tx), await email.mailboxes(tx)
    rows = {written(one.owner): row(one, called, languages[0]) for one in found}
    of_each = [wording.Owner(), *(wording.Owner(mailbox_id=mailbox.id) for mailbox in mailboxes)]
    return await sheet(
        request,
        "automatic_mails",
        problem,
        rows=rows,
        owners=[(written(owner), called.of(owner)) for owner in of_each],
        acknowledges=rules.acknowledges,
        mailboxes=mailboxes,
        languages=languages,
        offered=wording.NAMES | {code: wording.name_of(code) for code in languages},
        built_in=[wording.name_of(code) for code in wording.BUILT_IN[wording.Kind.ACKNOWLEDGEMENT]],
    )
