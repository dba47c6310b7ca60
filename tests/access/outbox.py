"""The mails of our own, as they would have left: what tests of links read."""

import re
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import msgspec

from parlour import email
from tests.builders import Company


class Notice(msgspec.Struct, frozen=True):
    """A mail, and the address its link leads to."""

    kind: str
    to: str
    subject: str
    text: str
    raw: str

    @property
    def url(self) -> str:
        found = re.search(r"https?://\S+", self.text)
        assert found, self.text
        return found[0]

    @property
    def path(self) -> str:
        return self.url[self.url.index("/", 8) :]

    @property
    def token(self) -> str:
        return parse_qs(urlsplit(self.url).query)["token"][0]


class _Waiting(msgspec.Struct, frozen=True):
    id: UUID
    kind: str


AS_THE_WORKER = "set local application_name = 'parlour worker'"
"""Jobs are seen by their organization, or by who has this name."""


async def run_links(company: Company, address: str = "", times: int = 1) -> int:
    """Runs the jobs that look for an address: this company's, or, with one, those that name it. How many there were."""
    async with company.database.transaction(company.organization_id) as tx:
        await tx.run(AS_THE_WORKER)
        found = await tx.values(
            """
            delete from procrastinate_jobs
            where task_name = 'email.send_link' and %(wanted)s in (args ->> 'organization_id', args ->> 'email')
            returning args
            """,
            wanted=address or str(company.organization_id),
        )
    for arguments in found * times:
        await email.send_link(
            company.installation,
            UUID(arguments["organization_id"]),
            link_id=UUID(arguments["link_id"]),
            email=arguments["email"],
            purpose=arguments["purpose"],
            everywhere=arguments["everywhere"],
        )
    return len(found)


async def letters(company: Company) -> list[Notice]:
    """Everything this company was to send by now, sent: from old to new."""
    async with company.database.reading(company.organization_id) as tx:
        waiting = await tx.all(_Waiting, "select id, kind from notices order by created_at, id")
    found = []
    for one in waiting:
        await email.send_notice(company.installation, company.organization_id, notice_id=one.id)
        file = email.outbox(company.installation.settings) / f"{one.id}.eml"
        if file.exists():
            raw = file.read_bytes()
            mail = email.parse(raw)
            found.append(Notice(one.kind, mail.to[0].email, mail.subject, mail.text, raw.decode()))
    return found
