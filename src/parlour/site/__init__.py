"""The public pages: what Parlour is, signing in, signing up."""

from parlour.site import (
    addresses,
    dev_mail,
    elsewhere,
    images,
    invitations,
    landing,
    links,
    passkeys,
    sign_in,
    sign_up,
    tls,
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
    *passkeys.ROUTES,
    *links.ROUTES,
    *invitations.ROUTES,
    *elsewhere.ROUTES,
    *addresses.ROUTES,
    sign_up.form,
    sign_up.found,
    *dev_mail.ROUTES,
    *images.ROUTES,
    *token_keys.ROUTES,
    *tls.ROUTES,
]

__all__ = ["ROUTES"]
