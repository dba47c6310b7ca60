"""Access tokens (RFC 7519, HS256) and the server that hands them out against a refresh token (RFC 6749 6)."""

import base64
import hashlib
import hmac
import json
import time


def signed(key: bytes, address: str, lives: float) -> str:
    """As the mail server checks it by itself."""
    now = time.time()
    claims = {"sub": address, "iat": int(now) - 10, "exp": int(now + lives)}
    head = _encoded(json.dumps({"alg": "HS256", "typ": "JWT", "kid": "default"}).encode())
    body = f"{head}.{_encoded(json.dumps(claims).encode())}"
    return f"{body}.{_encoded(hmac.digest(key, body.encode(), hashlib.sha256))}"


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
