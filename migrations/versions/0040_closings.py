"""Closing an organization, and erasing it: who asked for it and when, and the one line that is left of it."""

from alembic import op

revision = "0040"
down_revision = "0039"

TABLES = """
    set local lock_timeout = '5s';

    -- One row while an organization is closed: from the day somebody asked for its deletion to the day it is gone.
    create table closings (
        organization_id uuid primary key references organizations on delete cascade,
        asked_at timestamptz not null,
        -- As they were then; null where the installation itself did it.
        asked_by uuid,
        asked_by_name text not null,
        erase_at timestamptz not null,
        reminded_at timestamptz,
        -- From now on nobody calls it off.
        erasing_since timestamptz
    );
    create index closings_by_end on closings (erase_at);
    call raise_wall('closings');

    -- What the installation keeps of an organization that is gone. Nothing of what was in it; the application itself
    -- neither reads nor writes here.
    create table erasures (
        id uuid primary key,
        -- Nobody else's until `slug_until`, and then forgotten.
        slug text,
        slug_until timestamptz not null,
        asked_at timestamptz not null,
        erased_at timestamptz not null
    );
    create index erasures_by_slug on erasures (slug) where slug is not null;
"""

DOORKEEPER = """
    create policy doorkeeper on closings for select to parlour_doorkeeper using (true);
    grant select (organization_id, asked_at, erase_at, reminded_at, erasing_since) on closings to parlour_doorkeeper;
    grant select, insert, update on erasures to parlour_doorkeeper;

    -- Of one organization only, and by the two functions below.
    create policy doorkeeper_erases on audit_trails for delete to parlour_doorkeeper
        using (organization_id = current_organization());
    create policy doorkeeper_erases on audit_checkpoints for delete to parlour_doorkeeper
        using (organization_id = current_organization());
    create policy doorkeeper_finds on audit_checkpoints for select to parlour_doorkeeper
        using (organization_id = current_organization());
    create policy doorkeeper_erases on organizations for delete to parlour_doorkeeper
        using (id = current_organization());
    create policy doorkeeper_erases on data_keys for delete to parlour_doorkeeper
        using (organization_id = current_organization());
    create policy doorkeeper_finds on data_keys for select to parlour_doorkeeper
        using (organization_id = current_organization());
    grant delete on audit_trails, audit_checkpoints, organizations, data_keys to parlour_doorkeeper;
    grant select (organization_id) on audit_checkpoints, data_keys to parlour_doorkeeper;

    create or replace function refuse_to_rewrite() returns trigger
    language plpgsql set search_path = public, pg_temp as $$
    begin
        -- The doorways of retention and of erasure remove records; what they ask first stands there.
        if tg_op = 'DELETE' and current_user = 'parlour_doorkeeper' then
            return old;
        end if;
        raise exception 'The audit trail is only ever added to.' using errcode = 'insufficient_privilege';
    end
    $$;
"""

DOORWAYS = """
    create function doorway_closed_organization(wanted uuid) returns setof uuid
    language sql stable security definer set search_path = public, pg_temp as
        'select organization_id from closings where organization_id = wanted';

    create function doorway_organizations_to_erase(at timestamptz) returns setof uuid
    language sql stable security definer set search_path = public, pg_temp as
        'select organization_id from closings where erase_at <= at or erasing_since is not null order by erase_at';

    create function doorway_organizations_to_remind(before timestamptz) returns setof uuid
    language sql stable security definer set search_path = public, pg_temp as
        'select organization_id from closings where erase_at <= before and reminded_at is null';

    create function doorway_erasure_by_slug(wanted text, at timestamptz) returns setof uuid
    language sql stable security definer set search_path = public, pg_temp as
        'select id from erasures where slug = wanted and slug_until > at';

    -- The trail goes last: only of an organization in which nobody and nothing is left. So whoever speaks with the
    -- application's voice can't wipe their traces without all that they are traces of.
    create function doorway_erase_audit_records(most integer) returns bigint
    language plpgsql security definer set search_path = public, pg_temp as $$
    declare
        removed bigint;
    begin
        if not exists (
                select from closings where organization_id = current_organization() and erasing_since is not null
            )
            or exists (select from users where organization_id = current_organization())
        then
            raise exception 'This organization is not empty.' using errcode = 'insufficient_privilege';
        end if;
        delete from audit_records
        where organization_id = current_organization() and position in (
            select position from audit_records where organization_id = current_organization() order by position
            limit most
        );
        get diagnostics removed = row_count;
        return removed;
    end
    $$;

    -- The last piece, and the line that stays. Nothing is left that would go along with it in a cascade.
    create function doorway_forget_organization(at timestamptz, keep_slug_until timestamptz) returns bigint
    language plpgsql security definer set search_path = public, pg_temp as $$
    begin
        if exists (select from users where organization_id = current_organization())
            or exists (select from audit_records where organization_id = current_organization())
        then
            raise exception 'This organization is not empty.' using errcode = 'insufficient_privilege';
        end if;
        insert into erasures (id, slug, slug_until, asked_at, erased_at)
        select o.id, o.slug, keep_slug_until, c.asked_at, at
        from organizations o
        join closings c on c.organization_id = o.id and c.erasing_since is not null
        where o.id = current_organization();
        if not found then
            raise exception 'This organization is not being erased.' using errcode = 'insufficient_privilege';
        end if;
        delete from audit_checkpoints where organization_id = current_organization();
        delete from audit_trails where organization_id = current_organization();
        delete from organizations where id = current_organization();
        update erasures set slug = null where slug is not null and slug_until <= at;
        return 1;
    end
    $$;

    -- What is looked at again and again: not what is being erased, and no mailbox of what is closed.
    create or replace function doorway_organizations() returns setof uuid
    language sql stable security definer set search_path = public, pg_temp as $$
        select o.id from organizations o
        where not exists (select from closings c where c.organization_id = o.id and c.erasing_since is not null)
        order by o.id
    $$;

    create or replace function doorway_mailboxes_to_fetch(most integer) returns table (organization_id uuid, id uuid)
    language sql stable security definer set search_path = public, pg_temp as $$
        select m.organization_id, m.id
        from mailboxes m
        left join mailbox_states s on s.organization_id = m.organization_id and s.mailbox_id = m.id
        where m.kind = 'IMAP' and m.is_active and m.removed_at is null
            and (s.lease_until is null or s.lease_until < now())
            and not exists (select from closings c where c.organization_id = m.organization_id)
        order by s.lease_until nulls first
        limit most
    $$;

    create or replace function doorway_organizations_with_mailboxes() returns setof uuid
    language sql stable security definer set search_path = public, pg_temp as $$
        select distinct m.organization_id from mailboxes m
        where m.removed_at is null and not exists (select from closings c where c.organization_id = m.organization_id)
    $$;

    call open_doorway('doorway_closed_organization(uuid)');
    call open_doorway('doorway_organizations_to_erase(timestamptz)');
    call open_doorway('doorway_organizations_to_remind(timestamptz)');
    call open_doorway('doorway_erasure_by_slug(text, timestamptz)');
    call open_doorway('doorway_erase_audit_records(integer)');
    call open_doorway('doorway_forget_organization(timestamptz, timestamptz)');
"""


def upgrade() -> None:
    """Forward only."""
    for part in (TABLES, DOORKEEPER, DOORWAYS):
        op.execute(part)
