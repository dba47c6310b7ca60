"""Real scanners in temporary folders, each the child of a test: rspamd, spamd, clamd."""

import os
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from parlour.children import Child, until
from tests.mail import guard
from tests.mail.folders import NOBODY, free_ports, own_folder

RSPAMD = Path("/usr/bin/rspamd")
SPAMD = Path("/usr/sbin/spamd")
CLAMD = Path("/usr/sbin/clamd")
SPAM_RULES = Path("/etc/spamassassin")

# In two pieces each, so that no scanner stumbles over this very file.
GTUBE = "XJS*C4JDBQADN1.NSBN3*2IDNEN*" + "GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
LARGEST_FILE = 1024 * 1024
"""That our clamd takes."""


@contextmanager
def rspamd() -> Iterator[str]:
    """Its URL. With its own test pattern and no rules: those need the world."""
    _need(RSPAMD, "rspamd")
    with own_folder("rspamd") as home:
        [port] = free_ports(1)
        _for_nobody(home)
        # Its own list of endings takes a minute to prepare.
        (home / "endings").write_text("com\norg\ntest\n")
        (home / "conf").write_text(_RSPAMD.format(home=home, port=port))
        who = ["-u", "nobody", "-g", "nogroup"] if os.geteuid() == 0 else []
        command = [RSPAMD, "-f", "-c", home / "conf", *who]
        with _running(_guarded("rspamd", command, home), port):
            yield f"http://127.0.0.1:{port}"


@contextmanager
def spamd() -> Iterator[str]:
    """Its URL. With the rules of its package, and without asking the world."""
    _need(SPAMD, "spamassassin spamd")
    with own_folder("spamd") as home:
        [port] = free_ports(1)
        _for_nobody(home)
        command = [SPAMD, "-p", str(port), "-i", "127.0.0.1", "-x", "-L", "-m", "2", "--min-children=1"]
        command += [f"--siteconfigpath={SPAM_RULES}", f"--helper-home-dir={home}", "-r", home / "pid"]
        command += ["-u", "nobody"] if os.geteuid() == 0 else []
        with _running(_guarded("spamd", command, home), port):
            yield f"spamd://127.0.0.1:{port}"


@contextmanager
def clamd() -> Iterator[tuple[str, str]]:
    """Its URLs, by TCP and by socket. It knows one virus, the harmless one."""
    _need(CLAMD, "clamav-daemon")
    with own_folder("clamd") as home:
        [port] = free_ports(1)
        (home / "signatures").mkdir()
        (home / "signatures" / "own.ndb").write_text(f"Parlour.Eicar:0:*:{EICAR.hex()}\n")
        (home / "conf").write_text(_CLAMD.format(home=home, port=port, largest=LARGEST_FILE))
        with _running(_guarded("clamd", [CLAMD, "-c", home / "conf"], home), port):
            yield f"tcp://127.0.0.1:{port}", f"unix://{home}/socket"


def _need(binary: Path, packages: str) -> None:
    if not binary.exists():
        pytest.skip(f"{binary.name} is not installed: apt-get install --no-install-recommends {packages}")


def _guarded(name: str, command: Sequence[str | Path], home: Path) -> Child:
    words = [sys.executable, guard.__file__, *command]
    return Child(name, words, {"TMPDIR": str(home)}, log=home / "messages", patience=12)


def _for_nobody(home: Path) -> None:
    if os.geteuid() == 0:
        os.chown(home, NOBODY, NOBODY)


@contextmanager
def _running(child: Child, port: int) -> Iterator[None]:
    child.start()
    try:
        assert until(lambda: _answers(port) or not child.running, 60) and child.running, child.last_words()
        yield
    finally:
        child.stop()


def _answers(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


_RSPAMD = """
options {{
  filters = "";
  pidfile = "{home}/pid";
  temp_dir = "{home}";
  url_tld = "{home}/endings";
  cache_file = "{home}/symbols";
  hs_cache_dir = "{home}";
  control_socket = "{home}/control";
  dns {{ nameserver = ["127.0.0.1:9"]; timeout = 0.1s; retransmits = 1; }}
}}
logging {{ type = "file"; filename = "{home}/log"; level = "notice"; }}
actions {{ reject = 15; add_header = 6; greylist = 4; }}
worker "normal" {{ bind_socket = "127.0.0.1:{port}"; count = 1; }}
"""

_CLAMD = """
DatabaseDirectory {home}/signatures
TemporaryDirectory {home}
LogFile {home}/log
TCPSocket {port}
TCPAddr 127.0.0.1
LocalSocket {home}/socket
Foreground yes
SelfCheck 0
StreamMaxLength {largest}
"""
