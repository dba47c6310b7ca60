"""`parlour doctor`: look at an installation and say what is wrong with it, and what to do."""

import argparse
import asyncio
import sys
from collections.abc import Callable, Sequence
from typing import Any, LiteralString

import psycopg
import redis

from parlour import revisions
from parlour.foundation import installation, settings
from parlour.foundation.errors import Problem
from parlour.foundation.keys.keyring import key_rows
from parlour.foundation.settings import Settings

Check = Callable[[Settings], str]
"""What is well, in a word or two. Raises `Trouble` with what to do."""

OLDEST_POSTGRES = 160000


class Trouble(Exception):
    """Something is wrong; the message says what to do."""


def main(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="parlour doctor", description="Say what is wrong, and what to do.")
    parser.add_argument("--data", help="the data folder of `parlour up`")
    asked = parser.parse_args(words)
    known = settings.load(**({"data": asked.data} if asked.data else {}))
    results = [_look(name, check, known) for name, check in CHECKS.items()]
    return 0 if all(results) else 1


def _look(name: str, check: Check, known: Settings) -> bool:
    try:
        print(f"well   {name}: {check(known)}")
    except (Trouble, psycopg.Error, redis.RedisError, OSError) as trouble:
        print(f"WRONG  {name}: {str(trouble).strip()}")
        return False
    return True


def _python(known: Settings) -> str:
    return ".".join(str(number) for number in sys.version_info[:3])


def _database(known: Settings) -> str:
    version = int(_ask(known.database_url, "select current_setting('server_version_num')"))
    if version < OLDEST_POSTGRES:
        raise Trouble("PostgreSQL 16 or newer is needed.")
    return f"PostgreSQL {version // 10000}.{version % 100}"


def _role(known: Settings) -> str:
    if _ask(known.database_url, "select rolsuper or rolbypassrls from pg_roles where rolname = current_user"):
        raise Trouble("DATABASE_URL names a role that could pass the walls between organizations; use parlour_app.")
    owned = _ask(known.database_url, "select count(*) from pg_class where relowner = current_user::regrole")
    if owned:
        raise Trouble(f"The application's role owns {owned} tables; they belong to parlour_owner.")
    return "owns nothing, passes no wall"


def _schema(known: Settings) -> str:
    url = known.owner_database_url
    if not url:
        return "not looked at: OWNER_DATABASE_URL is not set"
    newest = revisions.newest()
    current = _ask(url, "select version_num from alembic_version") if _ask(url, HAS_REVISION) else "nothing"
    if current != newest:
        raise Trouble(f"The database is at revision {current}, this program needs {newest}: run `parlour migrate`.")
    return f"revision {newest}"


def _cache(known: Settings) -> str:
    with redis.Redis.from_url(known.redis_url, socket_timeout=5) as connection:
        connection.ping()
    return "answers"


def _secret(known: Settings) -> str:
    if len(known.secret_key) < 32:
        raise Trouble("PARLOUR_SECRET_KEY should have at least 32 random characters.")
    return "long enough"


def _keys(known: Settings) -> str:
    try:
        count = asyncio.run(_opened_keys(known))
    except Problem as trouble:
        raise Trouble(trouble.message) from trouble
    return f"{count:,} data keys open" if count != 1 else "1 data key opens"


async def _opened_keys(known: Settings) -> int:
    """Every organization's present data key, opened as any process opens it. Raises `Problem`."""
    count = 0
    async with installation.running(installation.build(known, reactions={})) as here:
        for organization_id in await here.database.doorways.organizations():
            async with here.database.reading(organization_id) as tx:
                rows = await key_rows(tx)
            if rows and not rows[max(rows)].destroyed_at:
                await here.keys.current(organization_id)
                count += 1
    return count


def _mail(known: Settings) -> str:
    if not known.smtp_url and not known.development:
        raise Trouble("Answers only go to the local outbox: set PARLOUR_SMTP_URL.")
    return "answers leave by PARLOUR_SMTP_URL" if known.smtp_url else "answers go to /dev/mail"


def _ask(url: str, question: LiteralString) -> Any:
    with psycopg.connect(url, autocommit=True, connect_timeout=5) as connection:
        row = connection.execute(question).fetchone()
    return None if row is None else row[0]


HAS_REVISION: LiteralString = "select to_regclass('alembic_version') is not null"

CHECKS: dict[str, Check] = {
    "Python": _python,
    "database": _database,
    "the application's role": _role,
    "schema": _schema,
    "Valkey or Redis": _cache,
    "secret key": _secret,
    "keys": _keys,
    "outgoing mail": _mail,
}
