"""`Idempotency-Key`: a write that is repeated, because its answer was lost, happens once and is answered the same."""

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import msgspec
from psycopg.types.json import Jsonb

from parlour.foundation.database import Transaction
from parlour.foundation.errors import BadRequest, Conflict, Invalid, Unavailable
from parlour.foundation.installation import Installation
from parlour.foundation.once import AlreadyDone, Once
from parlour.foundation.sealing import Place, SealBroken
from parlour.people import Actor

_KEY: Final = re.compile(rb"[!-~]{1,200}")
_KEPT_HEADERS: Final = frozenset({b"cache-control", b"content-type", b"etag", b"location"})
_PATIENCE: Final = 40
_PAUSE: Final = 0.05


class KeyReused(Invalid):
    """This Idempotency-Key was used for a different request. Use a new key for each write."""


class StillAtIt(Conflict):
    """The first request of this Idempotency-Key was carried out, but its answer is not at hand. Read what it made."""


class Answer(msgspec.Struct, frozen=True):
    """What the first request of a key was answered with."""

    fingerprint: bytes
    status: int | None
    headers: dict[str, str] | None
    answer: bytes | None
    """In the clear: opened, or from before answers were sealed."""
    sealed_answer: bytes | None = None


class Attempt:
    """One request that names itself. The key is claimed by the transaction that has the effect, and commits with it."""

    def __init__(self, scope: Any, receive: Any, key: bytes) -> None:
        self.replayed: Answer | None = None
        self._key = key
        self._receive = receive
        # A client draws a new boundary each time it sends the same form: only the address is compared then.
        self._is_form = any(name == b"content-type" and b"multipart/" in value for name, value in scope["headers"])
        self._hash = hashlib.sha256(scope["method"].encode() + b" " + scope["raw_path"] + b"?" + scope["query_string"])
        self._claimed: tuple[Installation, Actor] | None = None
        self._start: Any = None
        self._body: list[bytes] = []

    async def receive(self) -> Any:
        """The body passes through, and into the fingerprint of the request."""
        event = await self._receive()
        if not self._is_form:
            self._hash.update(event.get("body", b""))
        return event

    @asynccontextmanager
    async def transaction(self, installation: Installation, actor: Actor) -> AsyncIterator[Transaction]:
        """Raises `AlreadyDone` where the first answer is to be given again, `KeyReused` or `StillAtIt`."""
        once = Once(actor.user_id, self._checked_key(), self._fingerprint(actor))
        try:
            async with installation.database.transaction(actor.organization_id, once=once) as tx:
                yield tx
        except AlreadyDone:
            self.replayed = await self._first_answer(installation, actor, once)
            raise
        self._claimed = (installation, actor)

    async def send(self, event: Any) -> None:
        """Holds the answer back until it is kept; see `finish`."""
        if event["type"] == "http.response.start":
            self._start = event
        else:
            self._body.append(event.get("body", b""))

    async def finish(self, send: Any) -> None:
        """Keep the answer of a write that happened, then give it; or give the first one again."""
        if self.replayed:
            await _give(send, self.replayed)
            return
        body = b"".join(self._body)
        if self._claimed and self._start:
            await self._keep(body)
        if self._start:
            await send(self._start)
            await send({"type": "http.response.body", "body": body, "more_body": False})

    def _fingerprint(self, actor: Actor) -> bytes:
        # A token that may do less is another asker: it does not read what a wider one was answered.
        permissions = " ".join(sorted(permission.name for permission in actor.permissions))
        return hashlib.sha256(self._hash.digest() + permissions.encode()).digest()

    def _checked_key(self) -> str:
        if not _KEY.fullmatch(self._key):
            raise BadRequest("An Idempotency-Key has 1 to 200 printable ASCII characters and no space.")
        return self._key.decode()

    async def _first_answer(self, installation: Installation, actor: Actor, once: Once) -> Answer:
        # The first request has committed, but may still be writing its answer down.
        for _ in range(_PATIENCE):
            async with installation.database.reading(actor.organization_id) as tx:
                known = await tx.one(Answer, _FIND, user_id=once.user_id, key=once.key)
            if known.fingerprint != once.fingerprint:
                raise KeyReused()
            if known.status is not None:
                return await self._opened(installation, actor, known)
            await asyncio.sleep(_PAUSE)
        raise StillAtIt()

    async def _keep(self, body: bytes) -> None:
        installation, actor = self._claimed or (None, None)
        if not installation or not actor:
            return
        try:
            # A new token is shown in no other place than such an answer.
            sealed = await installation.sealer.seal(self._place(actor), body)
        except (SealBroken, Unavailable):
            # What was asked for is done and is answered now; only a repetition will hear `StillAtIt`.
            return
        headers = {
            name.decode("latin-1"): value.decode("latin-1")
            for name, value in self._start["headers"]
            if name in _KEPT_HEADERS
        }
        async with installation.database.transaction(actor.organization_id) as tx:
            await tx.run(
                _KEEP,
                user_id=actor.user_id,
                key=self._checked_key(),
                status=self._start["status"],
                headers=Jsonb(headers),
                answer=sealed,
            )

    async def _opened(self, installation: Installation, actor: Actor, known: Answer) -> Answer:
        if known.sealed_answer is None:
            return known
        answer = await installation.sealer.open(self._place(actor), known.sealed_answer)
        return msgspec.structs.replace(known, answer=answer)

    def _place(self, actor: Actor) -> Place:
        row = f"{actor.user_id}:{self._checked_key()}"
        return Place("idempotency_keys", "sealed_answer", actor.organization_id, row)


async def _give(send: Any, answer: Answer) -> None:
    body = answer.answer or b""
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in (answer.headers or {}).items()]
    headers += [(b"content-length", str(len(body)).encode()), (b"idempotency-replayed", b"true")]
    await send({"type": "http.response.start", "status": answer.status or 200, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})


_FIND = """
    select fingerprint, status, headers, answer, sealed_answer
    from idempotency_keys
    where user_id = %(user_id)s and key = %(key)s
"""
_KEEP = """
    update idempotency_keys
    set status = %(status)s, headers = %(headers)s, sealed_answer = %(answer)s
    where user_id = %(user_id)s and key = %(key)s
"""
