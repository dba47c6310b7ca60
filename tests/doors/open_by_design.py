"""The addresses below an organization's name, or its provider's, that are there for everybody."""

OPEN_BY_DESIGN = {
    # An organization's portal tells its name and colour to whoever comes to sign in.
    "/portal/{slug:str}/brand.css",
    "/portal/{slug:str}/logo",
    "/portal/{slug:str}/enter",
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
    # And by which other companies' sign-ins.
    "/sign-in/at/{slug:str}",
    "/sign-in/at/{slug:str}/{provider_id:uuid}",
    # Whoever brings nothing of a sign-in along is sent to the door, whether there is such a provider or not.
    "/sign-in/with/{provider_id:uuid}/back",
    "/sign-in/with/{provider_id:uuid}/left",
    "/sign-in/with/{provider_id:uuid}/logout",
    "/sign-in/with/{provider_id:uuid}/saml",
    "/sign-in/with/{provider_id:uuid}/unasked",
    # It says what any such address would say, and looks nothing up.
    "/sign-in/with/{provider_id:uuid}/metadata",
}
