"""OpenDKIM as a receiver would run it: another hand's verifier for what we signed."""

import re
import subprocess
from pathlib import Path

import pytest

BINARY = Path("/usr/sbin/opendkim")


def results(folder: Path, raw: bytes, records: dict[str, str]) -> list[tuple[str, str, str]]:
    """Of each signature, in order: result, algorithm, selector. `records` are the keys that the DNS shows.

    Skips the test where OpenDKIM is not installed.
    """
    if not BINARY.exists():
        pytest.skip("OpenDKIM is not installed: apt-get install opendkim")
    (folder / "mail.eml").write_bytes(raw)
    (folder / "keys").write_text("".join(f"{name} {value}\n" for name, value in records.items()))
    (folder / "opendkim.conf").write_text(f"TestPublicKeys {folder}/keys\nMode v\n")
    command = [BINARY, "-x", folder / "opendkim.conf", "-t", folder / "mail.eml", "-vv"]
    said = subprocess.run(command, capture_output=True, text=True, timeout=60)
    return re.findall(r"dkim=(\w+)[^;]*header\.a=(\S+) header\.s=(\S+)", said.stdout + said.stderr)
