"""Files that pretend: a page that is called a picture, two kinds in one, names that are paths."""

import re
from typing import Any
from uuid import UUID

import httpx
import pytest

from parlour import tickets
from parlour.tickets import Source, Upload, Words
from tests.builders import Company
from tests.doors.conftest import Clients

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40
GIF = b"GIF89a/*<svg/onload=alert(1)>*/=alert(1)//;"
HTML = b"<!doctype html><script>alert(document.domain)</script>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'
PDF = b"%PDF-1.7\n1 0 obj<</JavaScript(app.alert(1))>>"

# What it is called, what it is said to be, what it is; then how it may be served within a page, if at all.
PRETENDERS = [
    ("a.png", "image/png", HTML, None),
    ("a.png", "image/png", SVG, None),
    ("a.png", "image/png", PDF, None),
    ("a.svg", "image/svg+xml", SVG, None),
    ("a.svg", "image/png", SVG, None),
    ("a.html", "text/html", HTML, None),
    ("a.xhtml", "application/xhtml+xml", HTML, None),
    ("a.js", "text/javascript", b"alert(1)", None),
    ("a.css", "text/css", b"*{background:url(//evil.test)}", None),
    ("a.gif", "text/html", GIF, "image/gif"),
    ("a.gif", "text/javascript", GIF, "image/gif"),
    ("a.jpg", "image/png", b"\xff\xd8\xff\xe0" + HTML, "image/jpeg"),
    ("a.png", "image/png", PNG, "image/png"),
    ("a.png", "image/png; charset=utf-7", PNG, "image/png"),
    ("a.png", "text/html\r\nX: y", PNG, "image/png"),
]


async def _sent(company: Company, upload: Upload) -> str:
    ticket = await company.ticket()
    async with company.database.transaction(company.organization_id) as tx:
        stored = await tickets.store_attachment(tx, company.installation.blobs, upload, by=company.bob)
        held = await tickets.hold(tx, ticket.id, seen_by=company.bob)
        await tickets.reply(tx, held, Words("See", attachment_ids=[stored.id]), by=company.bob, source=Source.API)
    return str(stored.id)


def _is_harmless(answer: httpx.Response) -> None:
    assert answer.status_code == 200
    headers = answer.headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'; sandbox"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert "x" not in headers


@pytest.mark.parametrize(("name", "claimed", "content", "shown_as"), PRETENDERS)
async def test_a_file_is_served_as_what_it_is_or_not_to_be_opened(
    name: str, claimed: str, content: bytes, shown_as: str | None, acme: Company, at_acme: Clients
) -> None:
    file = await _sent(acme, Upload(name, claimed, content))
    for first, path in (("bob", f"/dashboard/attachments/{file}"), ("carol", f"/portal/{acme.slug}/files/{file}")):
        answer = await (await at_acme.browser(first)).get(path)
        _is_harmless(answer)
        way, kind = answer.headers["content-disposition"].split(";")[0], answer.headers["content-type"]
        assert (way, kind) == (("inline", shown_as) if shown_as else ("attachment", "application/octet-stream"))
    for first in ("bob", "carol"):
        answer = await (await at_acme.program(first)).get(f"/api/attachments/{file}")
        _is_harmless(answer)
        assert answer.headers["content-disposition"].startswith("attachment; ")
        assert not re.search("html|svg|xml|script|css", answer.headers["content-type"])
        assert answer.content == content


@pytest.mark.parametrize(
    "name",
    ["../../../../etc/passwd", "..\\..\\windows\\win.ini", "/etc/passwd", "C:\\boot.ini", "a/../../b", "....//....//x",
     "%2e%2e%2fetc%2fpasswd", "..;/x", "con", "x\x00.png", "\u2025/x", ".", "..", "~/.ssh/authorized_keys", "a" * 5000,
     "\r\nSet-Cookie: a=b", '"; filename="evil.exe', "file:///etc/passwd"],
)  # fmt: skip
async def test_a_name_leads_nowhere_on_the_disk(name: str, acme: Company, at_acme: Clients) -> None:
    upload = Upload(name, "text/plain", b"mine")
    file = await _sent(acme, upload)
    answer = await (await at_acme.browser("bob")).get(f"/dashboard/attachments/{file}")
    assert answer.content == b"mine"
    assert "set-cookie" not in answer.headers
    said = answer.headers["content-disposition"]
    assert re.fullmatch(r"attachment; filename\*=UTF-8''[A-Za-z0-9%._~/-]+", said), said
    async with acme.database.reading(acme.organization_id) as tx:
        stored = await tickets.find_attachment(tx, UUID(file), seen_by=acme.bob)
    assert stored.blob_key == f"{acme.organization_id}/attachments/{file}"
    assert not re.search(r"[/\\\x00-\x1f]", stored.name)


@pytest.mark.parametrize(
    "path",
    ["/static/../app.py", "/static/%2e%2e/app.py", "/static/..%2fapp.py", "/static//etc/passwd", "/static/....//x",
     "/static/%00", "/dashboard/attachments/../../etc/passwd", "/dashboard/attachments/%2e%2e", "/dev/mail/..%2f..%2f",
     "/portal/..%2f..%2fetc/brand.css", "/api/attachments/..%2f..%2fetc%2fpasswd"],
)  # fmt: skip
async def test_no_address_leads_out_of_where_it_belongs(path: str, at_acme: Clients) -> None:
    answer = await (await at_acme.browser("alice")).get(f"http://parlour.test{path}")
    assert answer.status_code in (303, 400, 404), answer.status_code
    for word in ("import ", "root:", "def "):
        assert word not in answer.text


async def test_a_file_of_a_page_is_no_script_of_it(acme: Company, at_acme: Clients) -> None:
    """Else a stranger's upload would pass for one of ours, where a policy says 'self'."""
    file = await _sent(acme, Upload("x.js", "application/javascript", b"alert(1)"))
    answers: list[Any] = [
        await (await at_acme.browser("bob")).get(f"/dashboard/attachments/{file}"),
        await (await at_acme.program("bob")).get(f"/api/attachments/{file}"),
    ]
    assert {answer.headers["content-type"] for answer in answers} == {"application/octet-stream"}
