"""Under which circumstances something is done: by whom, from where, in which request. Nothing of it in a job."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol
from uuid import UUID

import msgspec


class Somebody(Protocol):
    """A user who acts, whatever room knows more about them."""

    @property
    def organization_id(self) -> UUID: ...
    @property
    def user_id(self) -> UUID: ...
    @property
    def name(self) -> str: ...
    @property
    def email(self) -> str: ...


class Circumstances(msgspec.Struct):
    """Of one request. `asker` is known once somebody was let in."""

    address: str | None = None
    user_agent: str | None = None
    request_id: str | None = None
    asker: Somebody | None = None


_NONE = Circumstances()
_present: ContextVar[Circumstances] = ContextVar("circumstances", default=_NONE)


def present() -> Circumstances:
    """Those of the request that is being answered; empty ones outside of any."""
    return _present.get()


@contextmanager
def under(circumstances: Circumstances) -> Iterator[None]:
    """What happens inside happens in these circumstances."""
    token = _present.set(circumstances)
    try:
        yield
    finally:
        _present.reset(token)


def asked_by(somebody: Somebody | None, address: str) -> None:
    """Who makes the present request, and from which address, as soon as that is known."""
    known = _present.get()
    if known is not _NONE:
        known.asker, known.address = somebody, address
