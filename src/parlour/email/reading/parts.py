"""The tree of a MIME message, found in one pass over its bytes.

The standard library's parser recurses with every level and compares each line with each open boundary; any bytes must
end within bounds here, so the tree is cut by searching for boundaries, to a limited depth and number of parts.
"""

import binascii
import re
from collections.abc import Iterator
from typing import Final

import msgspec

from parlour.email.reading import headers
from parlour.email.reading.headers import Headers

DEPTH_LIMIT: Final = 30
PART_LIMIT: Final = 500


class Part(msgspec.Struct):
    """One entity: its fields, its type, and either children or content."""

    headers: Headers
    content_type: str
    parameters: dict[str, str]
    children: list["Part"]
    encoded: bytes = b""

    def content(self) -> bytes:
        """The decoded bytes of a leaf. Broken encodings give what can be read."""
        encoding = self.headers.raw("content-transfer-encoding").strip().lower()
        match encoding:
            case "base64":
                return headers.lenient_base64(self.encoded)
            case "quoted-printable":
                return binascii.a2b_qp(self.encoded)
            case _:
                return self.encoded

    def leaves(self) -> Iterator["Part"]:
        if not self.children:
            yield self
        for child in self.children:
            yield from child.leaves()


def read(raw: bytes) -> Part:
    """The whole tree. What lies beyond the limits is left out of it."""
    return _Cutter(raw).entity(0, len(raw), 0)


class _Cutter:
    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._left = PART_LIMIT

    def entity(self, start: int, end: int, depth: int, assumed: str = "text/plain") -> Part:
        self._left -= 1
        block_end, body = headers.split_block(self._raw, start, end)
        fields = Headers(self._raw[start : min(block_end, start + 1024 * 1024)])
        content_type, parameters = fields.parameters("content-type")
        content_type = content_type if re.fullmatch(r"[\w.+-]+/[\w.+-]+", content_type, re.ASCII) else assumed
        part = Part(fields, content_type, parameters, [])
        if content_type.startswith("multipart/") and depth < DEPTH_LIMIT and parameters.get("boundary"):
            digest = "message/rfc822" if content_type == "multipart/digest" else "text/plain"
            for first, last in self._sections(body, end, parameters["boundary"]):
                if self._left <= 0:
                    break
                part.children.append(self.entity(first, last, depth + 1, digest))
        if not part.children:
            part.encoded = self._raw[body:end]
        return part

    def _sections(self, start: int, end: int, boundary: str) -> Iterator[tuple[int, int]]:
        # RFC 2046 5.1.1: the line break before a delimiter belongs to the delimiter.
        delimiter = re.compile(
            rb"--" + re.escape(boundary.encode("utf-8", "replace")[:200]) + rb"(--)?[ \t]*(?=\r?\n|\Z)"
        )
        begun: int | None = None
        for found in delimiter.finditer(self._raw, start, end):
            if found.start() > start and self._raw[found.start() - 1] != 0x0A:
                continue
            if begun is not None:
                yield begun, max(begun, self._before_line_break(found.start()))
            if found[1]:
                return
            begun = self._after_line_break(found.end(), end)
        if begun is not None:
            yield begun, end

    def _before_line_break(self, position: int) -> int:
        position -= 1
        return position - 1 if self._raw[position - 1] == 0x0D else position

    def _after_line_break(self, position: int, end: int) -> int:
        newline = self._raw.find(b"\n", position, end)
        return end if newline < 0 else newline + 1
