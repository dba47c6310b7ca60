"""Keeps a server that forgets whose child it is, as those do that change their user: it ends when we are ended.

Run as a program between a test and its server: `python guard.py COMMAND…`. It ends when its parent does, by whatever
signal, since it stays who it is.
"""

import os
import signal
import subprocess
import sys

_PATIENCE = 8


def main(command: list[str]) -> int:
    """The server's own exit code; after SIGTERM once it has ended."""
    # Held back, so that none is missed between its start and the wait for it.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGCHLD})
    server = subprocess.Popen(command, start_new_session=True, preexec_fn=_free_signals)
    while server.poll() is None:
        if signal.sigwait({signal.SIGTERM, signal.SIGCHLD}) is signal.SIGTERM:
            return _end(server)
    return server.returncode


def _end(server: "subprocess.Popen[bytes]") -> int:
    server.terminate()
    try:
        server.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()
    return 0


def _free_signals() -> None:
    signal.pthread_sigmask(signal.SIG_SETMASK, [])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
