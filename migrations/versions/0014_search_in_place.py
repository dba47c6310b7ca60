"""Search rows that say by themselves where their ticket stands in every list, and hold its words apart."""

from alembic import op

revision = "0014"
down_revision = "0013"

ROWS = """
    -- Built anew and put in the old one's place: rows changed where they are would stay as far apart as they were.
    -- Searching goes on meanwhile; whoever writes waits, some ten seconds for 100,000 tickets.
    lock table ticket_search in exclusive mode;

    create table search_rows (
        organization_id uuid not null,
        ticket_id uuid not null,
        document tsvector not null,
        public_document tsvector not null,
        -- What lists filter and sort by: so all matches of a word are filtered and sorted without a look at their
        -- tickets. Kept by the triggers below, whoever writes.
        number integer not null,
        status text not null,
        priority text not null,
        urgency smallint not null,
        source text not null,
        requester_id uuid not null,
        assignee_id uuid,
        department_id uuid,
        created_at timestamptz not null,
        updated_at timestamptz not null,
        deleted_at timestamptz,
        -- PostgreSQL looks for what it can move out of a row only in rows above 2 kB. This makes each of them one, and
        -- then shrinks to some thirty bytes: the words move out, and 100,000 rows are 27 MB instead of 200.
        ballast text not null default repeat(' ', 2048)
    );
    alter table search_rows
        alter column ballast set storage main,
        -- Uncompressed: a walk through a list looks into hundreds of documents.
        alter column document set storage external,
        alter column public_document set storage external,
        -- Whatever the words: the planner always expects few matches, and takes the index of words.
        alter column document set statistics 0,
        alter column public_document set statistics 0,
        -- With room in each page a moved ticket is written beside its old row, and the index of words is left alone.
        set (toast_tuple_target = 256, fillfactor = 85);

    do $$
    declare
        organizations uuid[];
        organization uuid;
    begin
        -- The owner stands behind the walls as everyone does; the doorkeeper sees whose rows there are.
        set local role parlour_doorkeeper;
        select array_agg(distinct organization_id) into organizations from ticket_search;
        reset role;
        foreach organization in array coalesce(organizations, '{}') loop
            perform set_config('parlour.organization_id', organization::text, true);
            insert into search_rows (
                organization_id, ticket_id, document, public_document, number, status, priority, urgency, source,
                requester_id, assignee_id, department_id, created_at, updated_at, deleted_at
            )
            -- Made anew rather than copied, words are not compressed.
            select s.organization_id, s.ticket_id, s.document || '', s.public_document || '', t.number, t.status,
                t.priority, t.urgency, t.source, t.requester_id, t.assignee_id, t.department_id, t.created_at,
                t.updated_at, t.deleted_at
            from ticket_search s
            join tickets t on t.organization_id = s.organization_id and t.id = s.ticket_id
            order by s.ticket_id;
        end loop;
        perform set_config('parlour.organization_id', '', true);
    end
    $$;

    drop view searchable_tickets;
    drop table ticket_search;
    alter table search_rows rename to ticket_search;
    alter table ticket_search add primary key (organization_id, ticket_id);
    call raise_wall('ticket_search');
    -- Behind the wall: the owner, who sees no ticket, would find every row astray. They were joined with theirs above.
    alter table ticket_search add foreign key (organization_id, ticket_id) references tickets on delete cascade;
    -- Without the list of pending entries, which every search would have to read from end to end.
    create index ticket_search_words on ticket_search using gin (document) with (fastupdate = off);
    create policy doorkeeper on ticket_search for select to parlour_doorkeeper using (true);
    grant select on ticket_search to parlour_doorkeeper;
"""
TRIGGERS = """
    create function place_in_lists() returns trigger language plpgsql as $$
    begin
        select t.number, t.status, t.priority, t.urgency, t.source, t.requester_id, t.assignee_id, t.department_id,
            t.created_at, t.updated_at, t.deleted_at
        into new.number, new.status, new.priority, new.urgency, new.source, new.requester_id, new.assignee_id,
            new.department_id, new.created_at, new.updated_at, new.deleted_at
        from tickets t
        where t.organization_id = new.organization_id and t.id = new.ticket_id;
        return new;
    end
    $$;
    create trigger place_in_lists before insert on ticket_search for each row execute function place_in_lists();

    create function move_in_lists() returns trigger language plpgsql as $$
    begin
        update ticket_search
        set number = new.number, status = new.status, priority = new.priority, urgency = new.urgency,
            source = new.source, requester_id = new.requester_id, assignee_id = new.assignee_id,
            department_id = new.department_id, created_at = new.created_at, updated_at = new.updated_at,
            deleted_at = new.deleted_at
        where organization_id = new.organization_id and ticket_id = new.id;
        return null;
    end
    $$;
    create trigger move_in_lists
        after update of number, status, priority, source, requester_id, assignee_id, department_id, created_at,
            updated_at, deleted_at
        on tickets for each row execute function move_in_lists();
"""
VIEW = """
    -- Behind a wall PostgreSQL may not use the index of words, because @@ is not leakproof. So the words are read
    -- through this view: its owner is let in by a policy of its own, and the view itself asks for the organization.
    -- `is not distinct from` is no condition an index answers: where words are asked for, only their index is left.
    -- Who wants one ticket's words names its organization as well.
    create view searchable_tickets as
        select organization_id, ticket_id, document, public_document, ticket_id as id, number, status, priority,
            urgency, source, requester_id, assignee_id, department_id, created_at, updated_at, deleted_at
        from ticket_search
        where organization_id is not distinct from (select current_organization());
    alter view searchable_tickets owner to parlour_doorkeeper;
    grant select on searchable_tickets to parlour_app;
"""


def upgrade() -> None:
    """Forward only."""
    op.execute(ROWS)
    op.execute(TRIGGERS)
    op.execute(VIEW)
