"""Signing in through other identity providers: who vouches, for whom, and for which domains they may."""

from alembic import op

revision = "0024"
down_revision = "0023"

TABLES = """
    set local lock_timeout = '5s';

    create table identity_providers (
        organization_id uuid not null references organizations on delete cascade,
        id uuid not null,
        kind text not null check (kind in ('GOOGLE', 'MICROSOFT', 'GITHUB', 'OPENID')),
        name text not null check (length(name) between 1 and 80),
        issuer text not null check (length(issuer) between 1 and 500),
        client_id text not null check (length(client_id) between 1 and 500),
        -- The client secret: see foundation/sealing.py.
        sealed bytea,
        -- Null: only people who are here already come in.
        newcomers_are text check (newcomers_are in ('MANAGER', 'AGENT', 'CUSTOMER')),
        groups_claim text not null check (length(groups_claim) between 1 and 200),
        counts_as_second_factor boolean not null,
        is_active boolean not null,
        created_at timestamptz not null,
        primary key (organization_id, id),
        unique (organization_id, issuer, client_id)
    );

    -- Whom a provider has vouched for. From the first time on only the subject counts, never an address again.
    create table provider_subjects (
        organization_id uuid not null,
        provider_id uuid not null,
        subject text not null check (length(subject) between 1 and 255),
        user_id uuid not null,
        created_at timestamptz not null,
        used_at timestamptz not null,
        primary key (organization_id, provider_id, subject),
        foreign key (organization_id, provider_id) references identity_providers on delete cascade,
        foreign key (organization_id, user_id) references users on delete cascade
    );
    create index provider_subjects_by_user on provider_subjects (organization_id, user_id);

    -- What being in one of the provider's groups makes of somebody.
    create table provider_groups (
        organization_id uuid not null,
        id uuid not null,
        provider_id uuid not null,
        name text not null check (length(name) between 1 and 200),
        role text check (role in ('ADMIN', 'MANAGER', 'AGENT', 'CUSTOMER')),
        department_id uuid,
        primary key (organization_id, id),
        foreign key (organization_id, provider_id) references identity_providers on delete cascade,
        foreign key (organization_id, department_id) references departments on delete cascade,
        check (role is not null or department_id is not null)
    );
    create index provider_groups_by_provider on provider_groups (organization_id, provider_id);

    -- Domains whose addresses a provider may vouch for, once the DNS shows that they are the organization's.
    create table claimed_domains (
        organization_id uuid not null references organizations on delete cascade,
        id uuid not null,
        domain text not null check (length(domain) between 4 and 200),
        -- What the record must say. No secret: it is public once it is there.
        token text not null,
        created_at timestamptz not null,
        checked_at timestamptz,
        verified_at timestamptz,
        primary key (organization_id, id),
        unique (organization_id, domain)
    );
    create index claimed_domains_by_name on claimed_domains (domain) where verified_at is not null;

    call raise_wall('identity_providers');
    call raise_wall('provider_subjects');
    call raise_wall('provider_groups');
    call raise_wall('claimed_domains');
"""

DOORWAYS = """
    create policy doorkeeper on claimed_domains for select to parlour_doorkeeper using (true);
    grant select (organization_id, domain, verified_at) on claimed_domains to parlour_doorkeeper;

    create function doorway_organizations_by_claimed_domain(asked text) returns setof uuid
    language sql stable security definer set search_path = public, pg_temp as
        'select organization_id from claimed_domains where domain = asked and verified_at is not null limit 20';
    call open_doorway('doorway_organizations_by_claimed_domain(text)');
"""


def upgrade() -> None:
    """Forward only."""
    for part in (TABLES, DOORWAYS):
        op.execute(part)
