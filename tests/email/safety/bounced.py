"""Bounces as the mail servers of this world write them, about a mail of ours to eve@far.test."""

from typing import Final

OURS: Final = "comment-0199@acme.test"
EVE: Final = "eve@far.test"

_RETURNED: Final = f"""From: Bob (Acme) <support@acme.test>
To: Eve <{EVE}>
Subject: Re: Grinder [#1]
Message-ID: <{OURS}>
Date: Mon, 23 Nov 2026 10:00:00 +0000

We have found it.
"""


def _report(sender: str, words: str, status: str, returned: str = "message/rfc822") -> str:
    return f"""Return-Path: <>
From: {sender}
To: support@acme.test
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="==cut"

--==cut
Content-Type: text/plain; charset=us-ascii

{words}

--==cut
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.acme.test
Arrival-Date: Mon, 23 Nov 2026 10:00:01 +0000

{status}

--==cut
Content-Type: {returned}

{_RETURNED}
--==cut--
"""


def _plain(sender: str, subject: str, body: str, more: str = "") -> str:
    return f"""Return-Path: <>
From: {sender}
To: support@acme.test
Subject: {subject}
{more}Date: Mon, 23 Nov 2026 10:01:00 +0000

{body}
"""


POSTFIX: Final = _report(
    "MAILER-DAEMON@mx.acme.test (Mail Delivery System)",
    "This is the mail system at host mx.acme.test.\n\nI'm sorry to have to inform you that your message could not\n"
    f"be delivered to one or more recipients.\n\n<{EVE}>: host mx.far.test[192.0.2.1] said: 550 5.1.1 User unknown",
    f"Final-Recipient: rfc822; {EVE}\nOriginal-Recipient: rfc822;{EVE}\nAction: failed\nStatus: 5.1.1\n"
    "Remote-MTA: dns; mx.far.test\nDiagnostic-Code: smtp; 550 5.1.1 User unknown",
)

POSTFIX_DELAYED: Final = _report(
    "MAILER-DAEMON@mx.acme.test (Mail Delivery System)",
    "THIS IS A WARNING ONLY.  YOU DO NOT NEED TO RESEND YOUR MESSAGE.",
    f"Final-Recipient: rfc822; {EVE}\nAction: delayed\nStatus: 4.4.1\n"
    "Diagnostic-Code: X-Postfix; connect to mx.far.test[192.0.2.1]:25: Connection timed out",
    "text/rfc822-headers",
)

POSTFIX_EXPIRED: Final = _report(
    "MAILER-DAEMON@mx.acme.test (Mail Delivery System)",
    "Your message could not be delivered for more than 5 day(s).",
    f"Final-Recipient: rfc822; {EVE}\nAction: failed\nStatus: 4.4.1\n"
    "Diagnostic-Code: X-Postfix; connect to mx.far.test[192.0.2.1]:25: Connection timed out",
)

GMAIL: Final = _report(
    "Mail Delivery Subsystem <mailer-daemon@googlemail.com>",
    f"** Address not found **\n\nYour message wasn't delivered to {EVE} because the address couldn't be found.\n\n"
    "The response from the remote server was:\n550 5.1.1 The email account that you tried to reach does not exist.",
    f"Final-Recipient: rfc822; {EVE}\nAction: failed\nStatus: 5.1.1\n"
    "Diagnostic-Code: smtp; 550-5.1.1 The email account that you tried to reach does not exist.",
)

EXCHANGE_ONLINE: Final = _report(
    "<postmaster@far.onmicrosoft.test>",
    f"Your message to {EVE} couldn't be delivered.\n\neve wasn't found at far.test.",
    f"Final-Recipient: rfc822;{EVE}\nAction: failed\nStatus: 5.1.10\n"
    "Diagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup",
)

AMAZON: Final = _report(
    "MAILER-DAEMON@amazonses.com",
    f"An error occurred while trying to deliver the mail to the following recipients:\n{EVE}",
    f"Action: failed\nFinal-Recipient: rfc822; {EVE}\nDiagnostic-Code: smtp; 550 5.2.1 Mailbox disabled\nStatus: 5.2.1",
)

SENDMAIL: Final = _report(
    "Mail Delivery Subsystem <MAILER-DAEMON@mx.acme.test>",
    f"   ----- The following addresses had permanent fatal errors -----\n<{EVE}>\n    (reason: 550 No such user)\n\n"
    "   ----- Transcript of session follows -----\n... while talking to mx.far.test.:\n>>> DATA\n<<< 550 No such user",
    f"Final-Recipient: RFC822; {EVE}\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: SMTP; 550 No such user",
)

DELIVERED: Final = _report(
    "MAILER-DAEMON@mx.far.test",
    "Your message was delivered.",
    f"Final-Recipient: rfc822; {EVE}\nAction: delivered\nStatus: 2.1.5",
)

EXIM: Final = _plain(
    "Mail Delivery System <Mailer-Daemon@mx.acme.test>",
    "Mail delivery failed: returning message to sender",
    "This message was created automatically by mail delivery software.\n\n"
    "A message that you sent could not be delivered to one or more of its\n"
    "recipients. This is a permanent error. The following address(es) failed:\n\n"
    f"  {EVE}\n    host mx.far.test [192.0.2.1]\n    SMTP error from remote mail server after RCPT TO:<{EVE}>:\n"
    "    550 5.1.1 Unrouteable address\n\n"
    "------ This is a copy of the message, including all the headers. ------\n\nReturn-path: <support@acme.test>\n"
    + _RETURNED,
    f"X-Failed-Recipients: {EVE}\nAuto-Submitted: auto-replied\n",
)

EXIM_DELAYED: Final = _plain(
    "Mail Delivery System <Mailer-Daemon@mx.acme.test>",
    "Warning: message 1abcDE-0001-XY delayed 24 hours",
    "This message was created automatically by mail delivery software.\n"
    "A message that you sent has not yet been delivered to one or more of its\n"
    "recipients after more than 24 hours on the queue on mx.acme.test.\n\n"
    "The address to which the message has not yet been delivered is:\n\n"
    f"  {EVE}\n    Delay reason: connection timed out\n\nNo action is required on your part. Delivery attempts will\n"
    f"continue for some time.\n\nMessage-ID: <{OURS}>",
    "Auto-Submitted: auto-replied\n",
)

QMAIL: Final = _plain(
    "MAILER-DAEMON@mx.acme.test",
    "failure notice",
    "Hi. This is the qmail-send program at mx.acme.test.\nI'm afraid I wasn't able to deliver your message to the "
    "following addresses.\nThis is a permanent error; I've given up. Sorry it didn't work out.\n\n"
    f"<{EVE}>:\n192.0.2.1 does not like recipient.\nRemote host said: 550 5.1.1 No such person here\n"
    "Giving up on 192.0.2.1.\n\n--- Below this line is a copy of the message.\n\nReturn-Path: <support@acme.test>\n"
    + _RETURNED,
)

YAHOO: Final = _plain(
    "MAILER-DAEMON@yahoo.com",
    "Failure Notice",
    f"Sorry, we were unable to deliver your message to the following address.\n\n<{EVE}>:\n"
    "554: delivery error: dd This user doesn't have a far.test account\n\n"
    "--- Below this line is a copy of the message.\n\n" + _RETURNED,
)

EXCHANGE_2003: Final = _plain(
    "System Administrator <postmaster@far.test>",
    "Undeliverable: Re: Grinder [#1]",
    "Your message did not reach some or all of the intended recipients.\n\n      Subject:  Re: Grinder [#1]\n"
    "      Sent:     23/11/2026 10:00\n\nThe following recipient(s) could not be reached:\n\n"
    f"      {EVE} on 23/11/2026 10:00\n            The e-mail account does not exist at the organization this message\n"
    "            was sent to.\n            <mx.far.test #5.1.1 smtp;550 5.1.1 User unknown>\n",
)

DOMINO: Final = _plain(
    "postmaster@far.test",
    "DELIVERY FAILURE: User eve (eve@far.test) not listed in Domino Directory",
    "Your message\n\n  Subject: Re: Grinder [#1]\n\nwas not delivered to:\n\n"
    f"  {EVE}\n\nbecause:\n\n  User eve ({EVE}) not listed in Domino Directory\n",
)

GERMAN: Final = _plain(
    "Mail-Zustellung <mailer-daemon@provider.test>",
    "Unzustellbar: Re: Grinder [#1]",
    "Ihre Nachricht konnte nicht zugestellt werden.\n\n"
    f"<{EVE}>:\n550 5.1.1 Empfaenger unbekannt\n\n--- Original message follows ---\n\n" + _RETURNED,
)

FULL: Final = _plain(
    "MAILER-DAEMON@far.test",
    "Undelivered mail",
    f"Your message could not be delivered.\n\n<{EVE}>: 452 4.2.2 Mailbox full\n\n"
    "Below this line is a copy of the message.\n\n" + _RETURNED,
)
