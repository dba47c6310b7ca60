"""The built files of the browser's side. Their names change with their content, so they are kept for ever."""

import mimetypes
from email.utils import formatdate
from pathlib import Path
from typing import Any, Final

import msgspec

from parlour.entrance.compression import takes

PREFIX: Final = "/static/"
_FOLDER: Final = Path(__file__).parents[1] / "static"
_SUFFIX: Final = {b"br": ".br", b"gzip": ".gz"}
_FOR_EVER: Final = b"public, max-age=31536000, immutable"


class File(msgspec.Struct, frozen=True):
    """One file in memory, with the forms that were compressed ahead."""

    content_type: bytes
    changed: bytes
    plain: bytes
    packed: dict[bytes, bytes]


class Static:
    """Answers under `/static/`, from memory: the files are few and small."""

    def __init__(self, folder: Path = _FOLDER) -> None:
        self._folder = folder
        self._known: dict[str, File] = {}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        file = self._find(scope["path"].removeprefix(PREFIX))
        if file is None or scope["method"] != "GET":
            await _nothing(send, 404 if file is None else 405)
            return
        accepts = next((value for name, value in scope["headers"] if name == b"accept-encoding"), b"")
        encoding, body = _best(file, accepts)
        headers = [
            (b"content-type", file.content_type),
            (b"content-length", str(len(body)).encode()),
            (b"cache-control", _FOR_EVER),
            (b"last-modified", file.changed),
            (b"vary", b"accept-encoding"),
        ]
        if encoding:
            headers.append((b"content-encoding", encoding))
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def _find(self, name: str) -> File | None:
        if name in self._known:
            return self._known[name]
        # One flat folder: a name with a slash or a leading dot is no file of ours.
        if "/" in name or "\x00" in name or name.startswith(".") or not (self._folder / name).is_file():
            return None
        self._known[name] = file = _read(self._folder / name)
        return file


def _best(file: File, accepts: bytes) -> tuple[bytes | None, bytes]:
    for encoding in (b"br", b"gzip"):
        if encoding in file.packed and takes(accepts, encoding):
            return encoding, file.packed[encoding]
    return None, file.plain


def _read(path: Path) -> File:
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    if kind in ("text/javascript", "application/javascript", "text/css"):
        kind = {"text/css": "text/css"}.get(kind, "text/javascript") + "; charset=utf-8"
    packed = {
        encoding: path.with_name(path.name + suffix).read_bytes()
        for encoding, suffix in _SUFFIX.items()
        if path.with_name(path.name + suffix).is_file()
    }
    changed = formatdate(path.stat().st_mtime, usegmt=True).encode()
    return File(kind.encode(), changed, path.read_bytes(), packed)


async def _nothing(send: Any, status: int) -> None:
    headers = [(b"content-type", b"text/plain"), (b"content-length", b"0"), (b"cache-control", b"no-store")]
    if status == 405:
        headers.append((b"allow", b"GET, HEAD"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
