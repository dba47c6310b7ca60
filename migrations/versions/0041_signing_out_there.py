"""Whether somebody who signs out is offered to sign out at their identity provider too."""

from alembic import op

revision = "0041"
down_revision = "0040"

COLUMN = """
    set local lock_timeout = '5s';
    -- Off for those that are there: the address people come back to has to be entered at the provider first.
    alter table identity_providers add column offers_sign_out boolean not null default false;
"""


def upgrade() -> None:
    """Forward only."""
    op.execute(COLUMN)
