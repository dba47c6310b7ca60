"""Keys at rest: data keys of organizations, and answers that are kept sealed."""

from alembic import op

revision = "0011"
down_revision = "0010"

KEYS = """
    create table data_keys (
        -- No foreign key: an organization's first secret may be sealed while it is being made. See the trigger.
        organization_id uuid not null,
        version integer not null check (version > 0),
        -- Which master key wrapped it, over the organization's key half: see foundation/keys.
        master text not null,
        wrapped bytea,
        created_at timestamptz not null,
        -- When nothing was left that needs it.
        retired_at timestamptz,
        destroyed_at timestamptz,
        primary key (organization_id, version),
        check ((wrapped is null) = (destroyed_at is not null))
    );
    call raise_wall('data_keys');

    create function forget_data_keys() returns trigger
    language plpgsql set search_path = public, pg_temp as $$
    begin
        delete from data_keys where organization_id = old.id;
        return null;
    end
    $$;
    create trigger forget_data_keys after delete on organizations
        for each row execute function forget_data_keys();

    -- Nothing of it is left in the clear, or sealed as before there were data keys: such is not taken for its own.
    alter table organizations add column all_sealed boolean not null default false;
"""

ANSWERS = """
    -- Takes the place of `answer`, which only holds those of the last day before this.
    alter table idempotency_keys add column sealed_answer bytea;
"""


def upgrade() -> None:
    """Forward only."""
    for part in (KEYS, ANSWERS):
        op.execute(part)
