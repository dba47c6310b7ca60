"""Whether agents come in through an identity provider only, and who can do without."""

from alembic import op

revision = "0028"
down_revision = "0027"

TABLES = """
    set local lock_timeout = '5s';

    create table provider_policies (
        organization_id uuid primary key references organizations on delete cascade,
        is_asked boolean not null,
        except_for uuid,
        foreign key (organization_id, except_for) references users on delete set null (except_for)
    );
    call raise_wall('provider_policies');
"""


def upgrade() -> None:
    """Forward only."""
    op.execute(TABLES)
