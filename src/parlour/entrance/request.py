"""A request as every door meets it: who asks, in which organization, with what in hand."""

from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager
from typing import Any
from urllib.parse import parse_qsl

import litestar
from litestar.datastructures import FormMultiDict, State
from litestar.enums import RequestEncodingType
from litestar.types import Empty

from parlour.access import Scopes, Session, Standing
from parlour.entrance.idempotency import Attempt
from parlour.entrance.identity import Identities
from parlour.foundation.database import Transaction
from parlour.foundation.errors import BadRequest, Invalid, TooLarge, Unauthenticated
from parlour.foundation.installation import Installation
from parlour.people import Actor

MOST_FIELDS = 1000
"""Of one form, whatever its encoding."""

# What a multipart body may hold beside the file itself: part headers, other fields.
_AROUND_A_FILE = 64 * 1024


class Request(litestar.Request[Actor | None, Session | None, State]):
    """Handlers take this one. `actor` is whoever asks, after the guard has let them in."""

    @property
    def installation(self) -> Installation:
        found: Installation = self.scope["litestar_app"].state["installation"]
        return found

    @property
    def actor(self) -> Actor:
        """Raises `Unauthenticated` where nobody is signed in."""
        actor = self.visitor
        if actor is None:
            raise Unauthenticated()
        return actor

    @property
    def visitor(self) -> Actor | None:
        """Whoever asks, or None where nobody is signed in: for pages that are open to all."""
        found: Actor | None = self.scope.get("user")
        return found

    @property
    def standing(self) -> Standing:
        """How the asker stands: also what their organization asks of them. Raises `Unauthenticated`."""
        standing: Standing | None = self.scope["state"].get("standing")
        if standing is None:
            raise Unauthenticated()
        return standing

    @property
    def token_scopes(self) -> Scopes:
        """What the token that came along allows. None for a person, and for a token that allows everything."""
        found: Scopes = self.scope["state"].get("token_scopes")
        return found

    @property
    def id(self) -> str:
        """Given back as `X-Request-ID`, written into every log line of this request."""
        found: str = self.scope["state"].get("request_id", "")
        return found

    def reading(self) -> AbstractAsyncContextManager[Transaction]:
        """Read inside the asker's organization."""
        return self.installation.database.reading(self.actor.organization_id)

    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        """Write inside the asker's organization, once a `Idempotency-Key`. One a request."""
        attempt: Attempt | None = self.scope["state"].get("attempt")
        if attempt is None:
            return self.installation.database.transaction(self.actor.organization_id)
        return attempt.transaction(self.installation, self.actor)

    def forget_identities(self) -> None:
        """After a user, a department or a token was changed: look everybody up anew."""
        identities: Identities = self.scope["litestar_app"].state["identities"]
        identities.forget()

    @property
    def body_limit(self) -> int:
        """In bytes: larger for the routes that say `uploads=True` or `mails=True`."""
        settings = self.installation.settings
        if self.route_handler.opt.get("mails"):
            return settings.mail_size_limit + _AROUND_A_FILE
        uploads = self.route_handler.opt.get("uploads")
        return settings.upload_size_limit + _AROUND_A_FILE if uploads else settings.body_size_limit

    async def stream(self) -> AsyncGenerator[bytes, None]:
        """The body's pieces. Raises `TooLarge` as soon as it is clear, `BadRequest` where the client goes away."""
        if isinstance(self._body, bytes):
            yield self._body
            yield b""
            return
        limit, received = self.body_limit, 0
        if (self.content_length or 0) > limit:
            raise TooLarge(f"That is too large: at most {limit:,} bytes are accepted here.")
        more = True
        while more:
            event: Any = await self.receive()
            if event["type"] == "http.disconnect":
                raise BadRequest("The connection ended before the request was complete.")
            piece = event.get("body", b"")
            more = event.get("more_body", False)
            received += len(piece)
            if received > limit:
                raise TooLarge(f"That is too large: at most {limit:,} bytes are accepted here.")
            if piece:
                yield piece
        # The parser of forms ends on an empty piece.
        yield b""

    async def form(self) -> FormMultiDict:
        """The fields of a form. Raises `Invalid` where one holds a NUL character, `BadRequest` for broken UTF-8."""
        try:
            if self._form is Empty and self.content_type[0] == RequestEncodingType.URL_ENCODED:
                self._form = await self._url_encoded()
            form = await super().form()
        except UnicodeDecodeError as broken:
            raise BadRequest("The form is not valid UTF-8.") from broken
        for name, value in form.multi_items():
            if "\x00" in name or (isinstance(value, str) and "\x00" in value):
                raise Invalid(details={name.replace("\x00", ""): "Text can't hold NUL characters."})
        return form

    async def _url_encoded(self) -> FormMultiDict:
        # The framework's own parser takes any number of fields, and remembers the last thousand bodies: passwords too.
        body = (await self.body()).decode()
        try:
            pairs = parse_qsl(body, keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
        except UnicodeDecodeError:
            raise
        except ValueError as many:
            raise BadRequest(f"A form has at most {MOST_FIELDS} fields.") from many
        return FormMultiDict(pairs)
