"""How one file may know another. The directions themselves are in pyproject.toml, checked by import-linter."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.laws.source import PACKAGE, name, python, tree

FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "base", "common", "misc", "manager", "service", "services"}

# Loaded by the name in a table, so that a small process stays small: see cli.py.
BY_MODULE = {"foundation", "commands"}

ROOMS = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists()} - BY_MODULE


def imports(path: Path) -> Iterator[tuple[ast.stmt, str]]:
    """Each module that a file names, with the statement."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node, node.module


def test_a_room_is_entered_by_its_front() -> None:
    trespassers = [
        f"{name(path)} imports {module}"
        for path in python("src/")
        for _, module in imports(path)
        if (room := inner_room(module)) and room not in path.relative_to(PACKAGE).parts
    ]
    assert trespassers == []


def test_a_front_says_what_it_shows() -> None:
    silent = [
        room
        for room in sorted(ROOMS)
        if (front := tree(PACKAGE / room / "__init__.py")).body
        and any(isinstance(node, ast.ImportFrom) for node in front.body)
        and not any(
            isinstance(node, ast.Assign | ast.AnnAssign) and "__all__" in ast.unparse(node) for node in front.body
        )
        and room != "seed"
    ]
    assert silent == []


def test_no_import_hides_inside_a_function() -> None:
    hidden = [
        f"{name(path)}:{inner.lineno}"
        for path in python()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for inner in ast.walk(node)
        if isinstance(inner, ast.Import | ast.ImportFrom)
    ]
    assert hidden == []


def test_no_file_is_named_after_nothing() -> None:
    assert [name(path) for path in python() if path.stem in FORBIDDEN_NAMES] == []


def inner_room(module: str) -> str | None:
    """`tickets` for `parlour.tickets.replies`; nothing for a room's front."""
    words = module.split(".")
    return words[1] if len(words) > 2 and words[0] == "parlour" and words[1] in ROOMS else None
