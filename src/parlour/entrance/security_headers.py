"""What every answer tells the browser: nothing from elsewhere, nothing inline, nobody around us."""

from typing import Final

_PAGES: Final = (
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data: blob:",
    "font-src 'self'",
    "connect-src 'self'",
    "media-src 'self'",
    "manifest-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
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
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=(), payment=(), usb=()"),
)
_TRANSPORT: Final = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")


def headers_for(content_type: bytes, public_url: str) -> list[tuple[bytes, bytes]]:
    """The headers of an answer of this kind."""
    policy = POLICY if content_type.startswith((b"text/html", b"text/vnd.turbo-stream")) else NOTHING
    headers = [*HEADERS, (b"content-security-policy", policy.encode())]
    if public_url.startswith("https://"):
        headers.append(_TRANSPORT)
    return headers
