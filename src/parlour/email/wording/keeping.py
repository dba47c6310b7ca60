"""Wordings: what an organization, a mailbox, a department or an agent says in its own words, in several languages."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from psycopg.errors import ForeignKeyViolation, UniqueViolation
from psycopg.types.json import Jsonb

from parlour import audit
from parlour.audit import Act, Subject
from parlour.email.wording.checking import checked_text
from parlour.email.wording.kinds import Kind, Text
from parlour.email.wording.languages import checked_language
from parlour.foundation import clock, ids
from parlour.foundation.database import Transaction
from parlour.foundation.errors import Conflict, Forbidden, Invalid
from parlour.people import Actor, Permission, Role

NAME_LIMIT: Final = 80
_MOST_LANGUAGES: Final = 40


class WordingTaken(Conflict):
    """There is one like this already. Change that one."""


class NotYourWords(Forbidden):
    """These words belong to more than yourself. Ask an administrator, or a manager of the department."""


class Owner(msgspec.Struct, frozen=True):
    """Whose: at most one of these is named, with none it is the whole organization's."""

    mailbox_id: UUID | None = None
    department_id: UUID | None = None
    user_id: UUID | None = None


class Wording(msgspec.Struct, frozen=True):
    """`texts` by language. Only a template has a name."""

    id: UUID
    kind: Kind
    name: str
    mailbox_id: UUID | None
    department_id: UUID | None
    user_id: UUID | None
    texts: dict[str, Text]
    created_at: datetime
    updated_at: datetime

    @property
    def owner(self) -> Owner:
        return Owner(self.mailbox_id, self.department_id, self.user_id)


class Draft(msgspec.Struct, frozen=True):
    """What a wording is to be."""

    kind: Kind
    texts: Mapping[str, Text]
    owner: Owner = Owner()
    name: str = ""


_COLUMNS: Final = "id, kind, name, mailbox_id, department_id, user_id, texts, created_at, updated_at"
_SEEN: Final = """
    (w.user_id is null or w.user_id = %(user_id)s or (w.kind = 'SIGNATURE' and %(is_admin)s))
    and (w.department_id is null or %(sees_all)s or w.department_id = any(%(department_ids)s))
    and not exists (select from mailboxes m where m.id = w.mailbox_id and m.removed_at is not null)
"""


async def wordings(tx: Transaction, kind: Kind, *, seen_by: Actor, q: str = "") -> list[Wording]:
    """Those of a kind that somebody may use, by name; the organization's first. `q` looks into names and texts."""
    return await tx.all(
        Wording,
        f"""
        select {_COLUMNS} from wordings w
        where w.kind = %(kind)s and {_SEEN}
            and (%(q)s = '' or w.name ilike %(like)s or exists (
                select from jsonb_each(w.texts) one where one.value ->> 'text' ilike %(like)s
            ))
        order by num_nonnulls(w.mailbox_id, w.department_id, w.user_id), lower(w.name), w.id
        limit 1000
        """,
        kind=kind,
        q=q,
        like=f"%{q.translate(_LITERAL)}%",
        **_eyes(seen_by),
    )


async def find_wording(tx: Transaction, kind: Kind, wording_id: UUID, *, seen_by: Actor) -> Wording:
    """Raises `NotFound`, also where it is another agent's own."""
    return await tx.one(
        Wording,
        f"select {_COLUMNS} from wordings w where w.id = %(id)s and w.kind = %(kind)s and {_SEEN}",
        id=wording_id,
        kind=kind,
        **_eyes(seen_by),
    )


async def find_automatic(tx: Transaction, wording_id: UUID, *, seen_by: Actor) -> Wording:
    """Own words of any automatic mail. Raises `NotFound`."""
    return await tx.one(
        Wording,
        f"select {_COLUMNS} from wordings w where w.id = %(id)s and w.kind = any(%(kinds)s) and {_SEEN}",
        id=wording_id,
        kinds=[kind for kind in Kind if kind.is_automatic],
        **_eyes(seen_by),
    )


async def add_wording(tx: Transaction, draft: Draft, *, by: Actor) -> Wording:
    """Raises `Invalid`, `NotYourWords` or `WordingTaken`."""
    if not may_write(draft.kind, draft.owner, by):
        raise NotYourWords()
    wording_id = ids.new()
    await _write(tx, wording_id, _checked(draft), _INSERT)
    added = await find_wording(tx, draft.kind, wording_id, seen_by=by)
    await audit.record(tx, Act.WORDS_ADDED, on=_subject(added), details=_told(added))
    return added


async def change_wording(tx: Transaction, wording: Wording, draft: Draft, *, by: Actor) -> Wording:
    """Its name, whose it is and its texts, all of them. Raises `Invalid`, `NotYourWords` or `WordingTaken`."""
    if not (may_write(wording.kind, wording.owner, by) and may_write(wording.kind, draft.owner, by)):
        raise NotYourWords()
    await _write(tx, wording.id, _checked(msgspec.structs.replace(draft, kind=wording.kind)), _UPDATE)
    changed = await find_wording(tx, wording.kind, wording.id, seen_by=by)
    if (wording.owner, wording.name, wording.texts) != (changed.owner, changed.name, changed.texts):
        rewritten = [code for code, text in changed.texts.items() if wording.texts.get(code) != text]
        details = {**audit.changes(_told(wording), _told(changed)), "rewritten": rewritten}
        await audit.record(tx, Act.WORDS_CHANGED, on=_subject(changed), details=details)
    return changed


async def remove_wording(tx: Transaction, wording: Wording, *, by: Actor) -> None:
    """What was sent with it stays as it is. Raises `NotYourWords`."""
    if not may_write(wording.kind, wording.owner, by):
        raise NotYourWords()
    await tx.run("delete from wordings where id = %(id)s", id=wording.id)
    await audit.record(tx, Act.WORDS_REMOVED, on=_subject(wording), details=_told(wording))


def may_write(kind: Kind, owner: Owner, actor: Actor) -> bool:
    """One's own always; a department's as a manager who works in it; everything shared as an administrator."""
    if owner.user_id:
        return owner.user_id == actor.user_id or (kind is Kind.SIGNATURE and actor.role is Role.ADMIN)
    if owner.department_id:
        is_in_it = owner.department_id in actor.department_ids
        return actor.role is Role.ADMIN or (is_in_it and actor.may(Permission.MANAGE_DEPARTMENTS))
    return actor.may(Permission.MANAGE_MAIL)


_LITERAL: Final = str.maketrans({"%": r"\%", "_": r"\_", "\\": r"\\"})


def _subject(wording: Wording) -> Subject:
    return Subject(wording.kind.lower(), wording.id, wording.name)


def _told(wording: Wording) -> dict[str, Any]:
    """What the trail is told: whose, in which languages; never the words."""
    owner = {name: str(value) for name, value in msgspec.structs.asdict(wording.owner).items() if value}
    return {**owner, "languages": sorted(wording.texts)}


def _eyes(actor: Actor) -> dict[str, object]:
    return {
        "user_id": actor.user_id,
        "is_admin": actor.role is Role.ADMIN,
        "sees_all": actor.sees_all_tickets,
        "department_ids": list(actor.department_ids),
    }


def _checked(draft: Draft) -> Draft:
    owner = draft.owner
    named = [field for field in ("mailbox_id", "department_id", "user_id") if getattr(owner, field)]
    if len(named) > 1:
        raise Invalid(details={"userId": "They belong to one: a mailbox, a department or an agent."})
    if draft.kind is Kind.SIGNATURE and owner.department_id:
        raise Invalid(details={"departmentId": "A signature is the organization's, a mailbox's or an agent's."})
    if draft.kind.is_automatic and (owner.department_id or owner.user_id):
        raise Invalid(details={"mailboxId": "Automatic mails are the organization's or a mailbox's."})
    if not 1 <= len(draft.texts) <= _MOST_LANGUAGES:
        raise Invalid(details={"texts": f"Write it in 1 to {_MOST_LANGUAGES} languages."})
    texts = {}
    for language, text in draft.texts.items():
        code = checked_language(language, "texts")
        texts[code] = checked_text(draft.kind, text, f"texts.{code}.")
    return Draft(draft.kind, texts, owner, _checked_name(draft))


def _checked_name(draft: Draft) -> str:
    name = " ".join(draft.name.split())
    if draft.kind is not Kind.TEMPLATE:
        return ""
    if not 1 <= len(name) <= NAME_LIMIT or "\x00" in name:
        raise Invalid(details={"name": f"A template's name has 1 to {NAME_LIMIT} characters."})
    return name


async def _write(tx: Transaction, wording_id: UUID, draft: Draft, statement: str) -> None:
    try:
        async with tx.savepoint():
            await tx.run(
                statement,
                id=wording_id,
                kind=draft.kind,
                name=draft.name,
                texts=Jsonb(msgspec.to_builtins(draft.texts)),
                now=clock.now(),
                **msgspec.structs.asdict(draft.owner),
            )
    except UniqueViolation as taken:
        raise WordingTaken(details={"name": WordingTaken.__doc__}) from taken
    except ForeignKeyViolation as unknown:
        raise Invalid(details={_field_of(draft.owner): "There is no such mailbox, department or agent."}) from unknown


def _field_of(owner: Owner) -> str:
    return "mailboxId" if owner.mailbox_id else "departmentId" if owner.department_id else "userId"


_INSERT: Final = f"""
    insert into wordings (organization_id, {_COLUMNS})
    values (current_organization(), %(id)s, %(kind)s, %(name)s, %(mailbox_id)s, %(department_id)s, %(user_id)s,
        %(texts)s, %(now)s, %(now)s)
"""
_UPDATE: Final = """
    update wordings
    set name = %(name)s, mailbox_id = %(mailbox_id)s, department_id = %(department_id)s, user_id = %(user_id)s,
        texts = %(texts)s, updated_at = %(now)s
    where id = %(id)s
"""
