"""Child processes that never outlive us.

Only the standard library's lightest modules: the supervisor that imports this stays up for as long as Parlour runs.
"""

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

PR_SET_PDEATHSIG = 1

# Looked up before any fork: between fork and exec as little as possible should happen.
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass
class Child:
    """One process that we keep, and what it takes to start and to stop it."""

    name: str
    command: Sequence[str | Path]
    environment: Mapping[str, str] = field(default_factory=dict)
    folder: Path | None = None
    log: Path | None = None
    held: tuple[int, ...] = ()
    stop_signal: signal.Signals = signal.SIGTERM
    death_signal: signal.Signals = signal.SIGTERM
    patience: float = 10
    become: Callable[[], None] | None = None
    process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        """Start it, in a session of its own: a Ctrl-C in the terminal is ours to pass on, in our order."""
        output = None
        if self.log is not None:
            _keep_short(self.log)
            output = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            self.process = subprocess.Popen(
                [str(word) for word in self.command],
                env={**os.environ, **self.environment},
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=None if output is None else subprocess.STDOUT,
                pass_fds=self.held,
                start_new_session=True,
                preexec_fn=prepared(self.death_signal, self.become),
            )
        finally:
            if output is not None:
                os.close(output)

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def exit_code(self) -> int | None:
        return None if self.process is None else self.process.poll()

    def ask_to_stop(self) -> None:
        if self.process is not None and self.running:
            self.process.send_signal(self.stop_signal)

    def stop(self) -> bool:
        """Wait until it has ended; after its patience, kill it. Says whether it went by itself."""
        self.ask_to_stop()
        return self.wait_or_kill()

    def wait_or_kill(self) -> bool:
        if self.process is None:
            return True
        try:
            self.process.wait(self.patience)
            return True
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return False

    def last_words(self, lines: int = 8) -> str:
        """The end of its log, for a person to read."""
        if self.log is None or not self.log.exists():
            return ""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])


def prepared(death_signal: signal.Signals, become: Callable[[], None] | None = None) -> Callable[[], None]:
    """What a child does between fork and exec: become who it runs as, then ask to be told when we die."""
    parent = os.getpid()

    def prepare() -> None:
        signal.pthread_sigmask(signal.SIG_SETMASK, [])
        if become is not None:
            become()
        # After `become`: the kernel forgets this wish whenever the credentials of a process change.
        if _libc.prctl(PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl")
        # We may have died before the wish was made. Seen from a new user namespace the parent is the same number.
        if os.getppid() != parent:
            os._exit(1)

    return prepare


def describe_end(exit_code: int | None) -> str:
    """`ended with code 3` or `was killed by SIGKILL`."""
    if exit_code is None:
        return "is running"
    if exit_code < 0:
        return f"was killed by {signal.Signals(-exit_code).name}"
    return f"ended with code {exit_code}"


def until(condition: Callable[[], bool], seconds: float, pause: float = 0.02) -> bool:
    """Ask until it holds or the time is over; says which."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(pause)
    return True


def _keep_short(log: Path, limit: int = 10_000_000) -> None:
    # One older log is kept; nobody else rotates it.
    if log.exists() and log.stat().st_size > limit:
        log.replace(log.with_suffix(log.suffix + ".old"))
