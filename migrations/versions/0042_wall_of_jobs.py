"""A wall on the job queue: inside an organization its own jobs, to the worker all of them."""

from alembic import op

revision = "0042"
down_revision = "0041"

WALL = """
    set local lock_timeout = '5s';
    alter table procrastinate_jobs enable row level security;
    alter table procrastinate_jobs force row level security;
    -- The worker's own connections say so by their name, as they always have: it serves whoever has queued something.
    -- A `case`, not an `or`: of that one the planner believes that hardly any row passes, and to find the worker's next
    -- job it would read all that wait.
    create policy wall on procrastinate_jobs
        using (
            case
                when current_setting('application_name') = 'parlour worker' then true
                else args ->> 'organization_id' = current_organization()::text
            end
        );

    create policy doorkeeper on procrastinate_jobs for select to parlour_doorkeeper using (true);
    grant select (status) on procrastinate_jobs to parlour_doorkeeper;

    create function doorway_count_jobs() returns table (status text, jobs bigint)
    language sql stable security definer set search_path = public, pg_temp as
        'select status::text, count(*) from procrastinate_jobs
         where status in (''todo'', ''doing'', ''failed'') group by status';
    call open_doorway('doorway_count_jobs()');
"""


def upgrade() -> None:
    """Forward only."""
    op.execute(WALL)
