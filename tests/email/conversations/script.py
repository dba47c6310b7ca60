"""The conversations as they are written down in the `.txt` files beside this one.

    # Client: what it does, in a few words
    What its headers look like, in a sentence or two.
    ==> ask A                   Carol writes a first mail: ticket A
    ==> answer A                Bob answers on the ticket, so a mail of ours goes out
    ==> mail joins A            the mail below comes in, and this is what must become of it
    From: ...

    ==> says Works.             the new words of that mail, apart from those it quotes; line breaks count as spaces

`{reply}`, `{ours}`, `{thread}`, `{subject}` and `{number}` stand for the last mail of ours about ticket A: its
Reply-To, its Message-ID, its References with that, its subject and its number; `{reply:B}` the same for ticket B.
`{ask:A}` is the Message-ID of A's first mail, `{mailbox}` and `{second}` are two mailboxes of ours, `{neighbour}` is
one of Globex.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

FOLDER = Path(__file__).parent
_EXPECTED = re.compile(
    r"(?P<verb>opens|joins|follows|points at|is the same as|is recorded|is a bounce)"
    r"(?: (?P<label>[A-Z]))?(?: as (?P<new>[A-Z]))?(?: for (?P<requester>\S+))?"
    r"(?: (?P<how>among agents|in public|quietly))?"
)


@dataclass(frozen=True)
class Expected:
    """What must become of a mail."""

    verb: str
    label: str = ""
    new: str = ""
    requester: str = ""
    how: str = ""


@dataclass(frozen=True)
class Step:
    """Something that happens. Only a mail has an expectation; `place` is where it comes in."""

    act: str
    words: str = ""
    place: str = ""
    mail: str = ""
    expected: Expected | None = None


@dataclass(frozen=True)
class Conversation:
    """One script. `family` is the file it stands in."""

    family: str
    title: str
    sentence: str
    steps: list[Step] = field(default_factory=list)

    @property
    def name(self) -> str:
        return f"{self.family}: {self.title}"


def conversations() -> list[Conversation]:
    """All of them, by file and in their order."""
    return [one for path in sorted(FOLDER.glob("*.txt")) for one in _read(path)]


def _read(path: Path) -> Iterator[Conversation]:
    for chapter in re.split(r"^# ", path.read_text(), flags=re.MULTILINE)[1:]:
        head, *acts = re.split(r"^==> ", chapter, flags=re.MULTILINE)
        title, _, sentence = head.partition("\n")
        steps = [_step(*act.partition("\n")[::2]) for act in acts]
        yield Conversation(path.stem.replace("_", " "), title.strip(), " ".join(sentence.split()), steps)


def _step(line: str, below: str) -> Step:
    act, _, words = line.strip().partition(" ")
    if act not in ("mail", "again"):
        return Step(act, words)
    place = ""
    if words.startswith("at "):
        _, place, words = words.split(" ", 2)
    found = _EXPECTED.fullmatch(words)
    assert found, f"What is meant by {line!r}?"
    expected = Expected(**{name: value or "" for name, value in found.groupdict().items()})
    return Step(act, words, place, below.rstrip("\n") + "\n" if below.strip() else "", expected)
