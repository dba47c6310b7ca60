"""Single sign-on: the identity providers that vouch for people, and the domains they may vouch for."""

from parlour.dashboard.settings.single_sign_on import claims, keys, pages

ROUTES = [
    pages.show,
    pages.only,
    pages.new,
    pages.add,
    pages.one,
    pages.change,
    pages.test,
    pages.groups,
    pages.remove,
    keys.renew,
    keys.certificate,
    claims.claim,
    claims.check,
    claims.release,
]

__all__ = ["ROUTES"]
