"""Everything one may be allowed to do. Each route and each socket event names the one it needs."""

from enum import StrEnum
from typing import Final

from parlour.people.roles import Role


class Area(StrEnum):
    """What a permission is about, as the page of roles groups them."""

    TICKETS = "Tickets"
    PEOPLE = "People"
    SETTINGS = "Settings"
    MAIL = "Mail"
    SECURITY = "Security"
    OWN = "One's own"


class Permission(StrEnum):
    """One act, named after what it touches, with the words people read. The value is what is stored, for ever."""

    area: Area
    words: str

    # What is left out is so only where a value is looked up: `Permission("READ_TICKETS")`.
    def __new__(cls, value: str, area: Area = Area.OWN, words: str = "") -> "Permission":
        permission = str.__new__(cls, value)
        permission._value_ = value
        permission.area = area
        permission.words = words
        return permission

    READ_TICKETS = "READ_TICKETS", Area.TICKETS, "Read tickets"
    OPEN_TICKETS = "OPEN_TICKETS", Area.TICKETS, "Open new tickets"
    REPLY_TO_TICKETS = "REPLY_TO_TICKETS", Area.TICKETS, "Answer customers"
    WRITE_NOTES = "WRITE_NOTES", Area.TICKETS, "Write internal notes"
    CHANGE_TICKETS = "CHANGE_TICKETS", Area.TICKETS, "Change status, priority, assignee, department and tags"
    DELETE_TICKETS = "DELETE_TICKETS", Area.TICKETS, "Put tickets into the bin and take them out"
    READ_TAGS = "READ_TAGS", Area.TICKETS, "See the list of tags"
    MANAGE_TAGS = "MANAGE_TAGS", Area.TICKETS, "Add, rename and remove tags"
    READ_PEOPLE = "READ_PEOPLE", Area.PEOPLE, "See agents and customers"
    MANAGE_CUSTOMERS = "MANAGE_CUSTOMERS", Area.PEOPLE, "Add and change customers and their companies"
    MANAGE_AGENTS = "MANAGE_AGENTS", Area.PEOPLE, "Add and change agents, and give them a role"
    INVITE_PEOPLE = "INVITE_PEOPLE", Area.PEOPLE, "Invite people by mail"
    READ_DEPARTMENTS = "READ_DEPARTMENTS", Area.PEOPLE, "See departments and who works in them"
    MANAGE_DEPARTMENTS = "MANAGE_DEPARTMENTS", Area.PEOPLE, "Change departments and who works in them"
    MANAGE_ROLES = "MANAGE_ROLES", Area.PEOPLE, "Make and change roles"
    READ_ORGANIZATION = "READ_ORGANIZATION", Area.SETTINGS, "See the organization's name and colours"
    MANAGE_ORGANIZATION = "MANAGE_ORGANIZATION", Area.SETTINGS, "Change the organization's name and colours"
    DELETE_ORGANIZATION = "DELETE_ORGANIZATION", Area.SETTINGS, "Delete the organization with everything in it"
    HAND_IN_MAIL = "HAND_IN_MAIL", Area.MAIL, "Hand in mail by program"
    MANAGE_MAIL = "MANAGE_MAIL", Area.MAIL, "Set up mailboxes and domains, read the mail ledger and raw mails"
    MANAGE_SECURITY = "MANAGE_SECURITY", Area.SECURITY, "Decide how people sign in"
    READ_AUDIT = "READ_AUDIT", Area.SECURITY, "Read and export the audit trail"
    PROVISION_PEOPLE = "PROVISION_PEOPLE", Area.SECURITY, "Keep people in step with a company's directory"
    MANAGE_OWN_ACCESS = "MANAGE_OWN_ACCESS", Area.OWN, "Change one's own password, second factor and sessions"
    MANAGE_OWN_TOKENS = "MANAGE_OWN_TOKENS", Area.OWN, "Make API tokens for oneself"
    WRITE_OWN_WORDS = "WRITE_OWN_WORDS", Area.OWN, "Write one's own signature and templates"
    READ_OWN_NOTIFICATIONS = "READ_OWN_NOTIFICATIONS", Area.OWN, "Be notified"


_EVERYBODY: Final = frozenset({Permission.READ_TICKETS, Permission.READ_ORGANIZATION, Permission.MANAGE_OWN_ACCESS})
_CUSTOMER: Final = _EVERYBODY | {Permission.OPEN_TICKETS, Permission.REPLY_TO_TICKETS}
_EVERY_AGENT: Final = _EVERYBODY | {
    Permission.READ_PEOPLE,
    Permission.READ_DEPARTMENTS,
    Permission.READ_TAGS,
    Permission.READ_OWN_NOTIFICATIONS,
}
_AGENT: Final = (
    _EVERY_AGENT
    | _CUSTOMER
    | {
        Permission.WRITE_NOTES,
        Permission.CHANGE_TICKETS,
        Permission.MANAGE_CUSTOMERS,
        Permission.MANAGE_OWN_TOKENS,
        Permission.WRITE_OWN_WORDS,
    }
)
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

ALWAYS: Final = {
    Role.CUSTOMER: _EVERYBODY,
    Role.AGENT: _EVERY_AGENT,
    Role.MANAGER: _EVERY_AGENT,
}
"""What no role of one's own making takes away: without these there is no page to come to."""

# A directory changes anybody, administrators included: whoever may do as it does is one. And from a closed organization
# all others are kept out: nobody else could call its deletion off.
_NO_ADMINISTRATOR: Final = frozenset(Permission) - {Permission.PROVISION_PEOPLE, Permission.DELETE_ORGANIZATION}

AT_MOST: Final = {
    Role.CUSTOMER: _CUSTOMER,
    Role.AGENT: _NO_ADMINISTRATOR,
    Role.MANAGER: _NO_ADMINISTRATOR,
}
"""What a role of one's own making may hold. Administrators have everything, and no such role."""

BEYOND_DEPARTMENTS: Final = frozenset(
    {
        Permission.MANAGE_MAIL,
        Permission.READ_AUDIT,
        Permission.MANAGE_AGENTS,
        Permission.MANAGE_ROLES,
        Permission.MANAGE_SECURITY,
        Permission.PROVISION_PEOPLE,
    }
)
"""What shows or gives more than the tickets of some departments: not for a role that is limited to them."""
