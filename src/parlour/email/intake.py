"""A mail of the ledger becomes a ticket, or a comment on one: exactly once, however often its job runs."""

from uuid import UUID

import msgspec

from parlour.email import accounting, ledger, safety
from parlour.email.accounting import MOST_FAILURES, Begun, Conclusion, Outcome
from parlour.email.admitting import Arrival, admit
from parlour.email.ledger import Delivery, Entry
from parlour.email.reading import identity_of
from parlour.email.safety import Action, Automatic
from parlour.email.understanding import understand
from parlour.foundation.database import Transaction
from parlour.foundation.errors import Invalid, Problem
from parlour.foundation.installation import Installation
from parlour.foundation.jobs import TryAgain

_WORDS_OF_CRASHES = "Reading this mail ended the process each time. Its bytes are kept; try it again after an update."
_OUTCOMES = {
    Action.QUARANTINE: Outcome.QUARANTINED,
    Action.REFUSE: Outcome.REFUSED,
    Action.RECORD: Outcome.AUTOMATIC,
}


async def receive(installation: Installation, organization_id: UUID, delivery: Delivery) -> UUID:
    """Take a delivery for one of the organization's mailboxes, durably. Raises `Unavailable` where it can't be."""
    return await ledger.write_down(installation, organization_id, delivery, take_in)


async def note_refused(installation: Installation, organization_id: UUID, delivery: Delivery, words: str) -> UUID:
    """What was refused at the door, in words that its sender has read too: so that whoever misses it finds it."""
    kept = await ledger.keep(installation, organization_id, delivery.raw)
    async with installation.database.transaction(organization_id) as tx:
        await ledger.enter(tx, delivery, kept, take_in)
        await accounting.end_without(tx, kept.id, Outcome.REFUSED, words)
    return kept.id


async def take_in(installation: Installation, organization_id: UUID, *, entry_id: UUID) -> None:
    """Job: read an entry of the ledger and account for it. What fails for good is accounted for as FAILED."""
    async with installation.database.transaction(organization_id) as tx:
        begun = await accounting.begin(tx, entry_id)
        if begun and begun.is_hopeless:
            await accounting.end_without(tx, entry_id, Outcome.FAILED, _WORDS_OF_CRASHES)
            return
    if begun is None:
        return
    try:
        await _take_in(installation, organization_id, begun)
    except TryAgain:
        raise
    except Exception as failure:
        if not await _give_up(installation, organization_id, entry_id, failure):
            raise


async def arrival_of(installation: Installation, organization_id: UUID, entry: Entry) -> tuple[Arrival, bytes]:
    """An entry, understood and judged; and its bytes. Asks the outside world, so never inside a transaction."""
    raw = await installation.blobs.get(entry.blob_key)
    understood = await understand(raw, entry.envelope_sender)
    verdict = await safety.judge(installation, organization_id, entry, raw, understood)
    # A list may be a group that stands before the support address: what people write there is theirs.
    is_automatic = verdict.automatic not in (None, Automatic.LIST)
    mail = msgspec.structs.replace(understood.mail, automatic=is_automatic)
    return Arrival(entry, msgspec.structs.replace(understood, mail=mail), verdict), raw


async def _take_in(installation: Installation, organization_id: UUID, begun: Begun) -> None:
    arrival, raw = await arrival_of(installation, organization_id, begun.entry)
    entry, mail = arrival.entry, arrival.understood.mail
    try:
        async with installation.database.transaction(organization_id) as tx:
            is_ours = await accounting.claim(tx, entry.id, identity_of(raw, mail), mail.message_id)
            # First what can be said of any mail: once a ticket has its number, others wait for the commit.
            await _keep_findings(tx, arrival)
            if is_ours:
                await accounting.conclude(tx, entry.id, await _decide(tx, installation, arrival))
    except Problem as refusal:
        if refusal.status >= 500:
            raise
        async with installation.database.transaction(organization_id) as tx:
            await accounting.end_without(tx, entry.id, Outcome.REFUSED, _in_words(refusal))
            await _keep_findings(tx, arrival)


async def _decide(tx: Transaction, installation: Installation, arrival: Arrival) -> Conclusion:
    verdict = arrival.verdict
    if verdict.action in _OUTCOMES:
        return Conclusion(_OUTCOMES[verdict.action], verdict.reason or "It was held back.")
    return await admit(tx, installation, arrival)


async def _keep_findings(tx: Transaction, arrival: Arrival) -> None:
    await safety.keep_verdict(tx, arrival.entry.id, arrival.understood.mail, arrival.verdict)
    await accounting.keep_correspondence(tx, arrival.entry.id, arrival.understood)


async def _give_up(installation: Installation, organization_id: UUID, entry_id: UUID, failure: Exception) -> bool:
    """Count a failure; whether it was the last that is borne. What can't be counted now fails again later."""
    words = f"{type(failure).__name__}: {failure}"
    async with installation.database.transaction(organization_id) as tx:
        failures = await accounting.count_failure(tx, entry_id, words)
        if failures < MOST_FAILURES:
            return False
        reason = f"It could not be read, {failures} times over. The last time: {words}"
        return await accounting.end_without(tx, entry_id, Outcome.FAILED, reason)


def _in_words(refusal: Problem) -> str:
    if isinstance(refusal, Invalid) and refusal.details:
        return " ".join(str(sentence) for sentence in refusal.details.values())
    return refusal.message
