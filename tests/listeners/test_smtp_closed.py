"""Mail for an organization that is closed, or gone: refused for good and in words, never taken and lost."""

import smtplib

import pytest

from parlour import erasure
from parlour.foundation import clock
from parlour.listeners import smtp
from tests.builders import Company
from tests.erasure.test_closing import call_off, close
from tests.listeners.test_smtp import Ledger, send
from tests.listeners.test_smtp import ledger as ledger
from tests.listeners.test_smtp import listener as listener


async def test_a_closed_organization_takes_no_mail_and_says_so(
    listener: smtp.Listener, ledger: Ledger, acme: Company
) -> None:
    await close(acme)
    with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        await send(listener.port, [ledger.address])
    assert refused.value.recipients[ledger.address] == (550, b"5.2.1 This mailbox is closed and takes no mail.")
    assert (await ledger.entries(), await ledger.jobs()) == ([], 0)
    await call_off(acme)
    await send(listener.port, [ledger.address])
    assert len(await ledger.entries()) == 1


async def test_an_erased_organization_has_no_mailboxes(listener: smtp.Listener, ledger: Ledger, acme: Company) -> None:
    closing = await close(acme)
    with clock.frozen(closing.erase_at):
        await erasure.erase(acme.installation, acme.organization_id)
    with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        await send(listener.port, [ledger.address])
    assert refused.value.recipients[ledger.address] == (550, b"5.1.1 There is no mailbox of that name here.")
