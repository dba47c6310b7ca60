"""GitHub signs people in with plain OAuth 2.0: who it is has to be asked, with the access token."""

from typing import Any, Final

from parlour.access.providers.kinds import GITHUB
from parlour.access.providers.openid.asking import BadAnswer, ask
from parlour.access.providers.openid.discovery import Issuer
from parlour.access.providers.shown import Shown, refused, text_of
from parlour.foundation.installation import Installation

SCOPES: Final = "read:user user:email"


def issuer_of(address: str) -> Issuer:
    """GitHub itself, or a server of one's own, which has its API below its own address."""
    return Issuer(
        issuer=address,
        authorization=f"{address}/login/oauth/authorize",
        token=f"{address}/login/oauth/access_token",
        keys="",
        user="https://api.github.com/user" if address == GITHUB else f"{address}/api/v3/user",
        secret_in_header=False,
    )


async def shown_by(installation: Installation, access_token: str, issuer: Issuer) -> Shown:
    """Raises `NotVouchedFor` or `BadAnswer`."""
    headers = {"authorization": f"Bearer {access_token}", "x-github-api-version": "2022-11-28"}
    user = await ask(installation, issuer.user, headers=headers)
    emails = await ask(installation, f"{issuer.user}/emails", headers=headers)
    if not isinstance(user, dict) or not isinstance(emails, list):
        raise BadAnswer("GitHub's answer is not what it should be.")
    # The number: a login may be given to somebody else one day.
    number = user.get("id")
    if not isinstance(number, int) or isinstance(number, bool):
        raise refused("GitHub does not say who it is.")
    return Shown(
        subject=str(number),
        email=_verified(emails),
        name=text_of(user, "name") or text_of(user, "login"),
        has_second_factor=False,
    )


def _verified(emails: list[Any]) -> str:
    for one in emails:
        if isinstance(one, dict) and one.get("primary") is True and one.get("verified") is True:
            return text_of(one, "email").lower()
    return ""
