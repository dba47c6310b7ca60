"""Everything about a mail that decides what becomes of it, asked before the transaction that admits it."""

import asyncio
import importlib
from types import ModuleType
from typing import Final
from uuid import UUID

import msgspec
import structlog

from parlour.email.ledger import Entry
from parlour.email.reading import Mail
from parlour.email.reading.headers import Headers
from parlour.email.safety.automatic import is_from_nobody, signs_of
from parlour.email.safety.bounces import bounce_in
from parlour.email.safety.files import Screened, screened
from parlour.email.safety.loops import TEN_MINUTES, Limit, Passage, limit_of, too_many_from
from parlour.email.safety.rules import MailRules, Surroundings, mail_rules, surroundings
from parlour.email.safety.scanners import spam_asked, spam_told
from parlour.email.safety.testimony import testimony
from parlour.email.safety.verdicts import NEUTRAL, Action, Authentication, Automatic, Spam, Verdict
from parlour.email.understanding import Understood
from parlour.foundation.errors import Unavailable
from parlour.foundation.installation import Installation

log = structlog.get_logger()

_SECONDS: Final = 20.0
_UNFINISHED: Final = "Parlour itself: looking at this mail failed, or took too long."
_RECEIPT: Final = "disposition-notification"


class _Case(msgspec.Struct, frozen=True):
    """One mail before the judge."""

    installation: Installation
    organization_id: UUID
    entry: Entry
    raw: bytes
    mail: Mail
    fields: Headers

    @property
    def sender(self) -> str:
        return self.mail.sender.email if self.mail.sender else ""

    @property
    def sender_domain(self) -> str | None:
        """The one domain that the mail says it is from; a mail with two senders has none that could be proved."""
        named = self.fields.addresses("from")
        is_one = len(self.fields.all("from")) == 1 and len(named) == 1
        return named[0].email.rpartition("@")[2] if is_one else None


async def judge(
    installation: Installation, organization_id: UUID, entry: Entry, raw: bytes, understood: Understood
) -> Verdict:
    """Whoever can't be asked in time says nothing: then the mail is admitted. Raises `Unavailable` only."""
    case = _Case(installation, organization_id, entry, raw, understood.mail, understood.mail.fields)
    verdict = NEUTRAL
    try:
        async with asyncio.timeout(_SECONDS):
            verdict = await _author(case)
            return await _judged(case, verdict)
    except Unavailable:
        raise
    # A stranger's bytes must not stop their own intake: what was known by then counts.
    except Exception as failure:
        log.error("mail not judged to the end", entry_id=str(entry.id), exc_info=failure)
        files = understood.mail.attachments
        return msgspec.structs.replace(verdict, warnings=(None,) * len(files), unchecked=_UNFINISHED)


async def _author(case: _Case) -> Verdict:
    """What kind of program wrote it, if any."""
    signs = signs_of(case.fields, case.entry.envelope_sender)
    content_type, parameters = case.fields.parameters("content-type")
    automatic, bounce = signs.automatic, None
    is_report = content_type == "multipart/report"
    if is_report or automatic is Automatic.BOUNCE or is_from_nobody(case.fields, case.entry.envelope_sender):
        bounce = await asyncio.to_thread(bounce_in, case.raw, case.mail.text, case.entry.envelope_sender)
        automatic = Automatic.BOUNCE if bounce else Automatic.NOTICE if automatic is Automatic.BOUNCE else automatic
    verdict = Verdict(automatic=automatic, bounce=bounce, answerable=signs.answerable and not is_report)
    if is_report and parameters.get("report-type", "").lower() == _RECEIPT:
        receipt = "A receipt: the mail was opened."
        return msgspec.structs.replace(
            verdict, automatic=Automatic.NOTICE, action=Action.RECORD, reason=receipt, bounce=None
        )
    return verdict


async def _judged(case: _Case, verdict: Verdict) -> Verdict:
    async with case.installation.database.reading(case.organization_id) as tx:
        rules = await mail_rules(tx)
        around = await surroundings(tx, case.entry.mailbox_id, case.sender, case.mail.message_id)
    settings = case.installation.settings
    authentication, spam, files = await asyncio.gather(
        _authentication(case, around),
        _spam(case, around),
        screened(case.mail.attachments, rules, settings),
    )
    verdict = msgspec.structs.replace(
        verdict,
        authentication=authentication,
        spam=spam,
        warnings=files.warnings,
        dropped=files.dropped,
        left_out=files.left_out,
        unchecked=_unchecked(spam, files),
    )
    if case.entry.released or verdict.action is not Action.ADMIT:
        return verdict
    found = _held_back(verdict, rules, around, files) or await _in_a_loop(case, rules, around)
    return msgspec.structs.replace(verdict, action=found[0], reason=found[1]) if found else verdict


def _held_back(verdict: Verdict, rules: MailRules, around: Surroundings, files: Screened) -> tuple[Action, str] | None:
    if files.virus:
        return Action.QUARANTINE, f"A virus was found in {files.virus}."
    if verdict.bounce:
        return None
    authentication, spam = verdict.authentication, verdict.spam
    if rules.quarantines_forgeries and authentication.failed and authentication.policy in ("quarantine", "reject"):
        return Action.QUARANTINE, "The sender's domain says that this mail is not from there (DMARC)."
    if rules.quarantines_spam and spam and _is_spam(spam, rules) and not around.is_trusted_sender:
        limit = spam.limit if rules.spam_threshold is None else rules.spam_threshold
        score = f" {spam.score:g} of {limit:g}" if spam.score is not None and limit is not None else ""
        return Action.QUARANTINE, f"It looks like spam ({spam.source}{score})."
    return None


def _unchecked(spam: Spam | None, files: Screened) -> str | None:
    by_filter = f"{spam.source}: {spam.note}." if spam and spam.note else None
    by_scanner = f"ClamAV: {files.unchecked}." if files.unchecked else None
    return " ".join(filter(None, (by_filter, by_scanner))) or None


def _is_spam(spam: Spam, rules: MailRules) -> bool:
    # A filter that gives no score has the only word.
    if rules.spam_threshold is None or spam.score is None:
        return spam.is_spam
    return spam.score >= rules.spam_threshold


async def _in_a_loop(case: _Case, rules: MailRules, around: Surroundings) -> tuple[Action, str] | None:
    if around.is_own:
        return Action.RECORD, "This is one of our own mails, come back."
    limit = limit_of(case.installation.settings.mail_sender_limit)
    if rules.sender_limit is not None:
        limit = Limit(rules.sender_limit, TEN_MINUTES)
    if limit is None or not case.sender:
        return None
    passage = Passage(case.organization_id, case.entry.id, case.sender, case.mail.date)
    reason = await too_many_from(case.installation.cache, passage, limit)
    return (Action.RECORD, reason) if reason else None


async def _authentication(case: _Case, around: Surroundings) -> Authentication:
    told = testimony(case.fields, around.trusted_authserv_id, case.sender_domain)
    if told:
        return told
    if not (case.entry.client_address or case.fields.raw("dkim-signature")):
        return Authentication()
    # What it stands on is large, and the web process never judges.
    checking: ModuleType = importlib.import_module("parlour.email.safety.checking")
    evidence = checking.Evidence(
        case.entry.client_address, case.entry.client_name, case.entry.envelope_sender, case.sender_domain
    )
    found: Authentication = await checking.authenticate(case.raw, evidence, case.installation.settings.mail_dns)
    return found


async def _spam(case: _Case, around: Surroundings) -> Spam | None:
    told = spam_told(case.fields) if around.trusted_authserv_id else None
    return told or await spam_asked(case.installation.settings, case.entry, case.raw)
