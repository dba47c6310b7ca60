"""What every journey begins with."""

from tests.journeys.desk import journey

__all__ = ["journey"]
