"""How long a thing may be before it must be split by capability. An exception stands here with its reason."""

from collections import Counter
from pathlib import Path

from tests.laws.source import Function, functions, name, python, tracked

FILE_LINES = 300
FUNCTION_LINES = 40
PARAMETERS = 6
ROOM_FILES = 15

LONG_FILES: dict[str, str] = {}
LONG_FUNCTIONS: dict[str, str] = {}
MANY_PARAMETERS: dict[str, str] = {}
LARGE_ROOMS = {
    "src/parlour/api": "a file for each noun, and the few things that all nouns share",
    "src/parlour/foundation": "each file is a piece of its own; the room's budget is for one capability",
    "src/parlour/tickets": "the room everything is about; one file a capability, none of them long",
}

WRITTEN_BY_HAND = {".py", ".js", ".mjs", ".css", ".html", ".sh", ".sql"}


def test_no_file_is_longer_than_three_hundred_lines() -> None:
    lengths = {name(path): len(path.read_text().splitlines()) for path in tracked() if path.suffix in WRITTEN_BY_HAND}
    assert over(lengths, FILE_LINES) == set(LONG_FILES)


def test_no_function_is_longer_than_forty_lines() -> None:
    lengths = {place: length(function) for path in python() for place, function in functions(path)}
    assert over(lengths, FUNCTION_LINES) == set(LONG_FUNCTIONS)


def test_no_function_takes_more_than_six_parameters() -> None:
    counts = {place: parameters(function) for path in python() for place, function in functions(path)}
    assert over(counts, PARAMETERS) == set(MANY_PARAMETERS)


def test_no_room_has_more_than_fifteen_files() -> None:
    sizes = Counter(name(path.parent) for path in python("src/") if path.name != "__init__.py")
    assert over(sizes, ROOM_FILES) == set(LARGE_ROOMS)


def over(sizes: dict[str, int] | Counter[str], most: int) -> set[str]:
    return {place for place, size in sizes.items() if size > most}


def length(function: Function) -> int:
    assert function.end_lineno is not None
    return function.end_lineno - function.lineno + 1


def parameters(function: Function) -> int:
    named = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    return len([argument for argument in named if argument.arg not in ("self", "cls", "_")])


def test_every_exception_names_a_thing_that_exists() -> None:
    places = {name(path) for path in tracked()} | {place for path in python() for place, _ in functions(path)}
    folders = {name(Path(path).parent) for path in tracked()}
    assert {*LONG_FILES, *LONG_FUNCTIONS, *MANY_PARAMETERS} <= places
    assert set(LARGE_ROOMS) <= folders
