"""An identity provider in a process of its own that says whatever a test tells it to. Its argument is a port.

`PUT /plan` says what the next tokens are: claims beside the usual ones, how they are signed, what it says of itself.
`GET /seen` tells how often it was asked for what.
"""

import base64
import hashlib
import hmac
import json
import secrets
import sys
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from joserfc import jws
from joserfc.jwk import RSAKey

PORT = int(sys.argv[1])
ISSUER = f"http://127.0.0.1:{PORT}"
KEYS = {name: RSAKey.generate_key(2048, {"kid": name, "use": "sig"}) for name in ("first", "second", "never-shown")}
PLAN: dict[str, Any] = {}
SEEN: Counter[str] = Counter()
USED: set[str] = set()


def token(form: dict[str, str]) -> tuple[int, dict[str, Any]]:
    if form["code"] in USED or form["client_secret"] != "the secret":
        return 400, {"error": "invalid_grant"}
    digest = hashlib.sha256(form["code_verifier"].encode()).digest()
    if base64.urlsafe_b64encode(digest).decode().rstrip("=") != PLAN["challenge"]:
        return 400, {"error": "invalid_grant"}
    USED.add(form["code"])
    return 200, {"access_token": "an-access-token", "token_type": "Bearer", "id_token": id_token()}


def id_token(**more: Any) -> str:
    now = int(time.time())
    usual = {"iss": ISSUER, "aud": "parlour", "sub": "subject-1", "iat": now, "exp": now + 300, **more}
    claims = {**usual, **PLAN.get("claims", {})}
    claims = {name: value for name, value in claims.items() if value is not None}
    algorithm, name = PLAN.get("alg", "RS256"), PLAN.get("key", "first")
    header = {"alg": algorithm, "kid": PLAN.get("kid", name), **PLAN.get("header", {})}
    payload = json.dumps(claims).encode()
    if algorithm not in ("none", "HS256"):
        return jws.serialize_compact(header, payload, KEYS[name], algorithms=[algorithm])
    signed = ".".join(_written(part) for part in (json.dumps(header).encode(), payload))
    # The oldest trick: the public key, taken for a shared secret.
    digest = hmac.digest(KEYS[name].as_pem(private=False), signed.encode(), "sha256")
    return f"{signed}.{_written(digest) if algorithm == 'HS256' else ''}"


def _written(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).decode().rstrip("=")


def answer(path: str, form: dict[str, str]) -> tuple[int, Any]:
    if path == "/.well-known/openid-configuration":
        about = {
            "issuer": ISSUER,
            "authorization_endpoint": f"{ISSUER}/authorize",
            "token_endpoint": f"{ISSUER}/token",
            "jwks_uri": f"{ISSUER}/jwks",
            "userinfo_endpoint": f"{ISSUER}/userinfo",
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
        }
        return 200, {**about, **PLAN.get("about", {})}
    if path == "/jwks":
        return 200, {"keys": [KEYS[name].as_dict(private=False) for name in PLAN.get("shown", ["first"])]}
    if path in ("/token", "/login/oauth/access_token"):
        return token(form)
    if path == "/userinfo":
        return 200, PLAN.get("userinfo", {"sub": "subject-1"})
    if path == "/logout-token":
        event = {"http://schemas.openid.net/event/backchannel-logout": {}}
        return 200, {"token": id_token(jti=secrets.token_hex(8), events=event)}
    # As a GitHub server of somebody's own has it.
    if path == "/api/v3/user":
        return 200, PLAN["user"]
    if path == "/api/v3/user/emails":
        return 200, PLAN["emails"]
    return 404, {"error": "not_found"}


class Door(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path == "/seen":
            return self._say(200, dict(SEEN))
        SEEN[path] += 1
        return self._say(*answer(path, {}))

    def do_POST(self) -> None:
        SEEN[self.path] += 1
        form = {name: values[0] for name, values in parse_qs(self._body().decode()).items()}
        self._say(*answer(self.path, form))

    def do_PUT(self) -> None:
        PLAN.clear()
        PLAN.update(json.loads(self._body()))
        self._say(200, {})

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("content-length", 0)))

    def _say(self, status: int, said: Any) -> None:
        body = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", PORT), Door).serve_forever()
