"""A KMS outside: one JSON object goes there, one comes back. A command, a socket or a web server may take it.

    {"operation": "name"}                                             → {"name": "…"}
    {"operation": "wrap", "key": "…", "organization": "…", "version": 1}
                                                                      → {"name": "…", "wrapped": "…"}
    {"operation": "unwrap", "name": "…", "wrapped": "…", "organization": "…", "version": 1}
                                                                      → {"key": "…"}

Bytes are base64. `{"error": "…"}`, anything else, and silence mean: not now.
"""

import asyncio
import shlex
from base64 import b64decode, b64encode
from typing import Any, Final

import msgspec

from parlour.foundation import fetching
from parlour.foundation.keys.broken import KeysOutOfReach

_SECONDS: Final = 10.0
_LONGEST: Final = 64 * 1024


class _Answer(msgspec.Struct, frozen=True):
    name: str = ""
    key: str = ""
    wrapped: str = ""
    error: str = ""


class Kms:
    """`command:WORDS`, `unix:PATH`, `http://…` or `https://…`. Each call raises `KeysOutOfReach` when it fails."""

    def __init__(self, where: str) -> None:
        if not where.startswith(("command:", "unix:", "http://", "https://")):
            raise SystemExit("PARLOUR_KMS is `command:WORDS`, `unix:PATH`, or an address with http:// or https://.")
        self._where = where

    async def name(self) -> str:
        return (await self._ask(operation="name")).name

    async def wrap(self, key: bytes, organization: str, version: int) -> tuple[str, bytes]:
        """The name of the key that wrapped it, and what it made of it."""
        sent = {"operation": "wrap", "key": b64encode(key).decode(), "organization": organization, "version": version}
        answer = await self._ask(**sent)
        return answer.name, _bytes(answer.wrapped)

    async def unwrap(self, name: str, wrapped: bytes, organization: str, version: int) -> bytes:
        sent = {"operation": "unwrap", "name": name, "wrapped": b64encode(wrapped).decode()}
        return _bytes((await self._ask(**sent, organization=organization, version=version)).key)

    async def _ask(self, **question: Any) -> _Answer:
        sent = msgspec.json.encode(question)
        try:
            async with asyncio.timeout(_SECONDS):
                answer = msgspec.json.decode(await self._exchange(sent), type=_Answer)
        except (OSError, TimeoutError, ValueError, fetching.NotFetched) as failure:
            raise KeysOutOfReach(f"The KMS gave no answer to use: {failure or 'it took too long.'}") from failure
        if answer.error:
            raise KeysOutOfReach(f"The KMS refuses: {answer.error[:300]}")
        return answer

    async def _exchange(self, sent: bytes) -> bytes:
        kind, _, rest = self._where.partition(":")
        if kind == "command":
            return await _by_command(shlex.split(rest), sent)
        if kind == "unix":
            return await _by_socket(rest, sent)
        headers = {"content-type": "application/json"}
        # The operator's own setting, not a tenant's.
        answer = await fetching.fetch(self._where, method="POST", headers=headers, body=sent, guard=fetching.ANYWHERE)
        return answer.body


async def _by_command(words: list[str], sent: bytes) -> bytes:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*words, stdin=pipe, stdout=pipe)
    try:
        answer, _ = await process.communicate(sent)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        raise ValueError(f"{words[0]} ended with {process.returncode}.")
    return answer


async def _by_socket(path: str, sent: bytes) -> bytes:
    reader, writer = await asyncio.open_unix_connection(path, limit=_LONGEST)
    try:
        writer.write(sent + b"\n")
        await writer.drain()
        return await reader.readline()
    finally:
        writer.close()


def _bytes(text: str) -> bytes:
    try:
        decoded = b64decode(text, validate=True)
    except ValueError as broken:
        raise KeysOutOfReach("The KMS answered with what is not base64.") from broken
    if not decoded:
        raise KeysOutOfReach("The KMS left out what it was asked for.")
    return decoded
