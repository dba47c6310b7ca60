"""Runs the revisions, each plain SQL, as the role that owns the schema."""

import os

import sqlalchemy
from alembic import context

url = os.environ["OWNER_DATABASE_URL"].replace("postgresql://", "postgresql+psycopg://", 1)
engine = sqlalchemy.create_engine(url, poolclass=sqlalchemy.NullPool)

with engine.connect() as connection:
    # No migration waits longer for a lock: better to fail and be repeated than to queue every reader behind it.
    connection.exec_driver_sql("set lock_timeout = '5s'")
    # Two deployments at once take turns.
    connection.exec_driver_sql("select pg_advisory_lock(hashtext('parlour.migrate'))")
    connection.commit()
    context.configure(connection=connection, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
