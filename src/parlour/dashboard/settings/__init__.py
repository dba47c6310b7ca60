"""Settings: one's own, and, by permission, the organization's."""

from parlour.dashboard.settings import departments, members, organization, profile, tags, tokens

ROUTES = [
    profile.show,
    members.show,
    members.add,
    members.change,
    departments.show,
    departments.add,
    departments.change,
    departments.remove,
    tags.show,
    tags.add,
    tags.change,
    tags.remove,
    tokens.show,
    tokens.make,
    tokens.revoke,
    organization.show,
    organization.change,
]

__all__ = ["ROUTES"]
