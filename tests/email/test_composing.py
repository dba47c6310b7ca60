"""A reply, written down as a mail and read again as a mail client reads it."""

import email
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import default
from uuid import UUID, uuid4

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parlour.email.addresses import number_in, reply_address, without_mark
from parlour.email.reading import Address, parse, split, split_html
from parlour.email.sending.composing import (
    Enclosure,
    Letter,
    Quotation,
    compose,
    message_id_for,
    sender_name,
    subject_for,
)
from parlour.email.wording import ATTRIBUTED
from parlour.foundation.crypto import Signer

AT = datetime(2026, 11, 23, 10, 30, tzinfo=UTC)
LETTER = Letter(
    message_id="comment-1@acme.test",
    sender=Address("support@acme.test", "Bob Müller (Acme)"),
    reply_to="support+t.abc@acme.test",
    to=[Address("carol@customer.test", "Carol")],
    cc=[Address("dave@customer.test")],
    subject="Re: Größe [#42]",
    date=AT,
    in_reply_to="last@customer.test",
    references=["first@customer.test", "last@customer.test"],
    organization_name="Acme & Sons",
    text="Hello Carol,\n\nsee https://acme.test/help.\n",
    quotation=Quotation("Carol", AT, "It is broken.\nPlease help."),
)


def read(letter: Letter) -> EmailMessage:
    message = email.message_from_bytes(compose(letter), policy=default)
    assert isinstance(message, EmailMessage)
    return message


def body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    content: str = part.get_content()
    return content.replace("\r\n", "\n")


def test_a_reply_carries_the_headers_that_keep_a_thread_together() -> None:
    message = read(LETTER)
    assert message["From"] == '"Bob Müller (Acme)" <support@acme.test>'
    assert message["To"] == "Carol <carol@customer.test>"
    assert message["Cc"] == "dave@customer.test"
    assert message["Reply-To"] == "support+t.abc@acme.test"
    assert message["Subject"] == "Re: Größe [#42]"
    assert message["Message-ID"] == "<comment-1@acme.test>"
    assert message["In-Reply-To"] == "<last@customer.test>"
    assert message["References"] == "<first@customer.test> <last@customer.test>"
    assert message["Date"].datetime == AT
    assert message["Auto-Submitted"] is None
    assert message.get_content_type() == "multipart/alternative"


def test_a_reply_reads_the_same_as_text_and_as_html() -> None:
    message = read(LETTER)
    assert body(message, "plain") == (
        "Hello Carol,\n\nsee https://acme.test/help.\n\n"
        "On 23 November 2026 at 10:30 UTC, Carol wrote:\n> It is broken.\n> Please help.\n"
    )
    assert '<a href="https://acme.test/help"' in body(message, "html")
    assert "Acme &amp; Sons" in body(message, "html")


def test_our_own_quotation_is_cut_again_when_the_answer_comes_back() -> None:
    message = read(LETTER)
    assert split(body(message, "plain")).new == "Hello Carol,\n\nsee https://acme.test/help."
    assert "It is broken" not in split_html(body(message, "html"))[0]


@pytest.mark.parametrize("language", ATTRIBUTED)
def test_what_is_quoted_is_attributed_in_the_language_of_the_mail_and_cut_again(language: str) -> None:
    message = read(msgspec.structs.replace(LETTER, language=language, signature="Acme Inc."))
    assert message["Content-Language"] == language
    assert f'<html lang="{language}">' in body(message, "html")
    pieces = split(body(message, "plain"))
    assert pieces.new == "Hello Carol,\n\nsee https://acme.test/help."
    assert pieces.signature == "--\nAcme Inc."
    assert pieces.quoted.endswith("> It is broken.\n> Please help.")
    assert "Carol" in pieces.quoted.split("\n")[0]
    # Also where a program quotes it without marking the lines.
    assert split(f"Thank you.\n\n{pieces.quoted.split('> ', maxsplit=1)[0]}It is broken.").new == "Thank you."


def test_long_threads_and_long_ids_stay_readable() -> None:
    ids = [f"{'x' * 200}.{number}@customer.test" for number in range(60)]
    message = read(msgspec.structs.replace(LETTER, references=ids, in_reply_to=ids[-1]))
    assert message["In-Reply-To"] == f"<{ids[-1]}>"
    assert message["References"].split() == [f"<{ids[0]}>", *[f"<{one}>" for one in ids[-19:]]]
    assert b"=?utf-8" not in compose(msgspec.structs.replace(LETTER, references=ids, subject="x", sender=LETTER.to[0]))


def test_files_go_along_and_pictures_stay_where_they_stood() -> None:
    letter = msgspec.structs.replace(
        LETTER,
        html='<p>Look <img data-cid="shot@x"></p>',
        enclosures=[
            Enclosure("shot.png", "image/png", b"PNG", "shot@x"),
            Enclosure("Größe.pdf", "application/pdf", b"%PDF"),
            Enclosure("old.eml", "message/rfc822", b"Subject: x\r\n\r\nx"),
            Enclosure("loose.png", "image/png", b"PNG2", "nowhere@x"),
        ],
    )
    back = parse(compose(letter))
    assert [(file.name, file.content_type, file.inline, file.content) for file in back.attachments] == [
        ("shot.png", "image/png", True, b"PNG"),
        ("Größe.pdf", "application/pdf", False, b"%PDF"),
        ("old.eml", "application/octet-stream", False, b"Subject: x\r\n\r\nx"),
        ("loose.png", "image/png", False, b"PNG2"),
    ]
    assert back.html is not None
    assert '<img src="cid:shot@x">' in back.html


def test_an_automatic_mail_says_so() -> None:
    message = read(msgspec.structs.replace(LETTER, automatic=True))
    assert message["Auto-Submitted"] == "auto-replied"
    assert message["X-Auto-Response-Suppress"] == "All"


def test_the_subject_is_marked_once() -> None:
    assert subject_for("Printer on fire", 42) == "Re: Printer on fire [#42]"
    assert subject_for("RE: Printer on fire [#42]", 42) == "RE: Printer on fire [#42]"


def test_a_comment_has_one_message_id_for_ever() -> None:
    comment_id = uuid4()
    assert message_id_for(comment_id, "support@acme.test") == f"comment-{comment_id.hex}@acme.test"


@given(st.text(max_size=80), st.text(max_size=80), st.text())
def test_no_name_or_subject_adds_a_header(name: str, subject: str, text: str) -> None:
    text = text.encode("utf-8", "replace").decode()
    letter = msgspec.structs.replace(
        LETTER, sender=Address("support@acme.test", sender_name(name, name)), subject=subject, text=text
    )
    back = parse(compose(letter))
    assert back.message_id == "comment-1@acme.test"
    assert back.to == (Address("carol@customer.test", "Carol"),)


class TestReplyAddress:
    signer = Signer("secret")
    acme, globex = UUID(int=1), UUID(int=2)

    def test_it_leads_back_to_its_ticket_whatever_its_case(self) -> None:
        address = reply_address(self.signer, self.acme, "support@acme.test", 42)
        assert len(address.split("@")[0]) <= 30
        assert number_in(self.signer, self.acme, address) == 42
        assert number_in(self.signer, self.acme, address.upper()) == 42
        assert without_mark(address.upper()) == "support@acme.test"

    def test_it_can_not_be_guessed_moved_or_bent(self) -> None:
        address = reply_address(self.signer, self.acme, "support@acme.test", 42)
        local, domain = address.split("@")
        assert number_in(self.signer, self.globex, address) is None
        assert number_in(Signer("other"), self.acme, address) is None
        for forged in ("support@acme.test", "support+t.@acme.test", f"{local}a@{domain}", f"{local[:-2]}@{domain}"):
            assert number_in(self.signer, self.acme, forged) is None
        assert number_in(self.signer, self.acme, "support+t.ß\0@acme.test") is None

    def test_a_mailbox_with_a_plus_or_a_long_name_still_works(self) -> None:
        address = reply_address(self.signer, self.acme, "support+eu@acme.test", 7)
        assert number_in(self.signer, self.acme, address) == 7
        assert reply_address(self.signer, self.acme, f"{'x' * 60}@acme.test", 7) == f"{'x' * 60}@acme.test"
