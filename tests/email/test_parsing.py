"""A mail as bytes, read as what it says."""

import time
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parlour.email.reading.headers import Address, decode_words
from parlour.email.reading.parsing import Mail, parse


def mail(headers: str, body: str | bytes = "Hello") -> Mail:
    block = "\r\n".join(line.strip() if not line.startswith(" ") else line for line in headers.strip().splitlines())
    return parse(block.encode() + b"\r\n\r\n" + (body if isinstance(body, bytes) else body.encode()))


def test_an_ordinary_mail_is_read_whole() -> None:
    message = EmailMessage(policy=SMTP)
    message["From"] = "Zoë Ångström <Zoe@Customer.test>"
    message["To"] = '"Support, Acme" <support@acme.test>, bob@acme.test'
    message["Cc"] = "Friends: a@x.test, b@x.test;"
    message["Reply-To"] = "zoe.private@customer.test"
    message["Subject"] = "Prüfung der Rechnung über 100 € – bitte dringend ansehen, danke schön im Voraus!"
    message["Date"] = "Mon, 23 Nov 2026 10:00:00 +0100"
    message["Message-ID"] = "<one@customer.test>"
    message["In-Reply-To"] = "<zero@acme.test>"
    message["References"] = "<first@acme.test> <zero@acme.test>"
    message.set_content("Grüße")
    message.add_alternative('<p>Grüße <img src="cid:logo@x"></p>', subtype="html")
    message.get_payload()[1].add_related(b"PNG", "image", "png", cid="<logo@x>", filename="logo.png")
    message.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="Rechnung Größe.pdf")

    read = parse(message.as_bytes())

    assert read.message_id == "one@customer.test"
    assert read.in_reply_to == "zero@acme.test"
    assert read.references == ("first@acme.test", "zero@acme.test")
    assert read.ancestors == ("zero@acme.test", "first@acme.test")
    assert read.sender == Address("zoe@customer.test", "Zoë Ångström")
    assert read.to == (Address("support@acme.test", "Support, Acme"), Address("bob@acme.test"))
    assert read.cc == (Address("a@x.test"), Address("b@x.test"))
    assert read.reply_to == (Address("zoe.private@customer.test"),)
    assert read.subject == "Prüfung der Rechnung über 100 € – bitte dringend ansehen, danke schön im Voraus!"
    assert read.date == datetime(2026, 11, 23, 9, tzinfo=UTC)
    assert read.text == "Grüße"
    assert read.html is not None
    assert read.html.strip() == '<p>Grüße <img src="cid:logo@x"></p>'
    assert [(a.name, a.content_type, a.content_id, a.inline, a.content) for a in read.attachments] == [
        ("logo.png", "image/png", "logo@x", True, b"PNG"),
        ("Rechnung Größe.pdf", "application/pdf", None, False, b"%PDF"),
    ]
    assert not read.automatic


@pytest.mark.parametrize(
    ("encoded", "words"),
    [
        ("=?utf-8?q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
        ("=?UTF-8?B?R3LDvMOfZQ==?= aus =?iso-8859-1?Q?K=F6ln?=", "Grüße aus Köln"),
        ("=?utf-8?b?8J+Y?= =?utf-8?b?gA==?=", "😀"),
        ("=?iso-2022-jp?B?GyRCRnxLXBsoQg==?=", "日本"),
        ("=?utf-8*en?q?a?=", "a"),
        ("=?nonsense?q?K=F6ln?=", "Köln"),
        ("=?utf-8?q?open", "=?utf-8?q?open"),
        ("=?utf-8?b?R3LDvMOfZQ?=", "Grüße"),
        ("=?unicode_escape?q?=5Cud800?=", "\\ud800"),
    ],
)
def test_encoded_words_are_read_even_where_they_are_wrong(encoded: str, words: str) -> None:
    assert decode_words(encoded) == words


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ("attachment; filename*=utf-8''Gr%C3%B6%C3%9Fe.txt", "Größe.txt"),
        ("attachment; filename*0*=utf-8''Gr%C3%B6; filename*1=sse.txt", "Grösse.txt"),
        ('attachment; filename="=?utf-8?q?Gr=C3=B6=C3=9Fe.txt?="', "Größe.txt"),
        ('attachment; filename="../../etc/passwd"', "passwd"),
        ('attachment; filename="C:\\\\Users\\\\me\\\\plan.doc"', "plan.doc"),
        ("attachment; filename=a b.txt", "a b.txt"),
        ("attachment", "attachment-1.txt"),
        (f'attachment; filename="{"x" * 400}.txt"', "x" * 130 + ".txt"),
    ],
)
def test_a_file_keeps_a_name_that_is_safe(disposition: str, name: str) -> None:
    read = mail(f"Content-Type: text/plain\nContent-Disposition: {disposition}")
    assert [attachment.name for attachment in read.attachments] == [name]
    assert read.text == ""


@pytest.mark.parametrize(
    ("content_type", "body", "text"),
    [
        ("text/plain; charset=iso-8859-1", b"K\xf6ln \x80", "Köln €"),
        ("text/plain; charset=utf-8", b"K\xf6ln, \xe9t\xe9", "Köln, été"),
        ("text/plain; charset=utf-8", b"abc\xe2\x82", "abc\ufffd"),
        ("text/plain", "Grüße".encode(), "Grüße"),
        ("text/plain; charset=gb2312", "中文".encode("gb18030"), "中文"),
        ("text/plain; charset=unheard-of", "Grüße".encode(), "Grüße"),
        ("text/plain; charset=zlib", b"x", "x"),
        ("text/plain; charset=undefined", b"x", "x"),
        ("text/plain; charset=utf-16", "Grüße".encode("utf-16"), "Grüße"),
        ("text/plain", b"a\0b\r\nc", "ab\nc"),
        ("text/html; charset=utf-8", b"<p>One</p><p>Two</p>", "One\n\nTwo"),
        ("text/html", '<meta charset="koi8-r"><p>Привет</p>'.encode("koi8-r"), "Привет"),
        ("text/plain; format=flowed", b"One \ntwo\n> old \n> text\n-- \nMe", "One two\n> old text\n-- \nMe"),
        ("multipart/mixed", b"no boundary at all", "no boundary at all"),
        ("multipart/mixed; boundary=x", b"--x\r\n\r\nnever closed", "never closed"),
        ("nonsense", b"words", "words"),
    ],
)
def test_the_words_are_found_whatever_the_mail_claims(content_type: str, body: bytes, text: str) -> None:
    assert mail(f"Content-Type: {content_type}", body).text == text


def test_text_around_a_picture_stays_in_order() -> None:
    body = (
        "--b\r\nContent-Type: text/plain\r\n\r\nBefore\r\n--b\r\nContent-Type: image/png; name=p.png\r\n"
        "Content-Transfer-Encoding: base64\r\n\r\nUE5H\r\n--b\r\n\r\nAfter\r\n--b--\r\nepilogue"
    )
    read = mail("Content-Type: multipart/mixed; boundary=b", body)
    assert read.text == "Before\n\nAfter"
    assert read.html is None
    assert [(a.name, a.content) for a in read.attachments] == [("p.png", b"PNG")]


def test_a_forwarded_mail_is_a_file_of_its_own() -> None:
    body = "--b\r\n\r\nSee below\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\ninner\r\n--b--"
    read = mail("Content-Type: multipart/mixed; boundary=b", body)
    assert read.text == "See below"
    assert [(a.name, a.content) for a in read.attachments] == [("attachment-1.eml", b"Subject: x\r\n\r\ninner")]


@pytest.mark.parametrize(
    ("headers", "automatic"),
    [
        ("From: a@x.test", False),
        ("From: a@x.test\nAuto-Submitted: no", False),
        ("From: a@x.test\nAuto-Submitted: auto-replied; owner-email=x", True),
        ("From: a@x.test\nPrecedence: bulk", True),
        ("From: a@x.test\nX-Autoreply: yes", True),
        ("From: a@x.test\nReturn-Path: <>", True),
        ("From: MAILER-DAEMON@x.test", True),
        ("From: bouncer@x.test", False),
        ("Content-Type: multipart/report; boundary=x", True),
    ],
)
def test_mail_that_no_person_wrote_is_told_apart(headers: str, automatic: bool) -> None:
    assert mail(headers).automatic is automatic


def test_mail_from_nobody_is_a_bounce() -> None:
    assert parse(b"From: a@x.test\r\n\r\nx", envelope_sender="").automatic
    assert parse(b"\r\nx", envelope_sender="B@x.test").sender == Address("b@x.test")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\r\n",
        b":",
        b"Date: Mon, 99 Foo 20266 99:99:99 +9999\r\nMessage-ID: <>\r\nReferences: <a b> <\r\nFrom: <<<>>>\r\n\r\n",
        b"From: " + b"(" * 100_000 + b"\r\n\r\n",
        b"Content-Type: multipart/mixed; boundary=\r\n\r\n--\r\n\r\n----",
        b"Subject: =?utf-7?b?K0QyQUEt?= =?utf-7?q?+2AA-?=\r\n\r\n",
    ],
)
def test_what_is_broken_is_still_read(raw: bytes) -> None:
    read = parse(raw)
    assert read.message_id is None
    assert read.date is None
    read.subject.encode()


@pytest.mark.parametrize(
    "raw",
    [
        b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(10_000)),
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 200_000,
        b"X-Long: " + b"y" * 50_000_000 + b"\r\n\r\nx",
        b"X-Many: y\r\n" * 500_000 + b"\r\nx",
        b"References: " + b"<a@b> " * 1_000_000 + b"\r\n\r\nx",
        b"Content-Type: text/html\r\n\r\n" + b"<div>" * 1_000_000,
        b"Content-Type: text/html\r\n\r\n" + b"<b>x</b>" * 500_000,
        b"Content-Type: text/html\r\n\r\n" + b"<" * 1_000_000,
    ],
    ids=["nested", "many parts", "long field", "many fields", "many references", "deep", "wide", "unclosed"],
)
def test_hostile_mail_ends_within_a_bound(raw: bytes) -> None:
    begun = time.process_time()
    read = parse(raw)
    assert time.process_time() - begun < 3
    assert len(read.references) <= 100
    assert len(read.attachments) <= 500


@given(st.binary())
def test_no_bytes_whatever_trip_the_reader(raw: bytes) -> None:
    read = parse(raw)
    assert "\0" not in read.text + read.subject + (read.html or "")


_LINES = st.sampled_from(
    [
        b"Content-Type: multipart/mixed; boundary=b", b"Content-Type: multipart/alternative; boundary=\"c\"",
        b"Content-Type: text/html; charset=x", b"Content-Transfer-Encoding: base64", b"--b", b"--b--", b"--c", b"--c--",
        b"", b"Subject: =?utf-8?b?\xff?=", b" folded", b"From: a <b@c>, (d",
        b"Content-Disposition: attachment; filename*0*=x'y",
        b"<p>x<a href=", b"====", b"Content-Type: text/plain; format=flowed", b"> > x ", b"-- ", b"Date: x, 1 2 3",
    ]
)  # fmt: skip


@given(st.lists(_LINES | st.binary(max_size=20), max_size=40), st.sampled_from([b"\r\n", b"\n", b"\r"]))
def test_nothing_that_looks_like_a_mail_trips_the_reader(lines: list[bytes], ending: bytes) -> None:
    parse(ending.join(lines)).text.encode()
