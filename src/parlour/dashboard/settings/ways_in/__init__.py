"""Settings about how people come in."""

from parlour.dashboard.settings.ways_in import invitations

ROUTES = [
    invitations.show,
    invitations.invite,
    invitations.again,
    invitations.revoke,
]

__all__ = ["ROUTES"]
