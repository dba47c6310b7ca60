"""From the mail server's "250" to the event on an agent's screen."""

import asyncio
import smtplib
import time
from email.message import EmailMessage
from typing import Any

import socketio

from benchmarks.installation import Installation


async def latencies(here: Installation, headers: dict[str, str], count: int) -> list[float]:
    """Milliseconds of each of so many mails, sent one after the other, sorted."""
    arrived: asyncio.Queue[float] = asyncio.Queue()
    screen = socketio.AsyncClient()

    @screen.on("ticket:created")
    async def _(told: dict[str, Any]) -> None:
        await arrived.put(time.perf_counter())

    await screen.connect(
        f"http://127.0.0.1:{here.port}", headers=headers, socketio_path="/api/socket", transports=["websocket"]
    )
    found = []
    for number in range(count):
        accepted = await asyncio.to_thread(_send, here.smtp_port, number)
        seen = await asyncio.wait_for(arrived.get(), 30)
        found.append(1000 * max(0.0, seen - accepted))
    await screen.disconnect()
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
