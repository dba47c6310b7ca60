"""Sending domains: which of its keys are in the DNS, since when its mails are signed, and who hears when that ends."""

from alembic import op

revision = "0013"
down_revision = "0012"

DOMAINS = """
    alter table sending_domains
        drop column selector,
        drop column sealed_rsa,
        drop column sealed_ed25519,
        drop column public_rsa,
        drop column public_ed25519,
        drop column found,
        drop column rsa_verified_at,
        drop column ed25519_verified_at,
        add column next_check_at timestamptz not null,
        -- Since when one of its keys is in the DNS: only then its mails are signed.
        add column verified_at timestamptz,
        -- Since when that has ended.
        add column lost_at timestamptz,
        -- What the last look found, a record each.
        add column findings jsonb not null default '{}';
    create index sending_domains_due on sending_domains (next_check_at);

    create table signing_keys (
        organization_id uuid not null,
        id uuid not null,
        domain_id uuid not null,
        algorithm text not null check (algorithm in ('RSA', 'ED25519')),
        number integer not null check (number > 0),
        selector text not null check (selector ~ '^[a-z0-9]{1,63}$'),
        -- Encrypted: see foundation/sealing.py. Forgotten once nothing signed with it can be on its way any more.
        sealed bytea,
        public text not null,
        created_at timestamptz not null,
        -- While its record is in the DNS: since when, last seen, and since when it was not there.
        published_at timestamptz,
        seen_at timestamptz,
        missing_since timestamptz,
        -- From then on a newer one signs.
        retired_at timestamptz,
        used_at timestamptz,
        primary key (organization_id, id),
        unique (organization_id, domain_id, selector),
        foreign key (organization_id, domain_id) references sending_domains on delete cascade
    );
    call raise_wall('signing_keys');
"""

NOTIFICATIONS = """
    alter table notifications
        add column sending_domain_id uuid,
        add foreign key (organization_id, sending_domain_id) references sending_domains on delete cascade,
        drop constraint notifications_check,
        add constraint notifications_are_about_something
            check (ticket_id is not null or mailbox_id is not null or sending_domain_id is not null);
"""

DOORWAYS = """
    grant select (next_check_at) on sending_domains to parlour_doorkeeper;

    create or replace function doorway_organizations_with_domains_to_check(before timestamptz) returns setof uuid
    language sql stable security definer set search_path = public, pg_temp as
        'select distinct organization_id from sending_domains where next_check_at <= before';
"""


def upgrade() -> None:
    """Forward only."""
    for part in (DOMAINS, NOTIFICATIONS, DOORWAYS):
        op.execute(part)
