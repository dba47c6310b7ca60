"""Stands where a KMS would: a process of its own that wraps keys and never shows the ones it wraps with.

    python tests/kms_twin.py command STATE        one question on standard input
    python tests/kms_twin.py unix STATE PATH      a line is a question
    python tests/kms_twin.py http STATE PORT      a POST is a question

STATE is a file of JSON: its keys by name, the current one last.
"""

import json
import os
import socketserver
import sys
from base64 import b64decode, b64encode
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM


def answer(state: Path, question: dict[str, object]) -> dict[str, str]:
    keys = {name: b64decode(key) for name, key in json.loads(state.read_text()).items()}
    current = list(keys)[-1]
    bond = f"{question.get('organization')}/{question.get('version')}".encode()
    match question["operation"]:
        case "name":
            return {"name": current}
        case "wrap":
            nonce = os.urandom(12)
            text = nonce + AESGCM(keys[current]).encrypt(nonce, b64decode(str(question["key"])), bond)
            return {"name": current, "wrapped": b64encode(text).decode()}
        case "unwrap" if question["name"] in keys:
            text = b64decode(str(question["wrapped"]))
            try:
                key = AESGCM(keys[str(question["name"])]).decrypt(text[:12], text[12:], bond)
            except InvalidTag:
                return {"error": "This was not wrapped here."}
            return {"key": b64encode(key).decode()}
    return {"error": "There is no such key."}


def main(kind: str, state: Path, where: str = "") -> None:
    class Line(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            said = answer(state, json.loads(self.rfile.readline()))
            self.wfile.write(json.dumps(said).encode() + b"\n")

    class Post(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            said = answer(state, json.loads(self.rfile.read(int(self.headers["content-length"]))))
            body = json.dumps(said).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    if kind == "command":
        sys.stdout.write(json.dumps(answer(state, json.load(sys.stdin))))
    elif kind == "unix":
        socketserver.UnixStreamServer(where, Line).serve_forever()
    else:
        HTTPServer(("127.0.0.1", int(where)), Post).serve_forever()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:])
