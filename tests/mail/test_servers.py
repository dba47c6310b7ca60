"""The servers that other tests rely on do what those take for granted."""

import imaplib
import os
import signal
import socket
import ssl
import subprocess
import sys
from pathlib import Path

import pytest

from parlour.children import until
from tests.mail import dovecot as dovecots
from tests.mail import guard
from tests.mail import postfix as postfixes
from tests.mail.dovecot import Dovecot
from tests.mail.postfix import Postfix


def mail(subject: str) -> bytes:
    return f"From: carol@customer.test\r\nSubject: {subject}\r\n\r\nHello\r\n".encode()


def test_dovecot_delivers_by_lmtp_and_tells_an_idle_reader(dovecot: Dovecot) -> None:
    dovecot.mailbox("idle@acme.test")
    with dovecot.reading("idle@acme.test") as client:
        client.send(b"i1 IDLE\r\n")
        assert client.readline().startswith(b"+ idling")
        dovecot.deliver("idle@acme.test", mail("one"))
        assert client.readline() == b"* 1 EXISTS\r\n"
    assert b"Subject: one" in dovecot.mails("idle@acme.test")[0]


def test_dovecot_takes_a_token_over_tls_and_refuses_an_expired_one(dovecot: Dovecot) -> None:
    dovecot.mailbox("token@acme.test")
    for lives, is_taken in ((3600, True), (-60, False)):
        words = f"user=token@acme.test\1auth=Bearer {dovecot.token('token@acme.test', lives)}\1\1"
        trust = ssl.create_default_context(cafile=dovecot.certificate)
        client = imaplib.IMAP4_SSL("localhost", dovecot.imaps_port, ssl_context=trust, timeout=10)
        try:
            client.authenticate("XOAUTH2", lambda _, words=words: words.encode())
            assert is_taken
        except imaplib.IMAP4.error:
            assert not is_taken
        finally:
            client.shutdown()


def test_dovecot_can_forget_its_uids(dovecot: Dovecot) -> None:
    dovecot.mailbox("restored@acme.test")
    dovecot.deliver("restored@acme.test", mail("one"), mail("two"))
    before = dovecot.validity("restored@acme.test")
    dovecot.forget_uids("restored@acme.test")
    assert dovecot.validity("restored@acme.test") != before
    assert len(dovecot.mails("restored@acme.test")) == 2


def test_postfix_carries_mail_to_dovecot(postfix: Postfix, dovecot: Dovecot) -> None:
    dovecot.mailbox("carried@carried.test")
    postfix.carry("carried.test", f"lmtp:inet:127.0.0.1:{dovecot.lmtp_port}")
    postfix.take("carol@customer.test", ["carried@carried.test"], mail("carried"))
    assert until(lambda: len(dovecot.mails("carried@carried.test")) == 1, 20), postfix.log
    assert b"Received: " in dovecot.mails("carried@carried.test")[0]


_HOLDER = """
import sys, time
from tests.mail import {module}
with {module}.running() as server:
    print(server.{port}, flush=True)
    time.sleep(600)
"""


@pytest.mark.parametrize(
    ("module", "port", "is_here"),
    [
        ("dovecot", "imap_port", dovecots.is_installed()),
        ("postfix", "port", postfixes.BINARY.exists() and os.geteuid() == 0),
    ],
)
def test_a_server_ends_with_a_test_run_that_is_killed(module: str, port: str, is_here: bool) -> None:
    if not is_here:
        pytest.skip(f"{module} is not installed, or starts as root only")
    script = _HOLDER.format(module=module, port=port)
    holder = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, cwd=Path(__file__).parents[2])
    try:
        assert holder.stdout
        number = int(holder.stdout.readline())
        assert is_answering(number)
    finally:
        holder.kill()
        holder.communicate()
    assert until(lambda: not is_answering(number), 15)


def test_a_guard_passes_on_how_its_server_ended_and_ends_it_when_told() -> None:
    ended = subprocess.run([sys.executable, guard.__file__, "sh", "-c", "exit 7"], timeout=20)
    assert ended.returncode == 7
    loop = "trap 'exit 0' TERM; echo ready; while :; do sleep 0.05; done"
    guarded = subprocess.Popen([sys.executable, guard.__file__, "sh", "-c", loop], stdout=subprocess.PIPE)
    assert guarded.stdout and guarded.stdout.readline() == b"ready\n"
    guarded.send_signal(signal.SIGTERM)
    # Its output is closed by the last who had it: the server.
    rest, _ = guarded.communicate(timeout=20)
    assert (rest, guarded.returncode) == (b"", 0)


def is_answering(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True
