"""Every route names what it needs; who may come in without, is written down here."""

from typing import Any

from parlour import entrance

OPEN_TO_ALL = {
    "/",
    "/.well-known/jwks.json",
    "/address",
    "/api/auth/link",
    "/api/auth/password",
    "/api/auth/reset",
    "/api/auth/sign-in",
    "/api/auth/sign-in/passkey",
    "/api/auth/sign-out",
    "/api/auth/tokens",
    "/api/auth/tokens/refresh",
    "/api/auth/tokens/revoke",
    "/api/docs",
    "/api/docs.css",
    "/api/email/hooks/{secret:str}",
    "/api/email/hooks/{secret:str}/mime",
    "/api/health",
    "/api/openapi.json",
    "/dev/mail",
    "/dev/mail/{mail_id:uuid}",
    "/dev/mail/{mail_id:uuid}/html",
    "/invitation",
    "/metrics",
    "/portal/{slug:str}/brand.css",
    "/portal/{slug:str}/enter",
    "/portal/{slug:str}/logo",
    "/portal/{slug:str}/sign-in",
    "/portal/{slug:str}/sign-in/ask",
    "/portal/{slug:str}/sign-in/ask/sent",
    "/portal/{slug:str}/sign-in/link",
    "/portal/{slug:str}/sign-in/passkey",
    "/portal/{slug:str}/sign-in/passkey/begin",
    "/portal/{slug:str}/sign-in/password",
    "/portal/{slug:str}/sign-in/set-up",
    "/portal/{slug:str}/sign-in/set-up/passkey/begin",
    "/portal/{slug:str}/sign-in/totp",
    "/portal/{slug:str}/sign-in/totp/passkey/begin",
    "/portal/{slug:str}/sign-out",
    "/sign-in",
    "/sign-in/ask",
    "/sign-in/ask/sent",
    "/sign-in/at/{slug:str}",
    "/sign-in/at/{slug:str}/{provider_id:uuid}",
    "/sign-in/elsewhere",
    "/sign-in/link",
    "/sign-in/passkey",
    "/sign-in/passkey/begin",
    "/sign-in/password",
    "/sign-in/set-up",
    "/sign-in/set-up/passkey/begin",
    "/sign-in/totp",
    "/sign-in/totp/passkey/begin",
    "/sign-in/with/{provider_id:uuid}/back",
    "/sign-in/with/{provider_id:uuid}/metadata",
    "/sign-in/with/{provider_id:uuid}/left",
    "/sign-in/with/{provider_id:uuid}/logout",
    "/sign-in/with/{provider_id:uuid}/saml",
    "/sign-in/with/{provider_id:uuid}/unasked",
    "/sign-out",
    "/sign-out/there",
    "/sign-up",
    "/tls/ask",
}


def test_every_route_names_a_permission_or_is_on_the_short_list(unlimited: Any) -> None:
    doors = unlimited.other_asgi_app.app
    assert entrance.unguarded(doors) == []
    public = {
        route.path
        for route in doors.routes
        for handler in route.route_handlers
        if handler.opt.get("permission") == entrance.PUBLIC
    }
    assert public - OPEN_TO_ALL == set()
