"""Full text: which words a ticket is found by, and how they are asked for.

Words are taken apart here rather than by the database, so that every language and every PostgreSQL gives the same
result: folded to lower case without accents, addresses whole and in parts, Chinese, Japanese and Korean in pairs.

Each word carries its organization's mark. One index holds the words of all organizations, and reads every word that
begins as asked: with the mark in front these are one's own, so that a busy neighbour never slows a search.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import islice, pairwise
from typing import Final
from uuid import UUID

from parlour.foundation.database import Transaction
from parlour.tickets.models import Visibility

MOST_WORDS: Final = 4_000
"""Of one comment; the rest is not searched."""
_LONGEST_WORD: Final = 64
_MOST_TERMS: Final = 12

_TOKEN = re.compile(r"[^\s<>()\[\]{}\"',;:!?…“”„«»|]+")
_PART = re.compile(r"\w+")
_UNSPACED = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]+")
_NUMBER = re.compile(r"#?(\d{1,9})")


def words_of(*texts: str) -> list[str]:
    """The distinct words of some texts, at most 4,000."""
    return list(islice(dict.fromkeys(word for text in texts for word in _words(text)), MOST_WORDS))


def marked(organization_id: UUID, words: Iterable[str]) -> list[str]:
    """The words as the index holds them."""
    mark = organization_id.hex[-8:]
    return [mark + word for word in words]


def query_of(organization_id: UUID, q: str) -> str | None:
    """What a person typed, as a tsquery: every word must occur, each may go on. None where it holds no word."""
    terms: list[str] = []
    mark = organization_id.hex[-8:]
    for token in _TOKEN.findall(_folded(q))[:_MOST_TERMS]:
        if number := _NUMBER.fullmatch(token):
            exact = _quoted(mark, f"#{number[1]}")
            terms.append(exact if token.startswith("#") else f"({exact} | {_quoted(mark, number[1])}:*)")
        elif "@" in token:
            terms.append(_quoted(mark, token.strip(".")) + ":*")
        else:
            terms.extend(_terms(mark, token))
    return " & ".join(terms) or None


async def begin_search(tx: Transaction, ticket_id: UUID, number: int, words: list[str]) -> None:
    """The search document of a new ticket."""
    await tx.tell(
        """
        insert into ticket_search (organization_id, ticket_id, document, public_document)
        select current_organization(), %(ticket_id)s, words, words
        from array_to_tsvector(%(words)s) words
        """,
        ticket_id=ticket_id,
        words=marked(tx.organization_id, [f"#{number}", *words]),
    )


async def extend_search(tx: Transaction, ticket_id: UUID, words: list[str], visibility: Visibility) -> None:
    """Another comment's words. Private notes are never searched; internal ones only by agents."""
    if visibility is Visibility.PRIVATE:
        return
    public = "public_document" if visibility is Visibility.INTERNAL else "public_document || words"
    await tx.tell(
        # A tsvector holds at most 1 MB: a thread of that many words stays findable by its first half million bytes.
        f"""
        update ticket_search
        set document = document || words, public_document = {public}
        from array_to_tsvector(%(words)s) words
        where ticket_id = %(ticket_id)s and length(document) < 40000
        """,
        ticket_id=ticket_id,
        words=marked(tx.organization_id, words),
    )


def _words(text: str) -> Iterator[str]:
    for token in _TOKEN.findall(_folded(text)):
        if "@" in token:
            yield token.strip(".")[:_LONGEST_WORD]
        for part in _PART.findall(token):
            runs = _UNSPACED.findall(part)
            for run in runs:
                yield from run
                yield from map("".join, pairwise(run))
            if not runs or len("".join(runs)) < len(part):
                yield part[:_LONGEST_WORD]


def _terms(mark: str, token: str) -> Iterator[str]:
    for part in _PART.findall(token):
        run = _UNSPACED.fullmatch(part)
        if run and len(part) > 1:
            yield from (_quoted(mark, a + b) for a, b in pairwise(part))
        elif run or len(part) == 1:
            yield _quoted(mark, part)
        else:
            yield _quoted(mark, part) + ":*"


def _folded(text: str) -> str:
    """Lower case, compatibility forms resolved, accents dropped: `Übergröße` becomes `ubergrosse`."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    # Only what combines with Latin, Greek and Cyrillic letters; Japanese voicing marks and Hangul must survive.
    bare = "".join(letter for letter in decomposed if not "\u0300" <= letter <= "\u036f")
    return unicodedata.normalize("NFC", bare)


def _quoted(mark: str, word: str) -> str:
    escaped = word[:_LONGEST_WORD].replace("\\", "\\\\").replace("'", "''")
    return f"'{mark}{escaped}'"
