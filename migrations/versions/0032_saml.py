"""Identity providers that speak SAML: where people are sent, and whose signature counts."""

from alembic import op

revision = "0032"
down_revision = "0031"

TABLES = """
    set local lock_timeout = '5s';

    alter table identity_providers drop constraint identity_providers_kind_check;
    alter table identity_providers add constraint identity_providers_kind_check
        check (kind in ('GOOGLE', 'MICROSOFT', 'GITHUB', 'OPENID', 'SAML')) not valid;
    alter table identity_providers validate constraint identity_providers_kind_check;

    create table saml_connections (
        organization_id uuid not null,
        provider_id uuid not null,
        sign_on text not null check (length(sign_on) between 1 and 2000),
        -- PEM. Several while the provider changes its key.
        certificates text[] not null check (cardinality(certificates) between 1 and 10),
        -- Empty: the usual names are tried.
        email_attribute text not null check (length(email_attribute) <= 200),
        name_attribute text not null check (length(name_attribute) <= 200),
        primary key (organization_id, provider_id),
        foreign key (organization_id, provider_id) references identity_providers on delete cascade
    );

    call raise_wall('saml_connections');
"""


def upgrade() -> None:
    """Forward only."""
    op.execute(TABLES)
