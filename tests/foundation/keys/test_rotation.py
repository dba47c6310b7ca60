"""A new key and everything sealed anew; the end of a key."""

import asyncio
from datetime import timedelta

import pytest

from parlour import email
from parlour.email import domains
from parlour.email.domains import SigningKey
from parlour.email.mailboxes import secrets_of as opened_secrets
from parlour.foundation import clock, ids
from parlour.foundation.installation import Installation
from parlour.foundation.keys import ciphers, destruction, rotation
from parlour.foundation.keys.keyring import KeyRow, key_rows
from parlour.foundation.keys.rotation import Report
from parlour.foundation.sealing import KeyDestroyed, Place, SealBroken
from parlour.sealed_columns import SEALED_COLUMNS
from tests.builders import Company
from tests.foundation.keys.stage import another_process, blob_file, from_before, place, read


@pytest.fixture(autouse=True)
def everybody_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody else runs here: what is waited for them is tested in `tests/ground`."""
    monkeypatch.setattr(rotation, "FRESH", timedelta(seconds=-1))


async def rotate(company: Company) -> Report:
    here = company.installation
    version = await rotation.begin(here, company.organization_id)
    assert version is not None
    return await rotation.finish(here, company.organization_id, version, SEALED_COLUMNS)


async def rows_of(company: Company) -> list[KeyRow]:
    async with company.database.reading(company.organization_id) as tx:
        return list((await key_rows(tx)).values())


async def secrets_of(here: Installation, company: Company, mailbox: email.Mailbox) -> dict[str, str]:
    async with here.database.reading(company.organization_id) as tx:
        found = await opened_secrets(tx, here.sealer, mailbox.id)
    return {name: secret.text for name, secret in found.items()}


SECRETS = {"outgoing_password": "quokka", "signing_key": "numbat"}


async def mailbox_of(company: Company) -> email.Mailbox:
    new = email.NewMailbox(address=f"{ids.new().hex}@acme.test", secrets=SECRETS)
    async with company.database.transaction(company.organization_id) as tx:
        return await email.set_up_mailbox(tx, company.installation.sealer, new)


async def domain_of(company: Company) -> list[SigningKey]:
    pairs = await domains.new_pairs()
    async with company.database.transaction(company.organization_id) as tx:
        domain = await domains.add_domain(tx, company.installation.sealer, f"{company.slug}.test", pairs)
        return await domains.keys_of(tx, domain.id)


async def answer_of(company: Company) -> Place:
    """What somebody was told under an Idempotency-Key."""
    place = Place("idempotency_keys", "sealed_answer", company.organization_id, f"{company.bob.user_id}:one")
    async with company.database.transaction(company.organization_id) as tx:
        await tx.run(
            """
            insert into idempotency_keys (organization_id, user_id, key, fingerprint, sealed_answer)
            values (current_organization(), %(user)s, 'one', '', %(sealed)s)
            """,
            user=company.bob.user_id,
            sealed=await company.installation.sealer.seal(place, b"bilby"),
        )
    return place


async def test_every_sealed_column_is_sealed_anew_for_its_own_place(acme: Company) -> None:
    mailbox, [one, other], place = await mailbox_of(acme), await domain_of(acme), await answer_of(acme)
    private = await domains.opened(acme.organization_id, acme.installation.sealer, one)
    async with acme.database.transaction(acme.organization_id) as tx:
        # What was moved can't be opened, and must be left alone.
        await tx.run("update signing_keys set sealed = %(one)s where id = %(other)s", one=one.sealed, other=other.id)
    report = await rotate(acme)
    assert (report.version, report.values, report.broken) == (2, 4, [f"signing_keys.sealed of {other.id}"])
    assert [(row.version, row.retired_at) for row in await rows_of(acme)] == [(1, None), (2, None)]
    async with another_process(acme.installation.settings) as later:
        assert await secrets_of(later, acme, mailbox) == SECRETS
        async with later.database.reading(acme.organization_id) as tx:
            anew = await tx.values("select sealed from signing_keys where id = %(id)s", id=one.id)
            moved = await tx.values("select sealed from signing_keys where id = %(id)s", id=other.id)
            kept = await tx.values("select sealed_answer from idempotency_keys")
        assert (anew[0][:5], kept[0][:5], moved) == (b"\x02\x00\x00\x00\x02", b"\x02\x00\x00\x00\x02", [one.sealed])
        assert (
            await later.sealer.open(Place("signing_keys", "sealed", acme.organization_id, one.id), anew[0]) == private
        )
        assert await later.sealer.open(place, kept[0]) == b"bilby"


async def test_the_old_key_is_retired_then_gone_a_day_later(acme: Company) -> None:
    mailbox, name = await mailbox_of(acme), f"{acme.organization_id}/attachments/one"
    await acme.installation.blobs.put(name, b"the numbat sleeps" * 9000)
    report = await rotate(acme)
    assert (report.version, report.values, report.blobs, report.broken) == (2, 2, 1, [])
    [first, second] = await rows_of(acme)
    assert (bool(first.retired_at), bool(first.wrapped), second.retired_at) == (True, True, None)
    # What slept since before, and writes with the old key, is found by the next rotation.
    late = await another_seal(acme, mailbox, 1)
    assert late[:5] == b"\x02\x00\x00\x00\x01"
    with clock.frozen(clock.now() + timedelta(days=2)):
        report = await rotate(acme)
        assert (report.version, report.values, report.blobs) == (3, 2, 1)
        rows = await rows_of(acme)
        assert [(bool(row.retired_at), row.wrapped is None) for row in rows] == [
            (True, True),
            (True, False),
            (False, False),
        ]
        assert await secrets_of(acme.installation, acme, mailbox) == SECRETS
        assert await acme.installation.blobs.get(name) == b"the numbat sleeps" * 9000
        with pytest.raises(KeyDestroyed):
            await acme.installation.sealer.open(Place("a", "b", acme.organization_id, "c"), late)


async def another_seal(company: Company, mailbox: email.Mailbox, version: int) -> bytes:
    here = Place("mailbox_secrets", "sealed.signing_key", company.organization_id, mailbox.id)
    key = await company.installation.keys.version(company.organization_id, version)
    head = b"\x02" + version.to_bytes(4)
    sealed = head + ciphers.sealed(key.values, head + here.bond, SECRETS["signing_key"].encode())
    async with company.database.transaction(company.organization_id) as tx:
        await tx.run("update mailbox_secrets set sealed = %(sealed)s where name = 'signing_key'", sealed=sealed)
    return sealed


async def test_what_is_from_before_is_sealed_and_then_nothing_clear_is_believed(acme: Company) -> None:
    await from_before(acme)
    mailbox, name = await mailbox_of(acme), f"{acme.organization_id}/mail/one"
    here = Place("mailbox_secrets", "sealed.signing_key", acme.organization_id, mailbox.id)
    key = ciphers.derived(acme.installation.settings.secret_key.encode(), b"parlour sealing 1")
    old = b"\x01" + ciphers.sealed(key, here.bond, b"numbat")
    async with acme.database.transaction(acme.organization_id) as tx:
        await tx.run("update mailbox_secrets set sealed = %(old)s where name = 'signing_key'", old=old)
    await acme.installation.blobs.put(name, b"")
    blob_file(acme, name).write_bytes(b"From: carol@customer.test\r\n\r\nhello")
    report = await rotate(acme)
    assert (report.version, report.values, report.blobs, report.broken) == (1, 1, 1, [])
    assert b"hello" not in blob_file(acme, name).read_bytes()
    assert await acme.installation.blobs.get(name) == b"From: carol@customer.test\r\n\r\nhello"
    assert await secrets_of(acme.installation, acme, mailbox) == SECRETS
    with pytest.raises(SealBroken):
        await acme.installation.sealer.open(here, old)
    blob_file(acme, name).write_bytes(b"in the clear")
    with pytest.raises(SealBroken):
        await acme.installation.blobs.get(name)


async def test_nothing_is_made_for_an_organization_that_has_sealed_nothing(acme: Company) -> None:
    assert await rotation.begin(acme.installation, acme.organization_id) is None
    assert await rows_of(acme) == []


async def test_a_rotation_that_was_stopped_is_finished_with_the_same_key(acme: Company) -> None:
    await mailbox_of(acme)
    assert await rotation.begin(acme.installation, acme.organization_id) == 2
    assert await rotation.left_over(acme.installation, acme.organization_id, 2, SEALED_COLUMNS) == 2
    assert await rotation.begin(acme.installation, acme.organization_id) == 2
    assert (await rotate(acme)).version == 2
    assert await rotation.left_over(acme.installation, acme.organization_id, 2, SEALED_COLUMNS) == 0
    assert await rotation.begin(acme.installation, acme.organization_id) == 3


async def test_a_blob_that_is_deleted_meanwhile_does_not_come_back(acme: Company) -> None:
    name = f"{acme.organization_id}/attachments/one"
    blobs = acme.installation.blobs
    for _ in range(10):
        await blobs.put(name, b"the numbat sleeps" * 9000)
        await asyncio.gather(blobs.reseal(name), blobs.delete(name))
        assert not blob_file(acme, name).exists()


async def test_after_its_destruction_nothing_of_an_organization_opens_anywhere(acme: Company, globex: Company) -> None:
    mailbox, name = await mailbox_of(acme), f"{acme.organization_id}/attachments/one"
    here = acme.installation
    await here.blobs.put(name, b"the numbat sleeps")
    theirs = await here.sealer.seal(place(globex), b"quokka")
    sealed = await here.sealer.seal(place(acme), b"quokka")
    async with another_process(here.settings) as other:
        assert await other.sealer.open(place(acme), sealed) == b"quokka"
        await destruction.destroy(here, acme.organization_id)
        for process in (here, other):
            with clock.frozen(clock.now() + timedelta(seconds=5)):
                with pytest.raises(KeyDestroyed):
                    await process.sealer.open(place(acme), sealed)
                with pytest.raises(KeyDestroyed):
                    await process.sealer.seal(place(acme), b"more")
                with pytest.raises(KeyDestroyed):
                    await process.blobs.get(name)
                with pytest.raises(KeyDestroyed):
                    await process.blobs.stream(name, 0, 5)
                with pytest.raises(KeyDestroyed):
                    await process.blobs.put(name, b"more")
                assert await secrets_of(process, acme, mailbox) == {}
                assert await process.sealer.open(place(globex), theirs) == b"quokka"
    assert not (here.settings.data / "keys" / str(acme.organization_id)).exists()
    assert [row.wrapped for row in await rows_of(acme)] == [None]
    assert await rotation.begin(here, acme.organization_id) is None
    await destruction.destroy(here, acme.organization_id)


async def test_who_puts_the_wrapped_key_back_from_a_backup_still_reads_nothing(acme: Company) -> None:
    here, sealed = acme.installation, await acme.installation.sealer.seal(place(acme), b"quokka")
    [backup] = await rows_of(acme)
    await destruction.destroy(here, acme.organization_id)
    async with acme.database.transaction(acme.organization_id) as tx:
        await tx.run("update data_keys set wrapped = %(wrapped)s, destroyed_at = null", wrapped=backup.wrapped)
    async with another_process(here.settings) as other:
        with pytest.raises(Exception, match="key half") as refused:
            await other.sealer.open(place(acme), sealed)
    assert type(refused.value).__name__ == "KeysOutOfReach"


async def test_what_may_lie_in_the_clear_is_not_called_destroyed(acme: Company) -> None:
    await from_before(acme)
    sealed = await acme.installation.sealer.seal(place(acme), b"quokka")
    with pytest.raises(destruction.NotAllSealed):
        await destruction.destroy(acme.installation, acme.organization_id)
    assert await acme.installation.sealer.open(place(acme), sealed) == b"quokka"


async def test_an_organization_that_had_no_key_gets_none_after_its_destruction(acme: Company) -> None:
    await destruction.destroy(acme.installation, acme.organization_id)
    with pytest.raises(KeyDestroyed):
        await acme.installation.sealer.seal(place(acme), b"quokka")
    assert not (acme.installation.settings.data / "keys" / str(acme.organization_id)).exists()


async def test_readers_notice_nothing_of_a_rotation(acme: Company) -> None:
    content = bytes(range(256)) * 4000
    names = [f"{acme.organization_id}/attachments/{number}" for number in range(12)]
    for name in names:
        await acme.installation.blobs.put(name, content)
    rotating = asyncio.create_task(rotate(acme))
    while not rotating.done():
        for name in names:
            assert await read(acme, name, 1000, 900_000) == content[1000:900_000]
    assert (await rotating).blobs == 12
