"""What browsers report: which of our rules they had to enforce. Counted, and a few logged; nothing is kept.

Anybody may send anything here. So little is read, little is believed, and no label comes from what was sent.
"""

import time
from typing import Any, Final

import msgspec
import structlog
from prometheus_client import Counter

log = structlog.get_logger()

_LARGEST: Final = 16 * 1024
_MOST_AT_ONCE: Final = 20
_LOGGED_A_MINUTE: Final = 10
_LONGEST_WORD: Final = 200
# What is not on this list is counted as "other": strangers make no new labels.
_DIRECTIVES: Final = frozenset(
    [
        "default-src",
        "script-src",
        "script-src-elem",
        "script-src-attr",
        "style-src",
        "style-src-elem",
        "style-src-attr",
        "img-src",
        "font-src",
        "connect-src",
        "media-src",
        "manifest-src",
        "frame-src",
        "worker-src",
        "object-src",
        "form-action",
        "base-uri",
        "frame-ancestors",
        "require-trusted-types-for",
        "trusted-types",
    ]
)
_VIOLATIONS: Final = Counter("parlour_csp_violations", "What browsers reported that the policy stopped.", ["directive"])


class Reports:
    """Answers under `REPORTS`: to `report-uri` (CSP 2) and to the Reporting API alike."""

    def __init__(self) -> None:
        self._minute, self._logged = 0, 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        status = 405
        if scope["method"] == "POST":
            body = await _body(receive)
            status = 413 if body is None else 204
            for directive, blocked, page in _violations(body or b""):
                self._note(directive, blocked, page)
        headers = [(b"content-length", b"0"), (b"cache-control", b"no-store")]
        if status == 405:
            headers.append((b"allow", b"POST"))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    def _note(self, directive: str, blocked: str, page: str) -> None:
        _VIOLATIONS.labels(directive).inc()
        minute = int(time.monotonic() / 60)
        if minute != self._minute:
            self._minute, self._logged = minute, 0
        self._logged += 1
        if self._logged <= _LOGGED_A_MINUTE:
            log.warning("csp.violation", directive=directive, blocked=blocked, page=page)


async def _body(receive: Any) -> bytes | None:
    """None where it is larger than any honest report."""
    body = b""
    while True:
        event: dict[str, Any] = await receive()
        piece: bytes = event.get("body", b"")
        body += piece
        if len(body) > _LARGEST:
            return None
        if event["type"] == "http.disconnect" or not event.get("more_body"):
            return body


def _violations(body: bytes) -> list[tuple[str, str, str]]:
    """Of each: which directive, what was stopped, on which page."""
    try:
        sent = msgspec.json.decode(body) if body else []
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return []
    if isinstance(sent, dict):
        sent = [{"type": "csp-violation", "body": sent.get("csp-report")}]
    if not isinstance(sent, list):
        return []
    bodies = [each.get("body") for each in sent[:_MOST_AT_ONCE] if _is_violation(each)]
    return [_violation(each) for each in bodies if isinstance(each, dict)]


def _is_violation(each: Any) -> bool:
    return isinstance(each, dict) and each.get("type") == "csp-violation"


def _violation(body: dict[Any, Any]) -> tuple[str, str, str]:
    named = _word(body, "effectiveDirective", "effective-directive", "violated-directive").split(" ")[0]
    page = _word(body, "documentURL", "document-uri").partition("?")[0]
    directive = named if named in _DIRECTIVES else "other"
    return directive, _word(body, "blockedURL", "blocked-uri").partition("?")[0], page


def _word(body: dict[Any, Any], *names: str) -> str:
    found = next((body[name] for name in names if isinstance(body.get(name), str)), "")
    return "".join(letter for letter in found if letter.isprintable())[:_LONGEST_WORD]
