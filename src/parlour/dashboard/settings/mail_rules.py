"""Mail rules: what comes in, what waits to be looked at, what is a loop, and how long a reply can be undone."""

import re
from typing import Any, Final

import msgspec
from litestar import Response, get, post
from litestar.datastructures import FormMultiDict

from parlour import email, tickets
from parlour.dashboard.settings.sheet import blanks, sheet, words
from parlour.email import safety
from parlour.entrance import Request, needs, pages
from parlour.foundation.database import Transaction
from parlour.foundation.errors import Invalid, Problem
from parlour.people import Permission

_HERE: Final = "/dashboard/settings/mail-rules"
_MANAGES: Final = needs(Permission.MANAGE_MAIL)
_MEGABYTE: Final = 1024 * 1024


@get(_HERE, opt=_MANAGES)
async def show(request: Request) -> Response[str]:
    async with request.reading() as tx:
        written = await _written(tx)
    return await _page(request, written)


@post(_HERE, opt=_MANAGES)
async def change(request: Request) -> Response[Any]:
    form = await request.form()
    try:
        async with request.transaction() as tx:
            await _change(tx, form)
    except Problem as problem:
        return await _page(request, {name: words(form, name) for name in form}, problem)
    return pages.redirect(_HERE, "Saved. It holds for every mail from now on.")


async def _change(tx: Transaction, form: FormMultiDict) -> None:
    """Whatever the page shows is sent, so an empty field says something: nothing set, or never."""
    rules = await safety.mail_rules(tx)
    numbers = {name: _number(form, name) for name in ("attachment_limit", "attachments_limit", "sender_limit")}
    numbers |= {name: _number(form, name) for name in ("undo_seconds", "follow_up_days")}
    _check(numbers)
    await safety.change_mail_rules(
        tx,
        msgspec.structs.replace(
            rules,
            quarantines_spam=words(form, "quarantines_spam") == "on",
            quarantines_forgeries=words(form, "quarantines_forgeries") == "on",
            attachment_limit=_bytes(numbers["attachment_limit"]),
            attachments_limit=_bytes(numbers["attachments_limit"]),
            refused_endings=[one for one in re.split(r"[\s,;]+", words(form, "refused_endings")) if one],
            spam_threshold=_score(words(form, "spam_threshold")),
            sender_limit=numbers["sender_limit"],
        ),
    )
    await email.set_undo_seconds(tx, numbers["undo_seconds"] or 0)
    await tickets.set_follow_up_days(tx, numbers["follow_up_days"])


async def _written(tx: Transaction) -> dict[str, str]:
    rules: safety.MailRules = await safety.mail_rules(tx)
    days = await tickets.follow_up_days(tx)
    return {
        "quarantines_spam": "on" if rules.quarantines_spam else "",
        "quarantines_forgeries": "on" if rules.quarantines_forgeries else "",
        "attachment_limit": f"{rules.attachment_limit / _MEGABYTE:g}",
        "attachments_limit": f"{rules.attachments_limit / _MEGABYTE:g}",
        "refused_endings": " ".join(rules.refused_endings),
        "spam_threshold": "" if rules.spam_threshold is None else f"{rules.spam_threshold:g}",
        "sender_limit": str(rules.sender_limit or ""),
        "undo_seconds": str(await email.undo_seconds(tx)),
        "follow_up_days": "" if days is None else str(days),
    }


async def _page(request: Request, written: dict[str, str], problem: Problem | None = None) -> Response[str]:
    settings = request.installation.settings
    return await sheet(
        request,
        "mail_rules",
        problem,
        written=blanks(written),
        filter_url=settings.spam_filter_url,
        scanner_url=settings.virus_scanner_url,
        sender_limit=settings.mail_sender_limit,
    )


def _number(form: FormMultiDict, name: str) -> int | None:
    """Raises `Invalid`."""
    written = words(form, name).replace(",", ".")
    if not written:
        return None
    if name.startswith("attachment") and re.fullmatch(r"\d{1,4}(\.\d{1,3})?", written):
        return round(float(written) * _MEGABYTE)
    if not (written.isascii() and written.isdigit() and len(written) <= 6):
        raise Invalid(details={name: "Write a whole number, such as 10."})
    return int(written)


def _check(numbers: dict[str, int | None]) -> None:
    missing = [name for name in ("attachment_limit", "attachments_limit", "undo_seconds") if numbers[name] is None]
    if missing:
        raise Invalid(details=dict.fromkeys(missing, "Write a number; 0 for none at all."))


def _bytes(number: int | None) -> int:
    return number or 0


def _score(written: str) -> float | None:
    if not written:
        return None
    if not re.fullmatch(r"\d{1,4}([.,]\d{1,3})?", written):
        raise Invalid(details={"spam_threshold": "Write a score, such as 7.5."})
    return float(written.replace(",", "."))
