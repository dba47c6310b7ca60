"""Companies that customers belong to, and the tickets of each."""

from alembic import op

revision = "0033"
down_revision = "0032"

COMPANIES = """
    set local lock_timeout = '5s';

    create table companies (
        organization_id uuid not null references organizations on delete cascade,
        id uuid not null,
        name text not null check (length(name) between 1 and 120),
        notes text not null default '' check (length(notes) <= 5000),
        portal_view text not null default 'OWN' check (portal_view in ('OWN', 'COMPANY')),
        created_at timestamptz not null,
        primary key (organization_id, id)
    );
    create unique index companies_by_name on companies (organization_id, lower(name));

    create table company_domains (
        organization_id uuid not null,
        domain text not null check (domain = lower(domain) and length(domain) <= 253),
        company_id uuid not null,
        primary key (organization_id, domain),
        foreign key (organization_id, company_id) references companies on delete cascade
    );
    create index company_domains_by_company on company_domains (organization_id, company_id);

    call raise_wall('companies');
    call raise_wall('company_domains');
"""

PEOPLE = """
    alter table users
        add column company_id uuid,
        add column portal_view text check (portal_view in ('OWN', 'COMPANY')),
        add column company_by_hand boolean not null default false,
        add foreign key (organization_id, company_id) references companies on delete set null (company_id);
    create index users_by_company on users (organization_id, company_id, lower(name), id) where company_id is not null;

    alter table tickets
        add column company_id uuid,
        add foreign key (organization_id, company_id) references companies on delete set null (company_id);
    create index tickets_by_company on tickets (organization_id, company_id, status, updated_at, id)
        where deleted_at is null and company_id is not null;
"""

# A ticket is its requester's company's, whoever writes either of them: a list must not have to look the requester up.
FOLLOWING = """
    create function tickets_take_their_company() returns trigger
    language plpgsql set search_path = public, pg_temp as $$
    begin
        -- Shared: somebody who is just joining a company waits, and then finds this ticket too.
        select u.company_id into new.company_id
        from users u
        where u.organization_id = new.organization_id and u.id = new.requester_id
        for share;
        return new;
    end
    $$;
    create trigger takes_its_company before insert or update of requester_id on tickets
        for each row execute function tickets_take_their_company();

    create function tickets_follow_their_requester() returns trigger
    language plpgsql set search_path = public, pg_temp as $$
    begin
        update tickets set company_id = new.company_id
        where organization_id = new.organization_id and requester_id = new.id
            and company_id is distinct from new.company_id;
        return null;
    end
    $$;
    create trigger tickets_follow after update of company_id on users
        for each row when (old.company_id is distinct from new.company_id)
        execute function tickets_follow_their_requester();
"""

# Searches filter without a look at the tickets, see 0014.
SEARCH = """
    alter table ticket_search add column company_id uuid;

    create or replace function place_in_lists() returns trigger language plpgsql as $$
    begin
        select t.number, t.status, t.priority, t.urgency, t.source, t.requester_id, t.assignee_id, t.department_id,
            t.created_at, t.updated_at, t.deleted_at, t.company_id
        into new.number, new.status, new.priority, new.urgency, new.source, new.requester_id, new.assignee_id,
            new.department_id, new.created_at, new.updated_at, new.deleted_at, new.company_id
        from tickets t
        where t.organization_id = new.organization_id and t.id = new.ticket_id;
        return new;
    end
    $$;

    create or replace function move_in_lists() returns trigger language plpgsql as $$
    begin
        update ticket_search
        set number = new.number, status = new.status, priority = new.priority, urgency = new.urgency,
            source = new.source, requester_id = new.requester_id, assignee_id = new.assignee_id,
            department_id = new.department_id, created_at = new.created_at, updated_at = new.updated_at,
            deleted_at = new.deleted_at, company_id = new.company_id
        where organization_id = new.organization_id and ticket_id = new.id;
        return null;
    end
    $$;
    create or replace trigger move_in_lists
        after update of number, status, priority, source, requester_id, assignee_id, department_id, created_at,
            updated_at, deleted_at, company_id
        on tickets for each row execute function move_in_lists();

    drop view searchable_tickets;
    create view searchable_tickets as
        select organization_id, ticket_id, document, public_document, ticket_id as id, number, status, priority,
            urgency, source, requester_id, assignee_id, department_id, created_at, updated_at, deleted_at, company_id
        from ticket_search
        where organization_id is not distinct from (select current_organization());
    alter view searchable_tickets owner to parlour_doorkeeper;
    grant select on searchable_tickets to parlour_app;
"""


def upgrade() -> None:
    """Forward only."""
    for statements in (COMPANIES, PEOPLE, FOLLOWING, SEARCH):
        op.execute(statements)
