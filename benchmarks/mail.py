"""From the mail server's "250" to the event on an agent's screen."""

import asyncio
import smtplib
import time
from email.message import EmailMessage
from typing import Any, Self

import socketio

from benchmarks.installation import Installation


class Screen:
    """An agent's, on which new tickets appear."""

    def __init__(self, here: Installation, headers: dict[str, str]) -> None:
        self._port, self._headers = here.port, headers
        self._arrived: asyncio.Queue[float] = asyncio.Queue()
        self._client = socketio.AsyncClient()
        self._client.on("ticket:created", self._note)

    async def __aenter__(self) -> Self:
        await self._client.connect(
            f"http://127.0.0.1:{self._port}",
            headers=self._headers,
            socketio_path="/api/socket",
            transports=["websocket"],
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.disconnect()

    async def next_ticket(self) -> float:
        """When it was there."""
        return await asyncio.wait_for(self._arrived.get(), 30)

    async def _note(self, told: dict[str, Any]) -> None:
        await self._arrived.put(time.perf_counter())


async def latencies(here: Installation, headers: dict[str, str], count: int) -> list[float]:
    """Milliseconds of each of so many mails, sent one after the other, sorted."""
    found = []
    async with Screen(here, headers) as screen:
        for number in range(count):
            accepted = await asyncio.to_thread(_send, here.smtp_port, number)
            found.append(1000 * max(0.0, await screen.next_ticket() - accepted))
    return sorted(found)


def _send(port: int, number: int) -> float:
    """When the server said that it has the mail."""
    mail = EmailMessage()
    mail["From"] = f"Customer {number} <customer{number}@mail.test>"
    mail["To"] = "support@acme.test"
    mail["Subject"] = f"Question {number} about my order"
    mail.set_content("Hello,\n\nwhere is my order?\n\nThank you\n")
    with smtplib.SMTP("127.0.0.1", port) as server:
        server.send_message(mail)
        return time.perf_counter()
