"""A real Dovecot in a temporary folder: IMAP with IDLE, IMAPS, XOAUTH2, and LMTP to deliver by. As root or not."""

import base64
import grp
import imaplib
import os
import pwd
import shutil
import smtplib
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from parlour.children import Child, until
from tests.mail import tokens
from tests.mail.folders import NOBODY, free_ports, own_folder

BINARY = Path("/usr/sbin/dovecot")
LMTP = Path("/usr/lib/dovecot/lmtp")
PASSWORD = "open sesame"
KEY = b"the key that this server checks tokens with"


class Dovecot:
    """Where it is, and what may be done to it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.imap_port, self.imaps_port, self.lmtp_port, self.sign_in_port = free_ports(4)
        self.certificate = home / "cert.pem"
        _prepare(self)
        self._child = Child(
            name="Dovecot", command=[BINARY, "-F", "-c", home / "dovecot.conf"], log=home / "messages", patience=5
        )

    def start(self) -> None:
        """Returns once it takes connections."""
        self._child.start()
        ports = (self.imap_port, self.imaps_port, self.lmtp_port)
        assert until(lambda: all(map(_answers, ports)), 20), self._child.last_words()

    def stop(self) -> None:
        self._child.stop()

    def mailbox(self, address: str) -> str:
        """Make one, and say its password."""
        (self.home / "users.d" / address).write_text(f"{address}:{{PLAIN}}{PASSWORD}::::::\n")
        return PASSWORD

    def deliver(self, address: str, *mails: bytes) -> None:
        """As a mail server does at the end of a mail's way; returns once they are in the mailbox."""
        with smtplib.LMTP("127.0.0.1", self.lmtp_port) as client:
            for raw in mails:
                client.sendmail("", [address], raw)

    def token(self, address: str, lives: float = 3600) -> str:
        """What XOAUTH2 signs in with. One that lives less than no time has expired already."""
        return tokens.signed(KEY, address, lives)

    @contextmanager
    def reading(self, address: str) -> Iterator[imaplib.IMAP4]:
        """A mail program of the mailbox's owner, at its inbox."""
        client = imaplib.IMAP4("127.0.0.1", self.imap_port, timeout=10)
        try:
            client.login(address, PASSWORD)
            client.select("INBOX")
            yield client
        finally:
            client.shutdown()

    def mails(self, address: str) -> list[bytes]:
        """All that lies in the inbox, in the order it came, without marking it read."""
        with self.reading(address) as client:
            _, found = client.uid("FETCH", "1:*", "(BODY.PEEK[])")
            return [part[1] for part in found if isinstance(part, tuple)]

    def flags(self, address: str) -> list[str]:
        """Of each mail of the inbox, as the server tells them."""
        with self.reading(address) as client:
            _, found = client.uid("FETCH", "1:*", "(FLAGS)")
            return [line.decode() for line in found if isinstance(line, bytes)]

    def validity(self, address: str) -> int:
        """The inbox's UIDVALIDITY."""
        with self.reading(address) as client:
            _, answer = client.response("UIDVALIDITY")
            return int(answer[0])  # type: ignore[arg-type]

    def make_older(self, address: str, seconds: float) -> None:
        """Everything in the inbox arrived so much earlier: INTERNALDATE is the time of a message's file."""
        inbox = self.home / "mail" / address / "Maildir"
        for file in [*inbox.glob("new/*"), *inbox.glob("cur/*")]:
            at = file.stat().st_mtime - seconds
            os.utime(file, (at, at))

    def forget_uids(self, address: str) -> None:
        """As after a restore from a backup: the same mails, a new UIDVALIDITY, new UIDs."""
        inbox = self.home / "mail" / address / "Maildir"
        # What holds the last UIDVALIDITY is left: a clock of seconds alone could give the same one again.
        for file in [inbox / "dovecot-uidlist", *inbox.glob("dovecot.index*")]:
            file.unlink(missing_ok=True)


def is_installed() -> bool:
    return BINARY.exists() and LMTP.exists()


@contextmanager
def running() -> Iterator[Dovecot]:
    """Skips the test where Dovecot is not installed."""
    if not is_installed():
        pytest.skip("Dovecot is not installed: apt-get install dovecot-imapd dovecot-lmtpd")
    with own_folder("dovecot") as home:
        server = Dovecot(home)
        server.start()
        try:
            yield server
        finally:
            server.stop()


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def _prepare(server: Dovecot) -> None:
    home = server.home
    for folder in ("run", "state", "mail", "users.d", "keys/default/HS256"):
        (home / folder).mkdir(parents=True)
    is_root = os.geteuid() == 0
    user = pwd.getpwuid(os.getuid())
    if is_root:
        shutil.chown(home / "mail", NOBODY, NOBODY)
    who = {
        "internal_user": "dovecot" if is_root else user.pw_name,
        "login_user": "dovenull" if is_root else user.pw_name,
        "group": "" if is_root else f"default_internal_group = {grp.getgrgid(user.pw_gid).gr_name}",
        "chroot": "" if is_root else "chroot =",
        "uid": NOBODY if is_root else user.pw_uid,
        "gid": NOBODY if is_root else user.pw_gid,
    }
    ports = {
        "imap": server.imap_port,
        "imaps": server.imaps_port,
        "lmtp": server.lmtp_port,
        "auth": server.sign_in_port,
    }
    (home / "dovecot.conf").write_text(SETTINGS.format(home=home, **who, **ports))
    (home / "oauth2.conf").write_text(TOKENS.format(home=home))
    (home / "keys/default/HS256/default").write_bytes(base64.b64encode(KEY))
    _make_certificate(home)


def _make_certificate(home: Path) -> None:
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
    files = ["-keyout", home / "key.pem", "-out", home / "cert.pem"]
    names = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    subprocess.run([*command.split(), *files, *names], check=True, capture_output=True)
    # Read back, so that a broken one is noticed here and not in a handshake.
    ssl.create_default_context(cafile=home / "cert.pem")


SETTINGS = """
base_dir = {home}/run
state_dir = {home}/state
log_path = {home}/dovecot.log
protocols = imap lmtp
listen = 127.0.0.1
ssl = yes
ssl_cert = <{home}/cert.pem
ssl_key = <{home}/key.pem
disable_plaintext_auth = no
auth_mechanisms = plain login oauthbearer xoauth2
auth_cache_size = 0
auth_failure_delay = 0
default_internal_user = {internal_user}
default_login_user = {login_user}
{group}
first_valid_uid = 1
mail_location = maildir:~/Maildir
mail_max_userip_connections = 100
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {home}/users.d/%u
}}
passdb {{
  driver = oauth2
  mechanisms = oauthbearer xoauth2
  args = {home}/oauth2.conf
}}
userdb {{
  driver = passwd-file
  args = username_format=%u {home}/users.d/%u
  override_fields = uid={uid} gid={gid} home={home}/mail/%u
}}
namespace inbox {{
  inbox = yes
}}
service imap-login {{
  {chroot}
  inet_listener imap {{
    address = 127.0.0.1
    port = {imap}
  }}
  inet_listener imaps {{
    address = 127.0.0.1
    port = {imaps}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
  # A wrong password would slow down every later sign-in from this address: all tests come from one.
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {lmtp}
  }}
}}
service auth {{
  # Where a Postfix asks whether somebody may sign in.
  inet_listener {{
    address = 127.0.0.1
    port = {auth}
  }}
}}
service stats {{
  unix_listener stats-writer {{
    mode = 0666
  }}
}}
"""

TOKENS = """
introspection_mode = local
local_validation_key_dict = fs:posix:prefix={home}/keys/
username_attribute = sub
"""
