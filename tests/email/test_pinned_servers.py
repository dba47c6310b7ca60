"""A mail server that somebody chose: the address that was looked at is the one connected to, and nobody else's line."""

import socket
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from parlour import email
from parlour.email import sources
from parlour.email.sending.relays import RELAYS
from parlour.email.servers import Security, Server, dialled
from parlour.foundation import ids
from parlour.foundation.installation import Installation
from parlour.foundation.jobs import TryAgain
from tests.builders import Company
from tests.email.desk import Desk
from tests.twins import MailServer

NAME = "two-faced.test"


class TwoFaced:
    """A name server that answers otherwise each time it is asked (DNS rebinding)."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.asked = 0
        self._really = socket.getaddrinfo

    def getaddrinfo(self, host: Any, *more: Any, **options: Any) -> Any:
        if host != NAME:
            return self._really(host, *more, **options)
        answer = self.answers[min(self.asked, len(self.answers) - 1)]
        self.asked += 1
        return self._really(answer, *more, **options)


@pytest.fixture
def two_faced(monkeypatch: pytest.MonkeyPatch) -> Iterator[TwoFaced]:
    """At first this machine; whoever asks again is sent where nobody listens."""
    twin = TwoFaced("127.0.0.1", "127.0.0.2")
    monkeypatch.setattr(socket, "getaddrinfo", twin.getaddrinfo)
    yield twin
    RELAYS.hang_up()


def allowing(installation: Installation, private_hosts: str = "allow") -> Installation:
    settings = installation.settings.model_copy(update={"private_hosts": private_hosts})
    return msgspec.structs.replace(installation, settings=settings)


async def mailbox_at(company: Company, server: MailServer) -> email.Mailbox:
    outgoing = email.OutgoingSettings(host=NAME, port=server.port, security=Security.NONE)
    new = email.NewMailbox(address=f"own@{company.slug}.test", outgoing=outgoing)
    async with company.database.transaction(company.organization_id) as tx:
        for mailbox in await email.mailboxes(tx):
            await email.remove_mailbox(tx, company.installation.sealer, mailbox)
        return await email.set_up_mailbox(tx, company.installation.sealer, new)


async def test_mail_goes_to_the_address_that_was_looked_at(desk: Desk, server: MailServer, two_faced: TwoFaced) -> None:
    await mailbox_at(desk.company, server)
    desk.installation = allowing(desk.installation)
    await desk.send(await desk.reply(await desk.company.ticket()))
    assert (len(server.taken), two_faced.asked) == (1, 1)


async def test_a_name_that_turns_inside_reaches_nothing(desk: Desk, server: MailServer, two_faced: TwoFaced) -> None:
    two_faced.answers = ["93.184.215.14", "127.0.0.1"]
    mailbox = await mailbox_at(desk.company, server)
    installation = allowing(desk.installation, "refuse")
    found = await sources.outgoing_server(installation, desk.company.organization_id, mailbox.id)
    assert found is not None
    assert (list(found.addresses), two_faced.asked) == (["93.184.215.14"], 1)
    # The second time it leads to this machine, and that is seen.
    desk.installation = installation
    with pytest.raises(TryAgain):
        await desk.send(await desk.reply(await desk.company.ticket()))
    assert (server.attempts, server.sessions) == (0, [])


async def test_the_test_button_reaches_the_address_that_was_looked_at(
    desk: Desk, server: MailServer, two_faced: TwoFaced
) -> None:
    mailbox = await mailbox_at(desk.company, server)
    findings = await sources.examine(allowing(desk.installation), desk.company.organization_id, mailbox.id)
    assert [(finding.step, finding.is_well) for finding in findings] == [
        (sources.Step.CONNECTION, True),
        (sources.Step.OUTGOING, True),
    ]
    assert (len(server.sessions), two_faced.asked) == (1, 1)


async def test_the_next_address_is_tried_where_one_does_not_answer(server: MailServer) -> None:
    known = Server(host=NAME, port=server.port, security=Security.NONE, addresses=["127.0.0.2", "127.0.0.1"])
    connection = await dialled(known, 5)
    assert connection is not None
    assert connection.getpeername() == ("127.0.0.1", server.port)
    connection.close()
    nowhere = msgspec.structs.replace(known, addresses=["127.0.0.2", "127.0.0.3"])
    with pytest.raises(ConnectionError, match=rf"two-faced.test can't be reached on port {server.port}"):
        await dialled(nowhere, 5)


def test_two_mailboxes_that_claim_the_same_sign_in_share_no_line() -> None:
    theirs = Server(host="mail.test", port=587, username="support", password="right", owner=ids.new())
    pretended = msgspec.structs.replace(theirs, password="wrong", owner=ids.new())
    relay = RELAYS.of(theirs, 8)
    assert RELAYS.of(pretended, 8) is not relay
    assert RELAYS.of(msgspec.structs.replace(theirs, addresses=["192.0.2.7"]), 8) is relay
    assert "right" not in theirs.key
