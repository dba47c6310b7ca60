"""What is sealed opens with its organization's key, in its own place, and nowhere else."""

import asyncio
from datetime import timedelta

import msgspec
import pytest

from parlour.foundation import clock, ids
from parlour.foundation.database import Database
from parlour.foundation.keys import ciphers
from parlour.foundation.sealing import KeysOutOfReach, SealBroken
from tests.builders import Company
from tests.foundation.keys.stage import another_process, from_before, place


async def versions(company: Company) -> list[int]:
    async with company.database.reading(company.organization_id) as tx:
        return await tx.values("select version from data_keys order by version")


async def test_what_is_sealed_opens_in_its_own_place_only(acme: Company, globex: Company) -> None:
    sealer, here = acme.installation.sealer, place(acme)
    sealed = await sealer.seal(here, b"quokka")
    assert (sealed[:5], b"quokka" in sealed) == (b"\x02\x00\x00\x00\x01", False)
    assert await sealer.open(here, sealed) == b"quokka"
    assert sealed != await sealer.seal(here, b"quokka")
    await sealer.seal(place(globex), b"so that there is a key")
    elsewhere = [
        msgspec.structs.replace(here, table="mailboxes"),
        msgspec.structs.replace(here, column="other"),
        msgspec.structs.replace(here, organization_id=globex.organization_id),
        msgspec.structs.replace(here, organization_id=ids.new()),
        msgspec.structs.replace(here, row="another row"),
    ]
    for moved in elsewhere:
        with pytest.raises(SealBroken):
            await sealer.open(moved, sealed)


@pytest.mark.parametrize(
    "change",
    [
        lambda s: s[:-1],
        lambda s: b"\x01" + s[1:],
        lambda s: b"\x03" + s[1:],
        lambda s: s[:4] + b"\x02" + s[5:],
        lambda s: s[:20] + bytes([s[20] ^ 1]) + s[21:],
        lambda s: s[:5],
        lambda s: b"",
        lambda s: s + b"x",
    ],
)
async def test_what_was_changed_opens_nowhere(acme: Company, change: object) -> None:
    sealer, here = acme.installation.sealer, place(acme)
    with pytest.raises(SealBroken):
        await sealer.open(here, change(await sealer.seal(here, b"quokka")))


async def test_an_organization_has_its_first_key_at_its_first_need_and_one_only(acme: Company) -> None:
    assert await versions(acme) == []
    settings = acme.installation.settings
    async with another_process(settings) as second, another_process(settings) as third:
        sealers = [process.sealer for process in (acme.installation, second, third)] * 10
        sealed = await asyncio.gather(*(sealer.seal(place(acme), b"quokka") for sealer in sealers))
        assert await versions(acme) == [1]
        for sealer in sealers[:3]:
            assert {await sealer.open(place(acme), one) for one in sealed} == {b"quokka"}


async def test_a_secret_can_be_sealed_while_its_organization_is_being_made(acme: Company) -> None:
    organization_id = ids.new()
    here = msgspec.structs.replace(place(acme), organization_id=organization_id)
    async with acme.database.transaction(organization_id) as tx:
        await tx.run(
            "insert into organizations (id, slug, name, all_sealed) values (%(id)s, %(slug)s, 'New', true)",
            id=organization_id,
            slug=f"new-{organization_id.hex[-12:]}",
        )
        sealed = await acme.installation.sealer.seal(here, b"quokka")
    assert await acme.installation.sealer.open(here, sealed) == b"quokka"


async def test_a_warm_seal_asks_the_database_nothing(acme: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    sealer, here = acme.installation.sealer, place(acme)
    with clock.frozen(clock.now()):
        sealed = await sealer.seal(here, b"quokka")

        def refuse(*_: object, **__: object) -> None:
            raise AssertionError("asked")

        monkeypatch.setattr(Database, "reading", refuse)
        monkeypatch.setattr(Database, "transaction", refuse)
        assert await sealer.open(here, await sealer.seal(here, b"quokka")) == b"quokka"
        with clock.frozen(clock.now() + timedelta(seconds=6)), pytest.raises(AssertionError):
            await sealer.open(here, sealed)


async def test_what_was_sealed_before_there_were_data_keys_opens_until_all_is_sealed_anew(acme: Company) -> None:
    here, secret_key = place(acme), acme.installation.settings.secret_key
    key = ciphers.derived(secret_key.encode(), b"parlour sealing 1")
    old = b"\x01" + ciphers.sealed(key, here.bond, b"quokka")
    with pytest.raises(SealBroken):
        await acme.installation.sealer.open(here, old)
    await from_before(acme)
    assert await acme.installation.sealer.open(here, old) == b"quokka"


async def test_without_its_half_no_master_opens_a_key(acme: Company) -> None:
    sealed = await acme.installation.sealer.seal(place(acme), b"quokka")
    half = acme.installation.settings.data / "keys" / str(acme.organization_id)
    content = half.read_bytes()
    half.unlink()
    async with another_process(acme.installation.settings) as other:
        with pytest.raises(KeysOutOfReach):
            await other.sealer.open(place(acme), sealed)
        with pytest.raises(KeysOutOfReach):
            await other.sealer.seal(place(acme), b"more")
        assert not half.exists()
        half.write_bytes(bytes(32))
        with pytest.raises(SealBroken):
            await other.sealer.open(place(acme), sealed)
        half.write_bytes(content)
        assert await other.sealer.open(place(acme), sealed) == b"quokka"


async def test_a_wrapped_key_of_another_organization_opens_nothing(acme: Company, globex: Company) -> None:
    sealed = await acme.installation.sealer.seal(place(acme), b"quokka")
    await acme.installation.sealer.seal(place(globex), b"numbat")
    async with acme.database.reading(globex.organization_id) as tx:
        theirs = await tx.value("select wrapped from data_keys")
    async with acme.database.transaction(acme.organization_id) as tx:
        await tx.run("update data_keys set wrapped = %(theirs)s", theirs=theirs)
    async with another_process(acme.installation.settings) as other:
        with pytest.raises(SealBroken):
            await other.sealer.open(place(acme), sealed)
