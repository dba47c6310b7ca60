"""Access tokens of Google and Microsoft 365: kept while they last, renewed with the refresh token (RFC 6749, 6)."""

from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

import msgspec

from parlour.email.mailboxes.settings import ImapSettings, SignIn
from parlour.email.mailboxes.vault import put_secret, secrets_of
from parlour.email.sources.troubles import Step, Trouble
from parlour.foundation import clock, fetching
from parlour.foundation.installation import Installation
from parlour.foundation.settings import Settings

# A token that ends while the server looks at it is no use.
_MARGIN: Final = timedelta(minutes=2)
_SCOPES: Final = {
    SignIn.GOOGLE: "",
    SignIn.MICROSOFT: "https://outlook.office.com/IMAP.AccessAsUser.All https://outlook.office.com/SMTP.Send "
    "offline_access",
}


class _Given(msgspec.Struct, frozen=True):
    access_token: str = ""
    refresh_token: str = ""
    expires_in: float = 3600
    error: str = ""
    error_description: str = ""


async def access_token(
    installation: Installation, organization_id: UUID, mailbox_id: UUID, imap: ImapSettings, *, renew: bool = False
) -> str:
    """One that opens the mailbox now, a fresh one where `renew`. Raises `Trouble`. Never called in a transaction."""
    async with installation.database.reading(organization_id) as tx:
        secrets = await secrets_of(tx, installation.sealer, mailbox_id)
    kept = secrets.get("access_token")
    if kept and kept.expires_at and not renew and kept.expires_at - _MARGIN > clock.now():
        return kept.text
    if "refresh_token" not in secrets:
        raise Trouble(Step.TOKEN, "No refresh token is set for this mailbox.")
    fields = {
        "grant_type": "refresh_token",
        "client_id": imap.client_id,
        "client_secret": secrets["client_secret"].text if "client_secret" in secrets else "",
        "refresh_token": secrets["refresh_token"].text,
        "scope": _SCOPES.get(imap.sign_in, ""),
    }
    asked_at = clock.now()
    given = await _ask(installation.settings, imap, {name: value for name, value in fields.items() if value})
    await _keep(installation, organization_id, mailbox_id, given, asked_at)
    return given.access_token


async def _ask(settings: Settings, imap: ImapSettings, fields: dict[str, str]) -> _Given:
    is_google = imap.sign_in is SignIn.GOOGLE
    url = settings.google_token_url if is_google else settings.microsoft_token_url.replace("{tenant}", imap.tenant)
    try:
        answer = await fetching.fetch(
            url,
            method="POST",
            headers={"content-type": "application/x-www-form-urlencoded", "accept": "application/json"},
            body=urlencode(fields).encode(),
            # The operator's own setting, not a tenant's.
            guard=fetching.ANYWHERE,
        )
        given = msgspec.json.decode(answer.body, type=_Given)
    except fetching.NotFetched as failure:
        words = f"The provider's sign-in server can't be reached: {failure.words}"
        raise Trouble(Step.CONNECTION, words, "It is tried again by itself.") from failure
    except msgspec.MsgspecError as failure:
        raise Trouble(Step.CONNECTION, "The provider's sign-in server gave an answer that makes no sense.") from failure
    if answer.status >= 500:
        raise Trouble(Step.CONNECTION, "The provider's sign-in server is unwell.", "It is tried again by itself.")
    if not given.access_token:
        raise _refusal(given)
    return given


def _refusal(given: _Given) -> Trouble:
    explained = (given.error_description or given.error)[:300]
    if given.error == "invalid_grant":
        return Trouble(Step.TOKEN, f"The refresh token has expired or was revoked: {explained}")
    if given.error in ("invalid_client", "unauthorized_client"):
        return Trouble(
            Step.TOKEN,
            f"The provider does not know this application: {explained}",
            "Check client id and client secret; a secret of Microsoft 365 ends after two years at most.",
        )
    return Trouble(Step.TOKEN, f"The provider gives no access token: {explained}")


async def _keep(
    installation: Installation, organization_id: UUID, mailbox_id: UUID, given: _Given, asked_at: datetime
) -> None:
    async with installation.database.transaction(organization_id) as tx:
        ends_at = asked_at + timedelta(seconds=given.expires_in)
        await put_secret(tx, installation.sealer, mailbox_id, "access_token", given.access_token, ends_at)
        if given.refresh_token:
            # Microsoft gives a new one each time, and the old one ends some day.
            await put_secret(tx, installation.sealer, mailbox_id, "refresh_token", given.refresh_token)
