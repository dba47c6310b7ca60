"""Whom a server that hangs keeps waiting: nobody whose mail comes in."""

import asyncio
from pathlib import Path

import aiosmtplib

from parlour import email, tickets
from parlour.tickets import Filter, Source, Words
from tests.builders import Company
from tests.journeys.background import background
from tests.journeys.test_there_and_back import question
from tests.waiting import until

ONE_PLACE_EACH = {
    "PARLOUR_WORKER_CONCURRENCY": "1",
    "PARLOUR_SENDING_CONCURRENCY": "1",
    "PARLOUR_MAIL_SEND_SECONDS": "300",
}


async def test_a_mail_comes_in_while_an_answer_hangs(acme: Company, tmp_path: Path) -> None:
    address = f"support@{acme.slug}.test"
    async with acme.database.transaction(acme.organization_id) as tx:
        await email.add_mailbox(tx, address, "Support")
    reached = asyncio.Event()

    async def silence(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reached.set()
        await reader.read()
        writer.close()

    silent = await asyncio.start_server(silence, "127.0.0.1", 0)
    url = f"smtp://127.0.0.1:{silent.sockets[0].getsockname()[1]}"
    async with silent, background(acme.installation, url, tmp_path / "worker.log", **ONE_PLACE_EACH) as worker:
        async with acme.database.transaction(acme.organization_id) as tx:
            held = await tickets.hold(
                tx, (await acme.ticket("Another thing", source=Source.PHONE)).id, seen_by=acme.bob
            )
            await tickets.reply(tx, held, Words("Switch it on first."), by=acme.bob, source=Source.API)
        async with asyncio.timeout(20):
            await reached.wait()
        await aiosmtplib.send(question(address), hostname="127.0.0.1", port=worker.port, start_tls=False)

        async def arrived() -> list[str]:
            async with acme.database.reading(acme.organization_id) as tx:
                page = await tickets.list_page(tx, Filter(sources=[Source.EMAIL]), seen_by=acme.alice, limit=5)
                return [ticket.subject for ticket in page.tickets]

        assert await until(arrived) == ["The grinder hums"]
        await worker.kill()
