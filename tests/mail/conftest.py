"""The servers that the tests of the whole engine talk to, started once a run."""

from collections.abc import Iterator

import pytest

from tests.mail import dovecot as dovecots
from tests.mail import postfix as postfixes
from tests.mail.dovecot import Dovecot
from tests.mail.postfix import Postfix


@pytest.fixture(scope="session")
def dovecot() -> Iterator[Dovecot]:
    """A real Dovecot; its tests are skipped where it is not installed."""
    with dovecots.running() as server:
        yield server


@pytest.fixture(scope="session")
def postfix() -> Iterator[Postfix]:
    """A real Postfix; its tests are skipped where it is not installed, and for a plain user."""
    with postfixes.running() as server:
        yield server
