"""Files: in as multipart, out in whole or in part, never run by a browser."""

from typing import Any

import httpx
import pytest

from tests.builders import Company
from tests.doors.conftest import Clients, Connect, failure, started, token_of

CONTENT = bytes(range(256)) * 4


async def _uploaded(client: httpx.AsyncClient, name: str = "pump.bin", kind: str = "a/pump") -> dict[str, Any]:
    answer = await client.post("/api/attachments", files={"file": (name, CONTENT, kind)})
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == f"/api/attachments/{answer.json()['id']}"
    stored: dict[str, Any] = answer.json()
    return stored


async def test_a_file_goes_in_and_comes_out_the_same(at_acme: Clients) -> None:
    bob = await at_acme.program("bob")
    stored = await _uploaded(bob)
    assert {**stored, "id": ""} == {
        "id": "",
        "name": "pump.bin",
        "contentType": "a/pump",
        "size": 1024,
        "contentId": None,
        "warning": None,
    }
    answer = await bob.get(f"/api/attachments/{stored['id']}")
    assert (answer.status_code, answer.content) == (200, CONTENT)
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''pump.bin"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'; sandbox"


@pytest.mark.parametrize(
    ("asked", "status", "start", "end"),
    [
        ("bytes=0-0", 206, 0, 1),
        ("bytes=0-99", 206, 0, 100),
        ("bytes=1000-", 206, 1000, 1024),
        ("bytes=-24", 206, 1000, 1024),
        ("bytes=1000-9999", 206, 1000, 1024),
        ("bytes=-9999", 200, 0, 1024),
        ("bytes=0-", 200, 0, 1024),
        ("bytes=5-2", 200, 0, 1024),
        ("bytes=-", 200, 0, 1024),
        ("bytes=0-1,3-4", 200, 0, 1024),
        ("lines=0-1", 200, 0, 1024),
        ("nonsense", 200, 0, 1024),
        ("bytes=1024-", 416, 0, 0),
        ("bytes=-0", 416, 0, 0),
        ("bytes=99999999999999999-", 416, 0, 0),
    ],
)
async def test_parts_are_given_as_asked(asked: str, status: int, start: int, end: int, at_acme: Clients) -> None:
    bob = await at_acme.program("bob")
    stored = await _uploaded(bob)
    answer = await bob.get(f"/api/attachments/{stored['id']}", headers={"range": asked})
    assert answer.status_code == status, answer.text
    if status == 416:
        failure(answer)
        assert answer.headers["content-range"] == "bytes */1024"
        return
    assert answer.content == CONTENT[start:end]
    if status == 206:
        assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/1024"


async def test_a_file_is_seen_by_those_who_see_its_comment(acme: Company, at_acme: Clients) -> None:
    ticket = await acme.ticket()
    bob, carol, dave = [await at_acme.program(first) for first in ("bob", "carol", "dave")]
    shown, noted, unsent = [(await _uploaded(bob))["id"] for _ in range(3)]
    reply = await bob.post(f"/api/tickets/{ticket.id}/reply", json={"attachmentIds": [shown]})
    assert [file["id"] for file in reply.json()["attachments"]] == [shown]
    await bob.post(f"/api/tickets/{ticket.id}/comments", json={"body": "x", "attachmentIds": [noted]})
    seen = {
        client: [(await client.get(f"/api/attachments/{file}")).status_code for file in (shown, noted, unsent)]
        for client in (bob, carol, dave)
    }
    assert seen == {bob: [200, 200, 200], carol: [200, 404, 404], dave: [404, 404, 404]}
    stolen = await carol.post(f"/api/tickets/{ticket.id}/reply", json={"body": "x", "attachmentIds": [unsent]})
    assert stolen.status_code == 422


async def test_an_upload_can_be_taken_back_until_it_is_sent(acme: Company, at_acme: Clients) -> None:
    ticket, bob, alice = await acme.ticket(), await at_acme.program("bob"), await at_acme.program("alice")
    kept, dropped = [(await _uploaded(bob))["id"] for _ in range(2)]
    assert (await alice.delete(f"/api/attachments/{dropped}")).status_code == 404
    assert (await bob.delete(f"/api/attachments/{dropped}")).status_code == 204
    assert (await bob.get(f"/api/attachments/{dropped}")).status_code == 404
    await bob.post(f"/api/tickets/{ticket.id}/reply", json={"attachmentIds": [kept]})
    assert (await bob.delete(f"/api/attachments/{kept}")).status_code == 404


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd", "_.._etc_passwd"),
        ("a\r\nSet-Cookie: x=1.txt", None),
        ('quo"te.txt', None),
        ("über größe.pdf", "über größe.pdf"),
        ("x" * 300 + ".pdf", "x" * 251 + ".pdf"),
    ],
)
async def test_a_name_is_only_a_name(name: str, kept: str | None, at_acme: Clients) -> None:
    bob = await at_acme.program("bob")
    stored = await _uploaded(bob, name)
    answer = await bob.get(f"/api/attachments/{stored['id']}")
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers
    assert answer.headers["content-disposition"].isascii()
    if kept:
        assert stored["name"] == kept


async def test_html_from_strangers_is_never_shown_as_a_page(at_acme: Clients) -> None:
    bob = await at_acme.program("bob")
    stored = await _uploaded(bob, "evil.html", "text/html")
    answer = await bob.get(f"/api/attachments/{stored['id']}")
    assert answer.headers["content-disposition"].startswith("attachment")
    assert "sandbox" in answer.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"json": {"file": "x"}}, 415),
        ({"data": {"file": "x"}}, 415),
        ({"content": b"x"}, 415),
        ({"files": {"other": ("a.txt", b"x")}}, 400),
        ({"content": b"x", "headers": {"content-type": "multipart/form-data"}}, 400),
        ({"content": b"x", "headers": {"content-type": "multipart/form-data; boundary=y"}}, 400),
        ({"content": b"--y\r\n\r\nx", "headers": {"content-type": "multipart/form-data; boundary=y"}}, 400),
        ({"content": b"", "headers": {"content-type": "multipart/form-data; boundary=y"}}, 400),
    ],
)
async def test_what_is_no_file_is_refused(sent: dict[str, Any], status: int, at_acme: Clients) -> None:
    bob = await at_acme.program("bob")
    answer = await bob.post("/api/attachments", **sent)
    assert answer.status_code == status, answer.text
    failure(answer)


async def test_a_file_that_is_too_large_is_refused(acme: Company, connect: Connect) -> None:
    settings = acme.installation.settings.model_copy(update={"upload_size_limit": 100_000})
    async with started(settings) as asgi:
        bob = connect(asgi, authorization=f"Bearer {await token_of(acme, acme.bob)}")
        fits = await bob.post("/api/attachments", files={"file": ("a.bin", b"x" * 100_000)})
        assert fits.status_code == 201
        large = await bob.post("/api/attachments", files={"file": ("a.bin", b"x" * 200_000)})
        assert large.status_code == 413
        failure(large)
