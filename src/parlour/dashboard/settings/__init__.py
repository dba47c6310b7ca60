"""Settings: one's own, and, by permission, the organization's."""

from parlour.dashboard.settings import (
    departments,
    ledger,
    mailboxes,
    members,
    organization,
    profile,
    quarantine,
    tags,
    tokens,
)

ROUTES = [
    profile.show,
    members.show,
    members.add,
    members.change,
    departments.show,
    departments.add,
    departments.change,
    departments.remove,
    tags.show,
    tags.add,
    tags.change,
    tags.remove,
    tokens.show,
    tokens.make,
    tokens.revoke,
    organization.show,
    organization.change,
    mailboxes.show,
    mailboxes.new,
    mailboxes.add,
    mailboxes.one,
    mailboxes.change,
    mailboxes.test,
    mailboxes.switch,
    mailboxes.remove,
    ledger.show,
    ledger.retry,
    ledger.ticket,
    ledger.raw,
    quarantine.show,
    quarantine.decide,
]

__all__ = ["ROUTES"]
