"""Keys of access tokens renewed by hand: nobody is signed out by it, unless a key has leaked and it is to be so."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from parlour.access import Client, apps
from parlour.access.apps import BadAccessToken, keys
from parlour.access.apps.keys import OVERLAP
from parlour.foundation import clock
from parlour.foundation.installation import Installation
from parlour.foundation.keys.broken import KeysOutOfReach
from parlour.foundation.keys.keyring import Keyring
from tests.access.app import signed_in_app
from tests.builders import Company

MONDAY = datetime(2030, 4, 1, 9, 0, tzinfo=UTC)
PHONE = Client("192.0.2.9", "okhttp/5.1.0")
MINUTE = timedelta(minutes=1)
Process = Callable[[], Installation]


@pytest.fixture
def process(acme: Company, tmp_path: Path) -> Process:
    """One more process of an installation whose key store is this test's own."""

    def another() -> Installation:
        settings = acme.installation.settings.model_copy(update={"key_store": str(tmp_path / "keys")})
        return msgspec.structs.replace(acme.installation, settings=settings, keys=Keyring(settings))

    return another


@pytest.fixture
def here(acme: Company, process: Process) -> Company:
    return replace(acme, installation=process())


async def shown(installation: Installation) -> set[str]:
    generations = await installation.keys.token_secrets.known()
    return {key["kid"] for key in keys.published_keys(installation.signer, generations)["keys"]}


async def signs(installation: Installation) -> str:
    return apps.signing_key(installation.signer, await installation.keys.token_secrets.known()).id


async def is_good(installation: Installation, token: str) -> bool:
    try:
        await apps.read_access_token(installation, token)
    except BadAccessToken:
        return False
    return True


async def test_new_keys_are_shown_before_they_sign_and_old_ones_until_their_last_token_has_ended(
    here: Company, process: Process
) -> None:
    one, other = here.installation, process()
    with clock.frozen(MONDAY):
        before, old = await shown(one), await signs(one)
        assert await shown(other) == before
        made = await apps.renew_token_keys(one)
        assert (made.signs_from, made.others_end) == (
            (MONDAY + OVERLAP).timestamp(),
            (MONDAY + 2 * OVERLAP).timestamp(),
        )
        assert await signs(one) == old and len(await shown(one)) == 6
    # Every process hears of it within seconds, and a copy of the key set that is an hour old has them.
    with clock.frozen(MONDAY + timedelta(seconds=6)):
        assert await shown(other) == await shown(one) > before
    last = MONDAY + OVERLAP - timedelta(seconds=1)
    with clock.frozen(last):
        token = (await signed_in_app(here, here.bob)).access_token
        assert await signs(one) == await signs(other) == old
    with clock.frozen(last + timedelta(seconds=1)):
        new = await signs(one)
        assert new != old and new in await shown(other) and await is_good(other, token)
        renewed = (await signed_in_app(here, here.bob)).access_token
        assert await is_good(other, renewed)
    with clock.frozen(last + 9 * MINUTE):
        assert await is_good(one, token) and old in await shown(one)
    with clock.frozen(MONDAY + 2 * OVERLAP + timedelta(seconds=5)):
        after = await shown(one)
        assert after == await shown(other) and after & before == set() and len(after) == 3
        assert set(keys.good_keys(one.signer, await one.keys.token_secrets.known())) <= after


async def test_at_once_old_tokens_are_refused_and_the_session_goes_on(here: Company, process: Process) -> None:
    one, other = here.installation, process()
    with clock.frozen(MONDAY):
        tokens = await signed_in_app(here, here.bob)
        old = await signs(other)
        await apps.renew_token_keys(one, at_once=True)
        assert await is_good(one, tokens.access_token)
    with clock.frozen(MONDAY + timedelta(seconds=11)):
        for installation in (one, other):
            assert not await is_good(installation, tokens.access_token)
            assert old not in await shown(installation)
        renewed = await apps.refresh(one, tokens.refresh_token, PHONE)
        assert renewed.session.id == tokens.session.id and await is_good(other, renewed.access_token)


async def test_at_once_overtakes_keys_that_were_waiting(here: Company) -> None:
    one = here.installation
    with clock.frozen(MONDAY):
        await apps.renew_token_keys(one)
        await apps.renew_token_keys(one, at_once=True)
    with clock.frozen(MONDAY + timedelta(seconds=11)):
        now = await signs(one)
        assert len(await shown(one)) == 3
    with clock.frozen(MONDAY + 3 * OVERLAP):
        assert await signs(one) == now


async def test_nothing_is_kept_of_keys_that_are_over_and_they_never_come_back(here: Company) -> None:
    one, seen = here.installation, set[str]()
    for round_ in range(4):
        with clock.frozen(MONDAY + 3 * round_ * OVERLAP):
            assert seen.isdisjoint({await signs(one)}) or round_ == 0
            seen |= await shown(one)
            await apps.renew_token_keys(one)
            # The one in use, and the one that waits.
            assert len(await one.keys.token_secrets.known()) == min(round_ + 1, 2)


async def test_neither_secret_alone_leads_to_a_key(here: Company) -> None:
    one = here.installation
    with clock.frozen(MONDAY):
        made = await apps.renew_token_keys(one, at_once=True)
    with clock.frozen(MONDAY + MINUTE):
        known = await one.keys.token_secrets.known()
        other = msgspec.structs.replace(made, secret=bytes(32))
        assert len(made.secret) == 32 and known == (made,)
        ids = {
            keys.signing_key(one.signer, known).id,
            keys.signing_key(one.signer, (other,)).id,
            keys.signing_key(one.signer, ()).id,
            keys.signing_key(type(one.signer)("another secret key"), known).id,
        }
        assert len(ids) == 4


async def test_a_store_that_is_damaged_brings_no_old_key_back(here: Company, tmp_path: Path) -> None:
    with clock.frozen(MONDAY):
        tokens = await signed_in_app(here, here.bob)
        await apps.renew_token_keys(here.installation, at_once=True)
    (tmp_path / "keys" / "access-tokens").write_bytes(b"{")
    with clock.frozen(MONDAY + MINUTE), pytest.raises(KeysOutOfReach):
        await apps.read_access_token(here.installation, tokens.access_token)
