"""The address that anybody may send anything to: it counts, and nothing else."""

import re

import httpx
import pytest

from parlour.entrance.browsers.policies import POLICY, REPORTS, headers_for
from tests.doors.conftest import Clients, Connect


async def _counted(client: httpx.AsyncClient) -> dict[str, float]:
    told = (await client.get("/metrics")).text
    found = re.findall(r'parlour_csp_violations_total\{directive="([^"]*)"\} (\S+)', told)
    return {directive: float(count) for directive, count in found}


async def test_both_shapes_of_a_report_are_counted_and_a_strange_word_makes_no_label(connect: Connect) -> None:
    client = connect()
    before = await _counted(client)
    old = {"csp-report": {"violated-directive": "style-src 'self'", "blocked-uri": "inline"}}
    new = [
        {"type": "csp-violation", "body": {"effectiveDirective": "style-src"}},
        {"type": "csp-violation", "body": {"effectiveDirective": 'evil"} 1\nother_metric'}},
        {"type": "deprecation", "body": {"effectiveDirective": "style-src"}},
    ]
    assert (await client.post(REPORTS, json=old)).status_code == 204
    assert (await client.post(REPORTS, json=new)).status_code == 204
    now = await _counted(client)
    assert now["style-src"] - before.get("style-src", 0) == 2
    assert now["other"] - before.get("other", 0) == 1
    assert "evil" not in (await client.get("/metrics")).text


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"", 204),
        (b"{", 204),
        (b"[" * 10_000, 204),
        (b"\xff\xfe", 204),
        (b'"words"', 204),
        (b'[{"type": "csp-violation", "body": null}, 7]', 204),
        (b'{"csp-report": {"violated-directive": {"a": 1}}}', 204),
        (b" " * 20_000, 413),
    ],
)
async def test_nothing_that_is_sent_there_breaks_anything(sent: bytes, status: int, connect: Connect) -> None:
    answer = await connect().post(REPORTS, content=sent)
    assert (answer.status_code, answer.content) == (status, b"")


async def test_it_takes_reports_only(at_acme: Clients) -> None:
    answer = await (await at_acme.browser("alice")).get(REPORTS)
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


def test_over_https_the_policy_says_more() -> None:
    plain, encrypted = (dict(headers_for(b"text/html", f"{scheme}://parlour.test")) for scheme in ("http", "https"))
    assert plain[b"content-security-policy"].decode() == POLICY
    assert b"strict-transport-security" not in plain
    assert encrypted[b"strict-transport-security"] == b"max-age=31536000; includeSubDomains"
    assert encrypted[b"reporting-endpoints"] == b'csp="/reports/csp"'
    for words in ("report-to csp", "upgrade-insecure-requests", "frame-ancestors 'none'", "base-uri 'none'"):
        assert words in encrypted[b"content-security-policy"].decode()
    assert "unsafe" not in POLICY
