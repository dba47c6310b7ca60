"""What somebody has shown of who they are, and what of it a session is made of."""

from enum import StrEnum
from typing import Final
from uuid import UUID

import msgspec

from parlour.foundation import clock


class Method(StrEnum):
    """A way of showing who one is. A further one is a line here and a file that makes proofs of it."""

    PASSWORD = "PASSWORD"  # noqa: S105
    LINK = "LINK"
    """A link that was sent to their address."""
    PORTAL_TOKEN = "PORTAL_TOKEN"  # noqa: S105
    """What a customer's own organization says of them, signed by its site."""
    TOTP = "TOTP"
    BACKUP_CODE = "BACKUP_CODE"
    DEVICE = "DEVICE"
    """A browser that showed a second factor not long ago, and was asked to be remembered."""
    PASSKEY = "PASSKEY"
    """A key in their device. It is both factors: something they have, and the device knew who holds it."""
    PROVIDER = "PROVIDER"
    """An identity provider of the organization's vouched for them."""
    PROVIDER_SECOND_FACTOR = "PROVIDER_SECOND_FACTOR"
    """And it said that it had asked for more than a password."""


FIRST: Final = frozenset({Method.PASSWORD, Method.LINK, Method.PORTAL_TOKEN, Method.PROVIDER, Method.PASSKEY})
"""Those that find out whose identity it is."""

SECOND: Final = frozenset(
    {Method.TOTP, Method.BACKUP_CODE, Method.DEVICE, Method.PROVIDER_SECOND_FACTOR, Method.PASSKEY}
)
"""Those that count as a second factor. One that is both, such as a passkey with its own PIN, stands in both."""

BY_ITSELF: Final = frozenset({Method.DEVICE})
"""Those that a browser shows without anybody being there: they never count as fresh."""


class Proof(msgspec.Struct, frozen=True):
    """One of them, shown at a moment (seconds since 1970)."""

    method: Method
    at: float


class Vouched(msgspec.Struct, frozen=True):
    """Who they are at the identity provider, and in which session there. `hint` finds the token that said so."""

    provider_id: UUID
    subject: str
    session: str = ""
    hint: str = ""


class Identity(msgspec.Struct, frozen=True):
    """Somebody in an organization, with what they have shown that organization so far."""

    organization_id: UUID
    user_id: UUID
    proofs: tuple[Proof, ...]
    privileges: str = ""
    """What they were allowed when the session's cookie was made: another value, and it is made anew."""
    vouched: Vouched | None = None

    def shown_at(self, methods: frozenset[Method]) -> float:
        """When the person last showed one of them; 0 where they never did."""
        return max((proof.at for proof in self.proofs if proof.method in methods), default=0.0)

    def shown(self, proof: Proof) -> "Identity":
        """The same, with one proof more. The latest of a method counts."""
        kept = tuple(one for one in self.proofs if one.method is not proof.method)
        return msgspec.structs.replace(self, proofs=(*kept, proof))

    def is_same(self, other: "Identity") -> bool:
        return (self.organization_id, self.user_id) == (other.organization_id, other.user_id)


def proof(method: Method) -> Proof:
    """Shown now."""
    return Proof(method, clock.now().timestamp())
