"""Master keys: of a file, of the environment, of a KMS in another process."""

import base64
import json
import os
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from parlour.children import until
from parlour.foundation.keys.masters import Belonging, Masters
from parlour.foundation.sealing import KeysOutOfReach, Place
from parlour.foundation.settings import Settings
from tests import kms_twin
from tests.builders import Company
from tests.foundation.keys.stage import another_process, place
from tests.ground.household import free_port

SECRET = b"quokka"


def made() -> str:
    return base64.b64encode(os.urandom(32)).decode()


async def wrapped_by(company: Company) -> str:
    async with company.database.reading(company.organization_id) as tx:
        return str(await tx.value("select master from data_keys"))


def test_the_first_start_makes_a_master_key_that_only_its_owner_reads(settings: Settings, tmp_path: Path) -> None:
    here = settings.model_copy(update={"data": tmp_path / "new"})
    for _ in range(2):
        Masters(here).make_ready()
    file = tmp_path / "new" / "master-key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(base64.urlsafe_b64decode(file.read_text())) == 32
    assert list(file.parent.iterdir()) == [file]


async def test_the_environments_key_wraps_and_the_previous_ones_still_open(acme: Company, tmp_path: Path) -> None:
    settings, old, new = acme.installation.settings, made(), made()
    async with another_process(settings, master_key=old, data=tmp_path) as first:
        sealed = await first.sealer.seal(place(acme), SECRET)
        assert not (tmp_path / "master-key").exists()
    assert await wrapped_by(acme) == await Masters(settings.model_copy(update={"master_key": old})).current().name()
    async with another_process(settings, master_key=f"{new}, {old}", data=tmp_path) as second:
        assert await second.sealer.open(place(acme), sealed) == SECRET
    async with another_process(settings, master_key=new, data=tmp_path) as third:
        with pytest.raises(KeysOutOfReach, match="not known here"):
            await third.sealer.open(place(acme), sealed)


@pytest.mark.parametrize("wrong", ["short", base64.b64encode(bytes(31)).decode(), "not base64, at all"])
def test_a_master_key_that_is_none_is_refused_with_a_sentence(settings: Settings, wrong: str) -> None:
    with pytest.raises(SystemExit, match="a master key is 32 bytes"):
        Masters(settings.model_copy(update={"master_key": wrong}))


@contextmanager
def twin(kind: str, folder: Path) -> Iterator[str]:
    """A KMS of this kind, and where it is."""
    state = folder / "kms.json"
    state.write_text(json.dumps({"first": made()}))
    command = [sys.executable, kms_twin.__file__, kind, str(state)]
    if kind == "command":
        yield f"command:{' '.join(command)}"
        return
    place = str(folder / "kms.socket") if kind == "unix" else str(free_port())
    process = subprocess.Popen([*command, place])
    try:
        assert until(lambda: _listens(kind, place), 30)
        yield f"unix:{place}" if kind == "unix" else f"http://127.0.0.1:{place}/"
    finally:
        process.terminate()
        process.wait(10)


def _listens(kind: str, place: str) -> bool:
    if kind == "unix":
        return Path(place).exists()
    with suppress(OSError), socket.create_connection(("127.0.0.1", int(place)), 1):
        return True
    return False


@pytest.mark.parametrize("kind", ["command", "unix", "http"])
async def test_a_kms_wraps_and_unwraps(acme: Company, tmp_path: Path, kind: str) -> None:
    settings: Any = acme.installation.settings
    with twin(kind, tmp_path) as kms:
        async with another_process(settings, kms=kms) as first:
            sealed = await first.sealer.seal(place(acme), SECRET)
        assert await wrapped_by(acme) == "kms:first"
        async with another_process(settings, kms=kms) as second:
            assert await second.sealer.open(place(acme), sealed) == SECRET
        async with another_process(settings) as without:
            with pytest.raises(KeysOutOfReach, match="set PARLOUR_KMS"):
                await without.sealer.open(place(acme), sealed)


async def test_when_the_kms_has_a_new_key_data_keys_are_wrapped_anew(acme: Company, tmp_path: Path) -> None:
    settings, state = acme.installation.settings, tmp_path / "kms.json"
    with twin("unix", tmp_path) as kms:
        async with another_process(settings, kms=kms) as first:
            sealed = await first.sealer.seal(place(acme), SECRET)
            state.write_text(json.dumps({**json.loads(state.read_text()), "second": made()}))
            assert await first.keys.rewrap(acme.organization_id) == 1
        assert await wrapped_by(acme) == "kms:second"
        state.write_text(json.dumps({"second": json.loads(state.read_text())["second"]}))
        async with another_process(settings, kms=kms) as second:
            assert await second.sealer.open(place(acme), sealed) == SECRET


async def test_a_wrapped_key_is_bound_to_its_organization_by_the_kms_too(acme: Company, tmp_path: Path) -> None:
    with twin("command", tmp_path) as kms:
        outside = Masters(acme.installation.settings.model_copy(update={"kms": kms}))
        here = Belonging(acme.organization_id, 1)
        wrapped = await outside.current().wrap(bytes(32), here)
        assert await outside.unwrap(wrapped, here) == bytes(32)
        for elsewhere in (Belonging(acme.organization_id, 2), Belonging(acme.bob.user_id, 1)):
            with pytest.raises(KeysOutOfReach, match="not wrapped here"):
                await outside.unwrap(wrapped, elsewhere)


@pytest.mark.parametrize(
    ("kms", "words"),
    [
        ("unix:/nowhere/kms.socket", "The KMS gave no answer"),
        ("command:/bin/false", "ended with"),
        ("command:/bin/echo no", "The KMS gave no answer"),
        ("""command:/bin/echo '{"error": "not you"}'""", "The KMS refuses: not you"),
        ("""command:/bin/echo '{"name": "x", "wrapped": "%%"}'""", "not base64"),
        ("""command:/bin/echo '{"name": "x"}'""", "left out"),
    ],
)
async def test_a_kms_that_fails_is_said_to_be_out_of_reach_and_nothing_is_kept(
    acme: Company, kms: str, words: str
) -> None:
    async with another_process(acme.installation.settings, kms=kms) as other:
        with pytest.raises(KeysOutOfReach, match=words):
            await other.sealer.seal(Place("users", "sealed", acme.organization_id, "x"), SECRET)
    async with acme.database.reading(acme.organization_id) as tx:
        assert await tx.value("select count(*) from data_keys") == 0


def test_another_kind_of_kms_is_refused_at_the_start(settings: Settings) -> None:
    with pytest.raises(SystemExit, match="PARLOUR_KMS is"):
        Masters(settings.model_copy(update={"kms": "ftp://kms"}))
