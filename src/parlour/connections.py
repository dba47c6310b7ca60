"""What the embedded servers' ports and passwords are: chosen once, remembered in the data folder, told to every child.

`servers.json` is ours; `connections.json` holds the addresses that every command reads where DATABASE_URL is unset.
"""

import fcntl
import json
import os
import secrets
import socket
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from parlour import embedded

ROLES = """
do $$ begin
    if not exists (select from pg_roles where rolname = 'parlour_owner') then create role parlour_owner; end if;
    if not exists (select from pg_roles where rolname = 'parlour_app') then create role parlour_app; end if;
    if not exists (select from pg_roles where rolname = 'parlour_doorkeeper') then create role parlour_doorkeeper;
    end if;
end $$;
alter role parlour_owner login nosuperuser nobypassrls nocreatedb nocreaterole password '{owner_password}';
alter role parlour_app login nosuperuser nobypassrls nocreatedb nocreaterole password '{app_password}';
alter role parlour_doorkeeper nologin nosuperuser nobypassrls nocreatedb nocreaterole;
-- So that a migration may give the doorkeeper the functions it owns.
grant parlour_doorkeeper to parlour_owner;
"""

INSIDE = """
revoke all on database {database} from public;
grant connect, temporary on database {database} to parlour_app;
create extension if not exists pg_stat_statements;
"""


class AlreadyRunning(Exception):
    """Another `parlour up` uses this data folder."""


def _secret() -> str:
    # Hexadecimal: it needs no quoting in an address, in SQL, or in Valkey's settings.
    return secrets.token_hex(20)


def _free_port() -> int:
    with socket.create_server((embedded.HOST, 0)) as listener:
        return int(listener.getsockname()[1])


@dataclass(frozen=True)
class Servers:
    """The ports and passwords of one data folder."""

    postgres_port: int = field(default_factory=_free_port)
    postgres_password: str = field(default_factory=_secret)
    owner_password: str = field(default_factory=_secret)
    app_password: str = field(default_factory=_secret)
    valkey_port: int = field(default_factory=_free_port)
    valkey_password: str = field(default_factory=_secret)

    def url(self, data: Path, role: str, database: str = "parlour") -> str:
        passwords = {"postgres": self.postgres_password, "parlour_owner": self.owner_password}
        password = passwords.get(role, self.app_password)
        return embedded.postgres_url(data / "postgres", self.postgres_port, role, password, database)


def remembered(data: Path) -> Servers:
    """As on the last run; a port that someone else took meanwhile is chosen anew."""
    file = data / "servers.json"
    servers = Servers(**json.loads(file.read_text())) if file.exists() else Servers()
    if port_trouble(embedded.HOST, servers.postgres_port):
        servers = replace(servers, postgres_port=_free_port())
    if port_trouble(embedded.HOST, servers.valkey_port):
        servers = replace(servers, valkey_port=_free_port())
    write_private(file, asdict(servers))
    return servers


def make_roles(data: Path, servers: Servers, database: str = "parlour") -> None:
    """The three roles and the database, once per cluster."""
    done = data / "postgres" / "roles-made"
    if done.exists():
        return
    admin = servers.url(data, "postgres", "postgres")
    embedded.sql(admin, ROLES.format(owner_password=servers.owner_password, app_password=servers.app_password))
    if not embedded.sql(admin, f"select 1 from pg_database where datname = '{database}'"):
        embedded.sql(admin, f"create database {database} owner parlour_owner")
    embedded.sql(servers.url(data, "postgres", database), INSIDE.format(database=database))
    done.touch()


def write_private(file: Path, content: dict[str, object]) -> None:
    """Whole or not at all, and never readable by others, not even for a moment."""
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(content, indent=2) + "\n")
    draft.replace(file)


def lock(data: Path, patience: float = 20) -> int:
    """Hold the data folder; the descriptor is passed on to every child.

    So it stays held until the last of them is gone: after a `kill -9` of their parent we wait for its servers to end
    instead of starting a second server over the same files. Raises `AlreadyRunning`.
    """
    descriptor = os.open(data / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    deadline = time.monotonic() + patience
    while not _locked(descriptor):
        owner = os.pread(descriptor, 20, 0).decode().strip()
        orphaned = owner.isdigit() and not os.path.exists(f"/proc/{owner}")
        if not orphaned or time.monotonic() > deadline:
            os.close(descriptor)
            raise AlreadyRunning(
                f"Parlour is already running on {data} (process {owner or 'unknown'})."
                " Stop it first, or choose another folder with --data."
            )
        time.sleep(0.05)
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, str(os.getpid()).encode(), 0)
    return descriptor


def port_trouble(host: str, port: int) -> str:
    """Why we can't listen there, as the end of a sentence; empty when we can."""
    try:
        with socket.create_server((host, port), family=family_of(host)):
            return ""
    except PermissionError:
        return "may only be opened by the administrator"
    except OSError as error:
        return "is in use by another program" if error.errno == 98 else f"can't be opened: {error.strerror}"


def listeners(host: str, port: int, workers: int) -> list[socket.socket]:
    """One a process: the kernel spreads the connections over them."""
    family = family_of(host)
    return [
        socket.create_server((host, port), family=family, backlog=2048, reuse_port=workers > 1) for _ in range(workers)
    ]


def family_of(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _locked(descriptor: int) -> bool:
    with suppress(BlockingIOError):
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False
