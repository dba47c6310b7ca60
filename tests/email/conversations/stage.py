"""Plays a conversation through the real intake, and says of each mail whether it came to what it should."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from uuid import UUID

from parlour import email, tickets
from parlour.email.reading import Address, parse
from parlour.foundation import clock
from parlour.tickets import Relation, Status, Ticket, Visibility, Words
from tests.builders import Company
from tests.email.conversations.script import Conversation, Expected, Step
from tests.email.post import Post, Row

TRUSTED = "mx.parlour.test"
_ASK = """\
Return-Path: <{sender}>
From: {sender}
To: {mailbox}
Subject: {subject}
Message-ID: <{id}>
Date: Mon, 23 Nov 2026 10:00:00 +0100

{text}
"""
_PLACEHOLDER = re.compile(r"\{(mailbox|second|neighbour|reply|ours|thread|subject|number|ask)(?::([A-Z]))?\}")


@dataclass
class Ours:
    """The last mail of ours about a ticket, as the customer has it."""

    reply: str = ""
    ours: str = ""
    thread: str = ""
    subject: str = ""


@dataclass
class Known:
    """A ticket by its letter."""

    row: Row
    ticket: Ticket
    ask: str = ""
    mail: Ours = field(default_factory=Ours)


@dataclass(frozen=True)
class Result:
    """One mail: what should have become of it, what did, and whose ticket it went to."""

    expected: str
    found: str
    is_right: bool
    crossed_customers: bool = False
    crossed_organizations: bool = False


class Stage:
    """A company with two mailboxes, its neighbour, and what has happened so far."""

    def __init__(self, company: Company, posts: dict[str, Post]) -> None:
        self._company = company
        self._posts = posts
        self._known: dict[str, Known] = {}
        self._raw = ""
        self._later = timedelta()
        self._rows: list[Row] = []
        self.results: list[Result] = []

    async def play(self, conversation: Conversation) -> list[Result]:
        acts: dict[str, Callable[[Step], object]] = {
            "ask": self._ask,
            "answer": self._answer,
            "close": self._close,
            "delete": self._delete,
            "later": self._wait,
            "mail": self._mail,
            "again": self._mail,
            "says": self._says,
        }
        for step in conversation.steps:
            with clock.frozen(clock.now() + self._later):
                result = acts[step.act](step)
                if result is not None:
                    await result  # type: ignore[misc]
        return self.results

    async def _ask(self, step: Step) -> None:
        label, _, rest = step.words.partition(" ")
        sender = rest.removeprefix("from ") if rest else "carol@customer.test"
        ask = f"ask-{label.lower()}@customer.test"
        raw = _ASK.format(
            sender=sender,
            mailbox=self._posts[""].mailbox.address,
            subject="The grinder",
            id=ask,
            text=f"It hums. {label}",
        )
        row = await self._posts[""].bring(raw, sender=sender)
        self._known[label] = Known(row, await self._posts[""].ticket(row), ask)

    async def _answer(self, step: Step) -> None:
        company, known = self._company, self._known[step.words]
        async with company.database.transaction(company.organization_id) as tx:
            held = await tickets.hold(tx, known.ticket.id, seen_by=company.bob)
            words = Words("Please switch it on.")
            comment = await tickets.reply(tx, held, words, by=company.bob, source=tickets.Source.API)
        fact = tickets.AgentReplied(**tickets.about(held, company.bob.user_id), comment_id=comment.id)
        await email.send_reply(company.installation, company.organization_id, fact=fact)
        async with company.database.reading(company.organization_id) as tx:
            key: str = await tx.value("select blob_key from outbound_messages where comment_id = %(id)s", id=comment.id)
        sent = parse(await company.installation.blobs.get(key))
        thread = " ".join(f"<{one}>" for one in dict.fromkeys((*sent.references, sent.message_id or "")))
        known.mail = Ours(sent.reply_to[0].email, f"<{sent.message_id}>", thread, sent.subject)

    async def _close(self, step: Step) -> None:
        company = self._company
        async with company.database.transaction(company.organization_id) as tx:
            held = await tickets.hold(tx, self._known[step.words].ticket.id, seen_by=company.bob)
            await tickets.change(tx, held, tickets.Changes(status=Status.CLOSED), by=company.bob)

    async def _delete(self, step: Step) -> None:
        company = self._company
        async with company.database.transaction(company.organization_id) as tx:
            held = await tickets.hold(tx, self._known[step.words].ticket.id, seen_by=company.alice)
            await tickets.delete(tx, held, by=company.alice)

    def _wait(self, step: Step) -> None:
        self._later += timedelta(days=int(step.words.split(" ")[0]))

    async def _mail(self, step: Step) -> None:
        post = self._posts[step.place]
        self._raw = self._filled(step.mail) if step.mail else self._raw
        raw = self._raw if step.mail else f"Received: from another by way; {len(self.results)}\n{self._raw}"
        read = parse(raw.encode())
        returned = re.search(r"^Return-Path: <(.*)>$", raw, re.MULTILINE)
        sender = returned[1] if returned else read.sender.email if read.sender else ""
        row = await post.bring(raw, sender=sender, to=_recipients(post, (*read.to, *read.cc)))
        assert step.expected
        self._rows.append(row)
        self.results.append(await self._judged(step.expected, post, row))

    async def _says(self, step: Step) -> None:
        """Part of what must become of the last mail."""
        row, last = self._rows[-1], self.results[-1]
        said = next(one.text for one in await self._posts[""].comments(row) if one.id == row.comment_id)
        if said.replace("\n", " ") != step.words:
            found = f"{last.found} and says {said!r}"
            self.results[-1] = replace(last, found=found, is_right=False)

    def _filled(self, raw: str) -> str:
        return _PLACEHOLDER.sub(lambda found: self._value(found[1], found[2] or "A"), raw)

    def _value(self, name: str, label: str) -> str:
        addresses = {"mailbox": "", "second": "second", "neighbour": "globex"}
        if name in addresses:
            return self._posts[addresses[name]].mailbox.address
        known = self._known[label]
        if name == "ask":
            return f"<{known.ask}>"
        return str(known.ticket.number) if name == "number" else str(getattr(known.mail, name))

    async def _judged(self, expected: Expected, post: Post, row: Row) -> Result:
        found = await self._found(post, row)
        wanted = " ".join(word for word in (expected.verb, expected.label if expected.verb != "opens" else "") if word)
        is_right = found == wanted and await self._is_as_said(expected, post, row)
        joined = next((known for known in self._known.values() if known.row.ticket_id == row.ticket_id), None)
        strayed = found.startswith("joins") and found != wanted
        if row.ticket_id and joined is None:
            self._known[expected.new or expected.label or "?"] = Known(row, await post.ticket(row))
        return Result(f"{wanted} {expected.how}".strip(), found, is_right, strayed, await self._is_astray(post, row))

    async def _found(self, post: Post, row: Row) -> str:
        if row.outcome == "BOUNCE" or (row.outcome != "ADMITTED" and row.comment_id is None):
            verbs = {"DUPLICATE": "is the same as", "AUTOMATIC": "is recorded", "BOUNCE": "is a bounce"}
            verb = verbs.get(row.outcome or "", f"{row.outcome}: {row.reason}")
            return f"{verb} {self._label(row.ticket_id)}".strip() if row.outcome == "DUPLICATE" else verb
        if label := self._label(row.ticket_id):
            return f"joins {label}"
        company = post.company
        async with company.database.reading(company.organization_id) as tx:
            related = await tickets.related(tx, await post.ticket(row), seen_by=company.alice)
        verbs = {Relation.FOLLOW_UP: "follows", Relation.MENTION: "points at"}
        older = [f"{verbs[one.relation]} {self._label(one.id)}" for one in related if one.is_older]
        return older[0] if older else "opens"

    async def _is_as_said(self, expected: Expected, post: Post, row: Row) -> bool:
        if expected.requester and (await post.ticket(row)).requester_email != expected.requester:
            return False
        if not expected.how:
            return True
        ticket = await post.ticket(row)
        if expected.how == "quietly":
            return ticket.status is Status.CLOSED
        said = next(comment for comment in await post.comments(row) if comment.id == row.comment_id)
        return (said.visibility is Visibility.PUBLIC) is (expected.how == "in public")

    async def _is_astray(self, post: Post, row: Row) -> bool:
        """Whether it went onto a ticket of another organization: asked without a wall, of the tickets of both."""
        here = {post.company.organization_id}
        for other in self._posts.values():
            company = other.company
            if row.ticket_id and company.organization_id not in here:
                async with company.database.reading(company.organization_id) as tx:
                    if await tx.value("select exists (select 1 from tickets where id = %(id)s)", id=row.ticket_id):
                        return True
        return False

    def _label(self, ticket_id: UUID | None) -> str:
        return next((label for label, known in self._known.items() if known.row.ticket_id == ticket_id), "")


def _recipients(post: Post, named: tuple[Address, ...]) -> list[str]:
    local, _, domain = post.mailbox.address.partition("@")
    ours = [one.email for one in named if re.fullmatch(rf"{local}(\+[^@]*)?@{re.escape(domain)}", one.email)]
    return ours or [post.mailbox.address]
