"""To other identity providers and back: signing in there, being connected with there, signing out there."""

from parlour.site.elsewhere import connecting, going, leaving, returning

ROUTES = [*going.ROUTES, *connecting.ROUTES, *returning.ROUTES, *leaving.ROUTES]

__all__ = ["ROUTES"]
