"""Reads what mail servers write when a mail could not be delivered: RFC 3464, and what is sent in its place."""

import re
from collections.abc import Iterator
from typing import Final

from parlour.email.reading import charsets, parts
from parlour.email.reading.headers import Headers
from parlour.email.reading.parts import Part
from parlour.email.safety.automatic import is_from_a_mail_server, is_from_nobody
from parlour.email.safety.verdicts import Bounce, Kind

_REPORTS: Final = ("message/delivery-status", "message/global-delivery-status")
_RETURNED: Final = ("message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers")
_MOST_RECIPIENTS: Final = 50
_MOST_WORDS: Final = 500
_MOST_TEXT: Final = 50_000

_ADDRESS: Final = r"[^\s<>,;:\"()\[\]@]{1,64}@[A-Za-z0-9.-]{1,253}[A-Za-z0-9]"
_FAILED_LINE: Final = re.compile(
    rf"^[ \t]*(?:<({_ADDRESS})>|({_ADDRESS}))(?=[ \t]*(?::|$|[ \t]on[ \t]|\())", re.MULTILINE
)
_ANSWER: Final = re.compile(r"(?<![\d.:/])([45])\d\d(?=[- #;])[^\r\n]*")
_STATUS: Final = re.compile(r"(?<![\d.])[245]\.\d{1,3}\.\d{1,3}(?![\d.])")
_RETURNED_ID: Final = re.compile(
    r"^[ \t>]*message-id:[ \t]*(?:\r?\n[ \t]+)?<([^<>\s]{1,500})>", re.IGNORECASE | re.MULTILINE
)
# Where the returned mail begins in a body that is all text: its addresses are not the failed ones.
_COPY: Final = re.compile(
    r"^[-* \t]*(this is a copy of (the|your) message|below this line is a copy|"
    r"original message (follows|headers|below)|original message[ \t]*-*$|returned message|message headers? follow|"
    r"the body of your message|transcript of session|your (original )?message follows|copy of your message|"
    r"unsent message below)",
    re.IGNORECASE | re.MULTILINE,
)
_FAILURE_WORDS: Final = re.compile(
    r"could not be (delivered|sent|reached)|couldn.t be delivered|unable to deliver|wasn.t able to deliver|"
    r"was not delivered|not been delivered|did not reach|undeliver|delivery (has )?failed|delivery failure|"
    r"failed to deliver|failure notice|returned (mail|to sender|message)|mail delivery (failed|system)|"
    r"permanent (fatal )?error|address(es)? (failed|not found|rejected)|user unknown|mailbox (is )?full|"
    r"unzustellbar|konnte nicht zugestellt|non remis|n.a pas pu être|no se (pudo|ha podido) entregar|"
    r"impossibile recapitare|não (pôde|foi) (ser )?entregue|onbestelbaar|не доставлено|配信不能|退信",
    re.IGNORECASE,
)
_DELAY_WORDS: Final = re.compile(
    r"delayed|will (be )?(retry|retried|keep trying|continue to try)|still (being )?(trying|retried|attempted)|"
    r"not yet been delivered|no action is required|verzögert|retardé|message is still in the queue",
    re.IGNORECASE,
)


def bounce_in(raw: bytes, text: str, envelope_sender: str | None) -> Bounce | None:
    """What the mail tells about another; None where it is no report. `text` is its body as words."""
    root = parts.read(raw)
    leaves = list(root.leaves())
    report = next((leaf for leaf in leaves if leaf.content_type in _REPORTS), None)
    is_from_server = is_from_nobody(root.headers, envelope_sender) or is_from_a_mail_server(root.headers)
    if report and (root.content_type == "multipart/report" or is_from_server):
        return _standard(report, leaves, text)
    if not (is_from_server or root.headers.raw("x-failed-recipients")):
        return None
    return _by_words(root, leaves, text)


def _standard(report: Part, leaves: list[Part], text: str) -> Bounce:
    blocks = [Headers(block) for block in _blocks(report.content()[:_MOST_TEXT])]
    told = [fields for fields in blocks if fields.raw("action") or fields.raw("final-recipient")]
    kinds = [_kind(fields) for fields in told]
    worst = min(kinds, key=_GRAVITY.index, default=_kind_by_words(text))
    # A report may tell of several recipients: only those it is worst for are marked.
    failed = [fields for fields, kind in zip(told, kinds, strict=True) if kind is worst]
    status = next((found[0] for fields in failed if (found := _STATUS.search(fields.raw("status")))), "")
    words = next((fields.text("diagnostic-code") for fields in failed if fields.raw("diagnostic-code")), "")
    return Bounce(
        kind=worst,
        recipients=_unique(address for fields in failed for address in _recipients(fields)),
        status=status,
        words=(_without_type(words) or _answer_in(text) or status)[:_MOST_WORDS],
        returned_ids=_returned_ids(leaves, ""),
    )


def _by_words(root: Part, leaves: list[Part], text: str) -> Bounce | None:
    text = text[:_MOST_TEXT]
    about = f"{root.headers.text('subject')}\n{text[:5000]}"
    if not (_FAILURE_WORDS.search(about) or _DELAY_WORDS.search(about) or root.headers.raw("x-failed-recipients")):
        return None
    copy = _COPY.search(text)
    told = text[: copy.start()] if copy else text
    named = [address.email for address in root.headers.addresses("x-failed-recipients")]
    words = _answer_in(told)
    status = _STATUS.search(told)
    return Bounce(
        kind=_kind_by_words(f"{root.headers.text('subject')}\n{told}"),
        recipients=_unique(named or [(one or other).lower() for one, other in _FAILED_LINE.findall(told)]),
        status=status[0] if status else "",
        words=words[:_MOST_WORDS],
        returned_ids=_returned_ids(leaves, text),
    )


_GRAVITY: Final = [Kind.PERMANENT, Kind.TEMPORARY, Kind.DELAYED, Kind.DELIVERED]


def _kind(fields: Headers) -> Kind:
    action = fields.raw("action").split("(")[0].strip().lower()
    if action == "delayed":
        return Kind.DELAYED
    if action in ("delivered", "relayed", "expanded"):
        return Kind.DELIVERED
    return Kind.TEMPORARY if fields.raw("status").strip().startswith("4") else Kind.PERMANENT


def _kind_by_words(told: str) -> Kind:
    if _DELAY_WORDS.search(told) and not re.search(r"given up|giving up|permanent|failed\b", told, re.IGNORECASE):
        return Kind.DELAYED
    answer = _ANSWER.search(told)
    return Kind.TEMPORARY if answer and answer[1] == "4" else Kind.PERMANENT


def _answer_in(told: str) -> str:
    """The line in which the server's own words stand: the one with a reply code, else the first that sounds like it."""
    lines = [" ".join(line.split()) for line in told.splitlines()]
    coded = next((line for line in lines if _ANSWER.search(line) and not line.lower().startswith("message-id")), "")
    return coded or next((line for line in lines if _FAILURE_WORDS.search(line)), "")


def _without_type(words: str) -> str:
    kind, semicolon, rest = words.partition(";")
    return rest.strip() if semicolon and re.fullmatch(r"[\w.-]{1,30}", kind.strip()) else words.strip()


def _recipients(fields: Headers) -> Iterator[str]:
    # What we wrote to is the original recipient; a forward makes the final one a stranger's.
    for name in ("original-recipient", "final-recipient", "x-actual-recipient"):
        found = re.search(_ADDRESS, fields.raw(name))
        if found:
            yield found[0].lower()


def _returned_ids(leaves: list[Part], text: str) -> tuple[str, ...]:
    ids: list[str] = []
    for leaf in leaves:
        if leaf.content_type in _RETURNED:
            content = leaf.content()[:_MOST_TEXT]
            ids += Headers(content).message_ids("message-id") or _RETURNED_ID.findall(_read(content))
    return _unique(ids + _RETURNED_ID.findall(text))


def _blocks(content: bytes) -> list[bytes]:
    return [block for block in re.split(rb"\r?\n[ \t]*\r?\n", content.strip()) if block.strip()][:200]


def _read(content: bytes) -> str:
    return charsets.decode(content, "utf-8")


def _unique(found: Iterator[str] | list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(found))[:_MOST_RECIPIENTS]
