"""`parlour migrate`: bring the database to the newest revision, as the role that owns it."""

import argparse
import importlib
import os
from collections.abc import Sequence
from typing import Any

import psycopg

from parlour import revisions
from parlour.foundation import settings


def main(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="parlour migrate", description="Bring the database to the newest revision.")
    parser.add_argument("--data", help="the data folder of `parlour up`")
    asked = parser.parse_args(words)
    known = settings.load(**({"data": asked.data} if asked.data else {}))
    if not known.owner_database_url:
        print("Migrations run as the role that owns the tables: set OWNER_DATABASE_URL.")
        return 1
    before, newest = current(known.owner_database_url), revisions.newest()
    if before == newest:
        return 0
    _upgrade(known.owner_database_url)
    print(f"The database went from revision {before or 'nothing'} to {newest}.", flush=True)
    return 0


def current(url: str) -> str:
    """The revision the database is at; empty for a new one."""
    with psycopg.connect(url, autocommit=True, connect_timeout=10) as connection:
        if _first(connection, "select to_regclass('alembic_version')") is None:
            return ""
        return str(_first(connection, "select version_num from alembic_version") or "")


def _upgrade(url: str) -> None:
    # Loaded only when there is something to do. The environment file takes its turn behind an advisory lock and
    # waits for no table lock longer than five seconds.
    os.environ["OWNER_DATABASE_URL"] = url
    command = importlib.import_module("alembic.command")
    config = importlib.import_module("alembic.config").Config(str(revisions.FOLDER / "alembic.ini"))
    command.upgrade(config, "head")


def _first(connection: psycopg.Connection[Any], question: str) -> Any:
    row = connection.execute(question.encode()).fetchone()
    return None if row is None else row[0]
