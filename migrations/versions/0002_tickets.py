"""Tickets, their comments, attachments, tags, participants, search documents, and notifications."""

from alembic import op

revision = "0002"
down_revision = "0001"

TICKETS = """
    create table ticket_counters (
        organization_id uuid primary key references organizations on delete cascade,
        last_number integer not null default 0
    );

    create table tickets (
        organization_id uuid not null references organizations on delete cascade,
        id uuid not null,
        number integer not null,
        subject text not null check (length(subject) <= 500),
        status text not null check (status in ('OPEN', 'IN_PROGRESS', 'PENDING', 'RESOLVED', 'CLOSED')),
        priority text not null check (priority in ('LOW', 'MEDIUM', 'HIGH', 'URGENT')),
        source text not null check (source in ('EMAIL', 'WEB_FORM', 'CHAT', 'PHONE', 'SOCIAL', 'API')),
        requester_id uuid not null,
        assignee_id uuid,
        department_id uuid,
        version integer not null default 1,
        preview text not null default '',
        comment_count integer not null default 0,
        created_at timestamptz not null,
        updated_at timestamptz not null,
        first_replied_at timestamptz,
        resolved_at timestamptz,
        closed_at timestamptz,
        deleted_at timestamptz,
        urgency smallint not null generated always as
            (case priority when 'URGENT' then 4 when 'HIGH' then 3 when 'MEDIUM' then 2 else 1 end) stored,
        primary key (organization_id, id),
        unique (organization_id, number),
        foreign key (organization_id, requester_id) references users,
        foreign key (organization_id, assignee_id) references users on delete set null (assignee_id),
        foreign key (organization_id, department_id) references departments on delete set null (department_id)
    );
    -- Each list of the inbox is one of these, read from its newest end; 'in the bin' is never mixed in.
    create index tickets_by_update on tickets (organization_id, updated_at, id) where deleted_at is null;
    create index tickets_by_status on tickets (organization_id, status, updated_at, id) where deleted_at is null;
    create index tickets_by_priority on tickets (organization_id, priority, status, updated_at, id)
        where deleted_at is null;
    create index tickets_by_assignee on tickets (organization_id, assignee_id, status, updated_at, id)
        where deleted_at is null;
    create index tickets_by_department on tickets (organization_id, department_id, status, updated_at, id)
        where deleted_at is null;
    create index tickets_by_requester on tickets (organization_id, requester_id, updated_at, id);
    create index tickets_by_creation on tickets (organization_id, created_at, id) where deleted_at is null;
    create index tickets_by_urgency on tickets (organization_id, urgency, updated_at, id) where deleted_at is null;
    create index tickets_in_bin on tickets (organization_id, updated_at, id) where deleted_at is not null;

    create table tags (
        organization_id uuid not null references organizations on delete cascade,
        id uuid not null,
        name text not null check (length(name) between 1 and 50),
        colour text not null default 'grey' check (colour in
            ('grey', 'red', 'orange', 'yellow', 'green', 'teal', 'blue', 'purple', 'pink')),
        created_at timestamptz not null default now(),
        primary key (organization_id, id)
    );
    create unique index tags_by_name on tags (organization_id, lower(name));

    create table ticket_tags (
        organization_id uuid not null,
        ticket_id uuid not null,
        tag_id uuid not null,
        primary key (organization_id, ticket_id, tag_id),
        foreign key (organization_id, ticket_id) references tickets on delete cascade,
        foreign key (organization_id, tag_id) references tags on delete cascade
    );
    create index ticket_tags_by_tag on ticket_tags (organization_id, tag_id, ticket_id);

    create table participants (
        organization_id uuid not null,
        ticket_id uuid not null,
        user_id uuid not null,
        added_at timestamptz not null default now(),
        primary key (organization_id, ticket_id, user_id),
        foreign key (organization_id, ticket_id) references tickets on delete cascade,
        foreign key (organization_id, user_id) references users on delete cascade
    );
    create index participants_by_user on participants (organization_id, user_id, ticket_id);

    call raise_wall('ticket_counters');
    call raise_wall('tickets');
    call raise_wall('tags');
    call raise_wall('ticket_tags');
    call raise_wall('participants');
"""

COMMENTS = """
    create table comments (
        organization_id uuid not null,
        id uuid not null,
        ticket_id uuid not null,
        author_id uuid not null,
        visibility text not null check (visibility in ('PUBLIC', 'INTERNAL', 'PRIVATE')),
        source text not null check (source in ('EMAIL', 'WEB_FORM', 'CHAT', 'PHONE', 'SOCIAL', 'API')),
        text text not null,
        html text,
        quoted_text text,
        created_at timestamptz not null,
        primary key (organization_id, id),
        foreign key (organization_id, ticket_id) references tickets on delete cascade,
        foreign key (organization_id, author_id) references users
    );
    create index comments_by_ticket on comments (organization_id, ticket_id, created_at, id);

    create table comment_readers (
        organization_id uuid not null,
        comment_id uuid not null,
        user_id uuid not null,
        primary key (organization_id, comment_id, user_id),
        foreign key (organization_id, comment_id) references comments on delete cascade,
        foreign key (organization_id, user_id) references users on delete cascade
    );

    create table attachments (
        organization_id uuid not null references organizations on delete cascade,
        id uuid not null,
        ticket_id uuid,
        comment_id uuid,
        uploader_id uuid not null,
        name text not null check (length(name) between 1 and 255),
        content_type text not null check (length(content_type) <= 255),
        size bigint not null check (size >= 0),
        content_id text,
        blob_key text not null,
        created_at timestamptz not null,
        primary key (organization_id, id),
        foreign key (organization_id, ticket_id) references tickets on delete cascade,
        foreign key (organization_id, comment_id) references comments on delete cascade,
        foreign key (organization_id, uploader_id) references users,
        check ((ticket_id is null) = (comment_id is null))
    );
    create index attachments_by_comment on attachments (organization_id, comment_id) where comment_id is not null;
    create index attachments_by_ticket on attachments (organization_id, ticket_id) where ticket_id is not null;
    create index attachments_unsent on attachments (created_at) where comment_id is null;

    create table notifications (
        organization_id uuid not null,
        id uuid not null,
        user_id uuid not null,
        name text not null,
        ticket_id uuid not null,
        version integer not null,
        actor_id uuid,
        created_at timestamptz not null,
        read_at timestamptz,
        primary key (organization_id, id),
        unique (organization_id, user_id, ticket_id, version, name),
        foreign key (organization_id, user_id) references users on delete cascade,
        foreign key (organization_id, ticket_id) references tickets on delete cascade
    );
    create index notifications_by_user on notifications (organization_id, user_id, created_at, id);
    create index notifications_unread on notifications (organization_id, user_id) where read_at is null;

    call raise_wall('comments');
    call raise_wall('comment_readers');
    call raise_wall('attachments');
    call raise_wall('notifications');

    create policy doorkeeper on attachments for select to parlour_doorkeeper using (true);
    grant select (organization_id, comment_id, created_at) on attachments to parlour_doorkeeper;
    create function doorway_organizations_with_unsent_uploads() returns setof uuid
    language sql stable security definer set search_path = public, pg_temp as
        'select distinct organization_id from attachments
         where comment_id is null and created_at < now() - interval ''1 day''';
    call open_doorway('doorway_organizations_with_unsent_uploads()');
"""

SEARCH = """
    create table ticket_search (
        organization_id uuid not null,
        ticket_id uuid not null,
        document tsvector not null,
        public_document tsvector not null,
        primary key (organization_id, ticket_id),
        foreign key (organization_id, ticket_id) references tickets on delete cascade
    );
    -- Without the list of pending entries, which every search would have to read from end to end.
    create index ticket_search_words on ticket_search using gin (document) with (fastupdate = off);
    call raise_wall('ticket_search');

    -- Behind a wall PostgreSQL may not use the word index, because @@ is not leakproof. So the words are read through
    -- this view: its owner is let in by a policy of its own, and the view itself asks for the organization.
    create policy doorkeeper on ticket_search for select to parlour_doorkeeper using (true);
    grant select on ticket_search to parlour_doorkeeper;
    create view searchable_tickets as
        select organization_id, ticket_id, document, public_document
        from ticket_search
        where organization_id = current_organization();
    alter view searchable_tickets owner to parlour_doorkeeper;
    grant select on searchable_tickets to parlour_app;
"""


def upgrade() -> None:
    """Forward only."""
    op.execute(TICKETS)
    op.execute(COMMENTS)
    op.execute(SEARCH)
