"""Ways in by mail: a link to sign in with, a link to choose a password with."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta

from parlour import access, email
from parlour.access import Purpose
from parlour.api.conventions import Body
from parlour.api.operations import REFUSALS, operation
from parlour.entrance import PUBLIC, Request, arriving
from parlour.foundation.errors import Invalid

_NOWHERE = UUID(int=0)
Address = Annotated[str, Meta(min_length=3, max_length=254, examples=["carol@customer.test"])]
Slug = Annotated[str, Meta(max_length=60, description="An organization's short name: then its link alone.")]
Token = Annotated[str, Meta(min_length=1, max_length=200, description="What the link in the mail holds.")]


class LinkWanted(Body, frozen=True, kw_only=True):
    """Where to send it."""

    email: Address
    organization: Slug = ""


class NewPassword(Body, frozen=True, kw_only=True):
    """A password, and the token of the mail that lets one choose it."""

    token: Token
    password: Annotated[str, Meta(min_length=1, max_length=1000)]
    organization_id: Annotated[UUID | None, Meta(description="Which, where the address is known in several.")] = None


@operation("POST /auth/link", PUBLIC, status=202, refusals=REFUSALS, example={"email": "carol@customer.test"})
async def send_link(request: Request, body: LinkWanted) -> None:
    """Have a link sent to sign in with

    The answer is the same whether the address is known or not. The link's token goes to `POST /api/auth/sign-in` as
    `link` within 15 minutes, once.
    """
    await _send(request, body, Purpose.SIGN_IN)


@operation("POST /auth/reset", PUBLIC, status=202, refusals=REFUSALS, example={"email": "carol@customer.test"})
async def send_reset(request: Request, body: LinkWanted) -> None:
    """Have a link sent to choose a password with

    The answer is the same whether the address is known or not. The link's token goes to `POST /api/auth/password`
    within 15 minutes, once.
    """
    await _send(request, body, Purpose.PASSWORD)


@operation(
    "POST /auth/password",
    PUBLIC,
    status=204,
    refusals=(*REFUSALS, 410),
    example={"token": "abc", "password": "plum harbour quiet lantern"},
)
async def set_password(request: Request, body: NewPassword) -> None:
    """Choose a password with a link's token

    Every session of that person ends, and they are told so by mail. Where the password is refused, the token stays
    good.
    """
    installation = request.installation
    if len(body.password) > access.LONGEST_PASSWORD:
        raise Invalid(details={"password": "Use 1,000 characters at most."})
    await access.count(installation, access.of_address(arriving.client_of(request)))
    identity = await access.set_password_by_link(installation, body.token, body.password, chosen=body.organization_id)
    await access.end_sessions_of(installation, identity.organization_id, identity.user_id)
    await email.tell_of_new_password(installation, identity.organization_id, identity.user_id)


async def _send(request: Request, body: LinkWanted, purpose: Purpose) -> None:
    installation, organization_id = request.installation, None
    await access.count(installation, access.of_mail(arriving.client_of(request), body.email))
    if body.organization:
        found = await installation.database.doorways.organization_by_slug(body.organization)
        # One that is not there has nobody, and is answered like the others.
        organization_id = found or _NOWHERE
    await email.ask_for_link(installation, body.email, purpose, organization_id)


HANDLERS = (send_link, send_reset, set_password)
