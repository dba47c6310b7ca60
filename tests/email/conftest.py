"""What the tests of mail begin with."""

from tests.email.desk import desk, server
from tests.email.post import post

__all__ = ["desk", "post", "server"]
