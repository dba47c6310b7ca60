"""The public pages: what Parlour is, signing in, signing up."""

from parlour.site import (
    addresses,
    connecting,
    dev_mail,
    images,
    invitations,
    landing,
    links,
    providers,
    sign_in,
    sign_up,
    token_keys,
)

ROUTES = [
    landing.show,
    sign_in.form,
    sign_in.enter,
    sign_in.code_form,
    sign_in.code,
    sign_in.set_up_form,
    sign_in.set_up,
    sign_in.confirm_form,
    sign_in.confirm,
    sign_in.places,
    sign_in.add_place,
    sign_in.switch,
    sign_in.leave,
    *links.ROUTES,
    *invitations.ROUTES,
    *connecting.ROUTES,
    providers.ask,
    providers.answer,
    providers.at,
    providers.go,
    providers.back,
    providers.posted,
    providers.metadata,
    *addresses.ROUTES,
    sign_up.form,
    sign_up.found,
    *dev_mail.ROUTES,
    *images.ROUTES,
    *token_keys.ROUTES,
]

__all__ = ["ROUTES"]
