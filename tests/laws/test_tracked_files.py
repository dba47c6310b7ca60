"""What must not be written into any file that others get."""

import re

import pytest

from tests.laws.source import name, tracked

LOCK_FILES = {"package-lock.json"}

FORBIDDEN = {
    "an address of a package registry": re.compile(
        r"https?://(?:registry|files|pypi|mirrors?|deb)\.[\w.-]+|--(?:extra-)?index-url|\"resolved\":"
    ),
    "a folder of one person's machine": re.compile(
        r"(?<![\w.])/(?:home/\w+|Users/\w+|root/\.\w+|work/main|tmp/w)(?:/|\b)"
    ),
    "a private key": re.compile(r"BEGIN (?:RSA |EC |OPENSSH )?PRIVATE KEY"),
    "a merge that was not finished": re.compile(r"^(?:<{7}|>{7}) ", re.MULTILINE),
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_holds(what: str) -> None:
    found = [name(path) for path in tracked() if path.name != "test_tracked_files.py" and says(path.read_bytes(), what)]
    assert found == []


def test_no_large_file_is_tracked() -> None:
    assert {name(path) for path in tracked() if path.stat().st_size > 1_000_000} == set()


def test_older_pips_find_each_package_in_the_locks_without_its_extras() -> None:
    """They take `pydantic[email]` and `pydantic` for two packages, of which both must then be pinned, and once."""
    for lock in (path for path in tracked() if re.fullmatch(r"requirements.*\.txt", path.name)):
        pinned = re.findall(r"^([\w.-]+(?:\[[\w,]+\])?)==", lock.read_text(), re.MULTILINE)
        assert len(pinned) == len(set(pinned)), name(lock)
        assert {each.partition("[")[0] for each in pinned} <= set(pinned), name(lock)


def test_each_decision_has_a_number_of_its_own() -> None:
    numbers = [path.name[:4] for path in tracked() if path.parent.name == "decisions"]
    assert sorted(set(numbers)) == sorted(numbers)


def says(content: bytes, what: str) -> bool:
    return b"\0" not in content[:4096] and bool(FORBIDDEN[what].search(content.decode(errors="replace")))
