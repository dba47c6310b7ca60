"""Whom a reply goes to: shown before it is sent, frozen with it. Each test replays a way others get it wrong."""

import pytest

from parlour import email, tickets
from parlour.email import Address, Recipients, Way
from parlour.foundation.errors import Invalid
from parlour.tickets import Changes, Source, Words
from tests.email.desk import Desk
from tests.twins import MailServer


async def test_a_note_written_a_moment_later_empties_no_copies(desk: Desk, server: MailServer) -> None:
    """The reply of FreeScout and Chatwoot takes its recipients from the newest message; a note has none."""
    acme = desk.company
    ticket = await acme.ticket(participant_ids=[acme.dave.user_id])
    reply = await desk.answer(ticket)
    async with acme.database.transaction(acme.organization_id) as tx:
        held = await tickets.hold(tx, ticket.id, seen_by=acme.bob)
        await tickets.note(tx, held, Words("Between us."), by=acme.bob)
    await desk.deliver(reply.id)
    assert server.taken[0].recipients == ["carol@customer.test", "dave@customer.test"]


async def test_a_change_of_customer_right_after_sending_redirects_nothing(desk: Desk, server: MailServer) -> None:
    acme = desk.company
    ticket = await acme.ticket()
    reply = await desk.answer(ticket)
    async with acme.database.transaction(acme.organization_id) as tx:
        held = await tickets.hold(tx, ticket.id, seen_by=acme.bob)
        await tickets.change(tx, held, Changes(requester_id=acme.dave.user_id, subject="Another"), by=acme.bob)
        await tickets.remove_participant(tx, ticket.id, acme.carol.user_id)
    await desk.deliver(reply.id)
    [taken] = server.taken
    assert taken.recipients == ["carol@customer.test"]
    assert taken.message["To"] == "Carol <carol@customer.test>"
    assert taken.message["Subject"] == "Re: The grinder hums [#1]"


async def test_people_of_the_to_line_are_not_dropped_and_nobody_is_added_unasked(
    desk: Desk, server: MailServer
) -> None:
    acme = desk.company
    ticket = await acme.ticket(participant_ids=[acme.dave.user_id])
    async with acme.database.reading(acme.organization_id) as tx:
        shown = await email.recipients_for(tx, ticket)
    assert shown == Recipients(
        [Address("carol@customer.test", "Carol")], [Address("dave@customer.test", "Dave")], []
    ) or (list(shown.to), list(shown.cc), list(shown.bcc)) == (
        [Address("carol@customer.test", "Carol")], [Address("dave@customer.test", "Dave")], [],
    )  # fmt: skip
    only_dave = await desk.answer(ticket, way=Way(recipients=Recipients([Address("Dave@Customer.test")])))
    await desk.deliver(only_dave.id)
    assert server.taken[0].recipients == ["dave@customer.test"]
    assert server.taken[0].message["To"] == "Dave <dave@customer.test>"
    assert server.taken[0].message["Cc"] is None


async def test_a_blind_copy_is_seen_by_nobody_else(desk: Desk, server: MailServer) -> None:
    recipients = Recipients(
        to=[Address("carol@customer.test")],
        cc=[Address("new@partner.test", "New Partner")],
        bcc=[Address("audit@partner.test"), Address("CAROL@customer.test")],
    )
    ticket = await desk.company.ticket()
    reply = await desk.answer(ticket, way=Way(recipients=recipients))
    sending = await desk.deliver(reply.id)
    [taken] = server.taken
    assert taken.recipients == ["carol@customer.test", "new@partner.test", "audit@partner.test"]
    assert taken.message["Cc"] == "New Partner <new@partner.test>"
    assert b"audit@partner.test" not in taken.raw
    assert sending is not None
    assert (sending.to, sending.cc, sending.bcc) == (
        ["carol@customer.test"], ["new@partner.test"], ["audit@partner.test"],
    )  # fmt: skip


async def test_who_is_copied_in_openly_takes_part_and_who_is_copied_blindly_does_not(desk: Desk) -> None:
    acme = desk.company
    ticket = await acme.ticket()
    recipients = Recipients(
        [Address("carol@customer.test")], [Address("new@partner.test")], [Address("audit@partner.test")]
    )
    await desk.answer(ticket, way=Way(recipients=recipients))
    async with acme.database.reading(acme.organization_id) as tx:
        on_it = {user.email for user in await tickets.participants(tx, ticket.id)}
    assert "new@partner.test" in on_it
    assert "audit@partner.test" not in on_it


@pytest.mark.parametrize(
    ("recipients", "field"),
    [
        (Recipients([], [Address("carol@customer.test")]), "to"),
        (Recipients([Address("carol@customer.test\r\nBcc: eve@evil.test")]), "to"),
        (Recipients([Address("carol@customer.test")], [Address("not an address")]), "cc"),
        (Recipients([Address(f"p{number}@x.test") for number in range(51)]), "to"),
    ],
)
async def test_what_is_no_recipient_is_refused_and_nothing_is_written(
    desk: Desk, recipients: Recipients, field: str
) -> None:
    ticket = await desk.company.ticket()
    with pytest.raises(Invalid) as refused:
        await desk.answer(ticket, way=Way(recipients=recipients))
    assert list(refused.value.details or {}) == [field]
    assert await desk.seen_by(ticket, desk.company.alice) == ["It hums, but nothing comes out."]


async def test_our_own_mailbox_is_nobody_to_write_to(desk: Desk) -> None:
    ticket = await desk.company.ticket()
    ours = Recipients([Address("carol@customer.test")], [Address(desk.address.replace("@", "+x@"))])
    with pytest.raises(Invalid, match="Some fields") as refused:
        await desk.answer(ticket, way=Way(recipients=ours))
    assert "would come back as a ticket" in str(refused.value.details)


async def test_a_reply_of_any_other_door_is_caught_by_the_reaction(desk: Desk, server: MailServer) -> None:
    ticket = await desk.company.ticket()
    await desk.send(await desk.reply(ticket))
    assert server.taken[0].recipients == ["carol@customer.test"]


async def test_every_reply_carries_the_headers_of_its_thread(desk: Desk, server: MailServer) -> None:
    """Of a rival's replies 8 % had an In-Reply-To: here all but the very first of a thread have one."""
    ticket = await desk.company.ticket(source=Source.EMAIL)
    for number in range(3):
        reply = await desk.answer(ticket, f"Answer {number}")
        await desk.deliver(reply.id)
    first, *others = [taken.message for taken in server.taken]
    assert [bool(message["In-Reply-To"]) for message in others] == [True, True]
    assert all(message["References"].split()[0] == first["Message-ID"] for message in others)
    assert all(message["Thread-Index"] and message["Thread-Topic"] for message in [first, *others])
    assert {message["Thread-Topic"] for message in [first, *others]} == {"The grinder hums [#1]"}
