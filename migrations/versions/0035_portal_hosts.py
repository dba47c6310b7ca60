"""A portal's own name, shown by the DNS; claimed domains are looked for by the clock as well."""

from alembic import op

revision = "0035"
down_revision = "0034"

TABLES = """
    set local lock_timeout = '5s';

    -- The name that an organization wants for its portal. Once the DNS shows it, it is organizations.host, which only
    -- one organization can have.
    create table portal_hosts (
        organization_id uuid primary key references organizations on delete cascade,
        host text not null check (host = lower(host) and length(host) between 4 and 200),
        -- What the record must say. No secret: it is public once it is there.
        token text not null,
        created_at timestamptz not null,
        checked_at timestamptz,
        next_check_at timestamptz not null,
        verified_at timestamptz,
        missing_since timestamptz,
        lost_at timestamptz,
        proof text not null default 'UNCHECKED',
        pointing text not null default 'UNCHECKED',
        -- It was shown, and another organization has it.
        is_taken boolean not null default false
    );
    create index portal_hosts_due on portal_hosts (next_check_at);
    call raise_wall('portal_hosts');

    alter table claimed_domains
        add column next_check_at timestamptz not null default now(),
        add column missing_since timestamptz;
    create index claimed_domains_due on claimed_domains (next_check_at);

    alter table notifications
        add column own_domain text,
        drop constraint notifications_are_about_something,
        add constraint notifications_are_about_something check (
            ticket_id is not null or mailbox_id is not null or sending_domain_id is not null or usage_of is not null
                or own_domain is not null
        );
"""

DOORWAYS = """
    create policy doorkeeper on portal_hosts for select to parlour_doorkeeper using (true);
    grant select (organization_id, next_check_at) on portal_hosts to parlour_doorkeeper;
    grant select (organization_id, next_check_at) on claimed_domains to parlour_doorkeeper;

    create function doorway_organizations_with_portal_hosts_to_check(before timestamptz) returns setof uuid
    language sql stable security definer set search_path = public, pg_temp as
        'select organization_id from portal_hosts where next_check_at <= before';
    call open_doorway('doorway_organizations_with_portal_hosts_to_check(timestamptz)');

    create function doorway_organizations_with_claims_to_check(before timestamptz) returns setof uuid
    language sql stable security definer set search_path = public, pg_temp as
        'select distinct organization_id from claimed_domains where next_check_at <= before';
    call open_doorway('doorway_organizations_with_claims_to_check(timestamptz)');
"""


def upgrade() -> None:
    """Forward only."""
    for part in (TABLES, DOORWAYS):
        op.execute(part)
