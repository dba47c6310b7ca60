"""What somebody is in an organization, and how far that reaches."""

from enum import StrEnum


class Role(StrEnum):
    """Everyone has exactly one. The first three are agents."""

    ADMIN = "ADMIN"
    MANAGER = "MANAGER"
    AGENT = "AGENT"
    CUSTOMER = "CUSTOMER"


class Reach(StrEnum):
    """Which tickets a manager or agent may see. Administrators always see all of them."""

    ORGANIZATION = "ORGANIZATION"
    DEPARTMENTS = "DEPARTMENTS"
    """Those of their departments, and those assigned to them."""


class UserStatus(StrEnum):
    """An inactive user keeps their history and can't come in."""

    ACTIVE = "ACTIVE"
    INACTIVE = "INACTIVE"
