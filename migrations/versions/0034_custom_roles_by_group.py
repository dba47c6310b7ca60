"""A group at an identity provider may give a role of the organization's own."""

from alembic import op

revision = "0034"
down_revision = "0033"

GROUPS = """
    set local lock_timeout = '5s';

    alter table provider_groups add column custom_role_id uuid;
    -- Where the role goes its rule goes too: whoever had it by the group must not become more than they were.
    alter table provider_groups add foreign key (organization_id, custom_role_id, role)
        references custom_roles (organization_id, id, kind) on update cascade on delete cascade;
    alter table provider_groups add check (custom_role_id is null or role is not null);
    create index provider_groups_by_custom_role on provider_groups (organization_id, custom_role_id)
        where custom_role_id is not null;
"""


def upgrade() -> None:
    """Forward only."""
    op.execute(GROUPS)
