"""What every answer tells the browser: nothing from elsewhere, nothing inline, nobody around us."""

from typing import Final

REPORTS: Final = "/reports/csp"
"""Where browsers tell what a policy stopped."""

_PICTURES: Final = "img-src 'self' data: blob:"
_PAGES: Final = (
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    _PICTURES,
    "font-src 'self'",
    "connect-src 'self'",
    "media-src 'self'",
    "manifest-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    # Text becomes markup only through `assets/js/lib/trust.js`, which refuses what could run.
    "require-trusted-types-for 'script'",
    "trusted-types default parlour",
    f"report-uri {REPORTS}",
)
POLICY: Final = "; ".join(_PAGES)
"""The Content-Security-Policy of pages. WebSockets to the same host count as 'self'."""

NOTHING: Final = "default-src 'none'; frame-ancestors 'none'; sandbox"
"""The policy of what is no page: JSON, files that somebody sent."""

HEADERS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"origin-agent-cluster", b"?1"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=(), payment=(), usb=()"),
)
# Browsers take these over https only. One that knows `report-to` does not look at `report-uri`.
_ENCRYPTED: Final = "; report-to csp; upgrade-insecure-requests"
_REPORTING: Final = (b"reporting-endpoints", f'csp="{REPORTS}"'.encode())
ALONE: Final = (b"strict-transport-security", b"max-age=31536000")
"""For a portal's own name: of the other names of that company's domain nothing is known here."""
_TRANSPORT: Final = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")


def headers_for(content_type: bytes, public_url: str, files_origin: str = "") -> list[tuple[bytes, bytes]]:
    """The headers of an answer of this kind. `files_origin` is where pictures may come from besides."""
    is_page = content_type.startswith((b"text/html", b"text/vnd.turbo-stream"))
    is_encrypted = public_url.startswith("https://")
    policy = _with_pictures_from(files_origin) + (_ENCRYPTED if is_encrypted else "") if is_page else NOTHING
    headers = [*HEADERS, (b"content-security-policy", policy.encode())]
    if is_encrypted:
        headers.append(_TRANSPORT)
        if is_page:
            headers.append(_REPORTING)
    return headers


def _with_pictures_from(files_origin: str) -> str:
    return POLICY.replace(_PICTURES, f"{_PICTURES} {files_origin}") if files_origin else POLICY
