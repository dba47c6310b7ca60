"""A real Postfix in a temporary folder: takes mail over SMTP and carries it on. Only root may start it."""

import os
import shutil
import smtplib
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from parlour.children import Child, until
from tests.mail import guard
from tests.mail.folders import free_ports, own_folder
from tests.mail.routes import Routes

BINARY = Path("/usr/sbin/postfix")
DAEMONS = Path("/usr/lib/postfix/sbin")


class Postfix:
    """Where it takes mail, and where it carries it."""

    def __init__(self, home: Path, more_settings: str = "") -> None:
        self.home = home
        [self.port] = free_ports(1)
        self._routes = Routes()
        _prepare(self, more_settings)
        # Its own start-up script would leave this process to itself; and it changes its user, which makes it forget
        # that it was to end with us.
        master = [DAEMONS / "master", "-c", home / "etc"]
        self._child = Child(
            name="Postfix", command=[sys.executable, guard.__file__, *master], log=home / "messages", patience=12
        )

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    @property
    def routes_port(self) -> int:
        return self._routes.port

    @property
    def log(self) -> str:
        """What it says it did."""
        return (self.home / "log").read_text() if (self.home / "log").exists() else ""

    def start(self) -> None:
        """Returns once it takes connections."""
        subprocess.run([BINARY, "-c", self.home / "etc", "check"], check=True, capture_output=True)
        self._routes.start()
        self._child.start()
        assert until(self._is_taking, 30), f"{self._child.last_words()}\n{self.log[-2000:]}"

    def stop(self) -> None:
        self._child.stop()
        self._routes.stop()

    def carry(self, domain: str, to: str) -> None:
        """Mail for this domain goes there: `smtp:[127.0.0.1]:2525`, `lmtp:inet:127.0.0.1:24`."""
        self._routes.known[domain] = to

    def take(self, sender: str, recipients: list[str], raw: bytes) -> None:
        """As a customer's provider hands it over."""
        with smtplib.SMTP("127.0.0.1", self.port, timeout=20) as client:
            client.sendmail(sender, recipients, raw)

    def _is_taking(self) -> bool:
        with suppress(OSError, smtplib.SMTPException), smtplib.SMTP("127.0.0.1", self.port, timeout=5):
            return True
        return False


@contextmanager
def running(more_settings: str = "") -> Iterator[Postfix]:
    """Skips the test where Postfix is not installed, or we are not root."""
    if not BINARY.exists():
        pytest.skip("Postfix is not installed: apt-get install postfix")
    if os.geteuid() != 0:
        pytest.skip("Postfix starts as root only")
    with own_folder("postfix") as home:
        server = Postfix(home, more_settings)
        server.start()
        try:
            yield server
        finally:
            server.stop()


def _prepare(server: Postfix, more_settings: str) -> None:
    home = server.home
    for folder in ("etc", "spool", "data"):
        (home / folder).mkdir()
    shutil.chown(home / "data", "postfix")
    settings = SETTINGS.format(home=home, daemons=DAEMONS, port=server.routes_port) + more_settings
    (home / "etc" / "main.cf").write_text(settings)
    (home / "etc" / "master.cf").write_text(SERVICES.format(port=server.port))


SETTINGS = """
compatibility_level = 3.6
queue_directory = {home}/spool
data_directory = {home}/data
command_directory = /usr/sbin
daemon_directory = {daemons}
mail_owner = postfix
setgid_group = postdrop
myhostname = mx.example.test
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
alias_maps =
alias_database =
local_recipient_maps =
relay_domains = socketmap:inet:127.0.0.1:{port}:domains
relay_recipient_maps =
transport_maps = socketmap:inet:127.0.0.1:{port}:transports
smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination
default_transport = error:mail to the world is off in tests
smtp_dns_support_level = disabled
smtp_host_lookup = native
smtputf8_enable = yes
# Temporary trouble is tried again within seconds, not minutes.
minimal_backoff_time = 2s
maximal_backoff_time = 4s
queue_run_delay = 2s
smtp_connect_timeout = 5s
maillog_file = {home}/log
maillog_file_prefixes = {home}
"""

SERVICES = """
127.0.0.1:{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 2 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""
