"""API tokens that will soon end are told of, by the bell and by mail: each at two moments, once."""

from alembic import op

revision = "0039"
down_revision = "0038"

TOLD = """
    set local lock_timeout = '5s';

    -- How many days before its end it was last told of. Once it has ended nobody asks any more.
    alter table api_tokens add column told_days smallint check (told_days > 0);
    create index api_tokens_ending on api_tokens (expires_at) where revoked_at is null and expires_at is not null;

    alter table notifications
        add column api_token_id uuid,
        add constraint notifications_api_token_fkey
            foreign key (organization_id, api_token_id) references api_tokens on delete cascade,
        drop constraint notifications_are_about_something,
        add constraint notifications_are_about_something check (
            ticket_id is not null or mailbox_id is not null or sending_domain_id is not null or usage_of is not null
                or own_domain is not null or api_token_id is not null
        );
    create index notifications_by_api_token on notifications (organization_id, api_token_id)
        where api_token_id is not null;

    alter table wordings
        drop constraint wordings_kind_check,
        add constraint wordings_kind_check check (kind in (
            'SIGNATURE', 'TEMPLATE', 'ACKNOWLEDGEMENT', 'SIGN_IN_LINK', 'PASSWORD_LINK', 'PASSWORD_CHANGED',
            'ADDRESS_LINK', 'ADDRESS_CHANGED', 'INVITATION', 'TOKEN_COPIED', 'PASSKEY_ADDED', 'PASSKEY_REMOVED',
            'TOKEN_ENDS'
        ));
"""

DOORWAY = """
    create function doorway_organizations_with_ending_tokens(since timestamptz, before timestamptz)
    returns setof uuid
    language sql stable security definer set search_path = public, pg_temp as
        'select distinct organization_id from api_tokens
         where revoked_at is null and expires_at > since and expires_at <= before';
    call open_doorway('doorway_organizations_with_ending_tokens(timestamptz, timestamptz)');
"""


def upgrade() -> None:
    """Forward only."""
    for part in (TOLD, DOORWAY):
        op.execute(part)
