"""HTML from strangers: cleaned for our pages, turned into plain text, made from plain text."""

import re
import secrets
from collections.abc import Mapping
from html import escape, unescape
from html.parser import HTMLParser
from typing import Final

import nh3


def _names(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


_TAGS: Final = _names(
    "a abbr b bdi bdo blockquote br caption cite code col colgroup dd del dfn div dl dt em figcaption figure h1 h2 h3 "
    "h4 h5 h6 hr i img ins kbd li mark ol p pre q rp rt ruby s samp small span strike strong sub "
    "sup table tbody td tfoot th thead tr tt u ul var wbr"
)
_SILENT_TAGS: Final = _names("script style title template noscript iframe object svg math select textarea")
_ATTRIBUTES: Final = {
    "*": {"dir", "lang", "title"},
    "a": {"href"},
    "img": {"src", "alt", "width", "height"},
    "ol": {"start", "type"},
    "td": {"colspan", "rowspan", "align"},
    "th": {"colspan", "rowspan", "align"},
}
_SCHEMES: Final = frozenset({"http", "https", "mailto", "tel", "cid"})
_NUMERIC: Final = frozenset({"width", "height", "colspan", "rowspan", "start"})
# Nobody outside this process knows it, so no mail can hold it: it marks what the second step turns into an attribute.
_MARK: Final = secrets.token_hex(16)
_MARKED_IMAGE: Final = re.compile(f'src="(cid:)?([^"]*){_MARK}"')
# The parser's time grows with the square of the depth; no honest mail comes near this.
_DEPTH_LIMIT: Final = 1000
_NESTING_TAG: Final = re.compile(
    r"<(/?)(?!(?:p|li|td|tr|th|dd|dt|br|hr|img|col|wbr|meta|link|input)\b)[a-z][^<>]*>", re.IGNORECASE
)
_ANY_TAG: Final = re.compile(r"<[^<>]*>")


def clean(html: str) -> str:
    """What may stand on our pages: no scripts, styles, forms, frames or ids; links open apart and tell no referrer.

    Remote images wait as `data-remote-src`, images inside the mail as `data-cid`; neither loads by itself.
    """
    html = html.replace("\0", "")
    if _is_absurdly_deep(html):
        return from_text(" ".join(unescape(_ANY_TAG.sub(" ", html)).split()))
    cleaned = _CLEANER.clean(html)
    cleaned = cleaned.replace(f'rel="{_MARK}"', 'target="_blank" rel="noopener noreferrer"')
    return _MARKED_IMAGE.sub(lambda image: f'data-{"cid" if image[1] else "remote-src"}="{image[2]}"', cleaned)


def with_images(cleaned: str, addresses: Mapping[str, str]) -> str:
    """The same cleaned HTML, its `data-cid` images shown from the addresses known for their Content-IDs."""

    def shown(match: re.Match[str]) -> str:
        address = addresses.get(unescape(match.group(1)))
        return f'src="{escape(address)}"' if address else match.group(0)

    return re.sub(r'\bdata-cid="([^"]*)"', shown, cleaned)


def to_text(html: str) -> str:
    """The words of it, readable as a plain mail: paragraphs, lists, quotes, and where a link leads."""
    # The first step makes it well-formed, which the standard library's parser needs.
    reader = _Reader()
    reader.feed(clean(html))
    reader.close()
    return reader.text()


def from_text(text: str) -> str:
    """Paragraphs and line breaks as HTML, everything escaped, addresses of pages and mailboxes made links."""
    paragraphs = re.split(r"\n[ \t]*\n\s*", text.replace("\r\n", "\n").replace("\0", "").strip("\n"))
    return "".join(f"<p>{_linked(paragraph)}</p>" for paragraph in paragraphs if paragraph.strip())


def _is_absurdly_deep(html: str) -> bool:
    depth = deepest = 0
    for tag in _NESTING_TAG.finditer(html):
        depth += -1 if tag.group(1) else 1
        deepest = max(deepest, depth)
    return deepest > _DEPTH_LIMIT


def _permitted(tag: str, attribute: str, value: str) -> str | None:
    if attribute in _NUMERIC:
        return value if value.isdecimal() and len(value) <= 4 else None
    if attribute == "href":
        return None if value.strip().lower().startswith("cid:") else value
    if tag == "img" and attribute == "src":
        value = re.sub("^cid:", "cid:", value.strip(), flags=re.IGNORECASE)
        return value + _MARK if value.lower().startswith(("http://", "https://", "cid:")) else None
    return value


_CLEANER: Final = nh3.Cleaner(
    tags=set(_TAGS),
    clean_content_tags=set(_SILENT_TAGS),
    attributes=_ATTRIBUTES,
    attribute_filter=_permitted,
    url_schemes=set(_SCHEMES),
    url_relative="deny",
    link_rel=_MARK,
)

_ADDRESS: Final = re.compile(
    r"\bhttps?://[^\s<>\"'`]+|\bwww\.[^\s<>\"'`]+\.[^\s<>\"'`]+|\b[\w.+-]{1,64}@[\w-]+\.[\w.-]+"
)


def _linked(text: str) -> str:
    pieces, position = [], 0
    for match in _ADDRESS.finditer(text):
        address = _without_closing_marks(match.group())
        pieces += [escape(text[position : match.start()]), _link(address)]
        position = match.start() + len(address)
    return "".join([*pieces, escape(text[position:])]).replace("\n", "<br>")


def _without_closing_marks(address: str) -> str:
    # A full stop or bracket after an address belongs to the sentence, unless the bracket was opened inside.
    while address and (address[-1] in ".,;:!?*_'" or (address[-1] in ")]" and not _is_balanced(address))):
        address = address[:-1]
    return address


def _is_balanced(address: str) -> bool:
    return address.count("(") >= address.count(")") and address.count("[") >= address.count("]")


def _link(address: str) -> str:
    scheme = "" if "://" in address else "https://" if address.startswith("www.") else "mailto:"
    return (
        f'<a href="{escape(scheme + address)}" target="_blank" rel="noopener noreferrer">{escape(address)}</a>'
        if address
        else ""
    )


_BLOCKS: Final = _names("div table tr ul ol dl dt dd li figure figcaption caption")
_PARAGRAPHS: Final = _names("p h1 h2 h3 h4 h5 h6 blockquote pre ul ol table hr")
# Soft hyphens and the padding that newsletters put behind their preview line.
_INVISIBLE: Final = dict.fromkeys(map(ord, "\u00ad\u034f\u200b\u2060\ufeff"))


class _Reader(HTMLParser):
    """Walks well-formed HTML once and writes lines, each with the depth of quotation it stands in."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._lines: list[tuple[int, list[str]]] = [(0, [])]
        self._quotes = 0
        self._verbatim = 0
        self._counters: list[int | None] = []
        self._link: tuple[str, list[str]] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if tag == "blockquote":
            self._quotes += 1
        self._separate(tag)
        match tag:
            case "br":
                self._break()
            case "pre":
                self._verbatim += 1
            case "ul" | "ol":
                self._counters.append(int(attributes.get("start", "1")) if tag == "ol" else None)
            case "li":
                self._write(self._bullet())
            case "td" | "th" if self._lines[-1][1]:
                self._write("  ")
            case "img" if alternative := attributes.get("alt", "").strip():
                self._write(f"[{alternative}]")
            case "hr":
                self._write("---")
                self._separate("hr")
            case "a":
                self._link = (attributes.get("href", ""), [])

    def handle_endtag(self, tag: str) -> None:
        match tag:
            case "blockquote":
                self._quotes -= 1
            case "pre":
                self._verbatim -= 1
            case "a" if self._link:
                self._close_link(*self._link)
        self._separate(tag)
        if tag in ("ul", "ol") and self._counters:
            self._counters.pop()

    def handle_data(self, data: str) -> None:
        data = data.translate(_INVISIBLE).replace("\xa0", " ")
        if self._verbatim:
            first, *rest = data.split("\n")
            self._write(first)
            for line in rest:
                self._break()
                self._write(line)
            return
        data = re.sub(r"\s+", " ", data)
        written = self._lines[-1][1]
        self._write(data.lstrip() if not written or written[-1].endswith(" ") else data)

    def text(self) -> str:
        lines: list[tuple[int, str]] = [(0, "")]
        for quotes, pieces in self._lines:
            line = "".join(pieces).rstrip()
            # Never two empty lines together, and none where a quotation begins or ends.
            if not line and (not lines[-1][1] or quotes > lines[-1][0]):
                continue
            if lines[-1][0] > quotes and not lines[-1][1]:
                lines.pop()
            if line and quotes < lines[-1][0]:
                lines.append((quotes, ""))
            lines.append((quotes, line))
        return "\n".join((">" * quotes + " " + line).rstrip() if quotes else line for quotes, line in lines).strip("\n")

    def _separate(self, tag: str) -> None:
        nested_list = tag in ("ul", "ol") and len(self._counters) > 0
        if tag in _BLOCKS or tag in _PARAGRAPHS:
            if any(piece.strip() for piece in self._lines[-1][1]):
                self._break()
            if tag in _PARAGRAPHS and not nested_list:
                self._break()

    def _break(self) -> None:
        self._lines.append((self._quotes, []))

    def _write(self, words: str) -> None:
        if not words:
            return
        if not self._lines[-1][1]:
            self._lines[-1] = (self._quotes, [])
        self._lines[-1][1].append(words)
        if self._link:
            self._link[1].append(words)

    def _bullet(self) -> str:
        indent = "  " * max(len(self._counters) - 1, 0)
        if not self._counters or (number := self._counters[-1]) is None:
            return f"{indent}- "
        self._counters[-1] = number + 1
        return f"{indent}{number}. "

    def _close_link(self, address: str, pieces: list[str]) -> None:
        self._link = None
        address = address.removeprefix("mailto:").removeprefix("tel:")
        words = "".join(pieces).strip()
        if not words:
            self._write(address)
        elif _bare(address) != _bare(words):
            self._write(f" ({address})")


def _bare(address: str) -> str:
    return re.sub(r"^https?://(www\.)?|/$|\s", "", address.lower())
