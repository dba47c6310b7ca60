"""The wall, and the people behind it: organizations, users, departments, API tokens, activities."""

from alembic import op

revision = "0001"
down_revision = None

WALL = """
    create function current_organization() returns uuid
    language sql stable parallel safe
    -- Once set and reset, the setting is '' rather than null.
    return nullif(current_setting('parlour.organization_id', true), '')::uuid;

    create procedure raise_wall(walled regclass, organization_column name default 'organization_id')
    language plpgsql as $$
    begin
        execute format('alter table %s enable row level security', walled);
        execute format('alter table %s force row level security', walled);
        execute format(
            'create policy wall on %s using (%I = current_organization()) with check (%I = current_organization())',
            walled, organization_column, organization_column
        );
        execute format('grant select, insert, update, delete on %s to parlour_app', walled);
    end
    $$;

    create procedure open_doorway(doorway regprocedure)
    language plpgsql as $$
    begin
        execute format('alter function %s owner to parlour_doorkeeper', doorway);
        execute format('revoke all on function %s from public', doorway);
        execute format('grant execute on function %s to parlour_app', doorway);
    end
    $$;

    revoke create on schema public from public;
    grant usage on schema public to parlour_app, parlour_doorkeeper;
    -- Needed to own functions there; the role can't sign in.
    grant create on schema public to parlour_doorkeeper;
"""

TABLES = """
    create table organizations (
        id uuid primary key,
        slug text not null unique check (slug ~ '^[a-z0-9](-?[a-z0-9])*$' and length(slug) <= 60),
        name text not null check (length(name) between 1 and 120),
        colour text not null default '#3f5bd9' check (colour ~ '^#[0-9a-f]{6}$'),
        host text unique check (host = lower(host)),
        created_at timestamptz not null default now()
    );

    create table users (
        organization_id uuid not null references organizations on delete cascade,
        id uuid not null,
        name text not null check (length(name) <= 200),
        email text not null check (email = lower(email) and length(email) <= 254),
        role text not null check (role in ('ADMIN', 'MANAGER', 'AGENT', 'CUSTOMER')),
        reach text not null default 'ORGANIZATION' check (reach in ('ORGANIZATION', 'DEPARTMENTS')),
        status text not null default 'ACTIVE' check (status in ('ACTIVE', 'INACTIVE')),
        password_hash text,
        created_at timestamptz not null default now(),
        primary key (organization_id, id),
        unique (organization_id, email)
    );
    create index users_by_email on users (email);
    create index users_agents on users (organization_id, name) where role <> 'CUSTOMER';
    create index users_by_name on users (organization_id, lower(name), id);

    create table departments (
        organization_id uuid not null references organizations on delete cascade,
        id uuid not null,
        name text not null check (length(name) between 1 and 80),
        description text not null default '' check (length(description) <= 500),
        created_at timestamptz not null default now(),
        primary key (organization_id, id)
    );
    create unique index departments_by_name on departments (organization_id, lower(name));

    create table department_members (
        organization_id uuid not null,
        department_id uuid not null,
        user_id uuid not null,
        primary key (organization_id, department_id, user_id),
        foreign key (organization_id, department_id) references departments on delete cascade,
        foreign key (organization_id, user_id) references users on delete cascade
    );
    create index department_members_by_user on department_members (organization_id, user_id);

    create table api_tokens (
        organization_id uuid not null,
        id uuid not null,
        user_id uuid not null,
        name text not null check (length(name) between 1 and 80),
        digest bytea not null unique,
        created_at timestamptz not null default now(),
        expires_at timestamptz,
        revoked_at timestamptz,
        primary key (organization_id, id),
        foreign key (organization_id, user_id) references users on delete cascade
    );
    create index api_tokens_by_user on api_tokens (organization_id, user_id);

    create table activities (
        organization_id uuid not null references organizations on delete cascade,
        id uuid not null,
        ticket_id uuid,
        name text not null,
        actor_id uuid,
        at timestamptz not null,
        details jsonb not null,
        primary key (organization_id, id)
    );
    create index activities_by_ticket on activities (organization_id, ticket_id, at, id) where ticket_id is not null;

    create table idempotency_keys (
        organization_id uuid not null references organizations on delete cascade,
        user_id uuid not null,
        key text not null check (length(key) between 1 and 200),
        fingerprint bytea not null,
        status smallint,
        headers jsonb,
        answer bytea,
        created_at timestamptz not null default now(),
        primary key (organization_id, user_id, key)
    );
    create index idempotency_keys_by_age on idempotency_keys (created_at);

    call raise_wall('organizations', 'id');
    call raise_wall('users');
    call raise_wall('departments');
    call raise_wall('department_members');
    call raise_wall('api_tokens');
    call raise_wall('activities');
    call raise_wall('idempotency_keys');
"""

DOORWAYS = """
    create policy doorkeeper on organizations for select to parlour_doorkeeper using (true);
    grant select (id, slug, host) on organizations to parlour_doorkeeper;
    create policy doorkeeper on users for select to parlour_doorkeeper using (true);
    grant select (organization_id, id, email, status) on users to parlour_doorkeeper;
    create policy doorkeeper on api_tokens for select to parlour_doorkeeper using (true);
    grant select (organization_id, user_id, digest, expires_at, revoked_at) on api_tokens to parlour_doorkeeper;
    create policy doorkeeper on idempotency_keys for select to parlour_doorkeeper using (true);
    grant select (organization_id, created_at) on idempotency_keys to parlour_doorkeeper;

    create function doorway_organization_by_slug(wanted text) returns setof uuid
    language sql stable security definer set search_path = public, pg_temp as
        'select id from organizations where slug = lower(wanted)';

    create function doorway_organization_by_host(wanted text) returns setof uuid
    language sql stable security definer set search_path = public, pg_temp as
        'select id from organizations where host = lower(wanted)';

    create function doorway_users_by_email(wanted text) returns table (organization_id uuid, id uuid)
    language sql stable security definer set search_path = public, pg_temp as
        'select u.organization_id, u.id from users u where u.email = lower(wanted) and u.status = ''ACTIVE''';

    create function doorway_user_by_token(wanted bytea) returns table (organization_id uuid, id uuid)
    language sql stable security definer set search_path = public, pg_temp as
        'select t.organization_id, t.user_id from api_tokens t
         where t.digest = wanted and t.revoked_at is null and (t.expires_at is null or t.expires_at > now())';

    create function doorway_organizations_with_old_keys() returns setof uuid
    language sql stable security definer set search_path = public, pg_temp as
        'select distinct organization_id from idempotency_keys where created_at < now() - interval ''1 day''';

    call open_doorway('doorway_organization_by_slug(text)');
    call open_doorway('doorway_organization_by_host(text)');
    call open_doorway('doorway_users_by_email(text)');
    call open_doorway('doorway_user_by_token(bytea)');
    call open_doorway('doorway_organizations_with_old_keys()');
"""


def upgrade() -> None:
    """Forward only."""
    op.execute(WALL)
    op.execute(TABLES)
    op.execute(DOORWAYS)
