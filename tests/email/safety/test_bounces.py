"""What mail servers write when a mail came back is understood, whoever made them."""

import pytest

from parlour.email.reading import parse
from parlour.email.safety.bounces import bounce_in
from parlour.email.safety.verdicts import Bounce, Kind
from tests.email.safety import bounced
from tests.email.safety.bounced import EVE, OURS

PERMANENT, TEMPORARY, DELAYED, DELIVERED = Kind.PERMANENT, Kind.TEMPORARY, Kind.DELAYED, Kind.DELIVERED


def read(raw: str, envelope_sender: str = "") -> Bounce | None:
    given = raw.replace("\n", "\r\n").encode()
    return bounce_in(given, parse(given, envelope_sender=envelope_sender).text, envelope_sender)


@pytest.mark.parametrize(
    ("raw", "kind", "status", "words"),
    [
        (bounced.POSTFIX, PERMANENT, "5.1.1", "550 5.1.1 User unknown"),
        (bounced.POSTFIX_DELAYED, DELAYED, "4.4.1", "connect to mx.far.test[192.0.2.1]:25: Connection timed out"),
        (bounced.POSTFIX_EXPIRED, TEMPORARY, "4.4.1", "connect to mx.far.test[192.0.2.1]:25: Connection timed out"),
        (bounced.GMAIL, PERMANENT, "5.1.1", "550-5.1.1 The email account that you tried to reach does not exist."),
        (
            bounced.EXCHANGE_ONLINE,
            PERMANENT,
            "5.1.10",
            "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup",
        ),
        (bounced.AMAZON, PERMANENT, "5.2.1", "550 5.2.1 Mailbox disabled"),
        (bounced.SENDMAIL, PERMANENT, "5.1.1", "550 No such user"),
        (bounced.DELIVERED, DELIVERED, "2.1.5", "2.1.5"),
        (bounced.EXIM, PERMANENT, "5.1.1", "550 5.1.1 Unrouteable address"),
        (bounced.QMAIL, PERMANENT, "5.1.1", "Remote host said: 550 5.1.1 No such person here"),
        (bounced.GERMAN, PERMANENT, "5.1.1", "550 5.1.1 Empfaenger unbekannt"),
        (bounced.FULL, TEMPORARY, "4.2.2", f"<{EVE}>: 452 4.2.2 Mailbox full"),
    ],
)
def test_a_bounce_says_how_final_it_is_and_why(raw: str, kind: Kind, status: str, words: str) -> None:
    found = read(raw)
    assert found is not None
    assert (found.kind, found.status, found.words) == (kind, status, words)
    assert (found.recipients, found.returned_ids) == ((EVE,), (OURS,))


def test_yahoo_exim_exchange_and_domino_in_their_own_ways() -> None:
    yahoo, exim = read(bounced.YAHOO), read(bounced.EXIM_DELAYED)
    assert yahoo and (yahoo.kind, yahoo.recipients, yahoo.returned_ids) == (PERMANENT, (EVE,), (OURS,))
    assert exim and (exim.kind, exim.recipients, exim.returned_ids) == (DELAYED, (EVE,), (OURS,))
    for raw in (bounced.EXCHANGE_2003, bounced.DOMINO):
        found = read(raw)
        assert found and (found.kind, found.recipients) == (PERMANENT, (EVE,))


def test_what_a_forward_leads_to_is_not_whom_we_wrote_to() -> None:
    forwarded = bounced.POSTFIX.replace(
        f"Final-Recipient: rfc822; {EVE}", "Final-Recipient: rfc822; eve@elsewhere.test"
    )
    found = read(forwarded)
    assert found and found.recipients == (EVE, "eve@elsewhere.test")


@pytest.mark.parametrize(
    "raw",
    [
        "From: carol@customer.test\nSubject: Undelivered Mail Returned to Sender\n\nI got this, what does it mean?\n",
        "From: carol@customer.test\nSubject: Mail delivery failed\n\n550 5.1.1 User unknown\n",
        "From: carol@customer.test\nSubject: Hello\n\nMy grinder could not be delivered.\n",
    ],
)
def test_a_person_who_writes_about_a_bounce_is_a_person(raw: str) -> None:
    assert read(raw, "carol@customer.test") is None


def test_a_vacation_reply_from_nobody_is_no_bounce() -> None:
    assert (
        read("From: carol@customer.test\nSubject: Out of office\nAuto-Submitted: auto-replied\n\nI am away.\n") is None
    )


@pytest.mark.parametrize(
    "raw",
    [
        bounced.POSTFIX.replace("Action: failed", "Action:"),
        bounced.POSTFIX.replace("Final-Recipient: rfc822;", "Final-Recipient:"),
        bounced.POSTFIX.replace("Diagnostic-Code", "X-Nothing"),
        bounced.POSTFIX.split("Reporting-MTA")[0],
        "From: mailer-daemon@x.test\nSubject: failure notice\n\n" + "\n" * 200_000,
        "From: mailer-daemon@x.test\nSubject: failure notice\n\n" + "<a@b.test>:\n" * 50_000,
        "From: mailer-daemon@x.test\nSubject: failure notice\n\n" + " " * 200_000,
        "From: mailer-daemon@x.test\nSubject: failure notice\n\n" + "message-id: " * 50_000,
        "From: mailer-daemon@x.test\nSubject: failure notice\n\n" + "a@" * 100_000,
    ],
)
def test_a_broken_bounce_is_read_as_far_as_it_goes(raw: str) -> None:
    found = read(raw)
    assert found is None or len(found.recipients) <= 50
