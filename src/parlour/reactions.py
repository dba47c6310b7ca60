"""What follows from what: a fact, and the jobs that must run once it is committed. The page to read first."""

from typing import Final

from parlour import access, email, notifications, tickets
from parlour.access import programs, providers
from parlour.email import domains, sources
from parlour.foundation.jobs import Reactions
from parlour.people import portal_hosts

REACTIONS: Final[Reactions] = {
    tickets.TicketOpened: [notifications.notify_assignee, email.acknowledge],
    tickets.AgentReplied: [email.send_reply],
    email.ReplyBounced: [notifications.notify_assignee],
    sources.MailboxFailing: [notifications.notify_administrators],
    sources.MailboxRecovered: [notifications.notify_administrators],
    domains.SendingDomainVerified: [notifications.notify_of_domain],
    domains.SendingDomainLost: [notifications.notify_of_domain],
    portal_hosts.PortalHostVerified: [notifications.notify_of_own_domain],
    portal_hosts.PortalHostMissing: [notifications.notify_of_own_domain],
    portal_hosts.PortalHostLost: [notifications.notify_of_own_domain],
    providers.ClaimedDomainMissing: [notifications.notify_of_own_domain],
    providers.ClaimedDomainLost: [notifications.notify_of_own_domain],
    access.PasskeyAdded: [email.tell_of_passkey],
    access.PasskeyRemoved: [email.tell_of_passkey],
    programs.TokenEndsSoon: [notifications.notify_of_token, email.tell_of_ending_token],
    email.ReplyNotSent: [notifications.notify_assignee],
    email.ReplyCancelled: [notifications.notify_assignee],
    tickets.CustomerReplied: [notifications.notify_assignee, email.cancel_answered_replies],
    tickets.TicketAssigned: [notifications.notify_assignee],
}
