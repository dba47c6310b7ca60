"""A whole installation, used as people use it; then everything it has stored is searched for what must not be there."""

import asyncio
import base64
import hashlib
import json
import re
import shutil
import smtplib
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import httpx
import pytest

from parlour import embedded
from parlour.children import until
from parlour.connections import Servers
from parlour.email import domains
from parlour.foundation import installation
from parlour.foundation.sealing import KeysOutOfReach
from parlour.foundation.settings import Settings, load
from parlour.reactions import REACTIONS
from parlour.sealed_columns import SEALED_COLUMNS
from tests.ground.household import PATIENCE, Household, household
from tests.ground.secrets import SEALED_IN, secrets_of

PASSWORD = "marker-of-a-password-7Qx2"
ATTACHED = "marker-of-an-attachment-9Lm4"
MAILED = "marker-of-a-mailed-file-3Rt8"
WRITTEN_LAST = b"marker-of-the-last-key-1Jc7"
COMMENT = "marker of a comment 5Kd1"
"""Comments are searched by the database, so they are what lies in the clear: the searcher must find them."""


def forms_of(marker: str) -> list[bytes]:
    """As it is, as PostgreSQL dumps bytes, and in base64, wherever it begins."""
    raw = marker.encode()
    coded = [base64.b64encode(b"\0" * shift + raw)[4 if shift else 0 : -4] for shift in range(3)]
    return [raw, raw.hex().encode(), raw[::-1], *coded]


@dataclass
class Used:
    """What was done, and what it left."""

    home: Household
    api: httpx.Client
    token: str
    cookie: str
    push_address: str
    ticket: dict[str, Any]
    attachment: str


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Used]:
    with household(tmp_path_factory.mktemp("home")) as home:
        home.start_and_wait("--demo")
        words = [sys.executable, "-m", "parlour", "token", "create", "--data", str(home.data), "--email"]
        made = subprocess.run([*words, "alice@acme.test"], check=True, capture_output=True, text=True)
        token = made.stdout.strip()
        url = f"http://127.0.0.1:{home.port}"
        headers = {"authorization": f"Bearer {token}"}
        with httpx.Client(base_url=url, headers=headers, timeout=30) as api:
            push_address = a_mailbox_is_set_up(api)
            assert api.post("/api/email/domains", json={"domain": "acme.example"}).status_code == 201
            ticket, attachment = a_file_is_sent(api)
            a_mail_comes_in(home, api)
            yield Used(home, api, token, signed_in(url), push_address, ticket, attachment)


def a_mailbox_is_set_up(api: httpx.Client) -> str:
    imap = {"host": "imap.example.com", "username": "help"}
    new = {"address": "help@acme.test", "kind": "IMAP", "isActive": False, "imap": imap}
    secrets = {"imapPassword": PASSWORD, "outgoingPassword": f"{PASSWORD}-out"}
    made = api.post("/api/email/mailboxes", json={**new, "secrets": secrets}, headers={"idempotency-key": "a"})
    assert made.status_code == 201, made.text
    # The address is a secret that is shown in this one answer, which is kept for a repetition.
    asked = {"url": f"{made.headers['location']}/push-address", "headers": {"idempotency-key": "b"}}
    first, again = api.post(**asked), api.post(**asked)
    assert (first.json(), again.headers["idempotency-replayed"]) == (again.json(), "true"), first.text
    return str(re.search(r"/hooks/([\w-]+)", first.text)[1])  # type: ignore[index]


def a_file_is_sent(api: httpx.Client) -> tuple[dict[str, Any], str]:
    file = ("notes.txt", f"{ATTACHED}\n" * 5000, "text/plain")
    stored = api.post("/api/attachments", files={"file": file})
    assert stored.status_code == 201, stored.text
    ticket = api.get("/api/tickets", params={"limit": 1}).json()["items"][0]
    said = {"body": COMMENT, "attachmentIds": [stored.json()["id"]]}
    reply = api.post(f"/api/tickets/{ticket['id']}/reply", json=said)
    assert reply.status_code == 201, reply.text
    return ticket, stored.json()["id"]


def a_mail_comes_in(home: Household, api: httpx.Client) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "carol@customer.test", "support@acme.test", "Marked"
    mail.set_content("See the file.")
    mail.add_attachment(f"{MAILED}\n".encode() * 300, maintype="application", subtype="pdf", filename="bill.pdf")
    with smtplib.SMTP("127.0.0.1", home.smtp_port, timeout=30) as connection:
        connection.send_message(mail)
    assert until(lambda: api.get("/api/tickets", params={"q": "Marked"}).json()["items"], PATIENCE)


def signed_in(url: str) -> str:
    with httpx.Client(base_url=url, timeout=30) as browser:
        page = browser.get("/sign-in")
        fields = dict(re.findall(r'<input[^>]*type="hidden"[^>]*name="([^"]+)"[^>]*value="([^"]*)"', page.text))
        said = {**fields, "email": "alice@acme.test", "password": "parlour-demo"}
        answer = browser.post("/sign-in", data=said, headers={"origin": url})
        assert answer.status_code in (302, 303), answer.text
        return str(browser.cookies["parlour_session"])


def dump(home: Household) -> bytes:
    """The whole database, as the administrator, past all walls."""
    url = administrator(home, "parlour")
    command = [embedded.postgres_bin() / "pg_dump", "--dbname", url]
    return subprocess.run(command, check=True, capture_output=True).stdout


def administrator(home: Household, database: str) -> str:
    return connections_of(home).url(home.data, "postgres", database)


def connections_of(home: Household) -> Servers:
    return Servers(**json.loads((home.data / "servers.json").read_text()))


def files_below(folder: Path) -> bytes:
    return b"\n".join(file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file())


def found_in(stored: bytes, marker: str) -> list[bytes]:
    return [form for form in forms_of(marker) if form in stored]


def test_no_secret_and_no_attachment_lies_in_the_clear(used: Used) -> None:
    valkey, session = used.home.data / "valkey", hashlib.sha256(used.cookie.encode()).hexdigest()
    made = asyncio.run(made_by_people(load(data=used.home.data)))
    assert until(lambda: all(one in files_below(valkey) for one in (session.encode(), WRITTEN_LAST)), PATIENCE)
    places = {
        "database": dump(used.home),
        "blobs": files_below(used.home.data / "blobs"),
        "valkey": files_below(valkey),
    }
    # What is searched is what is stored, and the searcher can find.
    assert COMMENT.encode() in places["database"]
    assert len(places["blobs"]) > len(ATTACHED) * 5000
    secret = [PASSWORD, f"{PASSWORD}-out", ATTACHED, MAILED, used.token, used.cookie, used.push_address]
    master = (used.home.data / "master-key").read_text().strip()
    halves = [file.read_bytes() for file in (used.home.data / "keys").iterdir()]
    signing = asyncio.run(signing_keys(load(data=used.home.data)))
    assert (bool(halves), len(signing)) == (True, 2)
    # Nothing that is sealed is forgotten here: of each column there is a value whose words are known.
    assert {one.table for one in SEALED_COLUMNS} == {*SEALED_IN, "signing_keys", "idempotency_keys"}
    assert set(SEALED_IN.values()) <= set(made)
    for place, stored in places.items():
        assert [marker for marker in [*secret, master] if found_in(stored, marker)] == [], place
        for what, markers in made.items():
            assert [marker for marker in markers if found_in(stored, marker)] == [], (place, what)
        for key in [base64.urlsafe_b64decode(master), *halves, *signing]:
            assert not any(part in stored or part.hex().encode() in stored for part in secret_parts(key)), place


async def made_by_people(known: Settings) -> dict[str, list[str]]:
    async with installation.running(installation.build(known, REACTIONS)) as here:
        made = await secrets_of(here, "acme", "alice@acme.test", "bob@acme.test")
        await here.cache.set(WRITTEN_LAST, "and everything before it is on the disk")
        return made


def secret_parts(key: bytes) -> list[bytes]:
    """Any of them would be too much. An RSA key begins with what its public half says too, so only what comes after."""
    secret = key[len(key) // 2 :]
    return [secret[start : start + 32] for start in range(0, max(1, len(secret) - 31), 32)]


async def signing_keys(known: Settings) -> list[bytes]:
    """The private halves, as the worker has them when it signs."""
    async with installation.running(installation.build(known, REACTIONS)) as here:
        organization_id = await here.database.doorways.organization_by_slug("acme")
        assert organization_id
        async with here.database.reading(organization_id) as tx:
            [domain] = await domains.sending_domains(tx)
            keys = await domains.keys_of(tx, domain.id)
        opened = [await domains.opened(organization_id, here.sealer, key) for key in keys]
    return [key for key in opened if key]


def test_what_is_stored_is_given_out_as_it_came(used: Used) -> None:
    content = f"{ATTACHED}\n" * 5000
    assert used.api.get(f"/api/attachments/{used.attachment}").text == content
    part = used.api.get(f"/api/attachments/{used.attachment}", headers={"range": "bytes=70000-70099"})
    assert (part.status_code, part.text) == (206, content[70000:70100])


def test_a_backup_of_a_destroyed_organization_opens_no_more_and_its_pages_stay(used: Used, tmp_path: Path) -> None:
    home, backup = used.home, dump(used.home)
    shutil.copytree(home.data / "blobs", tmp_path / "blobs")
    shutil.copy(home.data / "master-key", tmp_path / "master-key")
    command = [sys.executable, "-m", "parlour", "keys", "destroy", "acme", "--confirm", "acme"]
    subprocess.run([*command, "--data", home.data], check=True, capture_output=True)
    pages_stay_and_files_are_gone(used)

    embedded.sql(administrator(home, "postgres"), "create database restored owner parlour_owner")
    psql = [embedded.postgres_bin() / "psql", "-X", "-q", "-d", administrator(home, "restored")]
    subprocess.run(psql, input=backup, check=True, capture_output=True)
    asyncio.run(nothing_opens(restored_settings(home, tmp_path), used.attachment))


def pages_stay_and_files_are_gone(used: Used) -> None:
    address = f"/api/attachments/{used.attachment}"
    # Not so often that the limit of the API would answer instead.
    assert until(lambda: used.api.get(address).status_code == 410, 20, 0.5)
    assert used.api.get(address).json()["error"] == (
        "This was encrypted, and its key has been destroyed. It can't be read any more, here or in any backup."
    )
    assert used.api.get(f"/api/tickets/{used.ticket['id']}").status_code == 200
    with httpx.Client(base_url=used.api.base_url, cookies={"parlour_session": used.cookie}, timeout=30) as browser:
        for page in (f"/dashboard/tickets/{used.ticket['number']}", "/dashboard", "/dashboard/settings/mailboxes"):
            assert browser.get(page, follow_redirects=True).status_code == 200, page
        gone = browser.get(f"/dashboard/attachments/{used.attachment}", headers={"accept": "text/html"})
        assert (gone.status_code, "its key has been destroyed" in gone.text) == (410, True)


async def nothing_opens(restored: Settings, attachment: str) -> None:
    async with installation.running(installation.build(restored, REACTIONS)) as here:
        organization_id = await here.database.doorways.organization_by_slug("acme")
        assert organization_id
        async with here.database.reading(organization_id) as tx:
            assert await tx.value("select count(*) from data_keys where wrapped is not null") == 1
            keys = await tx.values("select blob_key from attachments where id = %(id)s", id=attachment)
        with pytest.raises(KeysOutOfReach, match="key half"):
            await here.blobs.get(keys[0])


def restored_settings(home: Household, folder: Path) -> Settings:
    """The backup, with every key that was not destroyed."""
    known = load(data=home.data)
    url = connections_of(home).url(home.data, "parlour_app", "restored")
    changes = {"data": folder, "database_url": url, "key_store": str(home.data / "keys")}
    return known.model_copy(update=changes)
