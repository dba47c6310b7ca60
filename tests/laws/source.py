"""Our own files, as the laws look at them."""

import ast
import gc
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "parlour"

Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def tracked() -> tuple[Path, ...]:
    """Everything under version control, and what is new and not ignored."""
    command = ["git", "-c", "safe.directory=*", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    return tuple(path for name in listed if (path := ROOT / name).is_file())


def python(*folders: str) -> list[Path]:
    """Our Python files below these folders, or all."""
    return [path for path in tracked() if path.suffix == ".py" and (not folders or name(path).startswith(folders))]


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def tree(path: Path) -> ast.Module:
    # A finalizer that runs in the middle of it upsets the parser's own count of how deep it is.
    gc.disable()
    try:
        return ast.parse(path.read_text())
    finally:
        gc.enable()


def functions(path: Path) -> Iterator[tuple[str, Function]]:
    """Every function of a file with its dotted name, those inside others too."""
    yield from _inside(tree(path), name(path))


def _inside(node: ast.AST, place: str) -> Iterator[tuple[str, Function]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, Function):
            yield f"{place}:{child.name}", child
            yield from _inside(child, f"{place}:{child.name}")
        elif isinstance(child, ast.ClassDef):
            yield from _inside(child, f"{place}:{child.name}")
        else:
            yield from _inside(child, place)
