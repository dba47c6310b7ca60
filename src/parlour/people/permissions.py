"""Everything one may be allowed to do. Each route names the one it needs."""

from enum import StrEnum
from typing import Final

from parlour.people.roles import Role


class Permission(StrEnum):
    """One act, named after what it touches."""

    READ_TICKETS = "READ_TICKETS"
    OPEN_TICKETS = "OPEN_TICKETS"
    REPLY_TO_TICKETS = "REPLY_TO_TICKETS"
    WRITE_NOTES = "WRITE_NOTES"
    CHANGE_TICKETS = "CHANGE_TICKETS"
    DELETE_TICKETS = "DELETE_TICKETS"
    READ_PEOPLE = "READ_PEOPLE"
    MANAGE_CUSTOMERS = "MANAGE_CUSTOMERS"
    MANAGE_AGENTS = "MANAGE_AGENTS"
    INVITE_PEOPLE = "INVITE_PEOPLE"
    READ_DEPARTMENTS = "READ_DEPARTMENTS"
    MANAGE_DEPARTMENTS = "MANAGE_DEPARTMENTS"
    READ_TAGS = "READ_TAGS"
    MANAGE_TAGS = "MANAGE_TAGS"
    READ_ORGANIZATION = "READ_ORGANIZATION"
    MANAGE_ORGANIZATION = "MANAGE_ORGANIZATION"
    HAND_IN_MAIL = "HAND_IN_MAIL"
    MANAGE_MAIL = "MANAGE_MAIL"
    MANAGE_SECURITY = "MANAGE_SECURITY"
    MANAGE_OWN_ACCESS = "MANAGE_OWN_ACCESS"
    READ_AUDIT = "READ_AUDIT"
    PROVISION_PEOPLE = "PROVISION_PEOPLE"
    MANAGE_OWN_TOKENS = "MANAGE_OWN_TOKENS"
    WRITE_OWN_WORDS = "WRITE_OWN_WORDS"
    READ_OWN_NOTIFICATIONS = "READ_OWN_NOTIFICATIONS"


_CUSTOMER: Final = frozenset(
    {
        Permission.READ_TICKETS,
        Permission.OPEN_TICKETS,
        Permission.REPLY_TO_TICKETS,
        Permission.READ_ORGANIZATION,
        Permission.MANAGE_OWN_ACCESS,
    }
)
_AGENT: Final = _CUSTOMER | {
    Permission.WRITE_NOTES,
    Permission.CHANGE_TICKETS,
    Permission.READ_PEOPLE,
    Permission.MANAGE_CUSTOMERS,
    Permission.READ_DEPARTMENTS,
    Permission.READ_TAGS,
    Permission.MANAGE_OWN_TOKENS,
    Permission.WRITE_OWN_WORDS,
    Permission.READ_OWN_NOTIFICATIONS,
}
_MANAGER: Final = _AGENT | {
    Permission.DELETE_TICKETS,
    Permission.MANAGE_TAGS,
    Permission.MANAGE_DEPARTMENTS,
    Permission.INVITE_PEOPLE,
}

ALLOWED: Final = {
    Role.CUSTOMER: _CUSTOMER,
    Role.AGENT: _AGENT,
    Role.MANAGER: _MANAGER,
    Role.ADMIN: frozenset(Permission),
}
"""What each role may do."""
