"""Mail in bulk: how fast a backlog goes, who notices, and how soon an IMAP server's mail is on a screen."""

import asyncio
import http.client
import json
import os
import signal
import statistics
import subprocess
import time
from collections.abc import Iterator
from contextlib import asynccontextmanager, contextmanager
from email.message import EmailMessage
from functools import partial
from typing import Any, Final
from uuid import UUID

import psycopg

from benchmarks import database
from benchmarks.installation import PARLOUR, ROOT, Installation, free_port
from benchmarks.mail import Screen
from parlour import connections, email
from parlour.email import Delivery
from parlour.email.understanding import understand
from parlour.foundation import installation as installations
from parlour.foundation import settings
from parlour.reactions import REACTIONS
from tests.imap_twin import ImapTwin, imap_twin
from tests.waiting import until

_ADDRESS: Final = "support@acme.test"
_AT_ONCE: Final = 8
_PAUSE: Final = 0.02
_PARAGRAPH: Final = (
    "The machine worked for two years without a fault. Since Tuesday it stops after half a cup, the pump hums, and the"
    " light beside the tank blinks red three times. I have cleaned the sieve and let it run with descaler twice."
)


def measure(here: Installation, backlog: int, noticed: int) -> dict[str, Any]:
    """The figures of mail, by name."""
    token = here.token("bob@acme.test")
    figures: dict[str, Any] = {"reading a mail, ms": _reading()}
    figures["list while idle, ms"] = _listing(here, token, lambda: None, seconds=5)
    for workers in (1, 2):
        with _also_working(here, workers - 1):
            _fill(here, backlog)
            before = here.memory()
            drain = _Drain(here, backlog)
            listed = _listing(here, token, drain.is_over)
            figures[f"{workers} working"] = {
                "mails a second": drain.rate,
                "list meanwhile, ms": listed,
                "memory before, MB": before["worker"],
                "memory after, MB": here.memory()["worker"],
            }
    database.settle(here)
    found = asyncio.run(_noticed(here, token, noticed))
    figures["IDLE to screen, ms"] = {"p50": statistics.median(found), "p95": found[len(found) * 95 // 100]}
    return figures


def typical(number: int, to: str = _ADDRESS) -> bytes:
    """A mail as people send it: text and HTML, an answer above a quotation, some 12 kB."""
    mail = EmailMessage()
    mail["From"] = f"Customer {number} <customer{number}@mail.test>"
    mail["To"] = to
    mail["Subject"] = f"It stops after half a cup ({number})"
    mail["Date"] = "Tue, 03 Mar 2026 10:11:12 +0100"
    mail["Message-ID"] = f"<{number}.{time.time_ns()}@mail.test>"
    mine = [_PARAGRAPH] * 3
    quoted = [_PARAGRAPH] * 8
    text = "\n\n".join(mine) + "\n\nOn Mon, 2 Mar 2026 at 09:00, Shop <shop@acme.test> wrote:\n"
    mail.set_content(text + "".join(f"> {line}\n>\n" for line in quoted))
    markup = "".join(f"<p style='margin:0 0 1em;font-family:Arial'>{line}</p>" for line in mine)
    quotation = "".join(f"<p>{line}</p>" for line in quoted)
    mail.add_alternative(f"<html><body>{markup}<blockquote type='cite'>{quotation}</blockquote></body></html>", "html")
    return mail.as_bytes()


def _reading() -> dict[str, float]:
    async def once(raw: bytes) -> float:
        begun = time.perf_counter()
        await understand(raw, "customer@mail.test")
        return 1000 * (time.perf_counter() - begun)

    async def often() -> list[float]:
        raw = typical(1)
        return sorted([await once(raw) for _ in range(300)][20:])

    took = asyncio.run(often())
    return {"p50": statistics.median(took), "p95": took[len(took) * 95 // 100]}


@contextmanager
def _also_working(here: Installation, more: int) -> Iterator[None]:
    environment = {**os.environ, "PARLOUR_LOG_LEVEL": "warning", "PARLOUR_SMTP_PORT": str(free_port())}
    command = [*PARLOUR, "worker", "--data", str(here.data)]
    with (here.data / "messages").open("ab") as messages:
        others = [
            subprocess.Popen(command, env=environment, stdout=messages, stderr=messages, cwd=ROOT) for _ in range(more)
        ]
    here.guests = [other.pid for other in others]
    try:
        time.sleep(4 if others else 0)
        yield
    finally:
        here.guests = []
        for other in others:
            other.send_signal(signal.SIGTERM)
            other.wait(60)


def _fill(here: Installation, count: int) -> None:
    """So many mails in the ledger, as the listener leaves them, while nobody works."""
    database.settle(here)
    for pid in here.workers():
        os.kill(pid, signal.SIGSTOP)
    asyncio.run(_write_down(here, count))


async def _write_down(here: Installation, count: int) -> None:
    known = settings.load(data=str(here.data))
    async with installations.running(installations.build(known, REACTIONS)) as installation:
        place = await installation.database.doorways.mailbox_by_address(_ADDRESS)
        assert place
        turn = asyncio.Semaphore(_AT_ONCE)

        async def one(number: int) -> None:
            async with turn:
                await email.receive(
                    installation,
                    place.organization_id,
                    Delivery(place.id, f"customer{number}@mail.test", [_ADDRESS], typical(number)),
                )

        await asyncio.gather(*(one(number) for number in range(count)))


class _Drain:
    """The workers let go, and how many of the backlog they have accounted for."""

    def __init__(self, here: Installation, backlog: int) -> None:
        self._url = connections.Servers(**here.servers).url(here.data, "postgres")  # type: ignore[arg-type]
        self._backlog = backlog
        self.rate = 0.0
        self._begun = time.monotonic()
        for pid in here.workers():
            os.kill(pid, signal.SIGCONT)

    def is_over(self) -> bool:
        with psycopg.connect(self._url, autocommit=True) as connection:
            row = connection.execute("select count(*) from inbound_messages where processed_at is null").fetchone()
        if row != (0,):
            return False
        self.rate = self._backlog / (time.monotonic() - self._begun)
        return True


def _listing(here: Installation, token: dict[str, str], is_over: Any, seconds: float = 600) -> dict[str, float]:
    """One request after the other with a breath between, as a few agents make, until it is over."""
    connection = http.client.HTTPConnection("127.0.0.1", here.port, timeout=60)
    took: list[float] = []
    looked, deadline = time.monotonic(), time.monotonic() + seconds
    while time.monotonic() < deadline:
        begun = time.perf_counter()
        connection.request("GET", "/api/tickets?status=OPEN&limit=25", headers=token)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200, answer.status
        took.append(1000 * (time.perf_counter() - begun))
        time.sleep(_PAUSE)
        if time.monotonic() - looked > 1:
            looked = time.monotonic()
            if is_over():
                break
    took.sort()
    return {"p50": statistics.median(took), "p99": took[len(took) * 99 // 100]}


async def _noticed(here: Installation, token: dict[str, str], count: int) -> list[float]:
    """Milliseconds from an IMAP server's notice to the event on a screen, of each of so many mails, sorted."""
    async with imap_twin() as twin, _fetched_from(here, twin) as address, Screen(here, token) as screen:
        found = []
        for number in range(count):
            begun = time.perf_counter()
            await twin.deliver(typical(number, address))
            found.append(1000 * (await screen.next_ticket() - begun))
    return sorted(found)


@asynccontextmanager
async def _fetched_from(here: Installation, twin: ImapTwin) -> Any:
    address = f"imap-{time.time_ns()}@acme.test"
    headers = {**here.token("alice@acme.test"), "Content-Type": "application/json"}
    mailbox = {
        "address": address,
        "kind": "IMAP",
        "imap": {"host": "127.0.0.1", "port": twin.port, "security": "NONE", "username": "imap"},
        "secrets": {"imapPassword": twin.password},
    }
    made = json.loads(await asyncio.to_thread(here.ask, "POST", "/api/email/mailboxes", headers, _bytes(mailbox)))
    await until(partial(_is_waiting, twin), within=60)
    try:
        yield address
    finally:
        await asyncio.to_thread(here.ask, "DELETE", f"/api/email/mailboxes/{UUID(made['id'])}", headers)


async def _is_waiting(twin: ImapTwin) -> bool:
    return twin.said("IDLE") > 0


def _bytes(value: object) -> bytes:
    return json.dumps(value).encode()
