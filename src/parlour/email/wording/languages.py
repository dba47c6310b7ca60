"""The languages an organization writes in, and which of them a customer gets."""

import re
from collections.abc import Iterable, Sequence
from typing import Final
from uuid import UUID

from parlour import audit
from parlour.audit import Act
from parlour.email.reading import language_of
from parlour.foundation.database import Transaction
from parlour.foundation.errors import Invalid

ENGLISH: Final = "en"
NAMES: Final = {
    "en": "English",
    "ar": "العربية",
    "bg": "Български",
    "ca": "Català",
    "cs": "Čeština",
    "da": "Dansk",
    "de": "Deutsch",
    "el": "Ελληνικά",
    "es": "Español",
    "et": "Eesti",
    "fa": "فارسی",
    "fi": "Suomi",
    "fr": "Français",
    "he": "עברית",
    "hi": "हिन्दी",
    "hr": "Hrvatski",
    "hu": "Magyar",
    "id": "Bahasa Indonesia",
    "it": "Italiano",
    "ja": "日本語",
    "ko": "한국어",
    "lt": "Lietuvių",
    "lv": "Latviešu",
    "nl": "Nederlands",
    "no": "Norsk",
    "pl": "Polski",
    "pt": "Português",
    "ro": "Română",
    "ru": "Русский",
    "sk": "Slovenčina",
    "sl": "Slovenščina",
    "sr": "Српски",
    "sv": "Svenska",
    "th": "ไทย",
    "tr": "Türkçe",
    "uk": "Українська",
    "vi": "Tiếng Việt",
    "zh": "中文",
}
"""Those that are offered, each in its own words. Others can be used by their code."""

_CODE: Final = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})?")
_RIGHT_TO_LEFT: Final = frozenset({"ar", "dv", "fa", "he", "ku", "ps", "ur", "yi"})
_MOST: Final = 30


def checked_language(code: str, field: str = "language") -> str:
    """Raises `Invalid` where it is no code such as `de` or `pt-BR` (BCP 47)."""
    code = code.strip()
    if not _CODE.fullmatch(code):
        raise Invalid(details={field: "A language is written as its code, for example de or pt-BR."})
    return code


def name_of(code: str) -> str:
    primary, _, region = code.partition("-")
    return f"{NAMES.get(primary, primary)} ({region})" if region else NAMES.get(code, code)


def is_right_to_left(code: str) -> bool:
    return code.partition("-")[0] in _RIGHT_TO_LEFT


def chosen(offered: Iterable[str], wanted: Sequence[str]) -> str | None:
    """The best of those offered, by the wishes in their order (RFC 4647, 3.4); else any. None where nothing is offered.

    `pt-BR` is also content with `pt`, and `pt` with `pt-BR`.
    """
    known = list(offered)
    for wish in wanted:
        if found := _match(known, wish):
            return found
    return known[0] if known else None


def wishes(of_customer: str | None, of_organization: Sequence[str]) -> list[str]:
    """The customer's language, then the organization's first, then English."""
    return list(dict.fromkeys([*([of_customer] if of_customer else []), of_organization[0], ENGLISH]))


async def languages(tx: Transaction) -> list[str]:
    """What the organization writes in; never empty."""
    found: list[str] | None = await tx.value("select languages from sending_settings")
    return found or [ENGLISH]


async def set_languages(tx: Transaction, codes: Sequence[str]) -> list[str]:
    """Raises `Invalid`."""
    wanted = list(dict.fromkeys(checked_language(code, "languages") for code in codes))
    if not 1 <= len(wanted) <= _MOST:
        raise Invalid(details={"languages": f"Name 1 to {_MOST} languages."})
    details = audit.changes({"languages": await languages(tx)}, {"languages": wanted})
    if details["after"]:
        await audit.record(tx, Act.SENDING_CHANGED, details=details)
    await tx.run(
        """
        insert into sending_settings (organization_id, languages) values (current_organization(), %(languages)s)
        on conflict (organization_id) do update set languages = excluded.languages
        """,
        languages=wanted,
    )
    return wanted


async def language_of_ticket(tx: Transaction, ticket_id: UUID) -> str | None:
    """What the customer writes in: as their last mail was recognized, else by their words. None where it is unclear."""
    of_mail: str | None = await tx.value(
        """
        select language from inbound_messages
        where ticket_id = %(ticket_id)s and outcome = 'ADMITTED' and language is not null
        order by id desc
        limit 1
        """,
        ticket_id=ticket_id,
    )
    if of_mail:
        return of_mail
    words = await tx.values(
        """
        select left(c.text, 2000)
        from comments c
        join users u on u.organization_id = c.organization_id and u.id = c.author_id
        where c.ticket_id = %(ticket_id)s and c.visibility = 'PUBLIC' and u.role = 'CUSTOMER'
        order by c.created_at desc, c.id desc
        limit 3
        """,
        ticket_id=ticket_id,
    )
    return language_of("\n".join(words)) if words else None


def _match(known: Sequence[str], wish: str) -> str | None:
    if wish in known:
        return wish
    primary = wish.partition("-")[0]
    return next((code for code in known if code == primary), None) or next(
        (code for code in known if code.partition("-")[0] == primary), None
    )
