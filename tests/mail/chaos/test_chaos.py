"""Everything breaks, again and again, while mail comes in and answers go out: in the end the count is right.

Three workers are killed with -9 at random moments; PostgreSQL is restarted once in order and once with -9; the IMAP
server is cut off for a while, and once numbers its messages anew. Mail comes by SMTP, by IMAP and by both at once,
customers answer our answers, and the server that takes those hangs up at times after the final dot. An answer goes out
again only where its acknowledgement was lost like this, or its worker was killed between the "250" and the note of it:
each such copy has the same bytes, and is an attempt that was counted before a word was said.

The full size kills 64 times and lasts some three minutes:

    PARLOUR_CHAOS_MAILS=2000 bin/test tests/mail/chaos -s -o faulthandler_timeout=900

`PARLOUR_CHAOS_SEED=…` replays the same mails and blows; which of them meet is the machine's doing.
"""

import random
import sys
import time
from pathlib import Path

import pytest

from parlour import email
from parlour.email.mailboxes import ImapSettings, Kind, NewMailbox, set_up_mailbox
from parlour.email.servers import Security
from tests.builders import Company, build_company
from tests.mail.chaos.next_server import NextServer, next_server
from tests.mail.chaos.post_office import PostOffice
from tests.mail.chaos.reckoning import check_what_came_in, check_what_went_out, figures
from tests.mail.chaos.storm import Storm, chosen_size
from tests.mail.dovecot import PASSWORD, Dovecot
from tests.mail.ground import crew, ground
from tests.mail.wire import Wire, wire


async def test_nothing_is_lost_and_nothing_is_doubled_while_everything_breaks(
    dovecot: Dovecot, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    size = chosen_size()
    dice = random.Random(size.seed)
    begun = time.monotonic()
    async with (
        ground() as (below, installation),
        next_server(random.Random(f"{size.seed}/outside")) as outside,
        wire(dovecot.imap_port) as line,
    ):
        company = await build_company(installation, "Acme")
        by_smtp, by_imap = await _mailboxes(company, dovecot, line)
        async with crew(below.settings, 3, tmp_path / "workers.log", **_environment(outside)) as hands:
            office = PostOffice(by_smtp, by_imap, hands.ports, dovecot, outside, random.Random(f"{size.seed}/office"))
            storm = Storm(size, below, company, hands, office, outside, line, dice)
            try:
                await storm.blow()
                await storm.settle()
            except (ExceptionGroup, TimeoutError) as trouble:
                pytest.fail(f"{trouble!r}\n{await storm.picture()}")
            with capsys.disabled():
                sys.stdout.write(f"\nseed {size.seed}\n")
            await check_what_came_in(storm)
            again = await check_what_went_out(storm)
            assert len(hands.kills) >= size.kills
            told = await figures(storm, time.monotonic() - begun, again)
    with capsys.disabled():
        sys.stdout.write(f"{told}\n")


async def _mailboxes(company: Company, dovecot: Dovecot, line: Wire) -> tuple[str, str]:
    by_smtp, by_imap = f"support@{company.slug}.test", f"billing@{company.slug}.test"
    dovecot.mailbox(by_imap)
    imap = ImapSettings(host="127.0.0.1", port=line.port, security=Security.NONE)
    new = NewMailbox(address=by_imap, kind=Kind.IMAP, imap=imap, secrets={"imap_password": PASSWORD})
    async with company.database.transaction(company.organization_id) as tx:
        await email.add_mailbox(tx, by_smtp, "Support")
        await set_up_mailbox(tx, company.installation.sealer, new)
    return by_smtp, by_imap


def _environment(outside: NextServer) -> dict[str, str]:
    return {
        "PARLOUR_SMTP_URL": outside.url,
        "PARLOUR_LOG_LEVEL": "warning",
        "PARLOUR_WORKER_HEARTBEAT": "0.5",
        "PARLOUR_WORKER_STALLED_AFTER": "2.5",
        "PARLOUR_MAIL_SEND_SECONDS": "3",
        "PARLOUR_MAIL_SENDER_LIMIT": "off",
        "PARLOUR_MAIL_DNS": "off",
        "PARLOUR_PRIVATE_HOSTS": "allow",
        "PARLOUR_IMAP_RETRY_SECONDS": "0.1",
    }
