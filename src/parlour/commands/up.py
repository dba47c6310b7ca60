"""`parlour up`: the whole of Parlour on one machine, everything a child of this small process."""

import argparse
import os
import signal
import socket
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from parlour import connections, embedded, revisions
from parlour.children import Child
from parlour.connections import AlreadyRunning, Servers
from parlour.embedded import CannotStart
from parlour.supervisor import Failed, Stopped, Supervisor, say

DEMO_SIGN_INS = """
  Sign in at {url}/sign-in, every password is parlour-demo
    alice@acme.test       administrator     mara@acme.test        manager
    bob@acme.test         agent             erin@acme.test        agent
    carol@customer.test   customer, at {url}/portal/acme
    gina@globex.test      administrator of a second organization, Globex

  Mail to support@acme.test on port {smtp_port} becomes a ticket; {url}/dev/mail shows what goes out.
"""


# For psql, which alone understands \\gset: a new database has no such table yet.
CURRENT_REVISION = r"""
select to_regclass('alembic_version') is not null as known \gset
\if :known
select version_num from alembic_version;
\endif
"""


@dataclass
class Plan:
    """What was asked for, and what is found out on the way."""

    data: Path
    host: str
    port: int
    smtp_host: str
    smtp_port: int
    demo: bool
    workers: int
    lock: int = -1

    @property
    def url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        known = {"DATA": self.data, "HOST": self.host, "PORT": self.port}
        known |= {"SMTP_HOST": self.smtp_host, "SMTP_PORT": self.smtp_port}
        if self.demo:
            known["DEVELOPMENT"] = "true"
        # Fewer arenas, less memory: these are single-threaded processes.
        return {f"PARLOUR_{name}": str(value) for name, value in known.items()} | {"MALLOC_ARENA_MAX": "2"}

    def child(self, name: str, *words: str, held: tuple[int, ...] = (), patience: float = 10) -> Child:
        return Child(
            name=name,
            command=[sys.executable, "-m", "parlour", *words],
            environment=self.environment,
            held=(self.lock, *held),
            # With us its database goes too, without which it could only wait: what it was doing is found again.
            death_signal=signal.SIGKILL,
            patience=patience,
        )


def main(words: Sequence[str]) -> int:
    plan = _plan(words)
    try:
        _take(plan)
        listeners = _listen(plan)
        with Supervisor() as supervisor:
            _bring_up(supervisor, plan, listeners)
            _welcome(plan)
            supervisor.keep()
    except Stopped:
        return 0
    except (AlreadyRunning, CannotStart, Failed) as trouble:
        say(str(trouble))
        return 1
    return 0


def _take(plan: Plan) -> None:
    """The data folder is ours alone from here on."""
    try:
        plan.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        plan.lock = connections.lock(plan.data)
    except OSError as trouble:
        raise Failed(f"The data folder {plan.data} can't be used: {trouble.strerror}.") from trouble


def _plan(words: Sequence[str]) -> Plan:
    def known(name: str, otherwise: str) -> str:
        return os.environ.get(f"PARLOUR_{name}", otherwise)

    parser = argparse.ArgumentParser(prog="parlour up", description="All of Parlour on this machine.")
    parser.add_argument("--data", type=Path, default=Path(known("DATA", ".parlour")), help="folder for everything kept")
    parser.add_argument("--host", default=known("HOST", "127.0.0.1"), help="address the web process listens on")
    parser.add_argument("--port", type=int, default=int(known("PORT", "8000")))
    parser.add_argument("--smtp-host", default=known("SMTP_HOST", "127.0.0.1"), help="address mail comes in on")
    parser.add_argument("--smtp-port", type=int, default=int(known("SMTP_PORT", "2525")))
    parser.add_argument("--workers", type=int, default=1, metavar="N", help="web processes (default: 1)")
    parser.add_argument("--demo", action="store_true", help="fill an empty installation with the demo; development")
    asked = Plan(**vars(parser.parse_args(words)))
    # The children may have another working folder than we.
    asked.data = asked.data.absolute()
    return asked


def _listen(plan: Plan) -> list[socket.socket]:
    """The web addresses, opened here: a web process that is started again takes over who waits meanwhile."""
    for option, host, port in (("--port", plan.host, plan.port), ("--smtp-port", plan.smtp_host, plan.smtp_port)):
        trouble = connections.port_trouble(host, port)
        if trouble:
            raise Failed(f"Port {port} on {host} {trouble}. Choose another with {option}.")
    return connections.listeners(plan.host, plan.port, plan.workers)


def _bring_up(supervisor: Supervisor, plan: Plan, listeners: list[socket.socket]) -> None:
    servers = connections.remembered(plan.data)
    _start_servers(supervisor, plan, servers)
    if not _up_to_date(plan, servers):
        supervisor.finish(plan.child("The migration", "migrate"), 600)
    if plan.demo and not (plan.data / "seeded").exists():
        supervisor.finish(plan.child("The demo", "seed"), 300)
        (plan.data / "seeded").touch()
    supervisor.start(plan.child("The worker", "worker", patience=25))
    for number, listener in enumerate(listeners, 1):
        name = "The web process" if len(listeners) == 1 else f"Web process {number}"
        supervisor.start(web_child(plan, name, listener))
    seconds = 60
    supervisor.wait_until(
        lambda: healthy(plan.host, plan.port),
        seconds,
        f"The web process does not answer GET {plan.url}/api/health with 200 within {seconds} seconds."
        " Its messages are above.",
    )


def web_child(plan: Plan, name: str, listener: socket.socket) -> Child:
    return plan.child(name, "web", "--socket", str(listener.fileno()), held=(listener.fileno(),))


def _start_servers(supervisor: Supervisor, plan: Plan, servers: Servers) -> None:
    """Those that no DATABASE_URL or REDIS_URL replaces."""
    addresses: dict[str, object] = {}
    with_postgres, with_valkey = not os.environ.get("DATABASE_URL"), not os.environ.get("REDIS_URL")
    if with_postgres:
        embedded.initialise(plan.data / "postgres", servers.postgres_password)
        supervisor.start(_holding(plan, embedded.postgres(plan.data / "postgres", servers.postgres_port)))
        addresses["database_url"] = servers.url(plan.data, "parlour_app")
        addresses["owner_database_url"] = servers.url(plan.data, "parlour_owner")
    if with_valkey:
        folder = plan.data / "valkey"
        supervisor.start(_holding(plan, embedded.valkey(folder, servers.valkey_port, servers.valkey_password)))
        addresses["redis_url"] = embedded.valkey_url(servers.valkey_port, servers.valkey_password)
    connections.write_private(plan.data / "connections.json", addresses)
    if with_postgres:
        _wait_for_postgres(supervisor, plan, servers)
    if with_valkey:
        ready = "Valkey is not ready after 60 seconds; see valkey/log in the data folder."
        supervisor.wait_until(lambda: embedded.valkey_ready(servers.valkey_port, servers.valkey_password), 60, ready)


def _wait_for_postgres(supervisor: Supervisor, plan: Plan, servers: Servers) -> None:
    # Long: after a power cut it first reads its journal again.
    late = "PostgreSQL is not ready after 5 minutes; see postgres/log in the data folder."
    supervisor.wait_until(lambda: embedded.postgres_ready(servers.postgres_port), 300, late)
    connections.make_roles(plan.data, servers)


def _holding(plan: Plan, server: Child) -> Child:
    server.held = (plan.lock,)
    return server


def _up_to_date(plan: Plan, servers: Servers) -> bool:
    if os.environ.get("DATABASE_URL"):
        return False
    return embedded.sql(servers.url(plan.data, "parlour_owner"), CURRENT_REVISION) == revisions.newest()


def healthy(host: str, port: int) -> bool:
    """Whether GET /api/health answers 200."""
    local = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    request = f"GET /api/health HTTP/1.1\r\nHost: {local}:{port}\r\nConnection: close\r\n\r\n"
    try:
        with socket.create_connection((local, port), 1) as connection:
            connection.sendall(request.encode())
            return connection.recv(12) == b"HTTP/1.1 200"
    except OSError:
        return False


def _welcome(plan: Plan) -> None:
    print(f"\n  Parlour is at {plan.url}", flush=True)
    if plan.demo:
        print(DEMO_SIGN_INS.format(url=plan.url, smtp_port=plan.smtp_port), flush=True)
