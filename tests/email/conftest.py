"""What the tests of mail begin with."""

from tests.email.post import post

__all__ = ["post"]
