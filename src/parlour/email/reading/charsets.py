"""Bytes of mail into words, whatever charset they claim."""

import codecs
import re
from typing import Final

# What mail programs call them, and the superset that browsers agree to read instead.
_MEANT: Final = {
    "us-ascii": "windows-1252",
    "ascii": "windows-1252",
    "ansi_x3.4-1968": "windows-1252",
    "iso-8859-1": "windows-1252",
    "latin1": "windows-1252",
    "latin-1": "windows-1252",
    "iso-8859-8-i": "iso-8859-8",
    "iso-8859-9": "windows-1254",
    "iso-8859-11": "cp874",
    "windows-874": "cp874",
    "ks_c_5601-1987": "cp949",
    "ks_c_5601": "cp949",
    "euc-kr": "cp949",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "shift_jis": "cp932",
    "x-sjis": "cp932",
    "utf8mb4": "utf-8",
    "unicode-1-1-utf-8": "utf-8",
}
# Codecs that run code-like escapes, take more than linear time, or always fail.
_REFUSED: Final = frozenset({"unicode_escape", "raw_unicode_escape", "idna", "punycode", "undefined"})
_META: Final = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?([\w.:-]{1,40})", re.IGNORECASE)


def decode(content: bytes, charset: str = "") -> str:
    """The words, by the charset claimed, else by the best guess. No NUL, no lone surrogate, no byte order mark."""
    return scrubbed(_decoded(content, charset))


def scrubbed(text: str) -> str:
    """Without what PostgreSQL and UTF-8 can't hold: NUL and lone surrogates."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8").removeprefix("\ufeff")


def declared_in_html(content: bytes) -> str:
    """The charset that an HTML document names in its first lines, or an empty string."""
    found = _META.search(content, 0, 2048)
    return found.group(1).decode("ascii") if found else ""


def _decoded(content: bytes, charset: str) -> str:
    codec = _codec(charset)
    for attempt in (codec, "utf-8"):
        if attempt:
            try:
                return content.decode(attempt)
            except ValueError:
                continue
    if codec not in (None, "utf-8", "cp1252"):
        return content.decode(codec or "utf-8", "replace")
    text = content.decode("utf-8", "replace")
    # A character cut in half is a flaw in UTF-8; many wrong bytes mean that it never was UTF-8.
    broken = text.count("\ufffd") - text.endswith("\ufffd")
    return text if broken <= len(text) // 100 else content.decode("windows-1252", "replace")


def _codec(charset: str) -> str | None:
    name = charset.strip().strip("\"'").lower()
    name = _MEANT.get(name, name)
    if name == "windows-1252":
        # Undeclared 8-bit text under this label is as often UTF-8: `_decoded` tries that when strict reading fails.
        return "cp1252"
    try:
        codec = codecs.lookup(name or "utf-8").name
        if not name or codec.replace("-", "_") in _REFUSED:
            return None
        # Refuses the codecs that turn bytes into bytes, such as zlib, with a LookupError.
        b"x".decode(codec)
    except UnicodeError:
        return codec
    except (LookupError, ValueError):
        return None
    return codec
