"""What is sealed is called so, and is found by rotation. Asked of the database itself, after all migrations."""

from collections.abc import AsyncIterator
from typing import Any

import psycopg
import pytest_asyncio

from parlour.sealed_columns import SEALED_COLUMNS

READABLE = {
    ("passkeys", "credential_id"): "what a device calls its key: it is looked up by it, and opens nothing",
    ("passkeys", "public_key"): "the public half: it checks signatures and makes none",
    ("api_tokens", "digest"): "of a token of 256 random bits",
    ("audit_checkpoints", "hash"): "of the trail's record before the oldest",
    ("audit_checkpoints", "seal"): "a signature",
    ("audit_records", "hash"): "of a record and the one before",
    ("audit_trails", "last_hash"): "of the trail's last record",
    ("audit_trails", "seal"): "a signature",
    ("idempotency_keys", "answer"): "nothing is written there any more",
    ("backup_codes", "digest"): "keyed with the installation's own key",
    ("idempotency_keys", "fingerprint"): "the digest of a request",
    ("inbound_messages", "digest"): "of a mail's bytes",
    ("inbound_messages", "identity"): "the digest of what tells a mail from others",
    ("mailboxes", "push_digest"): "of a secret of 256 random bits",
}
"""Columns of bytes that hold no secret, and what they hold."""

WRAPPED = {("data_keys", "wrapped"): "by the master key and the organization's key half"}


@pytest_asyncio.fixture(loop_scope="session")
async def columns(owner_database_url: str) -> AsyncIterator[set[tuple[str, str]]]:
    """Every column of bytes."""
    question = """
        select c.relname, a.attname from pg_class c join pg_attribute a on a.attrelid = c.oid
        where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and a.attnum > 0
        and not a.attisdropped and a.atttypid = 'bytea'::regtype
    """
    async with await psycopg.AsyncConnection.connect(owner_database_url, autocommit=True) as connection:
        yield {(str(table), str(column)) for table, column in await (await connection.execute(question)).fetchall()}


async def test_a_column_of_bytes_is_sealed_or_says_why_it_is_not(columns: set[tuple[str, str]]) -> None:
    sealed = {(table, column) for table, column in columns if column == "sealed" or column.startswith("sealed_")}
    assert columns - sealed == {*READABLE, *WRAPPED}


async def test_rotation_knows_every_sealed_column(columns: set[tuple[str, str]]) -> None:
    sealed = {(table, column) for table, column in columns if column == "sealed" or column.startswith("sealed_")}
    assert {(known.table, known.column) for known in SEALED_COLUMNS} == sealed


async def test_rotation_walks_each_by_its_primary_key(owner_database_url: str) -> None:
    question = """
        select array_agg(a.attname::text order by place) from pg_constraint p
        cross join unnest(p.conkey) with ordinality as k (number, place)
        join pg_attribute a on a.attrelid = p.conrelid and a.attnum = k.number
        where p.contype = 'p' and p.conrelid = %s::regclass
    """
    async with await psycopg.AsyncConnection.connect(owner_database_url, autocommit=True) as connection:
        for known in SEALED_COLUMNS:
            found: Any = await (await connection.execute(question, [known.table])).fetchone()
            assert found[0] == ["organization_id", *known.key], known.table
