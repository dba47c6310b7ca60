"""The servers that other tests rely on do what those take for granted."""

import imaplib
import ssl

from parlour.children import until
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
