"""One of each secret that people and programs have, made where they are really made."""

import base64

from parlour import access, email, people
from parlour.access import Client, Entered, Identity, Method, Purpose, apps, providers
from parlour.access.providers import Draft
from parlour.access.providers import Kind as ProviderKind
from parlour.access.providers.saml import keys as saml_keys
from parlour.email.mailboxes import put_secret
from parlour.foundation import clock, ids
from parlour.foundation.installation import Installation
from parlour.people import Actor
from tests.access.authenticator import code

NEW_PASSWORD = "marker of a quiet lantern 8Vb6"
HERE = Client("192.0.2.7", "A browser")
SEALED_IN = {
    "second_factors": "the seed of an authenticator app",
    "identity_providers": "what a provider knows us by",
    "portal_keys": "what an organization signs its customers in with",
    "mailbox_secrets": "a mailbox's refresh token",
    "saml_keys": "what is encrypted for us opens with",
}
"""The table that holds it, and its name among those that are made here."""


async def secrets_of(here: Installation, slug: str, admin: str, other: str) -> dict[str, list[str]]:
    """By what they are for; all are good at this moment. Whoever `other` is has a new password and a second factor."""
    organization_id = await here.database.doorways.organization_by_slug(slug)
    assert organization_id
    async with here.database.reading(organization_id) as tx:
        found = {user.email: await people.actor_of(tx, user.id) for user in await people.team(tx)}
    alice, bob = found[admin], found[other]
    assert alice and bob
    link, password = await _password_by_link(here, bob)
    return {
        "the text of a link": [link],
        "a person's password": [password],
        **await _second_factor(here, bob),
        **await _of_programs(here, alice),
        **await _of_an_app(here, bob),
        **await _of_counterparts(here, alice),
        **await _of_a_mailbox(here, alice),
    }


async def _password_by_link(here: Installation, bob: Actor) -> tuple[str, str]:
    async with here.database.transaction(bob.organization_id) as tx:
        user = await people.find_user(tx, bob.user_id)
        used, waits = ids.new(), ids.new()
        await access.make_link(tx, used, user, Purpose.PASSWORD)
    text = access.link_text(here.signer, Purpose.PASSWORD, bob.organization_id, used)
    await access.set_password_by_link(here, text, NEW_PASSWORD)
    async with here.database.transaction(bob.organization_id) as tx:
        assert await access.make_link(tx, waits, user, Purpose.SIGN_IN)
    return access.link_text(here.signer, Purpose.SIGN_IN, bob.organization_id, waits), NEW_PASSWORD


async def _second_factor(here: Installation, bob: Actor) -> dict[str, list[str]]:
    async with here.database.transaction(bob.organization_id) as tx:
        seed = (await access.begin_enrolment(tx, here, bob.user_id)).seed
        codes = await access.confirm_enrolment(tx, here, bob.user_id, code(seed, clock.now()))
    raw = base64.b32decode(seed + "=" * (-len(seed) % 8))
    # A seed is no text: as it is, in base 32, and as PostgreSQL dumps bytes.
    as_bytes = [raw.hex(), base64.b64encode(raw).decode()]
    backup = [form for each in codes for form in (each, each.replace("-", ""))]
    return {SEALED_IN["second_factors"]: [seed, *as_bytes], "backup codes": backup}


async def _of_programs(here: Installation, alice: Actor) -> dict[str, list[str]]:
    async with here.database.transaction(alice.organization_id) as tx:
        _, program = await access.create_token(tx, alice.user_id, "Marked")
        _, directory = await access.create_directory_token(tx, "Marked", by=alice)
        _, portal = await access.make_portal_secret(tx, here.sealer, by=alice)
        invitation = await access.invite(tx, access.NewInvitation("marked@acme.test"), by=alice)
    invited = access.link_text(here.signer, access.INVITATION_PURPOSE, alice.organization_id, invitation.id)
    return {
        "a program's token": [program],
        "a directory's token": [directory],
        SEALED_IN["portal_keys"]: [portal],
        "the text of an invitation": [invited],
    }


async def _of_an_app(here: Installation, bob: Actor) -> dict[str, list[str]]:
    identity = Identity(bob.organization_id, bob.user_id, (access.proof(Method.PASSWORD), access.proof(Method.TOTP)))
    outcome = await access.arrive(here, (identity,), HERE)
    assert isinstance(outcome, Entered)
    tokens = await apps.tokens_for(here, outcome)
    return {"an app's tokens": [tokens.access_token, tokens.refresh_token], "an app's first cookie": [outcome.token]}


async def _of_counterparts(here: Installation, alice: Actor) -> dict[str, list[str]]:
    secret, pair = "marker-of-a-provider-2Zt5", await saml_keys.new_pair()
    draft = Draft(kind=ProviderKind.GITHUB, name="Marked", issuer="", client_id="marked", secret=secret)
    async with here.database.transaction(alice.organization_id) as tx:
        await providers.add_provider(tx, here, draft, by=alice)
        await saml_keys.show_key(tx, here, pair, by=alice)
    lines = pair.private.decode().splitlines()
    # Its first lines say what the public half says as well.
    return {SEALED_IN["identity_providers"]: [secret], SEALED_IN["saml_keys"]: lines[len(lines) // 2 : -2]}


async def _of_a_mailbox(here: Installation, alice: Actor) -> dict[str, list[str]]:
    refresh, access_token = "marker-of-a-refresh-token-6Hd1", "marker-of-an-access-token-4Wp9"
    async with here.database.transaction(alice.organization_id) as tx:
        mailbox = (await email.mailboxes(tx))[0]
        await put_secret(tx, here.sealer, mailbox.id, "refresh_token", refresh)
        await put_secret(tx, here.sealer, mailbox.id, "access_token", access_token)
    return {SEALED_IN["mailbox_secrets"]: [refresh], "a mailbox's access token": [access_token]}
