"""Keys under a running installation: new ones while it works, killed on the way, and the end of one."""

import asyncio
import random
import signal
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from parlour import email
from parlour.access import apps
from parlour.connections import Servers
from parlour.email.mailboxes import put_secret, secrets_of
from parlour.foundation import clock, ids
from parlour.foundation.installation import Installation
from parlour.foundation.keys.keyring import key_rows
from parlour.foundation.settings import Settings
from tests.builders import Company, build_company
from tests.ground.safe import Safe, make_safe

SECRETS, BLOBS = 600, 250


@pytest.fixture
def safe(servers: tuple[Path, Servers], settings: Settings, tmp_path: Path) -> Safe:
    return make_safe(servers, settings, tmp_path / "data")


@dataclass
class Desk:
    """What an organization has, and what it must still have afterwards."""

    company: Company
    mailbox: email.Mailbox
    secrets: dict[str, str] = field(default_factory=dict)
    blobs: dict[str, bytes] = field(default_factory=dict)
    rounds: int = 0

    @property
    def organization_id(self) -> ids.UUID:
        return self.company.organization_id

    async def write(self, here: Installation, name: str, content: bytes) -> None:
        key = f"{self.organization_id}/attachments/{name}"
        await here.blobs.put(key, content)
        self.blobs[key] = content
        text = f"secret of {name} {ids.new()}"
        async with here.database.transaction(self.organization_id) as tx:
            await put_secret(tx, here.sealer, self.mailbox.id, name, text)
        self.secrets[name] = text

    async def work(self, here: Installation, stopping: asyncio.Event) -> None:
        """Reads, writes over and writes new ones, and everything must be as it was written last."""
        while not stopping.is_set():
            self.rounds += 1
            key = random.choice(list(self.blobs))
            content = self.blobs[key]
            start = random.randrange(len(content))
            assert (
                b"".join([piece async for piece in await here.blobs.stream(key, start, len(content))])
                == content[start:]
            )
            await self.write(here, f"new {self.rounds % 40}", random.randbytes(70_000))
            async with here.database.reading(self.organization_id) as tx:
                found = await secrets_of(tx, here.sealer, self.mailbox.id)
            assert {name: one.text for name, one in found.items()} == self.secrets

    async def is_whole(self, here: Installation) -> None:
        async with here.database.reading(self.organization_id) as tx:
            found = await secrets_of(tx, here.sealer, self.mailbox.id)
        assert {name: one.text for name, one in found.items()} == self.secrets
        for key, content in self.blobs.items():
            assert await here.blobs.get(key) == content

    async def versions(self, here: Installation) -> dict[int, int]:
        """How many values and blobs have which version."""
        async with here.database.reading(self.organization_id) as tx:
            starts = await tx.values("select substring(sealed from 2 for 4) from mailbox_secrets")
        found = [int.from_bytes(start) for start in starts]
        found += [await here.blobs.key_version(key) or 0 for key in list(self.blobs)]
        return {version: found.count(version) for version in sorted(set(found))}


async def open_desk(here: Installation) -> Desk:
    company = await build_company(here, "Acme")
    async with here.database.transaction(company.organization_id) as tx:
        new = email.NewMailbox(address=f"help-{ids.new().hex}@acme.test")
        desk = Desk(company, await email.set_up_mailbox(tx, here.sealer, new))
        for number in range(SECRETS):
            desk.secrets[f"secret {number}"] = f"quokka {number}"
            await put_secret(tx, here.sealer, desk.mailbox.id, f"secret {number}", f"quokka {number}")
    for number in range(BLOBS):
        key = f"{company.organization_id}/mail/{number}"
        desk.blobs[key] = random.randbytes(100_000 + number)
        await here.blobs.put(key, desk.blobs[key])
    return desk


async def kill_when(process: subprocess.Popen[str], ready: Callable[[], object]) -> None:
    """SIGKILL as soon as it has come that far. It stands still while we look, lest it be done before we know."""
    while process.poll() is None:
        process.send_signal(signal.SIGSTOP)
        if await ready():
            break
        process.send_signal(signal.SIGCONT)
        await asyncio.sleep(0.02)
    process.kill()
    # Its pipes are closed with it.
    process.communicate()


async def test_a_rotation_that_is_killed_on_its_way_under_load_loses_nothing(safe: Safe) -> None:
    async with safe.process() as here, safe.process() as second:
        desk = await open_desk(here)
        stopping = asyncio.Event()
        working = [asyncio.create_task(desk.work(one, stopping)) for one in (here,)]
        killed_at = []
        for share in (0.2, 0.5, 0.8):

            async def has_come_far(share: float = share) -> bool:
                counts = await desk.versions(second)
                return counts.get(2, 0) > share * sum(counts.values())

            process = safe.command("rotate", "--organization", desk.company.slug)
            await kill_when(process, has_come_far)
            killed_at.append((process.returncode, await desk.versions(second)))
        assert [code for code, _ in killed_at] == [-9, -9, -9]
        assert all(counts.get(1) for _, counts in killed_at), killed_at
        code, told = await asyncio.to_thread(safe.run, "rotate", "--organization", desk.company.slug)
        assert code == 0, told
        assert f"{desk.company.slug}: key 2;" in told
        rounds = desk.rounds
        while desk.rounds < rounds + 5:
            await asyncio.sleep(0.05)
        stopping.set()
        await asyncio.gather(*working)
        assert list(await desk.versions(second)) == [2]
        async with here.database.reading(desk.organization_id) as tx:
            rows = await key_rows(tx)
        assert [(row.version, bool(row.retired_at)) for row in rows.values()] == [(1, True), (2, False)]
    async with safe.process() as afterwards:
        await desk.is_whole(afterwards)


async def test_the_master_key_is_changed_under_a_running_process(safe: Safe) -> None:
    file = safe.settings.data / "master-key"
    async with safe.process() as here:
        acme, globex = await build_company(here, "Acme"), await build_company(here, "Globex")
        names = [f"{one.organization_id}/attachments/one" for one in (acme, globex)]
        for name in names:
            await here.blobs.put(name, b"the numbat sleeps")
        [old] = file.read_text().splitlines()
        code, told = await asyncio.to_thread(safe.run, "rotate", "--master")
        assert (code, told.partition(" are")[0]) == (0, "2 data keys"), told
        new, kept = file.read_text().splitlines()
        assert (kept, new != old, oct(file.stat().st_mode)[-3:]) == (old, True, "600")
        initech = await build_company(here, "Initech")
        with clock.frozen(clock.now() + timedelta(minutes=11)):
            for name in names:
                assert await here.blobs.get(name) == b"the numbat sleeps"
            await here.blobs.put(f"{initech.organization_id}/attachments/one", b"new")
        # The file without the old one opens everything: nothing needs it any more.
        file.write_text(new + "\n")
    async with safe.process() as afterwards:
        for name in names:
            assert await afterwards.blobs.get(name) == b"the numbat sleeps"
        assert await afterwards.blobs.get(f"{initech.organization_id}/attachments/one") == b"new"


async def test_a_master_key_of_the_environment_takes_the_files_place(safe: Safe) -> None:
    async with safe.process() as here:
        acme = await build_company(here, "Acme")
        await here.blobs.put(f"{acme.organization_id}/attachments/one", b"the numbat sleeps")
    other = Safe(safe.settings.model_copy(update={"master_key": "00" * 32}))
    async with other.process() as here:
        assert await here.keys.rewrap(acme.organization_id) == 1
        assert await here.keys.rewrap(acme.organization_id) == 0
    (safe.settings.data / "master-key").unlink()
    async with other.process() as here:
        assert await here.blobs.get(f"{acme.organization_id}/attachments/one") == b"the numbat sleeps"


async def test_the_command_says_how_keys_stand_and_destroys_only_what_is_confirmed(safe: Safe) -> None:
    async with safe.process() as here:
        acme, globex = await build_company(here, "Acme"), await build_company(here, "Globex")
        await here.blobs.put(f"{acme.organization_id}/attachments/one", b"the numbat sleeps")
        code, told = await asyncio.to_thread(safe.run, "status")
        lines = told.splitlines()
        assert (code, len(lines), lines[0][:24]) == (0, 4, "The master key is local:"), told
        assert f"{acme.slug} key 1 of" in " ".join(lines[1].split())
        assert f"{globex.slug} nothing is sealed yet" in " ".join(lines[2].split())
        assert lines[3].startswith("Access tokens are signed with ")

        code, told = await asyncio.to_thread(safe.run, "destroy", acme.slug, says="globex\n")
        assert (code, told.endswith("Nothing was destroyed.\n")) == (1, True), told
        assert await here.blobs.get(f"{acme.organization_id}/attachments/one") == b"the numbat sleeps"
        code, told = await asyncio.to_thread(safe.run, "destroy", acme.slug, "--confirm", acme.slug)
        assert code == 0, told
        code, told = await asyncio.to_thread(safe.run, "status")
        assert f"{acme.slug} destroyed" in " ".join(told.split())
        code, told = await asyncio.to_thread(safe.run, "rotate")
        assert (code, f"{acme.slug}: its keys were destroyed." in told) == (0, True), told
        code, told = await asyncio.to_thread(safe.run, "destroy", "nobody")
        assert (code, told) == (1, "There is no organization 'nobody'.\n")
        async with here.database.reading(acme.organization_id) as tx:
            acts = await tx.values("select act from audit_records order by position")
    assert acts[-1] == "KEYS_DESTROYED"


async def test_the_doctor_sees_a_key_that_can_not_be_opened(safe: Safe) -> None:
    async with safe.process() as here:
        acme = await build_company(here, "Acme")
        await here.blobs.put(f"{acme.organization_id}/attachments/one", b"the numbat sleeps")
    _, told = await asyncio.to_thread(safe.run, named="doctor")
    assert "well   keys: 1 data key opens\n" in told
    (safe.settings.data / "keys" / str(acme.organization_id)).unlink()
    code, told = await asyncio.to_thread(safe.run, named="doctor")
    assert (code, f"WRONG  keys: The key half of the organization {acme.organization_id} is not in" in told) == (
        1,
        True,
    )
    code, told = await asyncio.to_thread(safe.run, "status")
    assert (code, "CAN'T BE OPENED" in told) == (1, True)


async def test_new_keys_for_access_tokens_are_heard_of_by_a_process_that_runs(safe: Safe) -> None:
    code, told = await asyncio.to_thread(safe.run, "rotate", "--at-once")
    assert code == 2 and "--at-once goes with --tokens" in told
    async with safe.process() as here:
        before = apps.signing_key(here.signer, await here.keys.token_secrets.known()).id
        code, told = await asyncio.to_thread(safe.run, "rotate", "--tokens")
        assert code == 0 and "New keys are in the key set now, and sign from" in told
        code, told = await asyncio.to_thread(safe.run, "status")
        assert code == 0 and f"Access tokens are signed with {before}, with new keys from" in told
        with clock.frozen(clock.now() + 2 * timedelta(minutes=66)):
            after = apps.signing_key(here.signer, await here.keys.token_secrets.known()).id
            assert after != before
    file = safe.settings.data / "keys" / "access-tokens"
    assert file.stat().st_mode & 0o077 == 0 or file.parent.stat().st_mode & 0o077 == 0
