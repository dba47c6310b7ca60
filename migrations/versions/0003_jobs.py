"""The tables of the job queue, as procrastinate 3.10 makes them. Jobs hold ids, never a customer's words."""

from alembic import op
from procrastinate.schema import SchemaManager

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Forward only. A newer procrastinate brings its own changes: copy them into a revision when it is taken up."""
    op.get_bind().exec_driver_sql(SchemaManager.get_schema().replace("%", "%%"))
    op.execute("""
        grant select, insert, update, delete on
            procrastinate_jobs, procrastinate_events, procrastinate_workers, procrastinate_periodic_defers
        to parlour_app;
        grant usage on all sequences in schema public to parlour_app;
    """)
