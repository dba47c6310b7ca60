"""What words are for, and the words."""

from enum import StrEnum

import msgspec


class Kind(StrEnum):
    """What it is for."""

    SIGNATURE = "SIGNATURE"
    TEMPLATE = "TEMPLATE"
    ACKNOWLEDGEMENT = "ACKNOWLEDGEMENT"
    SIGN_IN_LINK = "SIGN_IN_LINK"
    PASSWORD_LINK = "PASSWORD_LINK"  # noqa: S105
    PASSWORD_CHANGED = "PASSWORD_CHANGED"  # noqa: S105
    ADDRESS_LINK = "ADDRESS_LINK"
    ADDRESS_CHANGED = "ADDRESS_CHANGED"
    TOKEN_COPIED = "TOKEN_COPIED"  # noqa: S105
    INVITATION = "INVITATION"
    PASSKEY_ADDED = "PASSKEY_ADDED"
    PASSKEY_REMOVED = "PASSKEY_REMOVED"
    TOKEN_ENDS = "TOKEN_ENDS"  # noqa: S105

    @property
    def is_automatic(self) -> bool:
        """Parlour sends it by itself."""
        return self not in (Kind.SIGNATURE, Kind.TEMPLATE)

    @property
    def is_notice(self) -> bool:
        """It belongs to no ticket."""
        return self.is_automatic and self is not Kind.ACKNOWLEDGEMENT

    @property
    def has_link(self) -> bool:
        """Without its link it would be of no use."""
        return self in (Kind.SIGN_IN_LINK, Kind.PASSWORD_LINK, Kind.ADDRESS_LINK, Kind.INVITATION)


class Text(msgspec.Struct, frozen=True):
    """The words in one language. Without `html` the text is made HTML; only automatic mails have a subject."""

    text: str
    html: str = ""
    subject: str = ""
