"""Which revision of the database is the newest, read off the files: Alembic itself takes half a second to load."""

import re
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "migrations"

_LINE = re.compile(r"^(revision|down_revision)\b[^=\n]*=\s*[\"']([^\"']+)[\"']", re.MULTILINE)


def newest() -> str:
    """The one revision that no other follows."""
    known: set[str] = set()
    followed: set[str] = set()
    for file in (FOLDER / "versions").glob("*.py"):
        for name, revision in _LINE.findall(file.read_text()):
            (known if name == "revision" else followed).add(revision)
    heads = known - followed
    if len(heads) != 1:
        raise SystemExit(f"The revisions in {FOLDER} do not form one line: {', '.join(sorted(heads)) or 'none found'}.")
    return heads.pop()
