"""Signing in through other identity providers: whom they vouch for, and for whom they may."""

from parlour.access.providers.attempts import SECONDS as ATTEMPT_SECONDS
from parlour.access.providers.attempts import is_under_way as is_awaited
from parlour.access.providers.checking import NotRight, check_provider
from parlour.access.providers.claiming import (
    ClaimedDomain,
    DomainClaimed,
    TooManyDomains,
    claim_domain,
    claimed_domains,
    find_claimed_domain,
    release_domain,
)
from parlour.access.providers.coming_back import Arrival, arrival
from parlour.access.providers.going import Brought, address_of, return_address
from parlour.access.providers.groups import GroupRule, rules_of, set_rules
from parlour.access.providers.keeping import (
    Draft,
    Provider,
    ProviderKnown,
    TooManyProviders,
    active_providers,
    add_provider,
    change_provider,
    find_provider,
    our_name,
    providers,
    remove_provider,
)
from parlour.access.providers.kinds import Kind
from parlour.access.providers.leaving.there import WayOut, has_left, left_address, way_out
from parlour.access.providers.leaving.there import offer as offer_to_leave
from parlour.access.providers.leaving.told import told_to_end
from parlour.access.providers.offering import Offer, offers_for, offers_of
from parlour.access.providers.recognising import connected, disconnect
from parlour.access.providers.requiring import NobodyVouches, OnlyProviders, only_providers, set_only_providers
from parlour.access.providers.saml.connections import Connection, connection_of
from parlour.access.providers.saml.importing import fetched_metadata
from parlour.access.providers.saml.keys import (
    OLD_ONES_COUNT_FOR as OLD_KEYS_COUNT_FOR,
)
from parlour.access.providers.saml.keys import (
    OurKey,
    TooManyKeys,
    new_pair,
    our_keys,
    show_key,
    shown_certificate,
)
from parlour.access.providers.saml.metadata import ours as our_metadata
from parlour.access.providers.saml.returning import consumer as saml_consumer
from parlour.access.providers.saml.returning import hold as hold_saml_answer
from parlour.access.providers.shown import NotVouchedFor
from parlour.access.providers.unasked import Asked, ask_whether, hold_unasked
from parlour.access.providers.watching import (
    ClaimedDomainLost,
    ClaimedDomainMissing,
    NoAnswer,
    check_claimed_domain,
    check_due_claims,
)
from parlour.foundation.name_servers import NobodyToAsk

__all__ = [
    "ATTEMPT_SECONDS",
    "OLD_KEYS_COUNT_FOR",
    "Arrival",
    "Asked",
    "Brought",
    "ClaimedDomain",
    "ClaimedDomainLost",
    "ClaimedDomainMissing",
    "Connection",
    "DomainClaimed",
    "Draft",
    "GroupRule",
    "Kind",
    "NoAnswer",
    "NobodyToAsk",
    "NobodyVouches",
    "NotRight",
    "NotVouchedFor",
    "Offer",
    "OnlyProviders",
    "OurKey",
    "Provider",
    "ProviderKnown",
    "TooManyDomains",
    "TooManyKeys",
    "TooManyProviders",
    "WayOut",
    "active_providers",
    "add_provider",
    "address_of",
    "arrival",
    "ask_whether",
    "change_provider",
    "check_claimed_domain",
    "check_due_claims",
    "check_provider",
    "claim_domain",
    "claimed_domains",
    "connected",
    "connection_of",
    "disconnect",
    "fetched_metadata",
    "find_claimed_domain",
    "find_provider",
    "has_left",
    "hold_saml_answer",
    "hold_unasked",
    "is_awaited",
    "left_address",
    "new_pair",
    "offer_to_leave",
    "offers_for",
    "offers_of",
    "only_providers",
    "our_keys",
    "our_metadata",
    "our_name",
    "providers",
    "release_domain",
    "remove_provider",
    "return_address",
    "rules_of",
    "saml_consumer",
    "set_only_providers",
    "set_rules",
    "show_key",
    "shown_certificate",
    "told_to_end",
    "way_out",
]
