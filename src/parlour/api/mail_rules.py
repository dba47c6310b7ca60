"""How an organization treats mail: what it lets in, what waits, what is a loop, when an answer opens a follow-up."""

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from parlour import tickets
from parlour.api import shapes
from parlour.api.conventions import Body
from parlour.api.operations import operation
from parlour.email import safety
from parlour.entrance import Request
from parlour.foundation.database import Transaction
from parlour.people import Permission

Bytes = Annotated[int, Meta(ge=0, le=1024 * 1024 * 1024, description="In bytes.")]
Endings = Annotated[list[Annotated[str, Meta(max_length=20)]], Meta(max_length=200, examples=[["exe", "js"]])]
Score = Annotated[float, Meta(ge=0, le=1000, description="From it on a mail is spam; null: as the filter decides.")]
Mails = Annotated[int, Meta(ge=1, le=100_000, description="Within ten minutes; null: as the installation is set.")]
Days = Annotated[int, Meta(ge=0, le=3650, description="Since closing; null: an answer always reopens.")]


class MailRules(shapes.Shape, frozen=True):
    """How mail is treated. What is over a limit is kept in the ledger and left out of the ticket."""

    acknowledges: bool
    quarantines_spam: bool
    quarantines_forgeries: bool
    attachment_limit: int
    attachments_limit: int
    refused_endings: list[str]
    spam_threshold: float | None
    sender_limit: int | None
    follow_up_days: int | None


class MailRuleChanges(Body, frozen=True, kw_only=True):
    """What to change; what is left out stays."""

    acknowledges: bool | UnsetType = UNSET
    quarantines_spam: bool | UnsetType = UNSET
    quarantines_forgeries: bool | UnsetType = UNSET
    attachment_limit: Bytes | UnsetType = UNSET
    attachments_limit: Bytes | UnsetType = UNSET
    refused_endings: Endings | UnsetType = UNSET
    spam_threshold: Score | None | UnsetType = UNSET
    sender_limit: Mails | None | UnsetType = UNSET
    follow_up_days: Days | None | UnsetType = UNSET


@operation("GET /email/rules", Permission.MANAGE_MAIL)
async def read_mail_rules(request: Request) -> MailRules:
    """Read how mail is treated"""
    async with request.reading() as tx:
        return await _rules(tx)


@operation("PUT /email/rules", Permission.MANAGE_MAIL, example={"quarantinesSpam": True, "spamThreshold": 7.5})
async def change_mail_rules(request: Request, body: MailRuleChanges) -> MailRules:
    """Change how mail is treated"""
    given: dict[str, Any] = {name: value for name, value in msgspec.structs.asdict(body).items() if value is not UNSET}
    async with request.transaction() as tx:
        if "follow_up_days" in given:
            await tickets.set_follow_up_days(tx, given.pop("follow_up_days"))
        if given:
            await safety.change_mail_rules(tx, msgspec.structs.replace(await safety.mail_rules(tx), **given))
        return await _rules(tx)


async def _rules(tx: Transaction) -> MailRules:
    rules = msgspec.structs.asdict(await safety.mail_rules(tx))
    return MailRules(**rules, follow_up_days=await tickets.follow_up_days(tx))
