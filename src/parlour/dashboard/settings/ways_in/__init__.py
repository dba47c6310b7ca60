"""Settings about how people come in."""

from parlour.dashboard.settings.ways_in import address, invitations, portal_keys

ROUTES = [
    invitations.show,
    invitations.invite,
    invitations.again,
    invitations.revoke,
    address.ask,
    portal_keys.show,
    portal_keys.make,
    portal_keys.add,
    portal_keys.remove,
]

__all__ = ["ROUTES"]
