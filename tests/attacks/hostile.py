"""A company in which every field that somebody can fill holds something that would run, if anything let it."""

from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from uuid import UUID

import httpx

from parlour import email, people
from parlour.people import NewUser, Role
from tests.builders import Company

CORPUS = (Path(__file__).parents[1] / "email" / "safety" / "xss.txt").read_text().splitlines()
SHORT = (
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "'-alert(1)-'",
    '" autofocus onfocus=alert(1) x="',
    "</title><script>alert(1)</script>",
    "javascript:alert(1)",
    "{{constructor.constructor('alert(1)')()}}",
    "{{7*7}}${7*7}<%= 7*7 %>",
    "</textarea><script>alert(1)</script>",
    "<!--><svg onload=alert(1)>",
)
"""Short enough for every field: each ends another kind of context."""

MARKUP = "".join(CORPUS)


class Hostile:
    """Fills the fields, through the API as a program does, and by mail."""

    def __init__(self, company: Company, alice: httpx.AsyncClient, carol: httpx.AsyncClient) -> None:
        self.company = company
        self._alice = alice
        self._carol = carol
        self._short: Iterator[str] = cycle(SHORT)

    async def fill(self) -> None:
        await self._people()
        await self._settings()
        await self._words()
        for number, payload in enumerate(CORPUS):
            await self._mail(payload, number)
        await self._tickets()

    def _next(self, most: int = 60) -> str:
        return next(self._short)[:most]

    async def _post(self, path: str, body: dict[str, object], *, method: str = "POST") -> httpx.Response:
        answer = await self._alice.request(method, path, json=body)
        assert answer.status_code in (200, 201, 422), f"{path}: {answer.status_code} {answer.text}"
        return answer

    async def _people(self) -> None:
        for payload in SHORT:
            await self._post("/api/departments", {"name": payload, "description": payload})
            await self._post("/api/tags", {"name": payload})
        async with self.company.database.transaction(self.company.organization_id) as tx:
            for number, payload in enumerate(SHORT):
                role = Role.AGENT if number % 2 else Role.CUSTOMER
                await people.add_user(tx, NewUser(payload, f"h{number}@acme.test", role))
        for actor in (self.company.bob, self.company.carol):
            await self._post(f"/api/users/{actor.user_id}", {"name": self._next()}, method="PUT")

    async def _settings(self) -> None:
        await self._post("/api/organization", {"name": SHORT[0]}, method="PUT")
        for payload in SHORT:
            await self._post("/api/tokens", {"name": payload})
        mailbox = {"address": f"support@{self.company.slug}.test", "name": SHORT[1]}
        await self._post("/api/email/mailboxes", mailbox)

    async def _words(self) -> None:
        text = {"text": " ".join(SHORT), "html": MARKUP[:20_000]}
        await self._post("/api/signatures", {"texts": {"en": text}})
        await self._post(
            "/api/automatic-mails", {"kind": "ACKNOWLEDGEMENT", "texts": {"en": {**text, "subject": SHORT[0]}}}
        )
        for payload in SHORT:
            await self._post("/api/templates", {"name": payload, "texts": {"en": f"{payload} {{{{customer.name}}}}"}})

    async def _mail(self, payload: str, number: int) -> None:
        async with self.company.database.reading(self.company.organization_id) as tx:
            [mailbox] = await email.mailboxes(tx)
        short = payload.encode("ascii", "replace").decode()[:150].replace("\r", "").replace("\n", "")
        quoted = short.replace("\\", "\\\\").replace('"', '\\"')
        sender = f"m{number}@customer.test"
        lines = (
            f'From: "{quoted}" <{sender}>',
            f"To: {mailbox.address}",
            f"Subject: {short}",
            f"Message-ID: <{number}.{self.company.slug}@customer.test>",
            "MIME-Version: 1.0",
            'Content-Type: multipart/mixed; boundary="edge"',
            "",
            "--edge",
            "Content-Type: text/html; charset=utf-8",
            "",
            f"<p>Hello</p>{payload}",
            "--edge",
            f'Content-Type: text/html; name="{quoted}"',
            f'Content-Disposition: attachment; filename="{quoted}.html"',
            "",
            payload,
            "--edge--",
            "",
        )
        raw = "\r\n".join(lines).encode()
        delivery = email.Delivery(mailbox.id, sender, [mailbox.address], raw)
        entry_id = await email.receive(self.company.installation, self.company.organization_id, delivery)
        await email.take_in(self.company.installation, self.company.organization_id, entry_id=entry_id)

    async def _tickets(self) -> None:
        for payload in SHORT:
            body = {"subject": payload, "body": "\n".join([payload, *CORPUS])[:8_000], "tags": []}
            mine = await self._carol.post("/api/tickets", json=body)
            assert mine.status_code == 201, mine.text
            file = await self._alice.post("/api/attachments", files={"file": (payload, payload.encode(), "text/html")})
            assert file.status_code == 201, file.text
            reply = {"body": payload, "attachmentIds": [file.json()["id"]]}
            answer = await self._alice.post(f"/api/tickets/{mine.json()['id']}/reply", json=reply)
            assert answer.status_code == 201, answer.text
        self.ticket_id = UUID(mine.json()["id"])
