"""Keeps children running: starts them in order, starts again what dies, stops all in the opposite order."""

import signal
import sys
import time
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from types import TracebackType

from parlour.children import Child, describe_end

STOP_SIGNALS = frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGHUP})
MOST_RESTARTS = 5
WITHIN_SECONDS = 60.0


class Stopped(Exception):
    """Someone asked us to stop."""


class Failed(Exception):
    """We can't go on; the message says why, for a person."""


@dataclass
class _Kept:
    child: Child
    ended_at: "deque[float]" = field(default_factory=lambda: deque(maxlen=MOST_RESTARTS + 1))
    due_at: float | None = None

    def note_end(self) -> None:
        """Plan the next start: the first at once, each further one within the minute twice as late."""
        now = time.monotonic()
        self.ended_at.append(now)
        recent = sum(1 for moment in self.ended_at if now - moment < WITHIN_SECONDS)
        if recent > MOST_RESTARTS:
            raise Failed(
                f"{self.child.name} ended {recent} times within a minute and is given up: it"
                f" {describe_end(self.child.exit_code)}.\n{self.child.last_words()}".rstrip()
            )
        self.due_at = now + (0.0 if recent == 1 else 0.25 * 2.0 ** (recent - 1))


class Supervisor(AbstractContextManager["Supervisor"]):
    """Use as a context: whatever happens inside, every child is stopped at its end."""

    def __init__(self) -> None:
        self._kept: list[_Kept] = []

    def __enter__(self) -> "Supervisor":
        # Blocked, and taken one by one with sigtimedwait: no signal is lost between a look and a wait.
        signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS | {signal.SIGCHLD})
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for kept in reversed(self._kept):
            if not kept.child.stop():
                say(f"{kept.child.name} did not stop within {kept.child.patience:.0f} s and was killed.")
        self._kept.clear()

    def start(self, child: Child) -> None:
        """From now on it is kept."""
        child.start()
        self._kept.append(_Kept(child))

    def wait_until(self, ready: Callable[[], bool], seconds: float, late: str) -> None:
        """Raises `Failed` with `late` when the time is over, and at once when a child dies meanwhile."""
        deadline = time.monotonic() + seconds
        while not ready():
            for kept in self._kept:
                if not kept.child.running:
                    raise Failed(_obituary(kept.child))
            if time.monotonic() > deadline:
                raise Failed(late)
            self._pause(0.02)

    def finish(self, child: Child, seconds: float) -> None:
        """Run a child that ends by itself. Raises `Failed` when it fails or takes too long."""
        child.start()
        deadline = time.monotonic() + seconds
        try:
            while child.running:
                if time.monotonic() > deadline:
                    raise Failed(f"{child.name} did not finish within {seconds:.0f} s.")
                self._pause(0.1)
        finally:
            child.stop()
        if child.exit_code != 0:
            raise Failed(_obituary(child))

    def keep(self) -> None:
        """Until `Stopped`, or until a child dies too often (`Failed`)."""
        while True:
            for kept in self._kept:
                self._look_after(kept)
            dues = [kept.due_at - time.monotonic() for kept in self._kept if kept.due_at is not None]
            self._pause(max(0.01, min(dues, default=60.0)))

    def _look_after(self, kept: _Kept) -> None:
        if kept.child.running:
            return
        if kept.due_at is None:
            kept.note_end()
            say(f"{kept.child.name} {describe_end(kept.child.exit_code)}; it is started again.")
        if kept.due_at is not None and kept.due_at <= time.monotonic():
            kept.due_at = None
            kept.child.start()

    def _pause(self, seconds: float) -> None:
        # Ends early when a child ends: SIGCHLD.
        received = signal.sigtimedwait(STOP_SIGNALS | {signal.SIGCHLD}, seconds)
        if received is not None and received.si_signo in STOP_SIGNALS:
            raise Stopped(signal.Signals(received.si_signo).name)


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _obituary(child: Child) -> str:
    return f"{child.name} {describe_end(child.exit_code)}.\n{child.last_words()}".rstrip()
