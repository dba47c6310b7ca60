"""Roles that an organization makes for itself."""

from alembic import op

revision = "0021"
down_revision = "0020"

ROLES = """
    set local lock_timeout = '5s';

    create table custom_roles (
        organization_id uuid not null references organizations on delete cascade,
        id uuid not null,
        name text not null check (length(name) between 1 and 80),
        description text not null default '' check (length(description) <= 500),
        kind text not null check (kind in ('MANAGER', 'AGENT', 'CUSTOMER')),
        reach text not null check (reach in ('ORGANIZATION', 'DEPARTMENTS')),
        permissions text[] not null,
        created_at timestamptz not null,
        primary key (organization_id, id),
        -- What a user's own kind refers to.
        unique (organization_id, id, kind)
    );
    create unique index custom_roles_by_name on custom_roles (organization_id, lower(name));
    call raise_wall('custom_roles');

    -- The role's kind is the user's own: neither changes without the other, and administrators have none.
    alter table users add column custom_role_id uuid;
    alter table users add foreign key (organization_id, custom_role_id, role)
        references custom_roles (organization_id, id, kind);
    create index users_by_custom_role on users (organization_id, custom_role_id) where custom_role_id is not null;
"""


def upgrade() -> None:
    """Forward only."""
    op.execute(ROLES)
