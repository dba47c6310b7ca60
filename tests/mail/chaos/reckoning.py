"""The end of the storm: every mail is looked for by what it says, and every copy that went out has its reason."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import msgspec

from tests.mail.chaos.next_server import Copy
from tests.mail.chaos.pieces import Piece
from tests.mail.chaos.storm import Storm

_A_MOMENT = 1.0
"""Between the next server's 250 and our note of it, on a machine that is busy."""


class Said(msgspec.Struct, frozen=True):
    """One thing a customer said, where, and with which files."""

    subject: str
    requester: str
    text: str
    files: list[tuple[str, str]]


class _File(msgspec.Struct):
    comment: str
    name: str
    blob_key: str


class _Row(msgspec.Struct):
    comment: str
    subject: str
    requester: str
    text: str


@dataclass(frozen=True)
class Figures:
    """What the storm came to."""

    mails: int
    deliveries: int
    duplicates: int
    refusals: int
    attachments: int
    answers: int
    copies: int
    lost_acknowledgements: int
    again_after_lost: int
    again_after_death: int
    kills: int
    seconds: float


async def check_what_came_in(storm: Storm) -> None:
    """Each mail is one comment on the ticket where it belongs, with its files; the ledger knows of each delivery."""
    wanted = sorted((_wanted(storm, piece) for piece in storm.pieces), key=_by_text)
    found = sorted(await _said(storm), key=_by_text)
    assert [one.text for one in found] == [one.text for one in wanted]
    assert found == wanted
    account = await storm.account()
    assert account.seen == account.accounted == account.admitted + account.duplicate
    assert account.admitted == storm.size.mails
    assert storm.office.deliveries <= account.duplicate <= storm.office.deliveries + storm.office.refusals
    openings = sum(not piece.is_follow_up for piece in storm.pieces)
    company = storm.company
    async with company.database.reading(company.organization_id) as tx:
        assert await tx.value("select count(*) from tickets") == openings
        assert await tx.value("select count(distinct number) from tickets") == openings
        facts = Counter(await tx.values("select name from activities"))
        unsent = await tx.value("select count(*) from attachments where comment_id is null")
        failed = await tx.values("select task_name from procrastinate_jobs where status = 'failed'")
    assert (facts["TicketOpened"], facts["CustomerReplied"]) == (openings, storm.size.mails - openings)
    assert (unsent, failed) == (0, [])


async def check_what_went_out(storm: Storm) -> tuple[int, int]:
    """Each answer went out once; once more only for a reason. How often for which: a lost 250, a death."""
    out = {mail.message_id: mail for mail in await storm.out()}
    copies = defaultdict(list)
    for copy in storm.outside.copies:
        copies[copy.message_id].append(copy)
    assert set(copies) == set(out)
    assert len(out) >= storm.size.mails // 4
    lost = deaths = 0
    for message_id, sent in copies.items():
        mail = out[message_id]
        assert len({copy.raw for copy in sent}) == 1
        assert mail.text.encode() in sent[0].raw
        assert len(sent) <= mail.attempts
        for before, _ in pairwise(sent):
            if before.is_acknowledged:
                assert _is_explained(storm, before), f"{message_id} went out again after it was acknowledged"
                deaths += 1
            else:
                lost += 1
    assert lost <= sum(not copy.is_acknowledged for copy in storm.outside.copies)
    return lost, deaths


async def figures(storm: Storm, seconds: float, again: tuple[int, int]) -> Figures:
    account = await storm.account()
    copies = storm.outside.copies
    return Figures(
        mails=storm.size.mails,
        deliveries=account.seen,
        duplicates=account.duplicate,
        refusals=storm.office.refusals,
        attachments=sum(len(piece.files) for piece in storm.pieces),
        answers=len({copy.message_id for copy in copies}),
        copies=len(copies),
        lost_acknowledgements=sum(not copy.is_acknowledged for copy in copies),
        again_after_lost=again[0],
        again_after_death=again[1],
        kills=len(storm.crew.kills),
        seconds=round(seconds, 1),
    )


def _wanted(storm: Storm, piece: Piece) -> Said:
    opener = piece
    if piece.is_follow_up:
        opener = Piece(storm.size.seed, storm.office.followed[piece.number].opener)
    return Said(opener.subject, opener.sender, piece.words, _digests([(one.name, one.content) for one in piece.files]))


async def _said(storm: Storm) -> list[Said]:
    company = storm.company
    async with company.database.reading(company.organization_id) as tx:
        rows = await tx.all(
            _Row,
            """
            select c.id::text as comment, t.subject, u.email as requester, c.text
            from comments c join tickets t on t.id = c.ticket_id join users u on u.id = t.requester_id
            where c.source = 'EMAIL'
            """,
        )
        kept = await tx.all(
            _File, "select comment_id::text as comment, name, blob_key from attachments where comment_id is not null"
        )
    files = defaultdict(list)
    for one in kept:
        files[one.comment].append((one.name, await company.installation.blobs.get(one.blob_key)))
    return [Said(row.subject, row.requester, row.text, _digests(files[row.comment])) for row in rows]


def _digests(files: Sequence[tuple[str, bytes]]) -> list[tuple[str, str]]:
    return sorted((name, hashlib.sha256(content).hexdigest()) for name, content in files)


def _by_text(said: Said) -> str:
    return said.text


def _is_explained(storm: Storm, copy: Copy) -> bool:
    """Its worker was killed between the 250 and the note of it, or PostgreSQL was away longer than a note can wait."""
    ended_at = copy.conversation.ended_at
    died = copy.was_the_last and ended_at is not None and any(abs(ended_at - kill) < 0.5 for kill in storm.crew.kills)
    restarts = zip(storm.below.restarts[::2], storm.below.restarts[1::2], strict=True)
    is_away = any(begun - _A_MOMENT <= copy.at <= ended for begun, ended in restarts)
    return is_away or (died and ended_at is not None and ended_at - copy.at < _A_MOMENT)
