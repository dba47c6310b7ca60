"""Libraries that most processes never need: loaded when they are first used, so that the others start sooner."""

import importlib
from functools import cache
from typing import Any


@cache
def library(name: str) -> Any:
    """The module of this name."""
    return importlib.import_module(name)
