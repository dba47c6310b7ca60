"""Mail servers that are slow, strange or gone: no mail is lost, doubled, or held up by another's server."""

import asyncio
import time

import msgspec
import pytest

from parlour import email
from parlour.email import SendingState
from parlour.email.sending.relays import RELAYS
from parlour.email.servers import Security, installation_server
from parlour.foundation import clock
from parlour.foundation.jobs import TryAgain
from parlour.foundation.settings import Settings
from tests.email.desk import Desk, in_seconds
from tests.twins import MailServer


async def test_a_server_that_never_answers_delays_nobody_else(desk: Desk, server: MailServer) -> None:
    async def silence(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    silent = await asyncio.start_server(silence, "127.0.0.1", 0)
    port = silent.sockets[0].getsockname()[1]
    settings = desk.installation.settings.model_copy(
        update={"smtp_url": f"smtp://127.0.0.1:{port}", "mail_send_seconds": 4.0}
    )
    dead = Desk(desk.company, msgspec.structs.replace(desk.installation, settings=settings))
    ticket = await desk.company.ticket()
    waiting = [await desk.reply(ticket) for _ in range(12)]
    stuck = asyncio.gather(*(dead.send(fact) for fact in waiting), return_exceptions=True)
    await asyncio.sleep(0)
    began = time.monotonic()
    sending = await desk.send(await desk.reply(ticket))
    assert sending is not None
    assert sending.state is SendingState.SENT
    assert time.monotonic() - began < 2
    outcomes = await stuck
    assert time.monotonic() - began < 6
    assert {type(outcome) for outcome in outcomes} == {TryAgain}
    states = [await desk.state_of(fact.comment_id) for fact in waiting]
    assert states == [SendingState.QUEUED] * 12
    silent.close()


async def test_a_server_that_is_down_is_left_in_peace_and_the_mails_say_why(desk: Desk) -> None:
    settings = desk.installation.settings.model_copy(update={"smtp_url": "smtp://127.0.0.1:9"})
    desk.installation = msgspec.structs.replace(desk.installation, settings=settings)
    ticket = await desk.company.ticket()
    facts = [await desk.reply(ticket) for _ in range(5)]
    for fact in facts:
        with pytest.raises(TryAgain):
            await desk.send(fact)
    attempts = [sending.attempts for fact in facts if (sending := await desk.sending(fact))]
    assert attempts == [1, 1, 1, 0, 0]
    last = await desk.sending(facts[4])
    assert last is not None
    assert "127.0.0.1" in (last.last_error or "")


async def test_a_line_is_used_again_and_replaced_when_it_was_hung_up(desk: Desk, server: MailServer) -> None:
    ticket = await desk.company.ticket()
    for _ in range(2):
        await desk.send(await desk.reply(ticket))
    server.hang_up()
    await asyncio.sleep(0.05)
    sending = await desk.send(await desk.reply(ticket))
    assert sending is not None
    assert (sending.state, sending.attempts) == (SendingState.SENT, 1)
    assert len(server.taken) == 3


async def test_a_recipient_who_is_refused_for_now_is_tried_again_alone(desk: Desk, server: MailServer) -> None:
    server.refused = {"dave@customer.test": "450 later"}
    ticket = await desk.company.ticket(participant_ids=[desk.company.dave.user_id])
    fact = await desk.reply(ticket)
    with pytest.raises(TryAgain):
        await desk.send(fact)
    waiting = await desk.sending(fact)
    assert waiting is not None
    assert (waiting.state, waiting.refusals) == (SendingState.QUEUED, {"dave@customer.test": "450 later"})
    server.refused = {}
    with clock.frozen(in_seconds(6)):
        sending = await desk.send(fact)
    assert [taken.recipients for taken in server.taken] == [["carol@customer.test"], ["dave@customer.test"]]
    assert sending is not None
    assert (sending.state, sending.refusals, sending.last_error) == (SendingState.SENT, {}, None)


async def test_a_reply_that_failed_is_sent_again_by_hand(desk: Desk, server: MailServer) -> None:
    server.answers = ["554 no"]
    ticket = await desk.company.ticket()
    reply = await desk.answer(ticket)
    await desk.deliver(reply.id)
    assert await desk.state_of(reply.id) is SendingState.FAILED
    await desk.send_now(ticket, reply.id)
    await desk.deliver(reply.id)
    assert await desk.state_of(reply.id) is SendingState.SENT
    with pytest.raises(email.NothingToSend):
        await desk.send_now(ticket, reply.id)


def test_the_installations_server_is_read_from_its_address() -> None:
    plain = installation_server(Settings(smtp_url="smtp://u%40x:p@mail.test?starttls=yes&verify=no"))
    assert plain is not None
    assert (plain.host, plain.port, plain.security, plain.username, plain.verified) == (
        "mail.test", 25, Security.STARTTLS, "u@x", False,
    )  # fmt: skip
    tls = installation_server(Settings(smtp_url="smtps://mail.test"))
    assert tls is not None
    assert (tls.port, tls.security) == (465, Security.TLS)
    assert installation_server(Settings(smtp_url="")) is None
    assert RELAYS.of(plain, 8) is RELAYS.of(plain, 8)
    RELAYS.hang_up()
