"""What the tests of sending domains begin with."""

from tests.email.domains.sender import dns, sender

__all__ = ["dns", "sender"]
