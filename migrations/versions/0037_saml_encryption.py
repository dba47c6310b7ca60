"""Assertions that are encrypted for an organization: its key pairs, and whether others are refused."""

from alembic import op

revision = "0037"
down_revision = "0036"

TABLES = """
    set local lock_timeout = '5s';

    create table saml_keys (
        organization_id uuid not null references organizations on delete cascade,
        id uuid not null,
        -- The private half, PEM.
        sealed bytea not null,
        -- PEM. What providers encrypt for.
        certificate text not null,
        created_at timestamptz not null,
        -- Until when it still opens something; the one that is shown has no end.
        ends_at timestamptz,
        primary key (organization_id, id)
    );
    create unique index saml_keys_shown on saml_keys (organization_id) where ends_at is null;
    call raise_wall('saml_keys');

    alter table saml_connections add column encrypted_only boolean not null default false;
"""

DOORWAYS = """
    create index identity_providers_by_id on identity_providers (id);
    create policy doorkeeper on identity_providers for select to parlour_doorkeeper using (true);
    grant select (organization_id, id) on identity_providers to parlour_doorkeeper;

    create function doorway_organization_by_provider(wanted uuid) returns setof uuid
    language sql stable security definer set search_path = public, pg_temp as
        'select organization_id from identity_providers where id = wanted';
    call open_doorway('doorway_organization_by_provider(uuid)');
"""


def upgrade() -> None:
    """Forward only."""
    for part in (TABLES, DOORWAYS):
        op.execute(part)
