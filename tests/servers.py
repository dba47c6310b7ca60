"""The real PostgreSQL and Valkey, started once a run, and one database for each process that runs tests.

A cluster with every migration run is kept in `.cache/tests`, named after what the migrations say: a run copies it.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from parlour import connections, embedded, revisions
from parlour.children import Child, until
from parlour.connections import Servers
from parlour.foundation.settings import Settings

ROOT = Path(__file__).parents[1]
CACHE = ROOT / ".cache" / "tests"

_RUNNING = pytest.StashKey[tuple[list[Child], Path, Servers]]()


def pytest_configure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput"):
        return
    CACHE.mkdir(parents=True, exist_ok=True)
    _sweep()
    home = CACHE / f"run-{os.getpid()}"
    servers = copy_of_migrated(home)
    children = _start(home, servers)
    config.stash[_RUNNING] = (children, home, servers)


def pytest_unconfigure(config: pytest.Config) -> None:
    running = config.stash.get(_RUNNING, None)
    if running:
        children, home, _ = running
        for child in reversed(children):
            child.stop()
        shutil.rmtree(home, ignore_errors=True)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: object) -> None:
    _, home, servers = node.config.stash[_RUNNING]  # type: ignore[attr-defined]
    node.workerinput["servers"] = {"home": str(home), **asdict(servers)}  # type: ignore[attr-defined]


@pytest.fixture(scope="session")
def servers(request: pytest.FixtureRequest) -> tuple[Path, Servers]:
    """Where the servers of this run are."""
    given = getattr(request.config, "workerinput", {}).get("servers")
    if given is None:
        _, home, running = request.config.stash[_RUNNING]
        return home, running
    told = dict(given)
    return Path(told.pop("home")), Servers(**told)


@pytest.fixture(scope="session")
def database_name(request: pytest.FixtureRequest, servers: tuple[Path, Servers]) -> str:
    """A database of this process's own, migrated and empty."""
    home, running = servers
    name = f"parlour_{getattr(request.config, 'workerinput', {}).get('workerid', 'alone')}"
    admin = running.url(home, "postgres", "postgres")
    # Files are copied, not written through the journal: that takes 50 ms.
    embedded.sql(admin, f"create database {name} template parlour owner parlour_owner strategy file_copy")
    return name


@pytest.fixture(scope="session")
def database_url(servers: tuple[Path, Servers], database_name: str) -> str:
    """As the application connects."""
    return servers[1].url(servers[0], "parlour_app", database_name)


@pytest.fixture(scope="session")
def owner_database_url(servers: tuple[Path, Servers], database_name: str) -> str:
    """As migrations connect."""
    return servers[1].url(servers[0], "parlour_owner", database_name)


@pytest.fixture(scope="session")
def redis_url(request: pytest.FixtureRequest, servers: tuple[Path, Servers]) -> str:
    """A numbered database of this process's own; channels are shared by all, their names carry fresh ids."""
    worker = getattr(request.config, "workerinput", {}).get("workerid", "gw0")
    number = int(worker.removeprefix("gw")) % 16
    return embedded.valkey_url(servers[1].valkey_port, servers[1].valkey_password, number)


@pytest.fixture(scope="session")
def settings(
    tmp_path_factory: pytest.TempPathFactory, database_url: str, owner_database_url: str, redis_url: str
) -> Settings:
    """Of the installation under test."""
    return Settings(
        data=tmp_path_factory.mktemp("data"),
        database_url=database_url,
        owner_database_url=owner_database_url,
        redis_url=redis_url,
        secret_key="a secret of the tests, long enough to sign with",
        smtp_port=0,
        refusal_seconds=0,
    )


def _start(home: Path, servers: Servers) -> list[Child]:
    children = [
        embedded.postgres(home / "postgres", servers.postgres_port, forgetful=True),
        embedded.valkey(home / "valkey", servers.valkey_port, servers.valkey_password, forgetful=True),
    ]
    for child in children:
        child.start()
    ready = until(lambda: embedded.postgres_ready(servers.postgres_port), 60)
    ready = ready and until(lambda: embedded.valkey_ready(servers.valkey_port, servers.valkey_password), 60)
    if not ready:
        raise pytest.UsageError(f"The servers did not start: {[child.last_words() for child in children]}")
    return children


def copy_of_migrated(home: Path) -> Servers:
    """A copy of the cached cluster, made first where the migrations are new; with ports of its own."""
    cached = CACHE / f"cluster-{_fingerprint()}"
    with _alone():
        if not cached.exists():
            _make_migrated(cached)
    shutil.copytree(cached, home)
    shutil.rmtree(home / "valkey", ignore_errors=True)
    embedded.hand_over(home / "postgres")
    return _with_new_ports(connections.remembered(home))


def _make_migrated(cached: Path) -> None:
    draft = cached.with_suffix(".draft")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    servers = connections.remembered(draft)
    embedded.initialise(draft / "postgres", servers.postgres_password)
    children = _start(draft, servers)
    try:
        connections.make_roles(draft, servers)
        urls = {
            "OWNER_DATABASE_URL": servers.url(draft, "parlour_owner"),
            "DATABASE_URL": servers.url(draft, "parlour_app"),
            "REDIS_URL": embedded.valkey_url(servers.valkey_port, servers.valkey_password),
            "PARLOUR_SECRET_KEY": "not used",
        }
        subprocess.run([sys.executable, "-m", "parlour", "migrate"], check=True, env={**os.environ, **urls}, cwd=ROOT)
    finally:
        for child in reversed(children):
            child.stop()
    for old in set(CACHE.glob("cluster-*")) - {draft}:
        shutil.rmtree(old, ignore_errors=True)
    draft.rename(cached)


def _with_new_ports(servers: Servers) -> Servers:
    fresh = Servers()
    return replace(servers, postgres_port=fresh.postgres_port, valkey_port=fresh.valkey_port)


def _fingerprint() -> str:
    texts = hashlib.sha256()
    for file in [*sorted(revisions.FOLDER.rglob("*.py")), Path(embedded.__file__), Path(connections.__file__)]:
        texts.update(file.read_bytes())
    return texts.hexdigest()[:16]


@contextmanager
def _alone() -> Iterator[None]:
    # Two runs in one folder must not make the cluster at the same time.
    with open(CACHE / "lock", "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _sweep() -> None:
    """What runs that were killed left behind."""
    for folder in CACHE.glob("run-*"):
        if not Path("/proc", folder.name.removeprefix("run-")).exists():
            shutil.rmtree(folder, ignore_errors=True)
