"""Programs: what a token may do and when it was used, and a company's directory (SCIM) with its people and groups."""

from alembic import op

revision = "0020"
down_revision = "0019"

TOKENS = """
    set local lock_timeout = '5s';

    alter table api_tokens add column scopes text[];
    alter table api_tokens add column last_used_at timestamptz;
    alter table api_tokens add column last_used_from text;
    -- A token of nobody's is the directory's.
    alter table api_tokens alter column user_id drop not null;

    grant select (id) on api_tokens to parlour_doorkeeper;

    create function doorway_api_token(wanted bytea) returns table (organization_id uuid, id uuid)
    language sql stable security definer set search_path = public, pg_temp as
        'select t.organization_id, t.id from api_tokens t
         where t.digest = wanted and t.revoked_at is null and (t.expires_at is null or t.expires_at > now())';
    call open_doorway('doorway_api_token(bytea)');

    create or replace function doorway_user_by_token(wanted bytea) returns table (organization_id uuid, id uuid)
    language sql stable security definer set search_path = public, pg_temp as
        'select t.organization_id, t.user_id from api_tokens t
         where t.digest = wanted and t.revoked_at is null and (t.expires_at is null or t.expires_at > now())
           and t.user_id is not null';
"""

DIRECTORY = """
    create table directory_people (
        organization_id uuid not null,
        user_id uuid not null,
        user_name text not null check (length(user_name) between 1 and 254),
        external_id text check (length(external_id) <= 254),
        given_name text check (length(given_name) <= 200),
        family_name text check (length(family_name) <= 200),
        updated_at timestamptz not null,
        -- The directory let go of them: for it they are gone; the user stays, inactive.
        removed_at timestamptz,
        primary key (organization_id, user_id),
        foreign key (organization_id, user_id) references users on delete cascade
    );
    create unique index directory_people_by_user_name on directory_people (organization_id, lower(user_name));
    create index directory_people_by_external_id on directory_people (organization_id, external_id);

    create table directory_groups (
        organization_id uuid not null references organizations on delete cascade,
        id uuid not null,
        name text not null check (length(name) between 1 and 254),
        external_id text check (length(external_id) <= 254),
        -- What its members become.
        role text check (role in ('ADMIN', 'MANAGER', 'AGENT')),
        department_id uuid,
        created_at timestamptz not null,
        updated_at timestamptz not null,
        primary key (organization_id, id),
        foreign key (organization_id, department_id) references departments (organization_id, id)
            on delete set null (department_id)
    );
    create unique index directory_groups_by_name on directory_groups (organization_id, lower(name));
    create index directory_groups_by_department on directory_groups (organization_id, department_id);

    create table directory_members (
        organization_id uuid not null,
        group_id uuid not null,
        user_id uuid not null,
        primary key (organization_id, group_id, user_id),
        foreign key (organization_id, group_id) references directory_groups on delete cascade,
        foreign key (organization_id, user_id) references users on delete cascade
    );
    create index directory_members_by_user on directory_members (organization_id, user_id);

    call raise_wall('directory_people');
    call raise_wall('directory_groups');
    call raise_wall('directory_members');
"""


def upgrade() -> None:
    """Forward only."""
    op.execute(TOKENS)
    op.execute(DIRECTORY)
