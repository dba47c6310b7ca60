"""New words told apart from quoted ones, as real mail programs write them."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parlour.email.reading.quoting import Split, split, split_html

NEW = "Thanks, that helped!\n\nOne more question: when?"


@pytest.mark.parametrize(
    "quoted",
    [
        "On Mon, 23 Nov 2026 at 10:00, Bob (Acme) <support@acme.test> wrote:\n> Hello\n> there",
        "On Mon, Nov 23, 2026 at 10:00 AM Bob from the Support Team (Acme)\n<support@acme.test> wrote:\n\n> Hello",
        "On 23. Nov 2026, at 10:00, Bob <support@acme.test> wrote:\n\nHello, unquoted as Apple sometimes does",
        "On 11/23/26 10:00, Bob wrote:\n> Hello",
        "Am 23.11.26 um 10:00 schrieb Bob (Acme):\n> Hallo",
        "Am Mo., 23. Nov. 2026 um 10:00 Uhr schrieb Bob <\nsupport@acme.test>:\n\n> Hallo",
        "Le lun. 23 nov. 2026 à 10:00, Bob <support@acme.test> a écrit :\n\n> Bonjour",
        "El lun, 23 nov 2026 a las 10:00, Bob (<support@acme.test>) escribió:\n\n> Hola",
        "Il giorno lun 23 nov 2026 alle ore 10:00 Bob <support@acme.test> ha scritto:\n\n> Ciao",
        "Em seg., 23 de nov. de 2026 às 10:00, Bob <support@acme.test> escreveu:\n\n> Olá",
        "Op ma 23 nov 2026 om 10:00 schreef Bob <support@acme.test>:\n\n> Hallo",
        "Den mån 23 nov. 2026 kl 10:00 skrev Bob <support@acme.test>:\n\n> Hej",
        "W dniu 23.11.2026 o 10:00, Bob napisał(a):\n> Cześć",
        "пн, 23 нояб. 2026 г. в 10:00, Bob <support@acme.test>:\n\n> Привет",
        "23.11.2026 10:00, Bob пишет:\n> Привет",
        "在 2026年11月23日 10:00，Bob <support@acme.test> 写道：\n> 你好",
        "2026年11月23日(月) 10:00 Bob <support@acme.test>:\n\n> こんにちは",
        "-----Original Message-----\nFrom: Bob\nSent: Monday\nTo: Carol\nSubject: Hi\n\nHello",
        "-----Ursprüngliche Nachricht-----\nVon: Bob\nGesendet: Montag\n\nHallo",
        (
            "________________________________\nFrom: Bob <support@acme.test>\nSent: Monday, 23 November 2026 10:00\n"
            "To: Carol <carol@customer.test>\nSubject: Re: Hi\n\nHello"
        ),
        "Von: Bob <support@acme.test>\nGesendet: Montag, 23.11.2026 10:00\nAn: Carol\nBetreff: AW: Hallo\n\nHallo",
        "De : Bob <support@acme.test>\nEnvoyé : lundi 23 novembre 2026 10:00\nÀ : Carol\nObjet : Re\n\nBonjour",
        "*From:* Bob\n*Sent:* Monday\n*To:* Carol\n*Subject:* Hi\n\nHello",
        "W dniu pon., 23 lis 2026 o 10:00 Bob <support@acme.test> napisał(a):\n\n> Cześć",
        "man. 23. nov. 2026 kl. 10:00 skrev Bob <support@acme.test>:\n\n> Hei",
        "ma 23. marrask. 2026 klo 10.00 Bob (support@acme.test) kirjoitti:\n\n> Moi",
        "po 23. 11. 2026 v 10:00 odesílatel Bob <support@acme.test> napsal:\n\n> Ahoj",
        "Bob <support@acme.test>, 23 Kas 2026 Pzt, 10:00 tarihinde şunu yazdı:\n\n> Merhaba",
        "2026년 11월 23일 (월) 오전 10:00, Bob <support@acme.test>님이 작성:\n\n> 안녕",
        "Bob <support@acme.test> 於 2026年11月23日 週一 上午10:00寫道：\n\n> 你好",
        "Bob <support@acme.test> ezt írta (időpont: 2026. nov. 23., H, 10:00):\n\n> Szia",
        "lun., 23 nov. 2026 la 10:00, Bob <support@acme.test> a scris:\n\n> Salut",
        "Lähettäjä: Bob\nLähetetty: maanantai\nVastaanottaja: Carol\nAihe: Moi\n\nMoi",
        "Od: Bob\nOdesláno: pondělí\nKomu: Carol\nPředmět: Ahoj\n\nAhoj",
        "Kimden: Bob\nGönderildi: 23 Kasım\nKime: Carol\nKonu: Merhaba\n\nMerhaba",
        "От: Bob\nОтправлено: 23 ноября\nКому: Carol\nТема: Привет\n\nПривет",
        "差出人: Bob\n送信日時: 2026年11月23日\n宛先: Carol\n件名: こんにちは\n\nこんにちは",
        "Am Montag, 23. November 2026 um 10:00:00 MEZ hat Bob <support@acme.test> Folgendes geschrieben:\n\nHallo",
        "> Hello\n> there",
    ],
)
def test_an_answer_above_its_quotation_stands_alone(quoted: str) -> None:
    assert split(f"{NEW}\n\n{quoted}") == Split(NEW, quoted)


@pytest.mark.parametrize(
    "signature",
    ["-- \nCarol\nCustomer Ltd", "--\nCarol", "Sent from my iPhone", "Von meinem iPhone gesendet",
     "Get Outlook for iOS",
     "Envoyé de mon iPhone", "Enviado desde mi iPhone"],
)  # fmt: skip
def test_a_signature_is_set_apart(signature: str) -> None:
    quoted = "On Monday, Bob wrote:\n> Hello"
    assert split(f"{NEW}\n\n{signature}\n\n{quoted}") == Split(NEW, quoted, signature.replace("-- ", "--"))
    assert split(f"{NEW}\n\n{signature}").new == NEW


def test_an_answer_below_its_quotation_stands_alone() -> None:
    text = f"On Monday, Bob wrote:\n> Hello\n> there\n\n{NEW}\n\n-- \nCarol"
    assert split(text) == Split(NEW, "On Monday, Bob wrote:\n> Hello\n> there", "--\nCarol")


@pytest.mark.parametrize(
    "text",
    [
        "On Monday, Bob wrote:\n> Which colour?\nBlue.\n> Which size?\nLarge.",
        "Hi Bob,\n\n> Which colour?\n\nBlue, and this is a whole line.\n\n> Which size?\n\nLarge.",
        "See below.\n\n---------- Forwarded message ---------\nFrom: A\nDate: B\nSubject: C\nTo: D\n\nHello",
        "> only a quotation",
        "On Monday, Bob wrote:\n> only a quotation",
        "-- \nonly a signature",
        "Sent from my iPhone",
        "From: the bottom of my heart",
        "On the other hand, nobody wrote anything about it",
        "I wrote: nothing",
    ],
)
def test_what_needs_its_quotation_keeps_it(text: str) -> None:
    assert split(text) == Split(text)


@pytest.mark.parametrize(
    "quote",
    [
        '<div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">On Monday</div></div>',
        '<blockquote type="cite">old</blockquote>',
        '<div class="moz-cite-prefix">On Monday, Bob wrote:<br></div><blockquote>old</blockquote>',
        '<div id="appendonsend"></div><hr><div id="divRplyFwdMsg">From: Bob</div>',
        '<div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm"><p>From: Bob</p></div>',
        '<div id="yahoo_quoted_12" class="yahoo_quoted">old</div>',
        '<div class="protonmail_quote">old</div>',
    ],
)
def test_the_same_in_html(quote: str) -> None:
    assert split_html(f"<p>New</p>{quote}") == ("<p>New</p>", quote)
    assert split_html(f"<head><style>p{{}}</style></head><div><br></div>{quote}")[1] == ""


def test_a_forward_in_html_is_left_whole() -> None:
    forward = '<p>See</p><div class="gmail_quote"><div class="gmail_attr">----- Forwarded message ----<br></div></div>'
    assert split_html(forward) == (forward, "")


@given(
    st.text()
    | st.lists(st.sampled_from(["> x", "On a, b wrote:", "--", "", "From: x", "To: y", "Sent: z", "x"])).map("\n".join)
)
def test_words_are_never_lost(text: str) -> None:
    pieces = split(text)
    assert bool(pieces.new.strip()) == bool(text.strip())
    kept = f"{pieces.new} {pieces.quoted} {pieces.signature}".split()
    assert sorted(kept) == sorted(text.split())


@pytest.mark.parametrize(
    "text",
    ["On " * 70_000, "On x\n" * 40_000, "1" + " wrote" * 30_000, "> \n" * 60_000, "From: x\n" * 30_000, " " * 200_000,
     "-" * 200_000, "sent from my " * 15_000],
)  # fmt: skip
def test_hostile_words_end_within_a_bound(text: str) -> None:
    begun = time.process_time()
    split(text)
    split_html(f"<p>x</p>{text}" + "<div class=" * 20_000)
    assert time.process_time() - begun < 2
