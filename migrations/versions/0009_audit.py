"""The audit trail: append-only records in one chain an organization, its sealed head, its checkpoints."""

from alembic import op

revision = "0009"
down_revision = "0008"

TABLES = """
    -- One row an organization: how far its chain has come, sealed with a key that the database doesn't have. Whoever
    -- takes the next position holds this row until the commit.
    create table audit_trails (
        organization_id uuid primary key references organizations,
        last_position bigint not null default 0 check (last_position >= 0),
        last_hash bytea not null check (length(last_hash) = 32),
        key_name text not null,
        seal bytea not null check (length(seal) = 32),
        keep_days integer not null default 730 check (keep_days between 90 and 3650)
    );

    create table audit_records (
        organization_id uuid not null references organizations,
        position bigint not null check (position > 0),
        at timestamptz not null,
        act text not null check (length(act) between 1 and 60),
        outcome text not null check (outcome in ('DONE', 'REFUSED')),
        -- As they were then: the user may be renamed or gone, so there is no foreign key.
        actor_id uuid,
        actor_name text,
        actor_email text,
        subject_kind text,
        subject_id text,
        subject_label text,
        address text,
        user_agent text,
        request_id text,
        details jsonb not null,
        key_name text not null,
        hash bytea not null check (length(hash) = 32),
        primary key (organization_id, position)
    );
    create index audit_records_by_time on audit_records (organization_id, at, position);
    create index audit_records_by_act on audit_records (organization_id, act, at, position);
    create index audit_records_by_actor on audit_records (organization_id, actor_id, at, position)
        where actor_id is not null;
    create index audit_records_by_subject on audit_records (organization_id, subject_id, at, position)
        where subject_id is not null;
    create index audit_records_by_address on audit_records (organization_id, address, at, position)
        where address is not null;
    create index audit_records_refused on audit_records (organization_id, at, position) where outcome = 'REFUSED';

    -- Where the chain begins after its oldest records were removed: the last one that went, sealed.
    create table audit_checkpoints (
        organization_id uuid not null references organizations,
        position bigint not null check (position > 0),
        hash bytea not null check (length(hash) = 32),
        made_at timestamptz not null,
        key_name text not null,
        seal bytea not null check (length(seal) = 32),
        primary key (organization_id, position)
    );

    call raise_wall('audit_trails');
    call raise_wall('audit_records');
    call raise_wall('audit_checkpoints');
    revoke delete on audit_trails from parlour_app;
    revoke update, delete on audit_records from parlour_app;
    revoke insert, update, delete on audit_checkpoints from parlour_app;
"""

APPEND_ONLY = """
    create function refuse_to_rewrite() returns trigger
    language plpgsql set search_path = public, pg_temp as $$
    begin
        -- The doorway of retention removes the oldest, and says so under a seal.
        if tg_op = 'DELETE' and tg_table_name = 'audit_records' and current_user = 'parlour_doorkeeper' then
            return old;
        end if;
        raise exception 'The audit trail is only ever added to.' using errcode = 'insufficient_privilege';
    end
    $$;

    create trigger append_only before update or delete on audit_records
        for each row execute function refuse_to_rewrite();
    create trigger append_only_as_a_whole before truncate on audit_records
        for each statement execute function refuse_to_rewrite();
    create trigger append_only before update or delete on audit_checkpoints
        for each row execute function refuse_to_rewrite();
    create trigger append_only_as_a_whole before truncate on audit_checkpoints
        for each statement execute function refuse_to_rewrite();
    create trigger kept before delete on audit_trails
        for each row execute function refuse_to_rewrite();
    create trigger kept_as_a_whole before truncate on audit_trails
        for each statement execute function refuse_to_rewrite();
"""

DOORWAYS = """
    create policy doorkeeper on audit_trails for select to parlour_doorkeeper using (true);
    grant select (organization_id, keep_days) on audit_trails to parlour_doorkeeper;
    create policy doorkeeper on audit_records for select to parlour_doorkeeper using (true);
    grant select (organization_id, position, at) on audit_records to parlour_doorkeeper;
    create policy doorkeeper_removes on audit_records for delete to parlour_doorkeeper
        using (organization_id = current_organization());
    grant delete on audit_records to parlour_doorkeeper;
    create policy doorkeeper on audit_checkpoints for insert to parlour_doorkeeper
        with check (organization_id = current_organization());
    grant insert on audit_checkpoints to parlour_doorkeeper;

    create function doorway_organizations() returns setof uuid
    language sql stable security definer set search_path = public, pg_temp as
        'select id from organizations order by id';

    create function doorway_organizations_with_old_audit_records(wanted timestamptz) returns setof uuid
    language sql stable security definer set search_path = public, pg_temp as $$
        select t.organization_id
        from audit_trails t
        where exists (
            select 1 from audit_records r
            where r.organization_id = t.organization_id and r.at < wanted - make_interval(days => t.keep_days)
        )
    $$;

    -- Inside one organization only, and never what is younger than an organization may keep at the least (with a day
    -- for clocks that differ): whoever speaks with the application's voice can't wipe their own traces.
    create function doorway_forget_audit_records(
        up_to bigint, its_hash bytea, moment timestamptz, its_key text, its_seal bytea
    ) returns bigint
    language plpgsql security definer set search_path = public, pg_temp as $$
    declare
        removed bigint;
    begin
        if exists (
            select 1 from audit_records r
            where r.organization_id = current_organization() and r.position <= up_to
                and r.at > now() - interval '89 days'
        ) then
            raise exception 'These records are too young to be removed.' using errcode = 'insufficient_privilege';
        end if;
        insert into audit_checkpoints (organization_id, position, hash, made_at, key_name, seal)
        values (current_organization(), up_to, its_hash, moment, its_key, its_seal);
        delete from audit_records r where r.organization_id = current_organization() and r.position <= up_to;
        get diagnostics removed = row_count;
        return removed;
    end
    $$;

    call open_doorway('doorway_organizations()');
    call open_doorway('doorway_organizations_with_old_audit_records(timestamptz)');
    call open_doorway('doorway_forget_audit_records(bigint, bytea, timestamptz, text, bytea)');
"""


def upgrade() -> None:
    """Forward only."""
    op.execute(TABLES)
    op.execute(APPEND_ONLY)
    op.execute(DOORWAYS)
